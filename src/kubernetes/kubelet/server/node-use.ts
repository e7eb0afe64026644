import type { ResourceUse } from '#containers/runtime.ts'

/** A part of a node's system, as the kubelet reports it. */
export interface SystemPart extends Omit<ResourceUse, 'cpuTotalMs'> {
  /** As `stats/summary` names it. */
  name: 'kubelet' | 'runtime'
}

const MIB = 2 ** 20

/** What kubelet and containerd use of every node. */
export const SYSTEM_PARTS: readonly SystemPart[] = [
  { name: 'kubelet', cpuMilli: 14, memoryBytes: 62 * MIB, processes: 1 },
  { name: 'runtime', cpuMilli: 9, memoryBytes: 78 * MIB, processes: 1 },
]

/** What the operating system uses of every node beside its pods, kubelet and containerd among it. */
export const SYSTEM_USE = { cpuMilli: 35, memoryBytes: 420 * MIB, processes: 112 }

/** What it has used in a time, ms. */
export const usedFor = (
  { cpuMilli, memoryBytes, processes }: Omit<ResourceUse, 'cpuTotalMs'>,
  ms: number,
): ResourceUse => ({ cpuMilli, memoryBytes, processes, cpuTotalMs: (ms * cpuMilli) / 1000 })

/** Use of several together. */
export const together = (uses: readonly ResourceUse[]): ResourceUse =>
  uses.reduce(
    (sum, use) => ({
      cpuMilli: sum.cpuMilli + use.cpuMilli,
      cpuTotalMs: sum.cpuTotalMs + use.cpuTotalMs,
      memoryBytes: sum.memoryBytes + use.memoryBytes,
      processes: sum.processes + use.processes,
    }),
    { cpuMilli: 0, cpuTotalMs: 0, memoryBytes: 0, processes: 0 },
  )
