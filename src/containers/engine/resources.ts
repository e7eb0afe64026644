import { badRequest } from './api.ts'
import type { HostConfig } from './container-record.ts'

/** What a container may have, at least: 6 MiB. */
const MINIMUM_MEMORY = 6 * 1024 ** 2
/** CPUs and memory (bytes) of the engine's machine. */
export const MACHINE = { cpus: 2, memory: 4 * 1024 ** 3 }
/** Its CPUs and memory nodes, as the kernel lists them. */
const ALL_CPUS = `0-${MACHINE.cpus - 1}`
const ALL_NODES = '0'

/**
 * Limits of a container as the engine takes them on a machine with cgroups version 2: what it does not have there is
 * discarded, and a warning says so. Throws EngineError for what nobody could grant. `update`: of a container that exists.
 */
export function checkResources(
  asked: HostConfig,
  { update = false }: { update?: boolean } = {},
): { hostConfig: HostConfig; warnings: string[] } {
  checkMemory(asked, update)
  checkCpus(asked)
  const { BlkioWeight: weight = 0 } = asked
  if (weight !== 0 && (weight < 10 || weight > 1000))
    throw badRequest('Range of blkio weight is from 10 to 1000')
  const warnings: string[] = []
  const hostConfig = { ...asked }
  if (
    hostConfig.MemorySwappiness !== undefined &&
    hostConfig.MemorySwappiness !== -1 &&
    hostConfig.MemorySwappiness !== null
  )
    warnings.push(
      'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.',
    )
  delete hostConfig.MemorySwappiness
  if (hostConfig.OomKillDisable)
    warnings.push('Your kernel does not support OomKillDisable. OomKillDisable discarded.')
  delete hostConfig.OomKillDisable
  return { hostConfig, warnings }
}

function checkMemory({ Memory = 0, MemorySwap = 0, MemoryReservation = 0 }: HostConfig, update: boolean) {
  if (Memory !== 0 && Memory < MINIMUM_MEMORY) throw badRequest('Minimum memory limit allowed is 6MB')
  if (Memory > 0 && MemorySwap > 0 && MemorySwap < Memory)
    throw badRequest('Minimum memoryswap limit should be larger than memory limit, see usage')
  if (Memory === 0 && MemorySwap > 0 && !update)
    throw badRequest('You should always set the Memory limit when using Memoryswap limit, see usage')
  if (MemoryReservation > 0 && MemoryReservation < MINIMUM_MEMORY)
    throw badRequest('Minimum memory reservation allowed is 6MB')
  if (Memory > 0 && MemoryReservation > 0 && Memory < MemoryReservation)
    throw badRequest('Minimum memory limit can not be less than memory reservation limit, see usage')
}

function checkCpus({
  NanoCpus = 0,
  CpuPeriod = 0,
  CpuQuota = 0,
  CpusetCpus = '',
  CpusetMems = '',
}: HostConfig) {
  if (NanoCpus > 0 && CpuPeriod > 0)
    throw badRequest('Conflicting options: Nano CPUs and CPU Period cannot both be set')
  if (NanoCpus > 0 && CpuQuota > 0)
    throw badRequest('Conflicting options: Nano CPUs and CPU Quota cannot both be set')
  if (NanoCpus < 0 || NanoCpus > MACHINE.cpus * 1e9)
    throw badRequest(
      `range of CPUs is from 0.01 to ${MACHINE.cpus}.00, as there are only ${MACHINE.cpus} CPUs available`,
    )
  if (CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1_000_000))
    throw badRequest('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)')
  if (CpuQuota > 0 && CpuQuota < 1000) throw badRequest('CPU cfs quota can not be less than 1ms (i.e. 1000)')
  if (!within(CpusetCpus, MACHINE.cpus, 'cpuset cpus'))
    throw badRequest(`Requested CPUs are not available - requested ${CpusetCpus}, available: ${ALL_CPUS}`)
  if (!within(CpusetMems, 1, 'cpuset mems'))
    throw badRequest(
      `Requested memory nodes are not available - requested ${CpusetMems}, available: ${ALL_NODES}`,
    )
}

/** Whether a list such as `0-1,3` stays below `count`. Throws EngineError for what is no such list. */
function within(list: string, count: number, what: string): boolean {
  if (list === '') return true
  return list.split(',').every((part) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
    if (first === undefined || Number(last) < Number(first))
      throw badRequest(`Invalid value ${list} for ${what}: invalid format: ${part}`)
    return Number(last) < count
  })
}

/** Milli-CPU that a container may use; undefined: all. */
export function cpuLimitMilli({ NanoCpus, CpuQuota, CpuPeriod }: HostConfig): number | undefined {
  if (NanoCpus) return NanoCpus / 1e6
  if (CpuQuota && CpuQuota > 0) return (CpuQuota / (CpuPeriod || 100_000)) * 1000
  return undefined
}
