import { PassThrough, type Readable, Writable } from 'node:stream'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { Clock } from '#world/clock.ts'
import type { LayerTrees } from '../files/layers.ts'
import { type DirectoryNode, directory, file, type TreeNode } from '../files/nodes.ts'
import { FileTree, resolvePath } from '../files/tree.ts'
import {
  type Container,
  type ContainerRuntime,
  type ContainerSpec,
  type ExecOptions,
  type ExitStatus,
  type Mount,
  type ProcessHandle,
  type ResourceUse,
  StartError,
} from '../runtime.ts'
import { ContainerFs } from './container-fs.ts'
import { KernelFiles } from './kernel-files.ts'
import { DEFAULT_PATH, ExecError, Machine, type ProgramFinder, type User } from './machine.ts'
import { feed, nothing, Pipe, writerTo } from './pipe.ts'
import type { Process } from './process.ts'
import { ProcessTable } from './process-table.ts'
import { findProgram } from './programs.ts'
import { Tty } from './tty.ts'
import { findUser } from './users.ts'

export interface SimulatedRuntimeOptions {
  clock: Clock
  network: VirtualNetwork
  trees: LayerTrees
  /** PEM of the authorities that every container trusts, in place of those of the internet. */
  authorities?: string
  /** Models of further programs, asked first. */
  programs?: ProgramFinder
  /** Told of a fault in a program model; the process then ends with 139. Default: standard error. */
  fault?: (error: unknown) => void
}

/** A container with what the Docker Engine needs beyond the contract: its file tree, its processes. */
export interface SimulatedContainer extends Container {
  readonly machine: Machine
}

export interface SimulatedSpec extends ContainerSpec {
  /** The file tree to run on, in place of a fresh one of the image. */
  root?: FileTree
}

export interface SimulatedRuntime extends ContainerRuntime {
  create(spec: SimulatedSpec): Promise<SimulatedContainer>
}

/** The runtime that runs containers as simulated processes in this one. */
export function createContainerRuntime(options: SimulatedRuntimeOptions): SimulatedRuntime {
  return {
    async create(spec: SimulatedSpec) {
      const { mounts = [] } = spec
      const now = () => options.clock.now()
      const root =
        spec.root ?? new FileTree(preparedRoot(await options.trees.tree(spec.image.layers), mounts, now))
      const kernel = new KernelFiles(spec)
      const files = new ContainerFs(root, [...mounts, ...kernel.mounts], now)
      if (spec.root) putFolders(files)
      putNames(files, spec)
      files.readOnlyRoot = spec.readOnlyRoot ?? false
      const user = await findUser(files, spec.user ?? spec.image.config.config.User ?? '', spec.groups).catch(
        (error: Error) => {
          throw new StartError(runcCreate(error.message), 126)
        },
      )
      const machine = new Machine({
        ...options,
        files,
        hostname: spec.hostname,
        address: spec.address,
        architecture: spec.image.config.architecture,
        user,
        hosts: spec.hosts ?? {},
        lookup: spec.lookup?.bind(spec),
        records: spec.records?.bind(spec),
        interfaces: spec.interfaces?.bind(spec),
        ulimits: spec.ulimits,
        diskBytes: spec.disk?.sizeBytes,
        hardware: spec.hardware,
        sysctls: spec.sysctls,
        memoryLimitBytes: spec.memoryLimitBytes,
        cpuLimitMilli: spec.cpuLimitMilli,
        memoryPool: spec.memoryPool,
        oomScoreAdjust: spec.oomScoreAdjust,
        table: tableOf(spec.processesOf),
        programs: (...executable) => options.programs?.(...executable) ?? findProgram(...executable),
        fault: options.fault ?? ((error) => console.error(error)),
      })
      kernel.machine = machine
      return new RunningContainer(spec, machine)
    },
    sandboxProcesses() {
      const machine = new Machine({
        ...options,
        files: new ContainerFs(new FileTree(), [], () => options.clock.now()),
        hostname: '',
        address: '',
        user: ROOT,
        hosts: {},
        lookup: undefined,
        memoryLimitBytes: undefined,
        programs: () => undefined,
        fault: () => {},
      })
      const output = writerTo(new PassThrough())
      machine
        .process({
          argv: ['/pause'],
          env: new Map(),
          cwd: '/',
          stdin: nothing,
          stdout: output,
          stderr: output,
        })
        .run((process) => process.forever())
      return machine.table
    },
  }
}

const ROOT = { name: 'root', uid: 0, gid: 0, groups: [], home: '/' }

