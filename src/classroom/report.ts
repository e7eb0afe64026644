import { stringify } from 'csv-stringify/sync'
import type { LabOutline } from '#server/api.ts'
import type { BoardPerson } from './board.ts'

/** Cells that a spreadsheet would take for formulas. https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA = /^[=+\-@\t\r]/

/** A cohort's results: one row a person, one column a step: when it passed, or the finding that stands in the way. */
export function reportCsv(labs: LabOutline[], people: BoardPerson[]): string {
  const steps = labs.flatMap(({ id: lab, steps }) => steps.map(({ id: step }) => ({ lab, step })))
  const rows = people.map(({ name, cells, skipped }) => {
    const byStep = new Map(cells.map((cell) => [`${cell.lab}/${cell.step}`, cell]))
    const passed = steps.filter(({ lab, step }) => byStep.get(`${lab}/${step}`)?.passedAt !== undefined)
    return [
      plain(name),
      `${passed.length}`,
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
    ['Name', `Steps passed of ${steps.length}`, ...steps.map(({ lab, step }) => `${lab}/${step}`)],
    ...rows,
  ])
}

const plain = (text: string) => (FORMULA.test(text) ? `'${text}` : text)
