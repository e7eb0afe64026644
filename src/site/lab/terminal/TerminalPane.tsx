import { useSignal, useSignalEffect } from '@preact/signals'
import type { ComponentType } from 'preact'
import { t } from '../../i18n/index.ts'
import { lab, resets, started } from '../store.ts'
import { StartPanel } from './StartPanel.tsx'

/** The right side of the lab: the way in before the start, the terminals after it. */
export function TerminalPane() {
  const Terminals = useSignal<ComponentType | undefined>(undefined)
  useSignalEffect(() => {
    // The terminal is the heavy part of the page: it comes when there is something to show in it.
    if (started.value && !Terminals.peek())
      void import('./Terminals.tsx').then((module) => {
        Terminals.value = module.Terminals
      })
  })
  if (!lab.value)
    return (
      <div class="terminal-empty">
        <p>{t.connection.connecting}</p>
      </div>
    )
  if (!started.value) return <StartPanel />
  return Terminals.value ? <Terminals.value key={resets.value} /> : null
}