function tableOf(shared: ContainerSpec['processesOf']): ProcessTable | undefined {
  if (shared instanceof RunningContainer) return shared.machine.table
  return shared instanceof ProcessTable ? shared : undefined
}

/** The devices of a container. Trees copy what they change, so all containers share them. */
const DEVICES = directory(
  {},
  new Map<string, TreeNode>([
    ...['null', 'zero', 'full', 'random', 'urandom', 'tty', 'stdin', 'stdout', 'stderr', 'console'].map(
      (name): [string, TreeNode] => [name, { kind: 'device', name, mode: 0o666, uid: 0, gid: 0, mtime: 0 }],
    ),
    ['shm', directory({ mode: 0o1777 })],
  ]),
)
const FOLDERS = [
  ['/dev', DEVICES],
  ['/proc', directory()],
  ['/sys/fs/cgroup', directory()],
  ['/etc', directory()],
  ['/tmp', directory({ mode: 0o1777 })],
] as const

const prepared = new WeakMap<DirectoryNode, Map<string, DirectoryNode>>()
/** Of one image, for so many ways to mount something in it. */
const MAX_PREPARED = 50

/** An image's tree with the folders, devices and mount points of its containers: shared by those that mount at the same places. */
function preparedRoot(image: DirectoryNode, mounts: readonly Mount[], now: () => number): DirectoryNode {
  const known = prepared.get(image) ?? new Map<string, DirectoryNode>()
  prepared.set(image, known)
  const places = mounts.map(({ path, single }) => `${single ? 'file' : 'folder'} ${path}`).join('\n')
  let root = known.get(places)
  if (!root) {
    const files = new ContainerFs(new FileTree(image), mounts, now)
    putFolders(files)
    root = files.tree.snapshot()
    if (known.size === MAX_PREPARED) known.clear()
    known.set(places, root)
  }
  return root
}

/** The folders and devices that the engine puts into every container. */
function putFolders(files: ContainerFs): void {
  const { tree } = files
  for (const [path, folder] of FOLDERS)
    if (!files.exists(path)) {
      tree.makeFolders(resolvePath(path, '..'))
      tree.put(path, folder)
    }
  if (tree.lookup('/dev') !== DEVICES) {
    for (const [name, node] of DEVICES.children) {
      if (name !== 'shm' || !files.exists('/dev/shm')) tree.put(`/dev/${name}`, node)
    }
  }
}

/** The names that the engine puts into a container. */
function putNames({ tree }: ContainerFs, spec: ContainerSpec): void {
  const hosts = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    ...Object.entries(spec.hosts ?? {}).map(([name, address]) => `${address}\t${name}`),
    `${spec.address}\t${spec.hostname}`,
  ]
  const mounted = new Set((spec.mounts ?? []).map(({ path }) => path))
  const put = (path: string, text: string) => {
    if (!mounted.has(path) && tree.lookup('/etc')?.kind === 'directory') tree.put(path, file(text))
  }
  put('/etc/hostname', `${spec.hostname}\n`)
  put('/etc/hosts', `${hosts.join('\n')}\n`)
}

const runcCreate = (message: string) =>
  `failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${message}: unknown`
const runcExec = (message: string) =>
  `OCI runtime exec failed: exec failed: unable to start container process: ${message}: unknown`

class RunningContainer implements SimulatedContainer {
  readonly spec: ContainerSpec
  readonly machine: Machine
  constructor(spec: ContainerSpec, machine: Machine) {
    this.spec = spec
    this.machine = machine
  }

  get files(): ContainerFs {
    return this.machine.files
  }

