import { t } from '../../i18n/index.ts'
import { Problem } from '../Problem.tsx'
import { lab } from '../store.ts'
import { backToNow, lookBack, looking, lookProblem, neighbour } from './look-back.ts'
import { moment } from './model.ts'

/** Now, or how the world was where a step began or after a call: a copy to look at, which changes nothing. */
export function Moment() {
  const saved = lab.value?.steps.filter((step) => step.saved) ?? []
  const at = moment.value
  if (saved.length === 0 && at === undefined && !lookProblem.value) return null
  const call = typeof at === 'object' ? at : undefined
  return (
    <div class={`moment ${at === undefined ? '' : 'past'}`} aria-busy={looking.value}>
      <label>
        {t.world.moment}
        <select
          value={call ? 'call' : ((at as string | undefined) ?? '')}
          onChange={({ currentTarget: { value } }) => (value ? void lookBack(value) : backToNow())}
        >
          <option value="">{t.world.now}</option>
          {call && (
            <option value="call" disabled>
              {t.world.after(call.operation, new Date(call.at).toLocaleTimeString())}
            </option>
          )}
          {saved.map(({ id, title }) => (
            <option key={id} value={id}>
              {t.world.before(title)}
            </option>
          ))}
        </select>
      </label>
      {call && (
        <>
          <Go to={neighbour(-1)} words={t.world.earlier} />
          <Go to={neighbour(1)} words={t.world.later} />
        </>
      )}
      {at !== undefined && (
        <button type="button" class="button small" onClick={backToNow}>
          {t.world.toNow}
        </button>
      )}
      {lookProblem.value && <Problem problem={lookProblem.value} />}
    </div>
  )
}

function Go({ to, words }: { to: ReturnType<typeof neighbour>; words: string }) {
  return (
    <button
      type="button"
      class="button small"
      aria-disabled={!to}
      onClick={() => {
        if (to) void lookBack(to)
      }}
    >
      {words}
    </button>
  )
}
