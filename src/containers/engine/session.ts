import { type Duplex, PassThrough } from 'node:stream'
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
  stdin: PassThrough
  listeners: { close(): void }[]
  ended: Set<(exitCode: number) => void>
  stopRequested: boolean
  size: { columns: number; rows: number } | undefined
}

/** The session of a container that does not run yet. */
export const newSession = (world: World, id: string): Session => ({
  log: new ContainerLog(world, id),
  stdin: new PassThrough(),
  listeners: [],
  ended: new Set(),
  stopRequested: false,
  size: undefined,
})

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
      if (record.config.StdinOnce) session.stdin.end()
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
