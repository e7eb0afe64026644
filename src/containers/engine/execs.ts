import type { Duplex } from 'node:stream'
import type { World } from '#world/world.ts'
import { type ProcessHandle, StartError } from '../runtime.ts'
import { badRequest, conflict, EngineError, notFound } from './api.ts'
import { type ContainerRecord, isUp } from './container-record.ts'
import type { ContainerStore } from './container-store.ts'
import type { Events } from './events.ts'
import type { Lifecycle } from './lifecycle.ts'
import { frame } from './session.ts'
import { environment } from './specification.ts'

export interface ExecConfig {
  Cmd: string[]
  Tty?: boolean
  AttachStdin?: boolean
  AttachStdout?: boolean
  AttachStderr?: boolean
  Env?: string[] | null
  WorkingDir?: string
  User?: string
  Privileged?: boolean
}

interface Exec {
  id: string
  containerId: string
  config: ExecConfig
  running: boolean
  exitCode: number | null
  process?: ProcessHandle
  size?: { columns: number; rows: number }
}

interface ExecsOptions {
  world: World
  store: ContainerStore
  lifecycle: Lifecycle
  events: Events
}

/** Further processes in containers; they live as long as the engine's process. */
export class Execs {
  readonly #options: ExecsOptions
  readonly #execs = new Map<string, Exec>()

  constructor(options: ExecsOptions) {
    this.#options = options
  }

  create(containerName: string, config: ExecConfig): string {
    const { world, store } = this.#options
    const record = store.require(containerName)
    if (!config.Cmd || config.Cmd.length === 0) throw badRequest('No exec command specified')
    if (record.status === 'paused')
      throw conflict(`Container ${record.id} is paused, unpause the container before exec`)
    if (record.status === 'restarting')
      throw conflict(`Container ${record.id} is restarting, wait until the container is running`)
    if (!isUp(record)) throw conflict(`container ${record.id} is not running`)
    const id = world.ids.hex(64)
    this.#execs.set(id, { id, containerId: record.id, config, running: false, exitCode: null })
    this.#event('exec_create', record, config, id)
    return id
  }

  require(id: string): Exec {
    const exec = this.#execs.get(id)
    if (!exec) throw notFound(`No such exec instance: ${id}`)
    return exec
  }

  /** Ids of those that run in a container. */
  runningIn(containerId: string): string[] {
    return [...this.#execs.values()]
      .filter((exec) => exec.containerId === containerId && exec.running)
      .map(({ id }) => id)
  }

  /** Runs it; with a socket its streams go there. Throws EngineError. */
  async start(id: string, socket: Duplex | undefined, onReady: () => void): Promise<void> {
    const { store, lifecycle } = this.#options
    const exec = this.require(id)
    const { config } = exec
    if (exec.running) throw conflict(`exec ${id} is already running`)
    const record = store.require(exec.containerId)
    const container = lifecycle.running(exec.containerId)
    let process: ProcessHandle
    try {
      process = await container.exec({
        command: config.Cmd,
        tty: config.Tty,
        env: environment(config.Env),
        workingDir: config.WorkingDir || undefined,
        user: config.User || undefined,
      })
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      exec.exitCode = error.exitCode
      if (error.message.startsWith('unable to find ')) throw new EngineError(400, error.message)
      onReady()
      const text = Buffer.from(`${error.message}\r\n`)
      socket?.end(config.Tty ? text : frame('stdout', text))
      return
    }
    exec.running = true
    exec.process = process
    this.#event('exec_start', record, config, id)
    if (exec.size) process.resize(exec.size.columns, exec.size.rows)
    onReady()
    if (socket) connect(process, socket, config.Tty ?? false, config.AttachStdin ?? false)
    else {
      process.stdin.end()
      process.stdout.resume()
      process.stderr.resume()
    }
    void process.exited.then(({ exitCode }) => {
      exec.running = false
      exec.exitCode = exitCode
      this.#options.events.container('exec_die', record, { execID: id, exitCode: String(exitCode) })
    })
  }

  resize(id: string, columns: number, rows: number): void {
    const exec = this.require(id)
    exec.size = { columns, rows }
    exec.process?.resize(columns, rows)
  }

  #event(action: string, record: ContainerRecord, { Cmd }: ExecConfig, execID: string): void {
    this.#options.events.container(`${action}: ${Cmd.join(' ')}`, record, { execID })
  }
}

function connect(process: ProcessHandle, socket: Duplex, tty: boolean, stdin: boolean): void {
  let open = 2
  const end = () => {
    if (--open === 0) void process.exited.then(() => setImmediate(() => socket.end()))
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    process[stream].on('data', (chunk: Buffer) => socket.write(tty ? chunk : frame(stream, chunk)))
    process[stream].on('end', end)
  }
  if (stdin) {
    socket.on('data', (chunk) => process.stdin.write(chunk))
    socket.on('end', () => process.stdin.end())
  } else {
    process.stdin.end()
    socket.resume()
  }
  socket.on('error', () => process.kill('SIGHUP'))
  socket.on('close', () => {
    if (tty) process.kill('SIGHUP')
  })
}
