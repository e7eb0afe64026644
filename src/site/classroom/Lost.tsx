import type { Signal } from '@preact/signals'
import { t } from '../i18n/index.ts'

/** Says that what is shown is not followed any more. */
export function Lost({ connected }: { connected: Signal<boolean> }) {
  if (connected.value) return null
  return (
    <p class="problem" role="alert">
      {t.board.lost}
    </p>
  )
}
