import type { Passes as PassedSteps } from '#course/progress-file.ts'
import type { Database } from './database.ts'

/** The steps that learners have ever passed. */
export class Passes {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Adds what is not there yet; of a step that is, the earlier time stays, and what is proven once stays proven. */
  async add(learner: string, labs: PassedSteps, proven: boolean): Promise<void> {
    const rows = Object.entries(labs).flatMap(([lab, steps]) =>
      Object.entries(steps).map(([step, passed_at]) => ({
        learner,
        lab,
        step,
        passed_at,
        proven: proven ? (1 as const) : (0 as const),
      })),
    )
    if (rows.length === 0) return
    await this.#database
      .insertInto('passes')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['learner', 'lab', 'step']).doUpdateSet(({ ref, eb }) => ({
          passed_at: eb
            .case()
            .when(ref('excluded.passed_at'), '<', ref('passes.passed_at'))
            .then(ref('excluded.passed_at'))
            .else(ref('passes.passed_at'))
            .end(),
          proven: eb
            .case()
            .when(ref('excluded.proven'), '>', ref('passes.proven'))
            .then(ref('excluded.proven'))
            .else(ref('passes.proven'))
            .end(),
        })),
      )
      .execute()
  }

  /** All steps of a learner. */
  async list(learner: string): Promise<{ lab: string; step: string; passedAt: number; proven: boolean }[]> {
    const rows = await this.#database
      .selectFrom('passes')
      .selectAll()
      .where('learner', '=', learner)
      .execute()
    return rows.map(({ lab, step, passed_at, proven }) => ({
      lab,
      step,
      passedAt: Number(passed_at),
      proven: proven === 1,
    }))
  }
}
