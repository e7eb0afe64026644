import { useSignal } from '@preact/signals'
import type { ApiProblem } from '#server/api.ts'
import { t } from '../i18n/index.ts'
import { Icon } from './Icon.tsx'
import { Problem } from './Problem.tsx'
import { problemOf, setClock } from './session.ts'
import { lab } from './store.ts'

/** Virtual seconds for each real one. */
const SPEEDS = [0, 1, 10, 60]

/** How fast the learner's cloud lives: paused, true speed, faster, or forward until nothing is on its way. */
export function ClockControl() {
  const busy = useSignal(false)
  const problem = useSignal<ApiProblem['error'] | undefined>(undefined)
  const speed = lab.value?.world?.speed
  if (speed === undefined) return null
  async function change(to: { speed: number } | { untilReady: true }) {
    if (busy.value) return
    busy.value = true
    problem.value = undefined
    await setClock(to).catch((error) => {
      problem.value = problemOf(error)
    })
    busy.value = false
  }
  const speeds = SPEEDS.includes(speed) ? SPEEDS : [...SPEEDS, speed].sort((a, b) => a - b)
  return (
    <div class="clock">
      <label>
        {t.clock.label}
        <select
          value={String(speed)}
          title={t.clock.note}
          onChange={({ currentTarget }) => void change({ speed: Number(currentTarget.value) })}
        >
          {speeds.map((one) => (
            <option key={one} value={String(one)}>
              {t.clock.speed(one)}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        class="button quiet small"
        title={t.clock.untilReadyNote}
        aria-disabled={busy.value}
        onClick={() => void change({ untilReady: true })}
      >
        {busy.value ? <span class="spinner" /> : <Icon name="arrow" />}
        {t.clock.untilReady}
      </button>
      {problem.value && <Problem problem={problem.value} />}
    </div>
  )
}
