import type { Duplex, Readable, Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import type { ExitStatus, ProcessHandle } from '#containers/runtime.ts'
import type { StatusError } from '../../api.ts'
import { statusOf } from '../errors.ts'
import { SpdyConnection, type SpdyStream } from './spdy.ts'

// exec and attach. Source: apimachinery/pkg/util/remotecommand, kubelet/pkg/cri/streaming/remotecommand.

/** Newest first. v5 can close standard input; it exists over WebSocket only. */
export const WEBSOCKET_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
export const SPDY_PROTOCOL = 'v4.channel.k8s.io'

export interface SessionOptions {
  stdin: boolean
  tty: boolean
}

/** What a session runs: a process, or the reason why there is none. */
export type SessionTarget = ProcessHandle | StatusError

const isProcess = (target: SessionTarget): target is ProcessHandle => 'exited' in target

/** The end of a session, as its error channel tells it. */
async function outcome(target: SessionTarget): Promise<string> {
  return JSON.stringify(isProcess(target) ? exitStatus(await target.exited) : statusOf(target))
}

function exitStatus({ exitCode }: ExitStatus): object {
  if (exitCode === 0) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  }
}

/** A client that leaves ends an interactive process, as with a real runtime. */
function hangUp(process: ProcessHandle, { tty }: SessionOptions): void {
  if (tty) process.kill('SIGHUP')
  process.stdin.end()
}

function resize(process: ProcessHandle, text: string): void {
  try {
    const { Width, Height } = JSON.parse(text)
    if (Width > 0 && Height > 0) process.resize(Width, Height)
  } catch {
    // A broken size is no reason to end a session.
  }
}

const STDIN = 0
const STDOUT = 1
const STDERR = 2
const ERROR = 3
const RESIZE = 4
const CLOSE = 255

/** Bytes that may wait for a slow client before the process is held back. */
const HIGH_WATER = 1024 * 1024

/** Runs a session over a WebSocket whose messages carry the channel in their first byte. */
export async function serveWebSocket(
  socket: WebSocket,
  target: SessionTarget,
  options: SessionOptions,
): Promise<void> {
  const send = (channel: number, data: Uint8Array): Promise<void> =>
    new Promise((resolve) => socket.send(Buffer.concat([Buffer.of(channel), data]), () => resolve()))
  socket.on('error', () => socket.terminate())
  if (isProcess(target)) {
    const pump = async (channel: number, stream: AsyncIterable<Uint8Array>) => {
      for await (const chunk of stream) {
        const sent = send(channel, chunk)
        if (socket.bufferedAmount > HIGH_WATER) await sent
      }
    }
    socket.on('message', (message: Buffer) => receive(message, target, options.stdin))
    socket.on('close', () => hangUp(target, options))
    prepareInput(target, options)
    const outputs = [pump(STDOUT, target.stdout), ...(options.tty ? [] : [pump(STDERR, target.stderr)])]
    await Promise.all([target.exited, Promise.allSettled(outputs)])
  }
  await send(ERROR, Buffer.from(await outcome(target)))
  socket.close(1000)
}

/** Without standard input the process sees its end at once. */
function prepareInput(process: ProcessHandle, options: SessionOptions): void {
  process.stdin.on('error', () => {})
  if (!options.stdin) process.stdin.end()
}

function receive(message: Buffer, process: ProcessHandle, takesInput: boolean): void {
  const [channel] = message
  const data = message.subarray(1)
  if (channel === STDIN && takesInput && !process.stdin.writableEnded) process.stdin.write(data)
  if (channel === CLOSE && data[0] === STDIN) process.stdin.end()
  if (channel === RESIZE) resize(process, data.toString())
}

/** Runs a session over SPDY, once the client has opened a stream for each of its channels. */
export function serveSpdy(
  socket: Duplex,
  target: SessionTarget,
  options: SessionOptions & { stdout: boolean; stderr: boolean },
): void {
  const streams = new Map<string, SpdyStream>()
  const wanted = ['error', 'stdin', 'stdout', 'stderr', 'resize'].filter((type) => {
    if (type === 'resize') return options.tty
    if (type === 'stderr') return options.stderr && !options.tty
    return type === 'error' || options[type as 'stdin' | 'stdout']
  })
  const connection = new SpdyConnection(socket, (stream) => {
    streams.set(stream.headers.streamtype ?? '', stream)
    if (!wanted.every((type) => streams.has(type))) return
    void runSpdy(streams, target, options).then(() => connection.close())
  })
}

async function runSpdy(
  streams: Map<string, SpdyStream>,
  target: SessionTarget,
  options: SessionOptions,
): Promise<void> {
  const error = streams.get('error')!
  error.resume()
  if (isProcess(target)) {
    prepareInput(target, options)
    streams.get('stdin')?.pipe(target.stdin)
    streams.get('resize')?.on('data', (data: Buffer) => resize(target, data.toString()))
    error.on('close', () => hangUp(target, options))
    const outputs = [
      finishedPipe(target.stdout, streams.get('stdout')),
      options.tty ? undefined : finishedPipe(target.stderr, streams.get('stderr')),
    ]
    await Promise.all([target.exited, ...outputs])
  }
  const text = await outcome(target)
  await new Promise<void>((resolve) => error.end(text, resolve))
}

const finishedPipe = (from: Readable, to: Writable | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (!to) {
      from.resume()
      return resolve()
    }
    from.pipe(to)
    to.on('finish', resolve)
    to.on('close', resolve)
  })
