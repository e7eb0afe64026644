import type { CheckReport } from '#checks/finding.ts'
import { type LabProgress, type ProgressStore, withReport } from '#checks/progress.ts'
import type { Database } from './database.ts'
import { Passes } from './passes.ts'

/** Progress kept in the database. */
export class DatabaseProgress implements ProgressStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async read(learner: string, lab: string): Promise<LabProgress> {
    const rows = await this.#database
      .selectFrom('progress')
      .select(['step', 'report', 'passed_at', 'since'])
      .where('learner', '=', learner)
      .where('lab', '=', lab)
      .execute()
    return Object.fromEntries(
      rows.map(({ step, report, passed_at, since }) => [
        step,
        {
          report: JSON.parse(report) as CheckReport,
          since,
          ...(passed_at !== null && { passedAt: passed_at }),
        },
      ]),
    )
  }

  /** How many steps of each lab a learner has passed. */
  async passed(learner: string): Promise<Map<string, number>> {
    const rows = await this.#database
      .selectFrom('progress')
      .select(['lab', ({ fn }) => fn.count<number>('passed_at').as('passed')])
      .where('learner', '=', learner)
      .groupBy('lab')
      .execute()
    return new Map(rows.map(({ lab, passed }) => [lab, passed]))
  }

  async record(learner: string, report: CheckReport): Promise<LabProgress> {
    const { lab, step } = report
    return this.#database.transaction().execute(async (transaction) => {
      const progress = withReport(await new DatabaseProgress(transaction).read(learner, lab), report)
      const row = {
        report: JSON.stringify(report),
        passed_at: progress[step]?.passedAt ?? null,
        since: progress[step]!.since!,
      }
      await transaction
        .insertInto('progress')
        .values({ learner, lab, step, ...row })
        .onConflict((conflict) =>
          conflict.columns(['learner', 'lab', 'step']).doUpdateSet(({ ref, fn }) => ({
            ...row,
            // Two reports may be recorded at once: whichever is later must not take the pass away.
            passed_at: fn.coalesce(ref('progress.passed_at'), ref('excluded.passed_at')),
          })),
        )
        .execute()
      if (row.passed_at !== null)
        await new Passes(transaction).add(learner, { [lab]: { [step]: row.passed_at } }, true)
      return progress
    })
  }

  /** Forgets some steps of a lab. */
  async resetSteps(learner: string, lab: string, steps: string[]): Promise<void> {
    await this.#database
      .deleteFrom('progress')
      .where('learner', '=', learner)
      .where('lab', '=', lab)
      .where('step', 'in', steps)
      .execute()
  }

  async reset(learner: string, lab: string): Promise<void> {
    await this.#database
      .deleteFrom('progress')
      .where('learner', '=', learner)
      .where('lab', '=', lab)
      .execute()
  }
}
