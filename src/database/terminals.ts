import type { Database } from './database.ts'

/** A terminal and whose it is. */
export interface TerminalRecord {
  id: string
  learner: string
  lab: string
  title: string
  createdAt: number
}

/** Whose each terminal is. Whether its shell runs, the pty-host knows. */
export class TerminalRecords {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async add({ createdAt, ...terminal }: TerminalRecord): Promise<void> {
    await this.#database
      .insertInto('terminals')
      .values({ ...terminal, created_at: createdAt })
      .execute()
  }

  /** A learner's own terminal; undefined for an unknown one and for anybody else's. */
  async find(learner: string, id: string): Promise<TerminalRecord | undefined> {
    const row = await this.#database
      .selectFrom('terminals')
      .selectAll()
      .where('id', '=', id)
      .where('learner', '=', learner)
      .executeTakeFirst()
    return row && record(row)
  }

  /** A learner's terminals of a lab, oldest first. */
  async list(learner: string, lab: string): Promise<TerminalRecord[]> {
    const rows = await this.#database
      .selectFrom('terminals')
      .selectAll()
      .where('learner', '=', learner)
      .where('lab', '=', lab)
      .orderBy('created_at')
      .execute()
    return rows.map(record)
  }

  async all(): Promise<TerminalRecord[]> {
    return (await this.#database.selectFrom('terminals').selectAll().execute()).map(record)
  }

  async delete(id: string): Promise<void> {
    await this.#database.deleteFrom('terminals').where('id', '=', id).execute()
  }
}

function record({
  created_at,
  ...row
}: {
  id: string
  learner: string
  lab: string
  title: string
  created_at: number
}): TerminalRecord {
  return { ...row, createdAt: created_at }
}
