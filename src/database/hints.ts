import type { Database } from './database.ts'

/**
 * How many hints of each step a learner has opened: they open in order, each inside the one before. In a scored lab the solution is
 * one more than all of them.
 */
export class Hints {
  readonly #database: Database
  readonly #now: () => number

  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database
    this.#now = now
  }

  /** Notes that the first `opened` hints are open; false when as many were before. */
  async open(learner: string, lab: string, step: string, opened: number): Promise<boolean> {
    const row = { opened, opened_at: this.#now() }
    const { numInsertedOrUpdatedRows } = await this.#database
      .insertInto('hints')
      .values({ learner, lab, step, ...row })
      .onConflict((conflict) =>
        conflict.columns(['learner', 'lab', 'step']).doUpdateSet(row).where('hints.opened', '<', opened),
      )
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  }

  /** How many are open, by step. */
  async read(learner: string, lab: string): Promise<Map<string, number>> {
    const rows = await this.#database
      .selectFrom('hints')
      .select(['step', 'opened'])
      .where('learner', '=', learner)
      .where('lab', '=', lab)
      .execute()
    return new Map(rows.map(({ step, opened }) => [step, opened]))
  }

  /** Forgets a lab that was started over. */
  async reset(learner: string, lab: string): Promise<void> {
    await this.#database.deleteFrom('hints').where('learner', '=', learner).where('lab', '=', lab).execute()
  }
}
