import { useSignal, useSignalEffect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ApiProblem } from '#server/api.ts'
import { t } from '../../i18n/index.ts'
import { Problem } from '../Problem.tsx'
import { problemOf, startLab } from '../session.ts'
import { announcement, lab, link } from '../store.ts'
import { Recorded } from './Recorded.tsx'

/** After so many seconds the page says that this is longer than usual. */
const SLOW = 4

/** Makes the learner's account and terminal. */
export function StartPanel() {
  const busy = useSignal(false)
  const seconds = useSignal(0)
  const problem = useSignal<ApiProblem['error'] | undefined>(undefined)

  useSignalEffect(() => {
    if (!busy.value) return
    seconds.value = 0
    const timer = setInterval(() => {
      seconds.value++
    }, 1000)
    return () => clearInterval(timer)
  })

  async function start() {
    if (busy.value) return
    busy.value = true
    problem.value = undefined
    await startLab().catch((error) => {
      problem.value = problemOf(error)
    })
    busy.value = false
  }

  const place = lab.value?.waiting
  const waited = useSignal(false)
  const here = link.value === 'connected' && lab.value !== undefined
  useEffect(() => {
    if (place !== undefined) {
      waited.value = true
      announcement.value = t.lab.place(place)
    } else if (waited.peek() && here) {
      // It is our turn; or the server has been restarted and the line with it: ask again.
      waited.value = false
      void start()
    }
  }, [place, here])

  if (place !== undefined)
    return (
      <div class="terminal-empty">
        <p class="place">
          <span class="spinner" />
          <b>{t.lab.place(place)}</b>
        </p>
        <p>{t.lab.placeText}</p>
      </div>
    )
  return (
    <div class="terminal-empty">
      <p>{t.lab.startLead}</p>
      <Recorded />
      <button type="button" class="button primary" aria-disabled={busy.value} onClick={start}>
        {busy.value && <span class="spinner" />}
        {busy.value ? t.lab.starting : problem.value ? t.lab.retry : t.lab.start}
      </button>
      <p class="start-progress" role="status">
        {busy.value &&
          (seconds.value < SLOW ? t.lab.startDoing : `${t.lab.startSlow} ${t.lab.seconds(seconds.value)}`)}
      </p>
      {problem.value && <Problem problem={problem.value} />}
    </div>
  )
}
