import type { World } from '#world/world.ts'
import type { Image } from '../image.ts'
import { StartError } from '../runtime.ts'
import type { ContainerRecord, Health, Healthcheck } from './container-record.ts'
import type { ContainerStore } from './container-store.ts'
import type { Events } from './events.ts'
import type { Session } from './session.ts'

const NS_PER_MS = 1e6
/** What a check has that says nothing else (https://docs.docker.com/reference/dockerfile/#healthcheck), ms. */
const DEFAULTS = { interval: 30_000, timeout: 30_000, startInterval: 5_000, retries: 3 }
const KEPT_RESULTS = 5
const KEPT_OUTPUT = 4096

interface Check {
  argv: string[]
  interval: number
  timeout: number
  startPeriod: number
  startInterval: number
  retries: number
}

/** Runs the health checks of containers on the world's clock. */
export class HealthMonitor {
  readonly #world: World
  readonly #store: ContainerStore
  readonly #events: Events

  constructor(options: { world: World; store: ContainerStore; events: Events }) {
    this.#world = options.world
    this.#store = options.store
    this.#events = options.events
  }

  /** Checks a container that has just started until its session's health is aborted. */
  watch(record: ContainerRecord, image: Image, session: Session): void {
    const check = effectiveCheck(record, image)
    if (!check) return
    const abort = new AbortController()
    session.health = abort
    this.#store.update(record.id, { health: { status: 'starting', failingStreak: 0, log: [] } })
    this.#run(record.id, check, session, abort.signal).catch(() => {
      // It has ended.
    })
  }

  async #run(id: string, check: Check, session: Session, signal: AbortSignal): Promise<void> {
    const { clock } = this.#world
    const started = clock.now()
    for (;;) {
      const starting =
        clock.now() - started < check.startPeriod && this.#store.get(id)?.health?.status === 'starting'
      await clock.sleep(starting ? Math.min(check.startInterval, check.interval) : check.interval, signal)
      if (this.#store.get(id)?.status === 'paused') continue
      const result = await this.#probe(id, check, session)
      if (signal.aborted) return
      this.#record(id, check, result, clock.now() - started < check.startPeriod)
    }
  }

  async #probe(id: string, check: Check, session: Session): Promise<Health['log'][number]> {
    const { clock } = this.#world
    const start = clock.now()
    const record = this.#store.get(id)!
    const command = check.argv.join(' ')
    const execID = this.#world.ids.hex(64)
    this.#events.container(`exec_create: ${command}`, record, { execID })
    this.#events.container(`exec_start: ${command}`, record, { execID })
    const done = (exitCode: number, output: string) => {
      this.#events.container('exec_die', record, { execID, exitCode: String(exitCode) })
      return { start, end: clock.now(), exitCode, output: output.slice(0, KEPT_OUTPUT) }
    }
    try {
      const process = await session.container!.exec({ command: check.argv })
      process.stdin.end()
      let output = ''
      for (const stream of [process.stdout, process.stderr])
        stream.on('data', (chunk: Buffer) => {
          output += chunk
        })
      let late = false
      const timer = clock.setTimer(check.timeout, () => {
        late = true
        process.kill('SIGKILL')
      })
      const { exitCode } = await process.exited
      timer.cancel()
      await new Promise((resolve) => setImmediate(resolve))
      return late
        ? done(-1, `Health check exceeded timeout (${seconds(check.timeout)})`)
        : done(exitCode, output)
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      return done(-1, error.message)
    }
  }

  #record(id: string, check: Check, result: Health['log'][number], inStartPeriod: boolean): void {
    const record = this.#store.get(id)
    if (!record?.health) return
    const before = record.health
    const health: Health = { ...before, log: [...before.log, result].slice(-KEPT_RESULTS) }
    if (result.exitCode === 0) {
      health.failingStreak = 0
      health.status = 'healthy'
    } else if (!(inStartPeriod && before.status === 'starting')) {
      health.failingStreak++
      if (health.failingStreak >= check.retries) health.status = 'unhealthy'
    }
    this.#store.update(id, { health })
    if (health.status !== before.status) this.#events.container(`health_status: ${health.status}`, record)
  }
}

/** A container's own health check over its image's; undefined for none. */
function effectiveCheck({ config }: ContainerRecord, image: Image): Check | undefined {
  const inherited: Healthcheck = image.config.config.Healthcheck ?? {}
  const own = config.Healthcheck ?? {}
  const given = { ...inherited, ...Object.fromEntries(Object.entries(own).filter(([, value]) => value)) }
  const [kind, ...words] = given.Test ?? []
  if (kind !== 'CMD' && kind !== 'CMD-SHELL') return undefined
  const ms = (value: number | undefined, otherwise: number) => (value ? value / NS_PER_MS : otherwise)
  return {
    argv: kind === 'CMD' ? words : [...(image.config.config.Shell ?? ['/bin/sh', '-c']), words.join(' ')],
    interval: ms(given.Interval, DEFAULTS.interval),
    timeout: ms(given.Timeout, DEFAULTS.timeout),
    startPeriod: ms(given.StartPeriod, 0),
    startInterval: ms(given.StartInterval, DEFAULTS.startInterval),
    retries: given.Retries || DEFAULTS.retries,
  }
}

/** `5s`, `1m30s`, `500ms` */
function seconds(ms: number): string {
  if (ms < 1000) return `${ms}ms`
  const minutes = Math.floor(ms / 60_000)
  return `${minutes > 0 ? `${minutes}m` : ''}${(ms % 60_000) / 1000}s`
}
