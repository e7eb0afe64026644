import type { Duplex } from 'node:stream'
import { ConnectError, type VirtualNetwork } from '#network/virtual-network.ts'
import type { Clock } from '#world/clock.ts'
import { isElf, readProgramMark } from '../catalogue/program-file.ts'
import { isInMemory, readHead } from '../files/nodes.ts'
import { wholeOf } from '../files/pieces.ts'
import { resolvePath } from '../files/tree.ts'
import type {
  ContainerSpec,
  DnsRecord,
  DnsType,
  Hardware,
  MemoryPool,
  NameAnswer,
  NameTrouble,
  NetworkView,
  ResourceLimit,
} from '../runtime.ts'
import type { ContainerFs } from './container-fs.ts'
import { CpuMeter } from './cpu-meter.ts'
import { kernelSettings } from './kernel-settings.ts'
import { enforcePool, joinPool, leavePool } from './memory-pools.ts'
import { Process, type ProcessOptions, type Program } from './process.ts'
import { KILLED, ProcessTable } from './process-table.ts'

/** Why an executable could not be run, as `execve` says it. */
export class ExecError extends Error {
  override readonly name = 'ExecError'
  readonly code: 'not-found' | 'no-such-file' | 'permission' | 'directory' | 'format'
  constructor(code: ExecError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** CPU time of `fork` and `exec` with the loader's work, ms. */
const PROCESS_START_MS = 2

/** The kernel's names of architectures, where they are others. */
const MACHINES: Record<string, string> = { amd64: 'x86_64', arm64: 'aarch64', arm: 'armv7l', 386: 'i686' }

/** A root volume of 20 GiB, as the file system on it has it. */
const DISK_BYTES = 20_959_212 * 1024

const DEFAULT_HARDWARE = { processors: 2, memoryBytes: 4 * 1024 ** 3 }

/** What a container costs besides its processes, bytes. */
const KERNEL_BYTES = 2 * 1024 * 1024

export interface User {
  name: string
  uid: number
  gid: number
  /** Further groups. */
  groups: readonly number[]
  home: string
}

/** What a program model is told about the executable that it plays. */
export interface Executable {
  program: Program
  argv: string[]
}

/** Gives the model of a program by the name in its executable's mark; `version` is what it says of itself. */
export type ProgramFinder = (name: string, argv0: string, version: string) => Program | undefined

export interface MachineOptions {
  clock: Clock
  network: VirtualNetwork
  files: ContainerFs
  hostname: string
  address: string
  /** What its image is made for, as image configurations name it: `amd64`; default: that. */
  architecture?: string
  user: User
  hosts: Record<string, string>
  lookup: ContainerSpec['lookup'] | undefined
  records?: ContainerSpec['records'] | undefined
  interfaces?: (() => NetworkView | undefined) | undefined
  ulimits?: Record<string, ResourceLimit> | undefined
  hardware?: Hardware | undefined
  /** Settings of its kernel that are not the default. */
  sysctls?: Record<string, string> | undefined
  /** Size of the disk that it is on. */
  diskBytes?: number | undefined
  memoryLimitBytes: number | undefined
  cpuLimitMilli?: number | undefined
  memoryPool?: MemoryPool | undefined
  oomScoreAdjust?: number | undefined
  /** Whose processes its own are seen beside; default: none. */
  table?: ProcessTable | undefined
  /** PEM of the authorities that the system trusts. */
  authorities?: string | undefined
  programs: ProgramFinder
  /** What a fault in a model is reported to. */
  fault: (error: unknown) => void
}

/** A process to be; without a parent it is the container's first or an exec. */
export type SpawnOptions = Omit<ProcessOptions, 'pid' | 'machine' | 'parent' | 'tty'> &
  Partial<Pick<ProcessOptions, 'parent' | 'tty'>>

/** The inside of a container: its processes, files, names and addresses. */
export class Machine {
  readonly clock: Clock
  readonly network: VirtualNetwork
  readonly files: ContainerFs
  readonly hostname: string
  readonly address: string
  /** As `uname -m` names it. */
  readonly architecture: string
  readonly user: User
  memoryLimitBytes: number | undefined
  cpuLimitMilli: number | undefined
  readonly hardware: Hardware
  readonly sysctls: Map<string, string>
  /** The process that has looked at files last: whom `/proc/self` shows. */
  current: Process | undefined
  readonly oomScoreAdjust: number | undefined
  readonly authorities: string | undefined
  /** Limits of its processes by name that are not the default. */
  readonly ulimits: Readonly<Record<string, ResourceLimit>>
  readonly table: ProcessTable
  readonly cpu: CpuMeter
  /** Whether the kernel has killed a process for want of memory. */
  oomKilled = false
  readonly #options: MachineOptions
  /** The container's first process: with it all of the container ends. */
  #first: Process | undefined
  #freeze: { promise: Promise<void>; end: () => void } | undefined

  constructor(options: MachineOptions) {
    this.#options = options
    this.clock = options.clock
    this.cpu = new CpuMeter(() => options.clock.now())
    this.network = options.network
    this.files = options.files
    this.hostname = options.hostname
    this.address = options.address
    this.architecture = MACHINES[options.architecture ?? 'amd64'] ?? options.architecture!
    this.user = options.user
    this.memoryLimitBytes = options.memoryLimitBytes
    this.cpuLimitMilli = options.cpuLimitMilli
    this.hardware = options.hardware ?? { ...DEFAULT_HARDWARE, bootedAt: options.clock.now() }
    this.sysctls = kernelSettings(this.hostname, options.sysctls)
    this.oomScoreAdjust = options.oomScoreAdjust
    this.files.onMemory = () => this.enforceMemoryLimit()
    this.authorities = options.authorities
    this.ulimits = options.ulimits ?? {}
    this.table = options.table ?? new ProcessTable()
  }

  /** The disk that it is on, KiB. */
  get diskKiB(): number {
    return Math.floor((this.#options.diskBytes ?? DISK_BYTES) / 1024)
  }

  /** What its processes see: themselves, and those that share their namespace. */
  get processes(): ReadonlyMap<number, Process> {
    return this.table.all
  }

  /** The processes of this container. */
  get own(): Process[] {
    return [...this.processes.values()].filter(({ machine }) => machine === this)
  }

  /** A new process that runs nothing yet. */
  process(options: SpawnOptions): Process {
    const process = new Process({
      ...options,
      parent: options.parent,
      tty: options.tty,
      pid: this.table.newPid(),
      machine: this,
    })
    if (!this.#first || this.#first.status) {
      this.#first = process
      if (this.#options.memoryPool) joinPool(this.#options.memoryPool, this)
    }
    this.table.add(process)
    process.spend(PROCESS_START_MS)
    return process
  }

  /** Finds the executable and runs it as a new process. Throws ExecError. */
  async spawn(options: SpawnOptions): Promise<Process> {
    const executable = await this.load(options.argv, options.env.get('PATH'), options.cwd)
    const process = this.process({ ...options, argv: executable.argv })
    process.run(executable.program)
    return process
  }

  /** What running `argv` would run. Throws ExecError. */
  async load(argv: string[], path: string | undefined, cwd: string, depth = 0): Promise<Executable> {
    const name = argv[0] ?? ''
    const file = this.which(name, path, cwd)
    const node = this.files.node(file)
    if (node.kind !== 'file') throw new ExecError('permission', `exec: "${name}": is a directory`)
    const head = await readHead(node.content)
    if (head[0] === 0x23 && head[1] === 0x21) {
      if (depth > 4) throw new ExecError('format', `exec ${file}: too many levels of symbolic links`)
      const [line] = Buffer.from(head).toString().slice(2).split('\n', 1)
      const match = /^\s*(\S+)\s*(.*?)\s*$/.exec(line!)
      if (!match) throw new ExecError('format', `exec ${file}: exec format error`)
      const interpreter = match[1]!
      if (!this.files.exists(interpreter)) {
        throw new ExecError('no-such-file', `exec ${name}: no such file or directory`)
      }
      return this.load(
        [interpreter, ...(match[2] ? [match[2]] : []), file, ...argv.slice(1)],
        path,
        cwd,
        depth + 1,
      )
    }
    if (!isElf(head)) throw new ExecError('format', `exec ${name}: exec format error`)
    const mark = readProgramMark(head)
    const base = name.slice(name.lastIndexOf('/') + 1)
    const real = this.files.tree.realPath(file)
    const program =
      this.#options.programs(
        mark?.program ?? real.slice(real.lastIndexOf('/') + 1),
        base,
        mark?.version ?? '',
      ) ?? unmodelled(real)
    return { program, argv }
  }

  /** The path of an executable, by PATH unless it has a slash. Throws ExecError. */
  which(name: string, path: string | undefined, cwd: string): string {
    if (name.includes('/')) {
      const file = resolvePath(cwd, name)
      const node = this.files.find(file)
      if (!node)
        throw new ExecError('no-such-file', `exec: "${name}": stat ${name}: no such file or directory`)
      if (node.kind === 'directory') throw new ExecError('directory', `exec: "${name}": is a directory`)
      if (!(node.mode & 0o111)) throw new ExecError('permission', `exec: "${name}": permission denied`)
      return file
    }
    let forbidden = false
    for (const folder of (path ?? DEFAULT_PATH).split(':')) {
      const file = resolvePath(cwd, `${folder || '.'}/${name}`)
      const node = name ? this.files.find(file) : undefined
      if (node?.kind !== 'file') continue
      if (node.mode & 0o111) return file
      forbidden = true
    }
    if (forbidden) throw new ExecError('permission', `exec: "${name}": permission denied`)
    throw new ExecError('not-found', `exec: "${name}": executable file not found in $PATH`)
  }

  /** Its interfaces beside the loopback, and its routes; undefined: they are not simulated. */
  get interfaces(): NetworkView | undefined {
    return this.#options.interfaces?.()
  }

  /** The address of a name, or of an address itself; undefined: none is known. */
  resolveName(name: string): string | undefined {
    const answer = this.lookUp(name)
    return typeof answer === 'string' ? undefined : answer[0]
  }

  /** What is known of a name: by its own files, else by its name servers. */
  lookUp(name: string): NameAnswer {
    if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return [name]
    if (name === 'localhost') return ['127.0.0.1']
    if (name === this.hostname) return [this.address]
    const known = this.#options.hosts[name]
    return known === undefined ? (this.#options.lookup?.(name) ?? []) : [known]
  }

  /** What its name server, or `server`, tells of a full name; undefined: NXDOMAIN. */
  askNames(name: string, type: DnsType, server?: string): DnsRecord[] | NameTrouble | undefined {
    const { records, lookup } = this.#options
    if (records) return records(name, type, server)
    const answer = lookup?.(name) ?? []
    if (typeof answer === 'string') return answer
    if (answer.length === 0) return undefined
    return type === 'A' ? answer.map((data) => ({ name, type, data })) : []
  }

  /** Opens a TCP connection from inside. Throws ConnectError. */
  connect(address: string, port: number): Duplex {
    // The far end of the loopback block belongs to proxies beside the container (ECS Service Connect), which the network knows.
    const target = address.startsWith('127.') && !address.startsWith('127.255.') ? this.address : address
    try {
      return this.network.connect(
        { address: target, port },
        { address: this.address, port: this.#ephemeralPort() },
      )
    } catch (error) {
      // On an address of one's own a closed port refuses.
      if (error instanceof ConnectError && target === this.address)
        throw new ConnectError('ECONNREFUSED', address, port)
      throw error
    }
  }

  /** Counts CPU time, ms: no more than `cores` in any second; default: one for each process. */
  spend(ms: number, cores = Math.max(1, this.own.length)): void {
    this.cpu.spend(ms, cores)
  }

  /** What Go programs say of a name that its resolver does not know. */
  noSuchHost(name: string): string {
    const node = this.files.find('/etc/resolv.conf')
    const text = node?.kind === 'file' && isInMemory(node.content) ? wholeOf(node.content) : ''
    const server = /^nameserver\s+(\S+)/m.exec(Buffer.from(text).toString())?.[1]
    return `lookup ${name}${server ? ` on ${server}:53` : ''}: no such host`
  }

  /** Bytes that its processes hold, with the kernel's share and what they have written to memory. */
  memoryBytes(): number {
    let bytes = 0
    for (const process of this.processes.values()) if (process.machine === this) bytes += process.memoryBytes
    return bytes === 0 ? 0 : bytes + KERNEL_BYTES + this.files.memoryBytes
  }

  /** Kills who holds most while all hold more than the container's limit, or its machine has, as the kernel does. */
  enforceMemoryLimit(): void {
    const limit = this.memoryLimitBytes
    while (limit !== undefined && this.memoryBytes() > limit) {
      const [victim] = this.own.toSorted((a, b) => b.memoryBytes - a.memoryBytes)
      this.killForMemory(victim!)
    }
    if (this.#options.memoryPool) enforcePool(this.#options.memoryPool)
  }

  /** Ends a process as the kernel does for want of memory. */
  killForMemory(process: Process): void {
    this.oomKilled = true
    process.end({ exitCode: 137, signal: 'SIGKILL', oomKilled: true })
  }

  /** Resolves when the container goes on; undefined while it is not frozen. */
  get frozen(): Promise<void> | undefined {
    return this.#freeze?.promise
  }

  /** Stops all processes where they are, as the cgroup freezer does. */
  freeze(): void {
    if (this.#freeze) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#freeze = { promise, end: resolve }
  }

  /** Lets them go on. */
  thaw(): void {
    const freeze = this.#freeze
    this.#freeze = undefined
    freeze?.end()
  }

  processEnded(process: Process): void {
    this.table.drop(process)
    if (process !== this.#first) return
    this.endAll()
    if (this.#options.memoryPool) leavePool(this.#options.memoryPool, this)
  }

  endAll(): void {
    for (const process of this.own) process.end(KILLED)
  }

  reportFault(process: Process, error: unknown): void {
    this.#options.fault(new Error(`${process.argv.join(' ')} in ${this.hostname}`, { cause: error }))
  }

  #ephemeralPort(): number {
    return 32768 + (Math.floor(this.clock.now()) % 28000)
  }
}

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

function unmodelled(file: string): Program {
  return async (process) => {
    await process.complain(
      `drydock: ${file} is a compiled program that the simulation has no model of, so it cannot run here. ` +
        'Use a shell script, nginx, httpd or busybox in its place, or run this image on a real engine.\n',
    )
    return 126
  }
}
