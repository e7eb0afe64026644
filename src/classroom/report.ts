import { stringify } from 'csv-stringify/sync'
import type { LabResult } from '#labs/score.ts'
import type { LabOutline } from '#server/api.ts'
import type { BoardPerson } from './board.ts'

/** Cells that a spreadsheet would take for formulas. https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA = /^[=+\-@\t\r]/

/** The points of scored labs, by person and lab. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, LabResult>>

/**
 * A cohort's results: one row a person, one column a step: when it passed, or the finding that stands in the way. A lab that is scored,
 * such as the exam, has a column of points.
 */
export function reportCsv(labs: LabOutline[], people: BoardPerson[], results: Results): string {
  const scored = labs.flatMap(({ id }) => {
    const first = people.map((person) => results.get(person.id)?.get(id)).find((result) => result)
    return first ? [{ id, of: first.of, needed: first.needed }] : []
  })
  const steps = labs.flatMap(({ id: lab, steps }) => steps.map(({ id: step }) => ({ lab, step })))
  const rows = people.map(({ id: person, name, cells, skipped }) => {
    const byStep = new Map(cells.map((cell) => [`${cell.lab}/${cell.step}`, cell]))
    const passed = steps.filter(({ lab, step }) => byStep.get(`${lab}/${step}`)?.passedAt !== undefined)
    return [
      plain(name),
      `${passed.length}`,
      ...scored.map(({ id }) => String(results.get(person)?.get(id)?.points ?? '')),
      ...steps.map(({ lab, step }) => {
        const cell = byStep.get(`${lab}/${step}`)
        if (cell?.passedAt !== undefined) {
          const when = new Date(cell.passedAt).toISOString()
          return skipped.includes(`${lab}/${step}`) ? `${when} (done by an instructor)` : when
        }
        return plain(cell?.finding?.title ?? '')
      }),
    ]
  })
  return stringify([
    [
      'Name',
      `Steps passed of ${steps.length}`,
      ...scored.map(({ id, of, needed }) => `${id}: points of ${of}, ${needed} pass`),
      ...steps.map(({ lab, step }) => `${lab}/${step}`),
    ],
    ...rows,
  ])
}

/** Text that no spreadsheet runs. */
export const plain = (text: string) => (FORMULA.test(text) ? `'${text}` : text)
