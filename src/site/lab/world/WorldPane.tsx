import { useSignal, useSignalEffect } from '@preact/signals'
import type { ComponentType } from 'preact'
import { t } from '../../i18n/index.ts'
import { panes } from '../layout/panes.ts'
import { resets, started } from '../store.ts'

/** The live picture of the cloud: its code and its data come when somebody looks. */
export function WorldPane() {
  const View = useSignal<ComponentType | undefined>(undefined)
  useSignalEffect(() => {
    if (panes.value.world && started.value && !View.peek())
      void import('./WorldView.tsx').then((module) => {
        View.value = module.WorldView
      })
  })
  if (!panes.value.world) return null
  if (!started.value) return <p class="world-empty">{t.world.needStart}</p>
  return View.value ? <View.value key={resets.value} /> : null
}
