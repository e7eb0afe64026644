import type { SimulatedContainer } from '../processes/runtime.ts'
import { MACHINE } from './resources.ts'

const NS_PER_MS = 1e6

interface CpuReading {
  cpu_usage: { total_usage: number; usage_in_kernelmode: number; usage_in_usermode: number }
  system_cpu_usage: number
  online_cpus: number
  throttling_data: { periods: number; throttled_periods: number; throttled_time: number }
}

/** Readings of a container's use, each with the one before it, as `docker stats` subtracts them. */
export class StatsMeter {
  readonly #container: () => SimulatedContainer | undefined
  readonly #now: () => number
  #before: { at: number; cpu: CpuReading } | undefined

  constructor(container: () => SimulatedContainer | undefined, now: () => number) {
    this.#container = container
    this.#now = now
  }

  /** `limit`: bytes. A container that does not run reads as nothing at all. */
  read(limit: number) {
    const container = this.#container()
    const now = this.#now()
    const before = this.#before
    if (!container)
      return {
        read: ZERO_TIME,
        preread: ZERO_TIME,
        pids_stats: {},
        cpu_stats: NO_CPU,
        precpu_stats: NO_CPU,
        memory_stats: {},
      }
    const { cpuTotalMs, memoryBytes } = container.usage()
    const total_usage = Math.floor(cpuTotalMs * NS_PER_MS)
    const cpu: CpuReading = {
      cpu_usage: {
        total_usage,
        usage_in_kernelmode: 0,
        usage_in_usermode: total_usage,
      },
      system_cpu_usage: Math.floor(now * NS_PER_MS * MACHINE.cpus),
      online_cpus: MACHINE.cpus,
      throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
    }
    this.#before = { at: now, cpu }
    const { length } = container.machine.own
    return {
      read: new Date(now).toISOString(),
      preread: before ? new Date(before.at).toISOString() : ZERO_TIME,
      pids_stats: { current: length, limit: 4_611_686_018_427 },
      num_procs: 0,
      cpu_stats: cpu,
      precpu_stats: before?.cpu ?? NO_CPU,
      memory_stats: { usage: memoryBytes, stats: { inactive_file: 0 }, limit },
      networks: { eth0: { rx_bytes: 0, tx_bytes: 0 } },
      blkio_stats: { io_service_bytes_recursive: null },
    }
  }
}

const ZERO_TIME = '0001-01-01T00:00:00Z'
const NO_CPU = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
}
