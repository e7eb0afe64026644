import type { Classroom } from '#classroom/classroom.ts'
import type { Cohort } from '#classroom/cohorts.ts'
import type { ReminderKind } from '#classroom/due-dates.ts'
import type { People, Person } from '#database/people.ts'
import type { Attainments } from './attainments.ts'
import type { Messages } from './messages.ts'

/** That somebody's course is to be done soon, or was to be. */
export interface Reminder {
  kind: ReminderKind
  cohort: Pick<Cohort, 'id' | 'name'>
  person: Pick<Person, 'id' | 'name' | 'email'>
  /** ms since the epoch */
  dueAt: number
  done: number
  total: number
}

export interface RemindersOptions {
  classroom: Classroom
  people: People
  attainments: Attainments
  messages: Messages
  onError(error: unknown): void
}

/**
 * Reminds learners of dates: each once that a date comes near, and once that it has passed, by each way that there is. What could not be
 * sent is sent at the next look.
 */
export class Reminders {
  readonly #options: RemindersOptions

  constructor(options: RemindersOptions) {
    this.#options = options
  }

  /** Looks at all dates now. */
  async run(signal: AbortSignal): Promise<void> {
    const { classroom, people: accounts, attainments } = this.#options
    for (const cohort of await classroom.cohorts.list()) {
      if (cohort.archivedAt !== undefined) continue
      const { people } = await attainments.report(cohort)
      for (const { id, status, dueAt, done, total } of people) {
        if (signal.aborted) return
        if (dueAt === undefined || (status !== 'due-soon' && status !== 'overdue')) continue
        const person = await accounts.find(id)
        if (!person || person.disabledAt !== undefined) continue
        await this.#remind({
          kind: status === 'overdue' ? 'overdue' : 'soon',
          cohort: { id: cohort.id, name: cohort.name },
          person: { id, name: person.name, ...(person.email !== undefined && { email: person.email }) },
          dueAt,
          done,
          total,
        })
      }
    }
  }

  async #remind(reminder: Reminder): Promise<void> {
    const { classroom, messages, onError } = this.#options
    const { kind, cohort, person, dueAt } = reminder
    for (const way of messages.waysTo(person)) {
      const reminded = { cohort: cohort.id, person: person.id, kind, way, dueAt }
      if (!(await classroom.due.claim(reminded))) continue
      try {
        await messages.remind(reminder, way)
      } catch (error) {
        await classroom.due.release(reminded)
        onError(error)
      }
    }
  }
}
