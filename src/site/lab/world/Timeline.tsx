import { useEffect } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { CallList } from '../CallList.tsx'
import { lookBack } from './look-back.ts'
import { calls, filter } from './model.ts'
import { followCalls } from './stream.ts'

/** Every call that changed something, or was to: when, what, by whom, what came of it, and the way back to just after it. */
export function Timeline() {
  useEffect(followCalls, [])
  const words = filter.value.text.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = calls.value?.filter(
    (call) =>
      (!filter.value.troubled || call.error) &&
      words.every((word) => JSON.stringify(call).toLowerCase().includes(word)),
  )
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section class="timeline" aria-label={t.world.timeline} tabIndex={0}>
      {shown && <CallList calls={shown} onLook={(call) => void lookBack(call)} />}
    </section>
  )
}
