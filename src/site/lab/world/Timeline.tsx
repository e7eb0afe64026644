import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ApiProblem, TimelineCall } from '#server/api.ts'
import { request } from '../../api.ts'
import { t } from '../../i18n/index.ts'
import { CallList } from '../CallList.tsx'
import { Problem } from '../Problem.tsx'
import { problemOf } from '../session.ts'
import { viewed } from '../store.ts'
import { filter, partsNow } from './model.ts'

/** How long (ms) changes of the world are gathered before the calls are asked for again. */
const GATHER = 500

/** Every call to AWS that changed something, or was to: when, what, by whom, and what came of it. */
export function Timeline() {
  const calls = useSignal<TimelineCall[] | undefined>(undefined)
  const problem = useSignal<ApiProblem['error'] | undefined>(undefined)
  const seen = partsNow()
  const size = seen.size
  const last = [...seen.values()].at(-1)
  useEffect(() => {
    const timer = setTimeout(
      () => {
        request<TimelineCall[]>('GET', `${viewed.peek()}/timeline`).then(
          (answer) => {
            calls.value = answer
            problem.value = undefined
          },
          (error) => {
            problem.value = problemOf(error)
          },
        )
      },
      calls.peek() ? GATHER : 0,
    )
    return () => clearTimeout(timer)
  }, [size, last])
  const words = filter.value.text.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = calls.value?.filter(
    (call) =>
      (!filter.value.troubled || call.error) &&
      words.every((word) => JSON.stringify(call).toLowerCase().includes(word)),
  )
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section class="timeline" aria-label={t.world.timeline} tabIndex={0}>
      {problem.value && <Problem problem={problem.value} />}
      {shown && <CallList calls={shown} />}
    </section>
  )
}
