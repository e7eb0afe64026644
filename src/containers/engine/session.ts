import { type Duplex, PassThrough } from 'node:stream'
import type { Timer } from '#world/clock.ts'
import type { World } from '#world/world.ts'
import type { SimulatedContainer } from '../processes/runtime.ts'
import type { ProcessHandle } from '../runtime.ts'
import { isTrue } from './api.ts'
import type { ContainerRecord } from './container-record.ts'
import { ContainerLog, type LogStream } from './log.ts'

/** What a container has besides its record while the engine runs. */
export interface Session {
  log: ContainerLog
  container?: SimulatedContainer
  process?: ProcessHandle
  /** Set while it starts. */
  launching?: Promise<void>
  /** Set from the end of its process until its record tells of it and its ports are free. */
  leaving?: Promise<unknown>
  stdin: PassThrough
  listeners: { close(): void }[]
  ended: Set<(exitCode: number) => void>
  stopRequested: boolean
  /** Whether it has its places in networks. */
  joined: boolean
  /** Ends its health checks. */
  health?: AbortController
  /** Restarts since it last ran for long. */
  quickRestarts: number
  restartTimer?: Timer
  size: { columns: number; rows: number } | undefined
}

/** The sessions of an engine's containers; each begins when somebody asks for it. */
export class Sessions {
  readonly #world: World
  readonly #sessions = new Map<string, Session>()

  constructor(world: World) {
    this.#world = world
  }

  of(id: string): Session {
    let session = this.#sessions.get(id)
    if (!session) {
      session = {
        log: new ContainerLog(this.#world, id),
        stdin: new PassThrough(),
        listeners: [],
        ended: new Set(),
        stopRequested: false,
        joined: false,
        quickRestarts: 0,
        size: undefined,
      }
      this.#sessions.set(id, session)
    }
    return session
  }

  /** Ends the session of a container that is gone. */
  remove(id: string): void {
    const session = this.of(id)
    session.restartTimer?.cancel()
    session.log.remove()
    for (const end of session.ended) end(0)
    this.#sessions.delete(id)
  }
}

/** What of a container's streams a client wants, from the query of an attach. */
export interface AttachOptions {
  stdin: boolean
  stdout: boolean
  stderr: boolean
  logs: boolean
  follow: boolean
}

/** Reads an attach's query. */
export function attachOptions(query: URLSearchParams): AttachOptions {
  const flag = (name: string) => isTrue(query.get(name))
  return {
    stdin: flag('stdin'),
    stdout: flag('stdout'),
    stderr: flag('stderr'),
    logs: flag('logs'),
    follow: flag('stream'),
  }
}

/** Connects a client's stream to a container's streams. */
export function attach(
  session: Session,
  record: ContainerRecord,
  socket: Duplex,
  streams: AttachOptions,
): void {
  const tty = record.config.Tty ?? false
  const wanted = (stream: LogStream) => (tty ? streams.stdout : streams[stream])
  const close = session.log.follow((stream, chunk) => {
    if (wanted(stream)) socket.write(tty ? chunk : frame(stream, chunk))
  }, streams.logs)
  const end = () => {
    close()
    socket.end()
  }
  if (streams.follow) session.ended.add(() => setImmediate(end))
  socket.on('close', close)
  socket.on('error', close)
  if (streams.stdin) {
    socket.on('data', (chunk) => session.stdin.write(chunk))
    socket.on('end', () => {
      // A terminal that goes away leaves its program running.
      if (record.config.StdinOnce && !tty) session.stdin.end()
    })
  } else socket.resume()
}

/** A chunk with the header of the multiplexed stream format. */
export function frame(stream: LogStream, chunk: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header[0] = stream === 'stdout' ? 1 : 2
  header.writeUInt32BE(chunk.length, 4)
  return Buffer.concat([header, chunk])
}
