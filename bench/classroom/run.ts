import { setTimeout as pause } from 'node:timers/promises'
import type { Cohort } from '../../src/classroom/cohorts.ts'
import type { ServedClassroom } from '../../test/support/classroom/served.ts'
import { Learner } from './learner.ts'
import { KINDS, Phase, type SystemUsage, usage } from './phase.ts'

/** How long the first learner is alone, ms. */
const ALONE = 30_000
/** So many sit down together. */
const AT_ONCE = 4
/** After a kill what was under way may fail for so long, ms: it was not acknowledged. */
const CUT_OFF = 20_000

export interface RunOptions {
  learners: number
  minutes: number
  /** Whether the cloud is killed in the middle. */
  kill: boolean
}

/** A classroom that comes, works and is looked at the whole time. */
export class ClassroomRun {
  readonly #server: ServedClassroom
  readonly #options: RunOptions
  readonly #people: Learner[] = []
  readonly #phases: Phase[] = []
  readonly #failedStarts: string[] = []
  readonly #lost: string[] = []
  readonly #over = new AbortController()
  readonly #begun = performance.now()
  #empty: SystemUsage | undefined
  #seatedMs: number | undefined
  /** When the cloud was killed. */
  #killed = 0

  constructor(server: ServedClassroom, options: RunOptions) {
    this.#server = server
    this.#options = options
  }

  /** Runs to its end. */
  async run(cohort: Cohort): Promise<void> {
    const { learners, minutes, kill } = this.#options
    this.#empty = await usage(this.#server)
    const working: Promise<void>[] = []
    const seat = async (number: number) => {
      const person = await Learner.start(this.#server, cohort, number).catch((error: Error) => {
        this.#failedStarts.push(`learner ${number}: ${error.message}`)
      })
      if (!person) return
      this.#people.push(person)
      working.push(person.work(this.#over.signal))
    }
    await seat(0)
    await this.#phase('the first alone')
    await pause(ALONE)
    await this.#phase('others come')
    const started = performance.now()
    for (let at = 1; at < learners; at += AT_ONCE) {
      const group = Array.from({ length: Math.min(AT_ONCE, learners - at) }, (_, n) => seat(at + n))
      await Promise.all(group)
    }
    this.#seatedMs = performance.now() - started
    await this.#phase('all at work')
    await pause((minutes * 60_000) / 2)
    if (kill) {
      process.kill(this.#server.cloud, 'SIGKILL')
      this.#killed = Date.now()
    }
    await pause((minutes * 60_000) / 2)
    await this.#phases.at(-1)!.look()
    this.#over.abort()
    await Promise.all(working)
    this.#lost.push(...(await Promise.all(this.#people.map((person) => person.lost()))).flat())
  }

  /** Whether all went well, as far as it went. */
  get isFlawless(): boolean {
    return this.#errors.length + this.#lost.length === 0
  }

  /** Takes in what was measured up to now; one line of how far it is. */
  async progress(): Promise<string> {
    const phase = await this.#phases.at(-1)?.look()
    const seconds = ((performance.now() - this.#begun) / 1000).toFixed(0)
    const seats = `${this.#people.length} of ${this.#options.learners} seated`
    return `${seconds} s: ${phase?.name ?? 'the first comes'}; ${seats}; ${this.#errors.length} errors${phase ? `; ${phase.waits()}; ${phase.cores()}` : ''}`
  }

  figures(): string {
    const { learners } = this.#options
    const starts = this.#people.map(({ startMs }) => startMs / 1000)
    const seated =
      this.#seatedMs === undefined
        ? 'not all came'
        : `all seated after ${(this.#seatedMs / 1000).toFixed(0)} s`
    const errors = this.#errors
    return [
      ...this.#phases.flatMap((phase) => [`${phase.name}: ${phase.waits()}`, `  ${phase.cores()}`]),
      `start of the first ${starts[0]?.toFixed(1)} s, of the last ${starts.at(-1)?.toFixed(1)} s, the longest ${Math.max(...starts).toFixed(1)} s; ${seated}`,
      this.#memory(),
      `${this.#people.length} of ${learners} learners, ${errors.length} errors${this.#killed ? ` beside ${this.#cutOff.length} commands and checks that the kill cut off` : ''}, ${this.#lost.length} acknowledged objects lost`,
      ...new Set(errors),
    ].join('\n')
  }

  close(): void {
    for (const person of this.#people) person.close()
  }

  async #phase(name: string): Promise<void> {
    await this.#phases.at(-1)?.look()
    this.#phases.push(await Phase.begin(name, this.#people, this.#server))
  }

  get #wrong(): { at: number; text: string }[] {
    return this.#people.flatMap((person) => person.errors)
  }

  /** What failed because of the kill. */
  get #cutOff(): { at: number; text: string }[] {
    return this.#wrong.filter(({ at }) => at >= this.#killed && at < this.#killed + CUT_OFF)
  }

  get #errors(): string[] {
    const cutOff = new Set(this.#cutOff)
    return [...this.#failedStarts, ...this.#wrong.filter((one) => !cutOff.has(one)).map(({ text }) => text)]
  }

  #memory(): string {
    const empty = this.#empty
    const full = this.#phases.at(-1)?.after
    if (!empty || !full) return 'memory not measured'
    const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[]
    const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
    const each = kinds.map(
      (kind) => `${KINDS[kind]} ${mb((full[kind].rss - empty[kind].rss) / Math.max(1, this.#people.length))}`,
    )
    const all = kinds.reduce((sum, kind) => sum + full[kind].rss, 0)
    return `resident memory a learner: ${each.join(', ')}; in all ${mb(all)}`
  }
}
