import type { Cohort } from '#server/api.ts'
import { request } from '../api.ts'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import { dayField, endOfDay, startOfDay } from './dates.ts'
import { Field } from './Field.tsx'
import { Form } from './Form.tsx'
import { announcement, board, paths } from './store.ts'

/** What a course asks of its learners, and when. */
export function Assignment() {
  const { cohort } = board.value!
  const path = `/api/cohorts/${encodeURIComponent(cohort.id)}`
  return (
    <section class="panel" aria-labelledby="assignment-title">
      <h2 id="assignment-title">{t.assignment.title}</h2>
      <Form
        action={t.assignment.save}
        onSubmit={async ({ path: chosen = '', starts = '', ends = '', due = '' }) => {
          const changed = await request<Cohort>('PATCH', path, {
            path: chosen || null,
            startsAt: startOfDay(starts),
            endsAt: endOfDay(ends),
            dueAt: endOfDay(due),
          })
          board.value = { ...board.value!, cohort: changed }
          announcement.value = t.assignment.saved
        }}
      >
        <div class="field">
          <label for="assignment-path">{t.assignment.path}</label>
          <select id="assignment-path" name="path" value={cohort.path ?? ''}>
            <option value="">{t.assignment.noPath}</option>
            {paths.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        </div>
        <Field
          label={t.assignment.due}
          help={t.assignment.dueHelp}
          type="date"
          name="due"
          value={dayField(cohort.dueAt)}
        />
        <Field label={t.assignment.starts} type="date" name="starts" value={dayField(cohort.startsAt)} />
        <Field label={t.assignment.ends} type="date" name="ends" value={dayField(cohort.endsAt)} />
      </Form>
      <p>
        <a href={`${href('/classroom/report/')}#${encodeURIComponent(cohort.id)}`}>{t.assignment.report}</a>
      </p>
    </section>
  )
}
