import type { Descriptor } from '../image.ts'

/** `docker ps`'s states, but for those that nobody can see here (removing, dead). */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'exited'

/** A container of the engine, in the world's store under `docker/containers/<id>`. Times: ms on the world's clock. */
export interface ContainerRecord {
  id: string
  /** Without the leading slash. */
  name: string
  createdAt: number
  imageId: string
  /** As it was asked for. */
  imageName: string
  config: ContainerConfig
  hostConfig: HostConfig
  /** Where its processes listen on the world's network: its address in the first of its networks. */
  address: string
  /** By network name. */
  endpoints: Record<string, Endpoint>
  mounts: VolumeMount[]
  status: ContainerStatus
  exitCode: number
  error: string
  oomKilled?: boolean
  startedAt?: number
  finishedAt?: number
  restartCount: number
  /** Whether a person stopped it: such a one is not restarted by `unless-stopped`. */
  stopped?: boolean
  health?: Health
  /** Host ports as published. */
  ports: PublishedPort[]
  /** What it has written over its image, saved when it stops. */
  changes: Descriptor[]
}

/** A port of the host that leads to one of the container. */
export interface PublishedPort {
  containerPort: number
  protocol: string
  /** Empty: on all addresses. */
  hostIp: string
  hostPort: number
}

/** A container's place in a network. */
export interface Endpoint {
  networkId: string
  /** Names beside the container's own (`--network-alias`). */
  aliases: string[]
  /** `--ip` */
  wanted?: string
  /** `--mac-address` */
  macAddress?: string
  driverOptions?: Record<string, string>
  /** Both empty while the container does not run. */
  id: string
  address: string
  /** Its address the last time: it gets it again if it is free. */
  last?: string
}

/** What a container mounts. */
export interface VolumeMount {
  type: 'volume' | 'tmpfs' | 'bind'
  /** The volume's name, or the folder of the engine's machine. */
  source: string
  target: string
  readOnly: boolean
  /** The volume was made for this container. */
  anonymous: boolean
  /** An empty volume is not filled with what the image has there. */
  noCopy: boolean
}

/** What the health checks have found. */
export interface Health {
  status: 'starting' | 'healthy' | 'unhealthy'
  failingStreak: number
  /** The last five. */
  log: { start: number; end: number; exitCode: number; output: string }[]
}

/** Durations in nanoseconds, as Go writes them. */
export interface Healthcheck {
  Test?: string[] | null
  Interval?: number
  Timeout?: number
  Retries?: number
  StartPeriod?: number
  StartInterval?: number
}

/** The part of the API's container configuration that is acted on; the rest is kept for `inspect`. */
export interface ContainerConfig {
  Hostname?: string
  User?: string
  Tty?: boolean
  OpenStdin?: boolean
  StdinOnce?: boolean
  AttachStdin?: boolean
  AttachStdout?: boolean
  AttachStderr?: boolean
  Env?: string[] | null
  Cmd?: string[] | null
  Entrypoint?: string[] | null
  Image: string
  WorkingDir?: string
  Labels?: Record<string, string> | null
  StopSignal?: string
  /** Seconds. */
  StopTimeout?: number
  ExposedPorts?: Record<string, object>
  Volumes?: Record<string, object> | null
  Healthcheck?: Healthcheck | null
  [name: string]: unknown
}

export interface MountRequest {
  Type: string
  Source?: string
  Target: string
  ReadOnly?: boolean
  BindOptions?: { CreateMountpoint?: boolean }
  VolumeOptions?: { NoCopy?: boolean; Labels?: Record<string, string> }
}

export interface HostConfig {
  PortBindings?: Record<string, { HostIp?: string; HostPort?: string }[] | null> | null
  PublishAllPorts?: boolean
  Binds?: string[] | null
  Mounts?: MountRequest[] | null
  Tmpfs?: Record<string, string> | null
  VolumesFrom?: string[] | null
  Links?: string[] | null
  ExtraHosts?: string[] | null
  Dns?: string[] | null
  DnsSearch?: string[] | null
  DnsOptions?: string[] | null
  AutoRemove?: boolean
  NetworkMode?: string
  RestartPolicy?: { Name?: string; MaximumRetryCount?: number }
  LogConfig?: { Type?: string; Config?: Record<string, string> | null }
  /** Bytes. */
  Memory?: number
  MemorySwap?: number
  NanoCpus?: number
  CpuQuota?: number
  CpuPeriod?: number
  /** CPUs and memory nodes that it may use: `0-1,3`. */
  CpusetCpus?: string
  CpusetMems?: string
  /** Bytes. */
  MemoryReservation?: number
  MemorySwappiness?: number | null
  OomKillDisable?: boolean | null
  /** -1000 to 1000 */
  OomScoreAdj?: number
  /** 10 to 1000 */
  BlkioWeight?: number
  CapAdd?: string[] | null
  CapDrop?: string[] | null
  CgroupParent?: string
  Devices?: { PathOnHost: string; PathInContainer?: string }[] | null
  DeviceRequests?: { Driver?: string; Capabilities?: string[][] }[] | null
  GroupAdd?: string[] | null
  /** `container:<name>`, `host` */
  IpcMode?: string
  PidMode?: string
  Isolation?: string
  Runtime?: string
  /** As setrlimit(2) takes them; -1: none. */
  Ulimits?: { Name: string; Soft: number; Hard: number }[] | null
  StorageOpt?: Record<string, string> | null
  MaskedPaths?: string[] | null
  ReadonlyPaths?: string[] | null
  Privileged?: boolean
  ReadonlyRootfs?: boolean
  [name: string]: unknown
}

/** Whether its processes exist: a paused container's do. */
export const isUp = ({ status }: Pick<ContainerRecord, 'status'>): boolean =>
  status === 'running' || status === 'paused'
