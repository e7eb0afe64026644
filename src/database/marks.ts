import type { Database } from './database.ts'

/** What else a learner changed or broke while doing the steps of scored labs. */
export class Marks {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** By step, in the words in which it is shown. */
  async read(learner: string, lab: string): Promise<Map<string, string[]>> {
    const rows = await this.#database
      .selectFrom('marks')
      .select(['step', 'collateral'])
      .where('learner', '=', learner)
      .where('lab', '=', lab)
      .execute()
    return new Map(rows.map(({ step, collateral }) => [step, JSON.parse(collateral) as string[]]))
  }

  async put(learner: string, lab: string, step: string, collateral: string[]): Promise<void> {
    const row = { collateral: JSON.stringify(collateral) }
    await this.#database
      .insertInto('marks')
      .values({ learner, lab, step, ...row })
      .onConflict((conflict) => conflict.columns(['learner', 'lab', 'step']).doUpdateSet(row))
      .execute()
  }

  /** Forgets those of some steps. */
  async resetSteps(learner: string, lab: string, steps: string[]): Promise<void> {
    await this.#database
      .deleteFrom('marks')
      .where('learner', '=', learner)
      .where('lab', '=', lab)
      .where('step', 'in', steps)
      .execute()
  }
}
