import type { Database } from './database.ts'
import type { GradesTable } from './schema.ts'

/** A result as it was sent. */
export interface SentGrade {
  given: number
  of: number
  complete: boolean
}

/** A place in a gradebook elsewhere that one person's result of one lab is sent to. */
export interface Grade {
  person: string
  lab: string
  /** The learning platform's id here. */
  platform: string
  /** Its address there. */
  lineItem: string
  /** The person's id there. */
  subject: string
  /** What it has from us. */
  sent?: SentGrade
}

/** Where results of labs are sent to, and what was sent. */
export class Grades {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Adds a place; what was sent to one that is known stays. */
  async add({ lineItem, sent: _, ...grade }: Grade): Promise<void> {
    const { platform, subject } = grade
    await this.#database
      .insertInto('grades')
      .values({ ...grade, line_item: lineItem, sent: null })
      .onConflict((conflict) =>
        conflict.columns(['person', 'lab', 'line_item']).doUpdateSet({ platform, subject }),
      )
      .execute()
  }

  /** Those of a person's lab, or all. */
  async list(of?: Pick<Grade, 'person' | 'lab'>): Promise<Grade[]> {
    let query = this.#database.selectFrom('grades').selectAll()
    if (of) query = query.where('person', '=', of.person).where('lab', '=', of.lab)
    return (await query.execute()).map(gradeOf)
  }

  async sent({ person, lab, lineItem }: Grade, sent: SentGrade): Promise<void> {
    await this.#database
      .updateTable('grades')
      .set({ sent: JSON.stringify(sent) })
      .where('person', '=', person)
      .where('lab', '=', lab)
      .where('line_item', '=', lineItem)
      .execute()
  }
}

function gradeOf({ line_item, sent, ...row }: GradesTable): Grade {
  return { ...row, lineItem: line_item, ...(sent !== null && { sent: JSON.parse(sent) as SentGrade }) }
}
