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
}

/** Forgets what the settings say not to keep. */
export class Retention {
  readonly #options: RetentionOptions

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    const { classroom, signedIn, settings, records } = this.#options
    const now = Date.now()
    await signedIn.deleteExpired(now)
    await classroom.audit.deleteBefore(now - settings.auditDays * DAY)
    await records.deleteOld(now)
    if (settings.learnerDays !== undefined)
      await this.#forgetLearners(now - settings.learnerDays * DAY, signal)
  }

  /** Learners all of whose courses had ended by then. Who leads one, or was in none, stays. */
  async #forgetLearners(before: number, signal: AbortSignal): Promise<void> {
    const { people, classroom } = this.#options
    const { cohorts, audit } = classroom
    for (const { id, role } of await people.list()) {
      if (signal.aborted) return
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
