import { useSignal, useSignalEffect } from '@preact/signals'
import type { ApiProblem, Comparison, Difference, PartKind, Side } from '#server/api.ts'
import { request } from '../../api.ts'
import { t } from '../../i18n/index.ts'
import { Problem } from '../Problem.tsx'
import { problemOf } from '../session.ts'
import { lab, labPath } from '../store.ts'

const ASPECTS: Difference['aspect'][] = ['commands', 'yours', 'theirs', 'managed', 'permissions']

/** The same task on both sides: what differs, from what the learner's own world has recorded. Counted anew whenever a step is done. */
export function ComparisonTable() {
  const found = useSignal<Comparison | undefined>(undefined)
  const problem = useSignal<ApiProblem['error'] | undefined>(undefined)

  useSignalEffect(() => {
    // Read, so that it is asked for again when they change.
    if (!lab.value?.steps.some(({ saved }) => saved)) return
    let late = false
    request<Comparison>('GET', `${labPath}/comparison`).then(
      (comparison) => {
        if (late) return
        problem.value = undefined
        found.value = comparison
      },
      (error) => {
        if (!late) problem.value = problemOf(error)
      },
    )
    return () => {
      late = true
    }
  })

  if (problem.value) return <Problem problem={problem.value} />
  if (!found.value) return <span class="spinner" />
  const { left, right, differences } = found.value
  const idle = [left, right].filter(({ begun }) => !begun)
  return (
    <>
      {idle.map(({ title }) => (
        <p key={title}>{t.comparison.idle(title)}</p>
      ))}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <section class="table" aria-label={t.comparison.title(left.title, right.title)} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.comparison.differs}</th>
              <th scope="col">{left.title}</th>
              <th scope="col">{right.title}</th>
            </tr>
          </thead>
          {ASPECTS.map((aspect) => (
            <Lines
              key={aspect}
              aspect={aspect}
              lines={differences.filter((line) => line.aspect === aspect)}
            />
          ))}
          <tbody>
            <Totals
              name={t.comparison.time}
              of={({ seconds }) => t.comparison.duration(seconds)}
              {...found.value}
            />
            <Totals
              name={t.comparison.cost}
              of={({ perHour }) => t.comparison.perHour(perHour)}
              {...found.value}
            />
          </tbody>
        </table>
      </section>
      <p class="facts">{t.comparison.note}</p>
    </>
  )
}

function Lines({ aspect, lines }: { aspect: Difference['aspect']; lines: Difference[] }) {
  if (lines.length === 0) return null
  const kinds = aspect === 'yours' || aspect === 'theirs'
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={3}>
          {t.comparison.aspects[aspect]}
        </th>
      </tr>
      {lines.map(({ what, left, right }) => (
        <tr key={what}>
          <th scope="row">{kinds ? t.world.kind[what as PartKind] : <code>{what}</code>}</th>
          <td>{left || '–'}</td>
          <td>{right || '–'}</td>
        </tr>
      ))}
    </tbody>
  )
}

function Totals({ name, of, left, right }: { name: string; of(side: Side): string } & Comparison) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{of(left)}</td>
      <td>{of(right)}</td>
    </tr>
  )
}
