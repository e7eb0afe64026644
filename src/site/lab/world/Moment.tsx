import { useSignal } from '@preact/signals'
import type { StillPicture } from '#server/api.ts'
import { request } from '../../api.ts'
import { t } from '../../i18n/index.ts'
import { announcement, lab, stepPath } from '../store.ts'
import { moment, showMoment } from './model.ts'

/** Now, or how the world was where a step began: a copy to look at, which changes nothing. */
export function Moment() {
  const busy = useSignal(false)
  const saved = lab.value?.steps.filter((step) => step.saved) ?? []
  if (saved.length === 0) return null

  async function choose(step: string) {
    if (!step) return showMoment(undefined)
    busy.value = true
    await request<StillPicture>('GET', `${stepPath(step)}/start`).then(
      ({ parts }) => showMoment(step, parts),
      (error) => {
        announcement.value = error.message
        showMoment(undefined)
      },
    )
    busy.value = false
  }

  return (
    <label class={`moment ${moment.value ? 'past' : ''}`} aria-busy={busy.value}>
      {t.world.moment}
      <select value={moment.value ?? ''} onChange={({ currentTarget }) => void choose(currentTarget.value)}>
        <option value="">{t.world.now}</option>
        {saved.map(({ id, title }) => (
          <option key={id} value={id}>
            {t.world.before(title)}
          </option>
        ))}
      </select>
    </label>
  )
}