  async start(): Promise<ProcessHandle> {
    const { config } = this.spec.image.config
    const entrypoint = this.spec.command ?? config.Entrypoint ?? []
    const args = this.spec.args ?? (this.spec.command ? [] : (config.Cmd ?? []))
    const argv = [...entrypoint, ...args]
    if (argv.length === 0) throw new StartError('no command specified', 127)
    return this.#spawn(
      argv,
      this.#environment(),
      this.#folder(),
      this.spec.tty ?? false,
      this.spec.stdin ?? false,
      runcCreate,
    )
  }

  async exec(options: ExecOptions): Promise<ProcessHandle> {
    const user = options.user
      ? await findUser(this.files, options.user, this.spec.groups).catch((error: Error) => {
          throw new StartError(error.message, 126)
        })
      : this.machine.user
    const env = this.#environment(user)
    for (const [name, value] of Object.entries(options.env ?? {})) env.set(name, value)
    return this.#spawn(
      options.command,
      env,
      options.workingDir ?? this.#folder(),
      options.tty ?? false,
      true,
      runcExec,
      user,
    )
  }

  setLimits({ memoryLimitBytes, cpuLimitMilli }: Pick<ContainerSpec, 'memoryLimitBytes' | 'cpuLimitMilli'>) {
    this.machine.memoryLimitBytes = memoryLimitBytes
    this.machine.enforceMemoryLimit()
    this.machine.cpuLimitMilli = cpuLimitMilli
  }

  usage(): ResourceUse {
    const memoryBytes = this.machine.memoryBytes()
    const processes = this.machine.own.length
    const rest = { cpuTotalMs: this.machine.cpu.total, memoryBytes, processes }
    if (processes === 0 || this.machine.frozen) return { cpuMilli: 0, ...rest }
    const limit = this.machine.cpuLimitMilli ?? Number.POSITIVE_INFINITY
    const cpuMilli = Math.min(Math.max(1, Math.round(this.machine.cpu.rate())), limit)
    return { cpuMilli, ...rest }
  }

  async remove(): Promise<void> {
    this.machine.endAll()
  }

  #folder(): string {
    return this.spec.workingDir || this.spec.image.config.config.WorkingDir || '/'
  }

  #environment(user = this.machine.user): Map<string, string> {
    const env = new Map([
      ['PATH', DEFAULT_PATH],
      ['HOSTNAME', this.spec.hostname],
    ])
    for (const line of this.spec.image.config.config.Env ?? []) {
      const equals = line.indexOf('=')
      env.set(line.slice(0, equals), line.slice(equals + 1))
    }
    if (this.spec.tty) env.set('TERM', 'xterm')
    for (const [name, value] of Object.entries(this.spec.env)) env.set(name, value)
    // runc adds it where nobody has.
    if (!env.has('HOME')) env.set('HOME', user.home)
    return env
  }

  async #spawn(
    argv: string[],
    env: Map<string, string>,
    cwd: string,
    wantsTty: boolean,
    wantsStdin: boolean,
    runc: (message: string) => string,
    user?: User,
  ): Promise<ProcessHandle> {
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    const tty = wantsTty ? new Tty(stdout) : undefined
    if (tty && !env.has('TERM')) env.set('TERM', 'xterm')
    const input = new Pipe()
    if (!this.files.exists(cwd)) this.files.tree.makeFolders(cwd)
    let process: Process
    try {
      process = await this.machine.spawn({
        argv,
        env,
        cwd,
        stdin: tty ? tty.reader : wantsStdin ? input : nothing,
        stdout: tty ? tty.output : writerTo(stdout),
        stderr: tty ? tty.output : writerTo(stderr),
        tty,
        user,
      })
    } catch (error) {
      if (!(error instanceof ExecError)) throw error
      throw new StartError(
        runc(error.message),
        error.code === 'permission' || error.code === 'directory' ? 126 : 127,
      )
    }
    tty?.foreground.add(process)
    const exited = process.exited.then((status) => {
      stdout.end()
      stderr.end()
      return status
    })
    return new Handle(process, exited, stdout, stderr, tty, input)
  }
}

class Handle implements ProcessHandle {
  readonly stdout: Readable
  readonly stderr: Readable
  readonly exited: Promise<ExitStatus>
  readonly #process: Process
  readonly #tty: Tty | undefined
  readonly #input: Pipe
  #stdin: Writable | undefined

  constructor(
    process: Process,
    exited: Promise<ExitStatus>,
    stdout: Readable,
    stderr: Readable,
    tty: Tty | undefined,
    input: Pipe,
  ) {
    this.#process = process
    this.#tty = tty
    this.exited = exited
    this.stdout = stdout
    this.stderr = stderr
    this.#input = input
  }

  /** Made when somebody wants to write to it. */
  get stdin(): Writable {
    this.#stdin ??= this.#tty ? terminalInput(this.#tty) : pipeInput(this.#input)
    return this.#stdin
  }

  kill(signal: string): void {
    this.#process.kill(signal)
  }

  resize(columns: number, rows: number): void {
    if (!this.#tty) return
    this.#tty.columns = columns
    this.#tty.rows = rows
    this.#process.kill('SIGWINCH')
  }
}

const terminalInput = (tty: Tty): Writable =>
  new Writable({
    write: (chunk, _encoding, done) => {
      tty.input(chunk)
      done()
    },
    final: (done) => {
      tty.hangUp()
      done()
    },
  })

function pipeInput(input: Pipe): Writable {
  const stream = new PassThrough()
  void feed(input, stream)
  return stream
}
