import { signal } from '@preact/signals'
import type { ApiProblem, AttainmentReport } from '#server/api.ts'
import { ProblemError, request } from '../../api.ts'
import { href } from '../../href.ts'
import { t } from '../../i18n/index.ts'
import { Problem } from '../../lab/Problem.tsx'
import { dayText } from '../dates.ts'
import { Scroll } from '../Scroll.tsx'

const report = signal<AttainmentReport | undefined>()
const problem = signal<ApiProblem['error'] | undefined>()
/** The cohort that the address names: `/classroom/report/#<id>`. */
const path = () => `/api/cohorts/${encodeURIComponent(location.hash.slice(1))}/attainment`

export async function loadReport(): Promise<void> {
  try {
    report.value = await request<AttainmentReport>('GET', path())
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    problem.value = error.problem
  }
}

/** How far everybody is with what was assigned: to read, to print, to take along as a table. */
export function Report() {
  if (problem.value) return <Problem problem={problem.value} />
  if (!report.value) return <span class="spinner" />
  const { cohort, at, people } = report.value
  const done = people.filter(({ status }) => status === 'done').length
  const overdue = people.filter(({ status }) => status === 'overdue').length
  return (
    <div class="board attainment">
      <header class="board-head">
        <h1>{cohort.name}</h1>
        <p class="no-print">
          <a class="button small" href={`${href('/classroom/')}#${encodeURIComponent(cohort.id)}`}>
            {t.attainment.board}
          </a>
          <a class="button small" href={`${path()}.csv`} download>
            {t.attainment.csv}
          </a>
          <button type="button" class="button small" onClick={() => print()}>
            {t.attainment.print}
          </button>
        </p>
      </header>
      <p>
        {t.attainment.sum(done, people.length, overdue)}
        {cohort.dueAt !== undefined && ` ${t.attainment.dueBy(dayText(cohort.dueAt))}`}{' '}
        {t.attainment.asOf(new Date(at).toLocaleString(document.documentElement.lang))}
      </p>
      <section class="panel" aria-label={t.attainment.title}>
        {people.length === 0 ? (
          <p>{t.board.nobody}</p>
        ) : (
          <Scroll>
            <table class="board-table">
              <thead>
                <tr>
                  <th scope="col">{t.board.person}</th>
                  <th scope="col">{t.attainment.done}</th>
                  <th scope="col">{t.attainment.status}</th>
                  <th scope="col">{t.attainment.due}</th>
                  <th scope="col">{t.attainment.last}</th>
                </tr>
              </thead>
              <tbody>
                {people.map((person) => (
                  <tr key={person.id}>
                    <th scope="row">
                      {person.name}
                      {person.email !== undefined && (
                        <>
                          <br />
                          <span class="presence">{person.email}</span>
                        </>
                      )}
                    </th>
                    <td>
                      <meter
                        min={0}
                        max={Math.max(1, person.total)}
                        value={person.done}
                        aria-label={t.board.passedOf(person.done, person.total)}
                      />{' '}
                      {t.board.passedOf(person.done, person.total)}
                    </td>
                    <td class={CLASSES[person.status]}>{t.attainment.is[person.status]}</td>
                    <td>{person.dueAt === undefined ? t.attainment.noDate : dayText(person.dueAt)}</td>
                    <td>{person.lastAt === undefined ? t.attainment.never : dayText(person.lastAt)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </section>
    </div>
  )
}

const CLASSES = { done: 'cell-passed', open: '', 'due-soon': 'cell-failed', overdue: 'cell-late' }
