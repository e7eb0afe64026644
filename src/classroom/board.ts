import type { CheckReport } from '#checks/finding.ts'
import type { Database } from '#database/database.ts'
import type { Cohorts } from './cohorts.ts'

/** A step as the board shows it. Times in ms since the epoch. */
export interface BoardCell {
  lab: string
  step: string
  status: 'failed' | 'passed'
  /** Since when it says the same. */
  since: number
  passedAt?: number
  /** The finding that failed last. */
  finding?: { id: string; title: string; observed?: string }
}

/** A learner as the board shows them. */
export interface BoardPerson {
  id: string
  name: string
  /** Steps that were ever checked. */
  cells: BoardCell[]
}

/** People of a cohort who fail by the same finding of the same step. */
export interface StuckGroup {
  lab: string
  step: string
  finding: { id: string; title: string }
  people: string[]
}

/** How far each learner of a cohort is. */
export class Board {
  readonly #database: Database
  readonly #cohorts: Cohorts

  constructor(database: Database, cohorts: Cohorts) {
    this.#database = database
    this.#cohorts = cohorts
  }

  /** The whole board, people by name. */
  async read(cohort: string): Promise<BoardPerson[]> {
    const learners = (await this.#cohorts.members(cohort)).filter(({ role }) => role === 'learner')
    if (learners.length === 0) return []
    const rows = await this.#database
      .selectFrom('progress')
      .innerJoin('members', 'members.person', 'progress.learner')
      .select(['learner', 'lab', 'step', 'report', 'passed_at', 'since'])
      .where('members.cohort', '=', cohort)
      .where('members.role', '=', 'learner')
      .execute()
    const cells = Map.groupBy(rows, ({ learner }) => learner)
    return learners.map(({ id, name }) => ({
      id,
      name,
      cells: (cells.get(id) ?? []).map(({ report, passed_at, since }) =>
        boardCell(JSON.parse(report) as CheckReport, since, passed_at ?? undefined),
      ),
    }))
  }
}

/** What the board keeps of a report. */
export function boardCell(report: CheckReport, since: number, passedAt?: number): BoardCell {
  const { lab, step } = report
  const finding = report.findings.findLast(({ status }) => status === 'failed')
  return {
    lab,
    step,
    status: passedAt === undefined ? 'failed' : 'passed',
    since,
    ...(passedAt !== undefined && { passedAt }),
    ...(passedAt === undefined &&
      finding && {
        finding: {
          id: finding.id,
          title: finding.title,
          ...(finding.observed !== undefined && { observed: finding.observed }),
        },
      }),
  }
}

/** The stuck map: who fails by what, the most people first. */
export function stuckMap(people: BoardPerson[]): StuckGroup[] {
  const groups = new Map<string, StuckGroup>()
  for (const person of people) {
    for (const { lab, step, finding } of person.cells) {
      if (!finding) continue
      const key = `${lab}\0${step}\0${finding.id}`
      const group = groups.get(key) ?? {
        lab,
        step,
        finding: { id: finding.id, title: finding.title },
        people: [],
      }
      group.people.push(person.id)
      groups.set(key, group)
    }
  }
  return [...groups.values()].sort((a, b) => b.people.length - a.people.length)
}
