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
  /** How many hints were opened, by `<lab>/<step>`. */
  hints: Record<string, number>
  /** Steps that an instructor did for them, as `<lab>/<step>`. */
  skipped: string[]
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
    const [rows, hints, skipped] = await Promise.all([
      this.#progress(cohort),
      this.#hints(cohort),
      this.#skipped(cohort),
    ])
    const cells = Map.groupBy(rows, ({ learner }) => learner)
    const hintsOf = Map.groupBy(hints, ({ learner }) => learner)
    const skippedOf = Map.groupBy(skipped, ({ person }) => person)
    return learners.map(({ id, name }) => ({
      id,
      name,
      cells: (cells.get(id) ?? []).map(({ report, passed_at, since }) =>
        boardCell(JSON.parse(report) as CheckReport, since, passed_at ?? undefined),
      ),
      hints: Object.fromEntries(
        (hintsOf.get(id) ?? []).map(({ lab, step, opened }) => [`${lab}/${step}`, opened]),
      ),
      skipped: (skippedOf.get(id) ?? []).map(({ lab, step }) => `${lab}/${step}`),
    }))
  }

  #progress(cohort: string) {
    return this.#database
      .selectFrom('progress')
      .innerJoin('members', 'members.person', 'progress.learner')
      .select(['learner', 'lab', 'step', 'report', 'passed_at', 'since'])
      .where('members.cohort', '=', cohort)
      .where('members.role', '=', 'learner')
      .execute()
  }

  #hints(cohort: string) {
    return this.#database
      .selectFrom('hints')
      .innerJoin('members', 'members.person', 'hints.learner')
      .select(['learner', 'lab', 'step', 'opened'])
      .where('members.cohort', '=', cohort)
      .where('members.role', '=', 'learner')
      .execute()
  }

  #skipped(cohort: string) {
    return this.#database
      .selectFrom('allowances')
      .innerJoin('members', 'members.person', 'allowances.person')
      .select(['allowances.person', 'lab', 'step'])
      .where('members.cohort', '=', cohort)
      .where('members.role', '=', 'learner')
      .where('kind', '=', 'skip')
      .execute()
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
