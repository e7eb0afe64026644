import { badRequest, EngineError } from './api.ts'
import type { HostConfig } from './container-record.ts'

/** What a container may have, at least: 6 MiB. */
const MINIMUM_MEMORY = 6 * 1024 ** 2
/** CPUs and memory (bytes) of the engine's machine. */
export const MACHINE = { cpus: 2, memory: 4 * 1024 ** 3 }
const RESTART_POLICIES = ['', 'no', 'always', 'on-failure', 'unless-stopped']
const LOG_DRIVERS = ['', 'json-file', 'local', 'none']
const OTHER_LOG_DRIVERS = ['awslogs', 'fluentd', 'gcplogs', 'gelf', 'journald', 'splunk', 'syslog']

/** A limit on memory limits memory and swap together to twice as much. */
export function withDefaults(hostConfig: HostConfig): HostConfig {
  const { Memory = 0, MemorySwap = 0 } = hostConfig
  return Memory > 0 && MemorySwap === 0 ? { ...hostConfig, MemorySwap: Memory * 2 } : hostConfig
}

/** Throws EngineError with the engine's text for what it does not accept. */
export function checkHostConfig(hostConfig: HostConfig): void {
  const { Memory = 0, MemorySwap = 0, NanoCpus = 0, RestartPolicy, LogConfig, AutoRemove } = hostConfig
  if (Memory > 0 && Memory < MINIMUM_MEMORY) throw badRequest('Minimum memory limit allowed is 6MB')
  if (MemorySwap > 0 && MemorySwap < Memory)
    throw badRequest('Minimum memoryswap limit should be larger than memory limit, see usage')
  if (NanoCpus < 0 || NanoCpus > MACHINE.cpus * 1e9)
    throw badRequest(
      `range of CPUs is from 0.01 to ${MACHINE.cpus}.00, as there are only ${MACHINE.cpus} CPUs available`,
    )
  const policy = RestartPolicy?.Name ?? ''
  if (!RESTART_POLICIES.includes(policy))
    throw badRequest(
      `invalid restart policy: unknown policy '${policy}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    )
  if (RestartPolicy?.MaximumRetryCount && policy !== 'on-failure')
    throw badRequest("invalid restart policy: maximum retry count can only be used with 'on-failure'")
  if (AutoRemove && policy !== '' && policy !== 'no')
    throw badRequest("can't create 'AutoRemove' container with restart policy")
  const driver = LogConfig?.Type ?? ''
  if (OTHER_LOG_DRIVERS.includes(driver))
    throw new EngineError(
      501,
      `drydock: the log driver ${driver} is not simulated; use json-file, local or none`,
    )
  if (!LOG_DRIVERS.includes(driver)) throw badRequest(`logger: no log driver named '${driver}' is registered`)
  if (hostConfig.Links && hostConfig.Links.length > 0)
    throw new EngineError(
      501,
      'drydock: --link is not simulated (a legacy feature); put both containers into a network made with docker network create, where they reach each other by name',
    )
}

/** Milli-CPU that a container may use; undefined: all. */
export function cpuLimitMilli({ NanoCpus, CpuQuota, CpuPeriod }: HostConfig): number | undefined {
  if (NanoCpus) return NanoCpus / 1e6
  if (CpuQuota && CpuQuota > 0) return (CpuQuota / (CpuPeriod || 100_000)) * 1000
  return undefined
}
