import { useSignal, useSignalEffect } from '@preact/signals'
import type { ComponentType } from 'preact'
import { resets, started } from '../store.ts'
import { type Pane, panes } from './panes.ts'

interface Props {
  pane: Pane
  /** What stands there before the lab is started. */
  before: string
  load(): Promise<ComponentType>
}

/** A pane whose code and data come when somebody looks. */
export function LazyPane({ pane, before, load }: Props) {
  const View = useSignal<ComponentType | undefined>(undefined)
  useSignalEffect(() => {
    if (panes.value[pane] && started.value && !View.peek())
      void load().then((loaded) => {
        View.value = loaded
      })
  })
  if (!panes.value[pane]) return null
  if (!started.value) return <p class="pane-empty">{before}</p>
  return View.value ? <View.value key={resets.value} /> : null
}
