import { useSignal, useSignalEffect } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { resets, started } from '../store.ts'

/** Under the steps of a lab that does the same task on two sides: how they differ, from when it is opened. */
export function ComparisonPanel() {
  const open = useSignal(false)
  const Table = useSignal<ComponentType | undefined>(undefined)

  useEffect(() => {
    const panel = document.querySelector<HTMLDetailsElement>('details.comparison')
    const look = () => {
      open.value = panel?.open ?? false
    }
    panel?.addEventListener('toggle', look)
    look()
    return () => panel?.removeEventListener('toggle', look)
  }, [open])
  useSignalEffect(() => {
    if (open.value && started.value && !Table.peek())
      void import('./ComparisonTable.tsx').then(({ ComparisonTable }) => {
        Table.value = ComparisonTable
      })
  })

  if (!started.value) return <p>{t.comparison.before}</p>
  return open.value && Table.value ? <Table.value key={resets.value} /> : null
}
