import { type LessonRecord, mergeRecords } from '#course/record.ts'
import type { Database } from './database.ts'

/** What learners have read and answered, by lesson. */
export class LessonRecords {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async list(learner: string): Promise<Record<string, LessonRecord>> {
    const rows = await this.#database
      .selectFrom('lessons')
      .select(['lesson', 'record'])
      .where('learner', '=', learner)
      .execute()
    return Object.fromEntries(rows.map(({ lesson, record }) => [lesson, JSON.parse(record) as LessonRecord]))
  }

  /** Merges a record into what there is, and gives what is there then. */
  async merge(learner: string, lesson: string, record: LessonRecord): Promise<LessonRecord> {
    for (;;) {
      const row = await this.#database
        .selectFrom('lessons')
        .select('record')
        .where('learner', '=', learner)
        .where('lesson', '=', lesson)
        .executeTakeFirst()
      const merged = row ? mergeRecords(JSON.parse(row.record) as LessonRecord, record) : record
      const kept = { record: JSON.stringify(merged) }
      const { numInsertedOrUpdatedRows, numUpdatedRows } = row
        ? { ...(await this.#update(learner, lesson, row.record, kept)), numInsertedOrUpdatedRows: 0n }
        : { ...(await this.#insert(learner, lesson, kept)), numUpdatedRows: 0n }
      // Another window wrote in between: merge with that.
      if ((numInsertedOrUpdatedRows ?? 0n) + numUpdatedRows > 0n) return merged
    }
  }

  #insert(learner: string, lesson: string, kept: { record: string }) {
    return this.#database
      .insertInto('lessons')
      .values({ learner, lesson, ...kept })
      .onConflict((conflict) => conflict.columns(['learner', 'lesson']).doNothing())
      .executeTakeFirst()
  }

  #update(learner: string, lesson: string, before: string, kept: { record: string }) {
    return this.#database
      .updateTable('lessons')
      .set(kept)
      .where('learner', '=', learner)
      .where('lesson', '=', lesson)
      .where('record', '=', before)
      .executeTakeFirst()
  }
}
