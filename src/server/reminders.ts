import type { Classroom } from '#classroom/classroom.ts'
import type { Cohort } from '#classroom/cohorts.ts'
import type { ReminderKind } from '#classroom/due-dates.ts'
import type { People, Person } from '#database/people.ts'
import type { Attainments } from './attainments.ts'
import type { Messages } from './messages.ts'

/** How often dates are looked at, ms. */
const INTERVAL_MS = 15 * 60_000

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

/** Reminds learners of dates: each once that a date comes near, and once that it has passed. What could not be sent is sent later. */
export class Reminders {
  readonly #options: RemindersOptions
  readonly #timer: NodeJS.Timeout

  constructor(options: RemindersOptions) {
    this.#options = options
    const run = () => void this.run().catch(options.onError)
    run()
    this.#timer = setInterval(run, INTERVAL_MS)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Looks at all dates now. */
  async run(): Promise<void> {
    const { classroom, attainments } = this.#options
    for (const cohort of await classroom.cohorts.list()) {
      if (cohort.archivedAt !== undefined) continue
      const { people } = await attainments.report(cohort)
      for (const { status, dueAt, ...person } of people) {
        if (dueAt === undefined || (status !== 'due-soon' && status !== 'overdue')) continue
        await this.#remind({
          kind: status === 'overdue' ? 'overdue' : 'soon',
          cohort: { id: cohort.id, name: cohort.name },
          person,
          dueAt,
          done: person.done,
          total: person.total,
        })
      }
    }
  }

  async #remind(reminder: Reminder): Promise<void> {
    const { classroom, messages, onError } = this.#options
    const { kind, cohort, person, dueAt } = reminder
    if (!messages.reaches(person)) return
    if (!(await classroom.due.claim(cohort.id, person.id, kind, dueAt))) return
    try {
      await messages.remind(reminder)
    } catch (error) {
      await classroom.due.release(cohort.id, person.id, kind, dueAt)
      onError(error)
    }
  }
}
