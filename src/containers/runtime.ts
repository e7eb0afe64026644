import type { Readable, Writable } from 'node:stream'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { Clock } from '#world/clock.ts'
import type { MemoryContent, TreeNode } from './files/nodes.ts'
import type { Image } from './image.ts'

/** A folder or a file put into a container's file system. Changes of a `files` mount show inside at once. */
export interface Mount {
  /** Absolute path inside the container. */
  path: string
  readOnly?: boolean
  /** Shared, mutable content: relative path → bytes and mode. A Secret, a ConfigMap, an emptyDir. */
  files: Map<string, MountedFile>
  /** Whose group everything in it belongs to (`fsGroup`). */
  group?: number
  /** Whether the mount is the single file `files.get('')`, or `folder` a file. */
  single?: boolean
  /** It is memory of this size, bytes (tmpfs): what is written there counts as the container's. */
  memoryBytes?: number
  /** In place of `files`: what lives outside of the simulation. */
  folder?: MountedFolder
  /** The file system that it is on, as the mount table shows it; default: memory with `memoryBytes`, else the machine's disk. */
  filesystem?: Filesystem
}

/** A file system in a mount table. */
export interface Filesystem {
  /** `/dev/vda1`, `tmpfs` */
  source: string
  type: string
  /** Without `rw` and `ro`: `relatime`. */
  options: string
  /** How large it is; default: 20 GiB. */
  sizeBytes?: number
}

/** The network of a container beside its loopback interface. */
export interface NetworkView {
  interfaces: NetworkInterface[]
  /** In the kernel's order. */
  routes: NetworkRoute[]
}

/** One end of a veth pair; the other is on the container's machine. */
export interface NetworkInterface {
  name: string
  index: number
  /** Index of the other end. */
  peerIndex: number
  macAddress: string
  address: string
  prefixLength: number
  broadcast?: string
  /** Bytes. */
  mtu: number
  queueLength: number
  /** Whether it has the IPv6 address that the kernel makes from the MAC address. */
  linkLocal: boolean
}

export interface NetworkRoute {
  /** `default` or an IPv4 range; a single address has `/32`. */
  destination: string
  /** Missing: the destination is on the link itself. */
  gateway?: string
  device: string
  /** The address that packets are sent from. */
  source?: string
  /** The kernel has made it, with the interface's address. */
  kernel?: boolean
}

/** A resource limit of processes, in the units of setrlimit(2); -1: none. */
export interface ResourceLimit {
  soft: number
  hard: number
}

/** A file of a mount; a folder's path ends with a slash. */
export interface MountedFile {
  content: MemoryContent
  mode?: number | undefined
  uid?: number | undefined
  gid?: number | undefined
}

/** Files that are read and changed where they are, at each access. Paths are relative, empty for itself. Throws FileError. */
export interface MountedFolder {
  /** Itself, its children live; undefined: it is gone. */
  node(): TreeNode | undefined
  write(path: string, content: Uint8Array, mode?: number): void
  /** Makes a folder unless it is there. */
  makeFolder(path: string, mode: number): void
  /** Removes a file, or a folder with all in it. */
  remove(path: string): void
  setMode(path: string, mode: number): void
}

/** The kinds of DNS records that a name server tells. */
export type DnsType = 'A' | 'CNAME' | 'PTR' | 'SRV'

export interface DnsRecord {
  name: string
  type: DnsType
  /** As it is written: an address, a name, `0 100 80 web.default.svc.cluster.local`. */
  data: string
}

/** Why name servers tell nothing. `failed`: SERVFAIL; `refused`: nothing listens at the server; `silent`: no answer comes. */
export type NameTrouble = 'failed' | 'refused' | 'silent'

/** What a resolver learns of a name: its addresses, none for a name that does not exist; or why it learns nothing. */
export type NameAnswer = readonly string[] | NameTrouble

/** The answer for a name that has one address at most. */
export const nameAnswer = (address: string | undefined): NameAnswer =>
  address === undefined ? [] : [address]

