import type { Duplex } from 'node:stream'
import type { World } from '#world/world.ts'
import { type ProcessHandle, StartError } from '../runtime.ts'
import { badRequest, conflict, notFound } from './api.ts'
import type { Containers } from './containers.ts'
import { frame } from './session.ts'

interface Exec {
  id: string
  containerId: string
  config: { Cmd: string[]; Tty?: boolean; AttachStdin?: boolean; Env?: string[]; WorkingDir?: string }
  running: boolean
  exitCode: number | null
  process?: ProcessHandle
  size?: { columns: number; rows: number }
}

/** Further processes in containers; they live as long as the engine's process. */
export class Execs {
  readonly #world: World
  readonly #containers: Containers
  readonly #execs = new Map<string, Exec>()

  constructor(world: World, containers: Containers) {
    this.#world = world
    this.#containers = containers
  }

  create(containerName: string, config: Exec['config']): string {
    const record = this.#containers.require(containerName)
    if (!config.Cmd || config.Cmd.length === 0) throw badRequest('No exec command specified')
    if (record.status !== 'running') throw conflict(`container ${record.id} is not running`)
    const id = this.#world.ids.hex(64)
    this.#execs.set(id, { id, containerId: record.id, config, running: false, exitCode: null })
    return id
  }

  require(id: string): Exec {
    const exec = this.#execs.get(id)
    if (!exec) throw notFound(`No such exec instance: ${id}`)
    return exec
  }

  /** Runs it; with a socket its streams go there. Throws EngineError. */
  async start(id: string, socket: Duplex | undefined, onReady: () => void): Promise<void> {
    const exec = this.require(id)
    const { config } = exec
    const container = this.#containers.running(exec.containerId)
    let process: ProcessHandle
    try {
      process = await container.exec({
        command: config.Cmd,
        tty: config.Tty,
        env: Object.fromEntries(
          (config.Env ?? []).map((line) => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]),
        ),
        workingDir: config.WorkingDir || undefined,
      })
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      exec.exitCode = error.exitCode
      onReady()
      const text = Buffer.from(`${error.message.replace(/: unknown$/, ': unknown')}\r\n`)
      socket?.end(config.Tty ? text : frame('stdout', text))
      return
    }
    exec.running = true
    exec.process = process
    if (exec.size) process.resize(exec.size.columns, exec.size.rows)
    onReady()
    if (socket) connect(process, socket, config.Tty ?? false, config.AttachStdin ?? false)
    else {
      process.stdin.end()
      process.stdout.resume()
      process.stderr.resume()
    }
    const done = process.exited.then(({ exitCode }) => {
      exec.running = false
      exec.exitCode = exitCode
    })
    if (socket) void done
  }

  resize(id: string, columns: number, rows: number): void {
    const exec = this.require(id)
    exec.size = { columns, rows }
    exec.process?.resize(columns, rows)
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
