import type { Cohort } from '#classroom/cohorts.ts'
import type { People } from '#database/people.ts'
import type { Sessions } from '#database/sessions.ts'
import { type PersonStores, removePerson } from './remove-person.ts'
import type { Settings } from './settings.ts'

const DAY = 24 * 3600 * 1000

export interface RetentionOptions extends PersonStores {
  people: People
  signedIn: Sessions
  settings: Pick<Settings, 'auditDays' | 'learnerDays'>
  onError(error: unknown): void
}

/** Forgets what the settings say not to keep; once at the start and then once a day. */
export class Retention {
  readonly #options: RetentionOptions
  readonly #timer: NodeJS.Timeout

  constructor(options: RetentionOptions) {
    this.#options = options
    const run = () => void this.run().catch(options.onError)
    run()
    this.#timer = setInterval(run, DAY)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async run(): Promise<void> {
    const { classroom, signedIn, settings } = this.#options
    const now = Date.now()
    await signedIn.deleteExpired(now)
    await classroom.audit.deleteBefore(now - settings.auditDays * DAY)
    if (settings.learnerDays !== undefined) await this.#forgetLearners(now - settings.learnerDays * DAY)
  }

  /** Learners all of whose courses had ended by then. Who leads one, or was in none, stays. */
  async #forgetLearners(before: number): Promise<void> {
    const { people, classroom } = this.#options
    const { cohorts, audit } = classroom
    for (const { id, role } of await people.list()) {
      if (role !== 'learner') continue
      const learned = await cohorts.list({ person: id, role: 'learner' })
      const led = await cohorts.list({ person: id, role: 'instructor' })
      if (learned.length === 0 || led.length > 0 || !learned.every((cohort) => endOf(cohort) <= before))
        continue
      await removePerson(this.#options, id)
      await audit.add({ actor: '', act: 'person-delete', subject: id, detail: { because: 'retention' } })
    }
  }
}

/** When a course was over, or will be. */
function endOf({ endsAt, archivedAt }: Cohort): number {
  return Math.min(endsAt ?? Number.POSITIVE_INFINITY, archivedAt ?? Number.POSITIVE_INFINITY)
}
