import { performance } from 'node:perf_hooks'
import { turn } from '#world/turns.ts'
import type { Process } from './process.ts'

/** What a program that waits for nothing gets through between two rests, bytes: with the rest, some 6 GB/s. */
const BURST_BYTES = 64 * 1024 * 1024
/** How long it may work on this machine's processor between two rests, ms. */
const BURST_HOST_MS = 3
/** A rest on the world's clock, ms. */
const REST_MS = 10

/**
 * Holds a program back that makes bytes without end (`yes`, `cat /dev/zero`): to the container it looks like one that keeps a core
 * busy, to this machine it is idle most of the time.
 */
export class Pace {
  readonly #process: Process
  #bytes = 0
  #hostSince = performance.now()
  #since: number

  constructor(process: Process) {
    this.#process = process
    this.#since = process.machine.clock.now()
  }

  /** Counts what was made; waits when that is enough for now. Throws KilledError. */
  async made(bytes: number): Promise<void> {
    this.#bytes += bytes
    if (this.#bytes < BURST_BYTES && performance.now() - this.#hostSince < BURST_HOST_MS) return
    const { machine } = this.#process
    await turn()
    await this.#process.sleep(REST_MS)
    this.#process.spend(machine.clock.now() - this.#since)
    this.#bytes = 0
    this.#since = machine.clock.now()
    this.#hostSince = performance.now()
  }
}
