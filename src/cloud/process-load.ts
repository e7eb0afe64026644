import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { ProcessInfo } from './api.ts'
import type { Worlds } from './worlds.ts'

/** How closely (ms) the event loop's lateness is measured. */
const RESOLUTION_MS = 50

/** What a process of the cloud has to carry. */
export class ProcessLoad {
  readonly #number: number
  readonly #worlds: Pick<Worlds, 'awake'>
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  #before: EventLoopUtilization = performance.eventLoopUtilization()

  constructor(number: number, worlds: Pick<Worlds, 'awake'>) {
    this.#number = number
    this.#worlds = worlds
    this.#delay.enable()
  }

  /** As it is now; the event loop's lateness counts anew from here. */
  read(): ProcessInfo {
    const { user, system } = process.cpuUsage()
    const late = this.#delay.percentile(99) / 1e9 - RESOLUTION_MS / 1000
    this.#delay.reset()
    return {
      number: this.#number,
      pid: process.pid,
      awake: this.#worlds.awake,
      residentBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
      loopDelaySeconds: Math.max(0, late),
    }
  }

  /** The share of the time since the last call in which the event loop had something to do. */
  busy(): number {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#before)
    this.#before = now
    return utilization
  }

  close(): void {
    this.#delay.disable()
  }
}
