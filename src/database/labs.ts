import type { Database } from './database.ts'

export interface StartedLab {
  world: string
  startedAt: number
}

/** Which labs a learner has started, and the world of each. */
export class StartedLabs {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async find(learner: string, lab: string): Promise<StartedLab | undefined> {
    const row = await this.#database
      .selectFrom('labs')
      .selectAll()
      .where('learner', '=', learner)
      .where('lab', '=', lab)
      .executeTakeFirst()
    return row && { world: row.world, startedAt: row.started_at }
  }

  /** The ids of the labs that a learner has started. */
  async list(learner: string): Promise<Set<string>> {
    const rows = await this.#database
      .selectFrom('labs')
      .select('lab')
      .where('learner', '=', learner)
      .execute()
    return new Set(rows.map(({ lab }) => lab))
  }

  /** When a learner began each lab that is started, ms since the epoch. */
  async times(learner: string): Promise<Map<string, number>> {
    const rows = await this.#database
      .selectFrom('labs')
      .select(['lab', 'started_at'])
      .where('learner', '=', learner)
      .execute()
    return new Map(rows.map(({ lab, started_at }) => [lab, Number(started_at)]))
  }

  /** Notes a start, replacing an earlier one. */
  async put(learner: string, lab: string, { world, startedAt }: StartedLab): Promise<void> {
    const row = { world, started_at: startedAt }
    await this.#database
      .insertInto('labs')
      .values({ learner, lab, ...row })
      .onConflict((conflict) => conflict.columns(['learner', 'lab']).doUpdateSet(row))
      .execute()
  }

  async delete(learner: string, lab: string): Promise<void> {
    await this.#database.deleteFrom('labs').where('learner', '=', learner).where('lab', '=', lab).execute()
  }
}
