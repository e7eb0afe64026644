import type { Selectable } from 'kysely'
import type { Database } from '#database/database.ts'
import type { HandsTable } from '#database/schema.ts'
import { token } from './secrets.ts'

/** What an instructor answers: words, and a page of this site to look at. */
export interface HandAnswer {
  text: string
  link?: string
}

/** A call for help. Times in ms since the epoch. */
export interface Hand {
  id: string
  cohort: string
  person: string
  lab: string
  step?: string
  /** What the learner says about it. */
  note: string
  raisedAt: number
  /** The instructor who goes. */
  takenBy?: string
  answer?: HandAnswer
  /** When it was answered, or taken down by the learner. */
  loweredAt?: number
}

/** The queue of raised hands of each cohort. */
export class Hands {
  readonly #database: Database
  readonly #now: () => number

  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database
    this.#now = now
  }

  /** Raises a hand. A person has one up: raising another replaces what it says and keeps the place in the queue. */
  async raise(hand: Pick<Hand, 'cohort' | 'person' | 'lab' | 'step' | 'note'>): Promise<Hand> {
    const up = await this.raised(hand.person)
    const raised: Hand = { ...hand, id: up?.id ?? token(), raisedAt: up?.raisedAt ?? this.#now() }
    const row = rowOf(raised)
    await this.#database
      .insertInto('hands')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute()
    return raised
  }

  /** The hand that a person has up. */
  async raised(person: string): Promise<Hand | undefined> {
    const row = await this.#database
      .selectFrom('hands')
      .selectAll()
      .where('person', '=', person)
      .where('lowered_at', 'is', null)
      .executeTakeFirst()
    return row && handOf(row)
  }

  /** The last hand that was answered for a person, so that a page opened later shows the answer. */
  async lastAnswered(person: string): Promise<Hand | undefined> {
    const row = await this.#database
      .selectFrom('hands')
      .selectAll()
      .where('person', '=', person)
      .where('answer', 'is not', null)
      .orderBy('lowered_at', 'desc')
      .executeTakeFirst()
    return row && handOf(row)
  }

  async find(id: string): Promise<Hand | undefined> {
    const row = await this.#database.selectFrom('hands').selectAll().where('id', '=', id).executeTakeFirst()
    return row && handOf(row)
  }

  /** The hands that are up in a cohort, the first raised first. */
  async queue(cohort: string): Promise<Hand[]> {
    const rows = await this.#database
      .selectFrom('hands')
      .selectAll()
      .where('cohort', '=', cohort)
      .where('lowered_at', 'is', null)
      .orderBy('raised_at')
      .orderBy('id')
      .execute()
    return rows.map(handOf)
  }

  async take(hand: Hand, instructor: string): Promise<Hand> {
    return this.#put({ ...hand, takenBy: instructor })
  }

  /** Takes a hand down, with an answer or without. */
  async lower(hand: Hand, answer?: HandAnswer): Promise<Hand> {
    return this.#put({ ...hand, ...(answer && { answer }), loweredAt: this.#now() })
  }

  async #put(hand: Hand): Promise<Hand> {
    await this.#database.updateTable('hands').set(rowOf(hand)).where('id', '=', hand.id).execute()
    return hand
  }
}

function rowOf({ step, raisedAt, takenBy, answer, loweredAt, ...hand }: Hand): HandsTable {
  return {
    ...hand,
    step: step ?? null,
    raised_at: raisedAt,
    taken_by: takenBy ?? null,
    answer: answer ? JSON.stringify(answer) : null,
    lowered_at: loweredAt ?? null,
  }
}

function handOf({ step, raised_at, taken_by, answer, lowered_at, ...row }: Selectable<HandsTable>): Hand {
  return {
    ...row,
    ...(step !== null && { step }),
    raisedAt: raised_at,
    ...(taken_by !== null && { takenBy: taken_by }),
    ...(answer !== null && { answer: JSON.parse(answer) as HandAnswer }),
    ...(lowered_at !== null && { loweredAt: lowered_at }),
  }
}
