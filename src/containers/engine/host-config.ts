import { signalName } from '../processes/signals.ts'
import { badRequest, EngineError } from './api.ts'
import type { ContainerConfig, HostConfig } from './container-record.ts'
import { checkResources } from './resources.ts'

const RESTART_POLICIES = ['', 'no', 'always', 'on-failure', 'unless-stopped']
/** The log drivers that are simulated, with the options that they take. */
const LOG_OPTIONS: Record<string, string[]> = {
  'json-file': ['max-file', 'max-size', 'compress', 'labels', 'labels-regex', 'env', 'env-regex', 'tag'],
  local: ['max-file', 'max-size', 'compress'],
  none: [],
}
/** What every log driver takes. */
const COMMON_LOG_OPTIONS = ['mode', 'max-buffer-size']
const OTHER_LOG_DRIVERS = ['awslogs', 'fluentd', 'gcplogs', 'gelf', 'journald', 'splunk', 'syslog']
const RUNTIMES = ['runc', 'io.containerd.runc.v2']
/** Capabilities(7), without `CAP_`. */
const CAPABILITIES = new Set(
  'AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM'.split(
    ' ',
  ),
)

/** What containers without privileges do not see, and what they may not write. */
const MASKED_PATHS = [
  'asound',
  'acpi',
  'interrupts',
  'kcore',
  'keys',
  'latency_stats',
  'timer_list',
  'timer_stats',
  'sched_debug',
  'scsi',
]
  .map((name) => `/proc/${name}`)
  .concat('/sys/firmware', '/sys/devices/virtual/powercap')
const READONLY_PATHS = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`)

/**
 * What a new container asks for, with the engine's defaults, and its warnings. Throws EngineError with the engine's text
 * for what it does not accept.
 */
export function acceptedSettings(
  config: ContainerConfig,
  asked: HostConfig,
): { hostConfig: HostConfig; warnings: string[] } {
  checkConfig(config)
  checkHostConfig(asked)
  const { hostConfig, warnings } = checkResources(withDefaults(asked))
  return { hostConfig, warnings }
}

/** A limit on memory limits memory and swap together to twice as much; the capabilities have their full names. */
function withDefaults(hostConfig: HostConfig): HostConfig {
  const { Memory = 0, MemorySwap = 0, CapAdd, CapDrop } = hostConfig
  return {
    ...hostConfig,
    ...(Memory > 0 && MemorySwap === 0 ? { MemorySwap: Memory * 2 } : {}),
    ...(CapAdd ? { CapAdd: capabilities('CapAdd', CapAdd) } : {}),
    ...(CapDrop ? { CapDrop: capabilities('CapDrop', CapDrop) } : {}),
    MaskedPaths: hostConfig.MaskedPaths ?? (hostConfig.Privileged ? null : MASKED_PATHS),
    ReadonlyPaths: hostConfig.ReadonlyPaths ?? (hostConfig.Privileged ? null : READONLY_PATHS),
  }
}

function checkConfig({ WorkingDir, StopSignal, Healthcheck }: ContainerConfig): void {
  if (WorkingDir && !WorkingDir.startsWith('/'))
    throw badRequest(`the working directory '${WorkingDir}' is invalid, it needs to be an absolute path`)
  if (StopSignal && !signalName(StopSignal)) throw badRequest(`invalid signal: ${StopSignal}`)
  for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const) {
    const value = Healthcheck?.[name] ?? 0
    if (value !== 0 && value < 1e6) throw badRequest(`${name} in Healthcheck cannot be less than 1ms`)
  }
  if ((Healthcheck?.Retries ?? 0) < 0) throw badRequest('Retries in Healthcheck cannot be negative')
}

function checkHostConfig(hostConfig: HostConfig): void {
  const { AutoRemove, RestartPolicy, Isolation, Runtime, OomScoreAdj = 0, CgroupParent } = hostConfig
  if (AutoRemove && !['', 'no'].includes(RestartPolicy?.Name ?? ''))
    throw badRequest("can't create 'AutoRemove' container with restart policy")
  checkRestartPolicy(RestartPolicy)
  if (Isolation && Isolation !== 'default') throw badRequest(`invalid isolation '${Isolation}' on linux`)
  if (OomScoreAdj < -1000 || OomScoreAdj > 1000)
    throw badRequest(`Invalid value ${OomScoreAdj}, range for oom score adj is [-1000, 1000]`)
  if (CgroupParent && !/.\.slice$/.test(CgroupParent))
    throw badRequest('cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice"')
  if (Runtime && !RUNTIMES.includes(Runtime)) throw badRequest(`unknown or invalid runtime name: ${Runtime}`)
  if (hostConfig.StorageOpt?.size !== undefined)
    throw new EngineError(
      500,
      "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
    )
  checkLogConfig(hostConfig.LogConfig)
  if (hostConfig.Links && hostConfig.Links.length > 0)
    throw new EngineError(
      501,
      'drydock: --link is not simulated (a legacy feature); put both containers into a network made with docker network create, where they reach each other by name',
    )
}

/** Throws EngineError. */
export function checkRestartPolicy(policy: HostConfig['RestartPolicy']): void {
  const name = policy?.Name ?? ''
  if (!RESTART_POLICIES.includes(name))
    throw badRequest(
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    )
  if (policy?.MaximumRetryCount && name !== 'on-failure')
    throw badRequest("invalid restart policy: maximum retry count can only be used with 'on-failure'")
}

function checkLogConfig({ Type: asked, Config }: NonNullable<HostConfig['LogConfig']> = {}): void {
  const driver = asked || 'json-file'
  if (OTHER_LOG_DRIVERS.includes(driver))
    throw new EngineError(
      501,
      `drydock: the log driver ${driver} is not simulated; use json-file, local or none`,
    )
  const options = LOG_OPTIONS[driver]
  if (!options) throw badRequest(`logger: no log driver named '${driver}' is registered`)
  const unknown = Object.keys(Config ?? {}).find(
    (name) => !options.includes(name) && !COMMON_LOG_OPTIONS.includes(name),
  )
  if (unknown !== undefined && driver !== 'none')
    throw badRequest(`unknown log opt '${unknown}' for ${driver} log driver`)
}

/** `net_admin` → `CAP_NET_ADMIN`. Throws EngineError. */
function capabilities(field: 'CapAdd' | 'CapDrop', names: readonly string[]): string[] {
  return names.map((name) => {
    const plain = name.toUpperCase()
    if (plain === 'ALL') return plain
    const full = plain.startsWith('CAP_') ? plain : `CAP_${plain}`
    if (!CAPABILITIES.has(full.slice(4))) throw badRequest(`invalid ${field}: unknown capability: "${full}"`)
    return full
  })
}
