import type { Grade, Grades, SentGrade } from '#database/grades.ts'
import type { PlatformClient } from './platform-client.ts'

/** Until a platform that did not take a result is asked again: twice as long each time, ms. */
const PAUSES = { first: 5_000, longest: 10 * 60_000 }

export interface GradebookOptions {
  grades: Grades
  platform(id: string): Pick<PlatformClient, 'sendScore'> | undefined
  /** What a person has reached in a lab; undefined before anything. */
  result(person: string, lab: string): Promise<SentGrade | undefined>
  onError(error: unknown): void
  pauses?: { first: number; longest: number }
}

/**
 * Holds gradebooks of learning platforms to what learners have reached: what a place has is compared with what it should have, at the start,
 * when a step has passed, and again while a platform is away. So nothing is queued, and nothing is lost with a process. A result that became
 * less, because a lab was started over, takes nothing back.
 */
export class Gradebook {
  readonly #options: GradebookOptions
  readonly #pauses: { first: number; longest: number }
  /** Labs to look at, by person and lab; undefined: all. */
  readonly #due = new Map<string, Pick<Grade, 'person' | 'lab'> | undefined>([['', undefined]])
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #working = false

  constructor(options: GradebookOptions) {
    this.#options = options
    this.#pauses = options.pauses ?? PAUSES
  }

  /** Begins to send. */
  start(): void {
    this.#working = true
    this.#wake()
  }

  /** A person has reached something in a lab. */
  changed(person: string, lab: string): void {
    this.#due.set(keyOf({ person, lab }), { person, lab })
    this.#wake()
  }

  /** Ends the sending; settles when what is under way is done. */
  async close(): Promise<void> {
    this.#working = false
    clearTimeout(this.#timer)
    await this.#running
  }

  #wake(): void {
    if (!this.#working || this.#timer) return
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#due.size > 0) this.#wake()
    })
  }

  async #run(): Promise<void> {
    const { grades } = this.#options
    const due = [...this.#due.values()]
    this.#due.clear()
    let failed: unknown
    const again = (error: unknown, of?: Pick<Grade, 'person' | 'lab'>): undefined => {
      failed ??= error
      this.#due.set(of ? keyOf(of) : '', of)
    }
    for (const of of due) {
      const listed = await grades.list(of).catch((error) => again(error, of))
      for (const grade of listed ?? []) {
        if (!this.#working) return
        await this.#bring(grade).catch((error) => again(error, grade))
      }
    }
    if (failed === undefined) this.#failures = 0
    else this.#pause(failed)
  }

  /** Sends a place what it should have, if that is more than it has. */
  async #bring(grade: Grade): Promise<void> {
    const { grades, platform, result } = this.#options
    if (grade.sent?.complete && grade.sent.given === grade.sent.of) return
    const reached = await result(grade.person, grade.lab)
    // A platform that the settings no longer name is told nothing.
    const place = platform(grade.platform)
    if (!reached || !place || !isMore(reached, grade.sent)) return
    await place.sendScore(grade.lineItem, { ...reached, user: grade.subject, at: Date.now() })
    await grades.sent(grade, reached)
  }

  #pause(error: unknown): void {
    const { first, longest } = this.#pauses
    // Told once, not at each try.
    if (this.#failures === 0) this.#options.onError(error)
    const pause = Math.min(first * 2 ** this.#failures, longest)
    this.#failures++
    if (!this.#working) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#wake()
    }, pause)
    this.#timer.unref()
  }
}

const keyOf = ({ person, lab }: Pick<Grade, 'person' | 'lab'>) => `${person}\0${lab}`

function isMore(now: SentGrade, sent: SentGrade | undefined): boolean {
  if (!sent) return now.given > 0 || now.complete
  return now.given / now.of > sent.given / sent.of || (now.complete && !sent.complete)
}
