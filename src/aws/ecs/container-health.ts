import type { HealthCheck } from '@aws-sdk/client-ecs'
import type { Clock, Timer } from '#world/clock.ts'

/** Defaults, seconds: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html */
const DEFAULTS = { interval: 30, timeout: 5, retries: 3, startPeriod: 0 }

/** The words of a health check's command as they are executed; undefined for `NONE`. */
export function healthCommand(check: HealthCheck): string[] | undefined {
  const [kind, ...words] = check.command ?? []
  if (kind === 'NONE' || kind === undefined) return undefined
  if (kind === 'CMD') return words
  return ['/bin/sh', '-c', (kind === 'CMD-SHELL' ? words : [kind, ...words]).join(' ')]
}

/** Asks a container whether it is well, at its interval, for as long as it runs. */
export class HealthLoop {
  readonly #clock: Clock
  readonly #check: HealthCheck
  readonly #ask: (command: string[], timeoutMs: number) => Promise<number | undefined>
  readonly #report: (health: 'HEALTHY' | 'UNHEALTHY') => void
  readonly #began: number
  #failures = 0
  #timer: Timer | undefined
  #stopped = false

  constructor(options: {
    clock: Clock
    check: HealthCheck
    ask: (command: string[], timeoutMs: number) => Promise<number | undefined>
    report: (health: 'HEALTHY' | 'UNHEALTHY') => void
  }) {
    this.#clock = options.clock
    this.#check = options.check
    this.#ask = options.ask
    this.#report = options.report
    this.#began = options.clock.now()
    this.#next()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #next(): void {
    const interval = this.#check.interval ?? DEFAULTS.interval
    this.#timer = this.#clock.setTimer(interval * 1000, () => void this.#run())
  }

  async #run(): Promise<void> {
    const command = healthCommand(this.#check)
    if (!command || this.#stopped) return
    const { timeout, retries, startPeriod } = { ...DEFAULTS, ...this.#check }
    const good = (await this.#ask(command, timeout * 1000).catch(() => 1)) === 0
    if (this.#stopped) return
    const starting = this.#clock.now() - this.#began < startPeriod * 1000
    if (good) {
      this.#failures = 0
      this.#report('HEALTHY')
    } else if (!starting && ++this.#failures >= retries) this.#report('UNHEALTHY')
    this.#next()
  }
}
