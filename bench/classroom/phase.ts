import type { ServedClassroom, SystemProcess } from '../../test/support/classroom/served.ts'
import type { Learner, Times } from './learner.ts'

/** What a kind of processes uses. */
interface Usage {
  /** Resident memory, bytes. */
  rss: number
  /** CPU time so far, ms. */
  cpu: number
}

export type SystemUsage = Record<SystemProcess['kind'], Usage>

/** What the server's processes use now. */
export async function usage(server: ServedClassroom): Promise<SystemUsage> {
  const none = () => ({ rss: 0, cpu: 0 })
  const sums: SystemUsage = { server: none(), cloud: none(), host: none(), shells: none() }
  for (const { kind, rss, cpu } of await server.system()) {
    sums[kind].rss += rss
    sums[kind].cpu += cpu
  }
  return sums
}

/** A part of the run, and what was measured in it. */
export class Phase {
  readonly name: string
  /** Whose times count. */
  readonly #people: readonly Learner[]
  readonly #server: ServedClassroom
  readonly #begun = performance.now()
  readonly before: SystemUsage
  after: SystemUsage
  readonly times: Times = { echo: [], check: [], command: [] }
  /** How long it took, ms. */
  span = 0

  private constructor(
    name: string,
    people: readonly Learner[],
    server: ServedClassroom,
    before: SystemUsage,
  ) {
    this.name = name
    this.#people = people
    this.#server = server
    this.before = before
    this.after = before
  }

  static async begin(name: string, people: readonly Learner[], server: ServedClassroom): Promise<Phase> {
    return new Phase(name, people, server, await usage(server))
  }

  /** Takes in what was measured up to now. */
  async look(): Promise<this> {
    for (const person of this.#people) {
      const { echo, check, command } = person.times()
      this.times.echo.push(...echo)
      this.times.check.push(...check)
      this.times.command.push(...command)
    }
    this.span = performance.now() - this.#begun
    this.after = await usage(this.#server)
    return this
  }

  /** One line: how long what people waited for took. */
  waits(): string {
    const { echo, check, command } = this.times
    return [
      `echo of a key p50 ${share(echo, 0.5)}, p99 ${share(echo, 0.99)} (${echo.length} keys)`,
      `check p50 ${share(check, 0.5)}, p95 ${share(check, 0.95)} (${check.length})`,
      `command p50 ${share(command, 0.5)}, p95 ${share(command, 0.95)} (${command.length})`,
    ].join('; ')
  }

  /** One line: CPU time of each kind of processes, cores. */
  cores(): string {
    const kinds = Object.keys(KINDS) as SystemProcess['kind'][]
    const of = (kind: SystemProcess['kind']) => (this.after[kind].cpu - this.before[kind].cpu) / this.span
    return `cores in use: ${kinds.map((kind) => `${KINDS[kind]} ${of(kind).toFixed(2)}`).join(', ')}`
  }
}

export const KINDS: Record<SystemProcess['kind'], string> = {
  cloud: 'cloud',
  server: 'server',
  host: 'terminals’ process',
  shells: 'shells and tools',
}

/** A quantile, as text. */
function share(times: number[], of: number): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))]
  return at === undefined ? 'none' : `${at.toFixed(at < 10 ? 1 : 0)} ms`
}
