import type { Cohort } from '#server/api.ts'
import { request } from '../api.ts'
import { t } from '../i18n/index.ts'
import { Board } from './Board.tsx'
import { Field } from './Field.tsx'
import { Form } from './Form.tsx'
import { announcement, board, courses } from './store.ts'

/** An instructor's courses, or the board of one. */
export function Classroom() {
  return (
    <>
      {board.value ? <Board /> : <Courses />}
      <p class="visually-hidden" role="status">
        {announcement.value}
      </p>
    </>
  )
}

function Courses() {
  if (!courses.value) return <span class="spinner" />
  return (
    <div class="wrap">
      <div class="page-head">
        <h1>{t.courses.title}</h1>
        <p>{t.courses.lead}</p>
      </div>
      {courses.value.length === 0 && <p>{t.courses.none}</p>}
      <ul class="cards plain">
        {courses.value.map((cohort) => (
          <li class="card" key={cohort.id}>
            <h2>
              <a href={`#${cohort.id}`}>{cohort.name}</a>
            </h2>
            <p class="join-code">{cohort.code}</p>
            {cohort.archivedAt !== undefined && <span class="tag">{t.courses.archived}</span>}
          </li>
        ))}
      </ul>
      <section class="narrow" aria-labelledby="create-title">
        <h2 id="create-title">{t.courses.create}</h2>
        <Form
          action={t.courses.createNow}
          onSubmit={async ({ name }) => {
            const { id } = await request<Cohort>('POST', '/api/cohorts', { name })
            location.hash = id
          }}
        >
          <Field name="name" label={t.courses.name} required maxLength={80} />
        </Form>
      </section>
    </div>
  )
}