export interface ContainerSpec {
  /** 64 hex digits. */
  id: string
  image: Image
  /** Replaces the image's ENTRYPOINT. */
  command?: string[]
  /** Replaces the image's CMD. */
  args?: string[]
  env: Record<string, string>
  /** As `USER` of an image, in place of the image's. */
  user?: string
  /** Further groups of its processes: ids, or names of its `/etc/group`. */
  groups?: readonly (number | string)[]
  workingDir?: string
  hostname: string
  /** Address on the world's network that the process listens on; containers of one pod share it. */
  address: string
  /** Names resolved before DNS: `/etc/hosts`. */
  hosts?: Record<string, string>
  /** Resolves a host name as seen from the container. */
  lookup?(name: string): NameAnswer
  /** What its name server, or `server`, tells of a full name; undefined: NXDOMAIN. Default: the addresses that `lookup` gives. */
  records?(name: string, type: DnsType, server?: string): DnsRecord[] | NameTrouble | undefined
  /** Its interfaces and routes at present; undefined: they are not simulated. */
  interfaces?(): NetworkView | undefined
  tty?: boolean
  /** Keep standard input open. */
  stdin?: boolean
  /** Runs among the processes of another container, or of those of a pod; default: alone, the main process being the first. */
  processesOf?: Container | ProcessNamespace
  mounts?: Mount[]
  /** Whether only its mounts can be written to. */
  readOnlyRoot?: boolean
  /** Whether nothing of the kernel's file systems is hidden from it. */
  privileged?: boolean
  /** Options of the overlay that its root is; default: as containerd's snapshotter mounts it. */
  overlay?: string
  /** The disk of its machine; default: that of an EKS node. */
  disk?: Filesystem
  /** What it runs on; default: a machine with two processors and 4 GiB, up since the container is. */
  hardware?: Hardware
  /** Settings of the kernel that are its own, by name: `net.core.somaxconn`. */
  sysctls?: Record<string, string>
  /** Limits of its processes by name (`nofile`) that are not the default. */
  ulimits?: Record<string, ResourceLimit>
  memoryLimitBytes?: number
  /** The memory that it has beside others: its machine's. */
  memoryPool?: MemoryPool
  /** Whom the kernel kills first when a pool is used up: -1000 to 1000. */
  oomScoreAdjust?: number
  /** Milli-CPU; use beyond it is throttled. */
  cpuLimitMilli?: number
}

/** A machine as its kernel sees it. */
export interface Hardware {
  processors: number
  memoryBytes: number
  /** ms since the epoch. */
  bootedAt: number
}

/** Memory that containers share. */
export interface MemoryPool {
  readonly capacityBytes: number
  /** Told of each process that the kernel has killed because the pool was used up. */
  killed?(process: { argv: readonly string[]; pid: number }): void
}

export interface ExitStatus {
  /** 0-255; 128+n after a signal. */
  exitCode: number
  signal?: string
  oomKilled?: boolean
}

/** A process inside a container, the main one or an exec. */
export interface ProcessHandle {
  readonly stdin: Writable
  readonly stdout: Readable
  /** With a tty everything is on stdout. */
  readonly stderr: Readable
  readonly exited: Promise<ExitStatus>
  kill(signal: string): void
  resize(columns: number, rows: number): void
}

/** A further process of a container. */
export interface ExecOptions {
  command: string[]
  tty?: boolean
  env?: Record<string, string>
  workingDir?: string
  /** `name`, `uid`, `name:group`; default: the container's user. */
  user?: string
}

/** What a container uses of its machine. */
export interface ResourceUse {
  /** CPU at present, milli-CPU. */
  cpuMilli: number
  /** CPU time since it came up, ms. */
  cpuTotalMs: number
  memoryBytes: number
  /** How many processes run. */
  processes: number
}

export interface Container {
  readonly spec: ContainerSpec
  /** Runs the main process. Throws StartError with runc's text (`exec: "x": executable file not found in $PATH`). */
  start(): Promise<ProcessHandle>
  /** Runs another process beside it. Throws StartError. */
  exec(options: ExecOptions): Promise<ProcessHandle>
  /** Reads and writes its files, for `cp` and probes. Paths are absolute; errors are Node's (`ENOENT`, …). */
  readonly files: ContainerFiles
  /** Present use. */
  usage(): ResourceUse
  /** Gives its running processes other limits; undefined: none. */
  setLimits(limits: Pick<ContainerSpec, 'memoryLimitBytes' | 'cpuLimitMilli'>): void
  /** Frees its file system; the process must have ended. */
  remove(): Promise<void>
}

export interface ContainerFiles {
  read(path: string): Promise<Uint8Array>
  write(path: string, content: Uint8Array, mode?: number): Promise<void>
  list(path: string): Promise<string[]>
  stat(path: string): Promise<{ type: 'file' | 'directory' | 'symlink'; size: number; mode: number }>
}

/** The process could not be started; `message` is what containerd reports, `exitCode` 126, 127 or 128. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly exitCode: number
  constructor(message: string, exitCode = 128) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Processes that see one another, whichever containers they are in. */
export interface ProcessNamespace {
  readonly kind: 'process-namespace'
}

/** Makes containers: one for the Docker Engine and the kubelets of a world alike. */
export interface ContainerRuntime {
  create(spec: ContainerSpec): Promise<Container>
  /** A process namespace for the containers of a pod, whose first process is the sandbox's `/pause`. */
  sandboxProcesses(): ProcessNamespace
}

export interface RuntimeOptions {
  clock: Clock
  network: VirtualNetwork
}
