import type { WebSocket } from 'ws'
import type { ExitStatus, ProcessHandle } from '#containers/runtime.ts'
import type { StatusError } from '../../api.ts'
import { statusOf } from '../errors.ts'

/** Newest first. v5 can close standard input. Source: apimachinery/pkg/util/remotecommand. */
export const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

const STDIN = 0
const STDOUT = 1
const STDERR = 2
const ERROR = 3
const RESIZE = 4
const CLOSE = 255

/** Bytes that may wait for a slow client before the process is held back. */
const HIGH_WATER = 1024 * 1024

/** Joins a process and a WebSocket whose messages carry the channel in their first byte. */
export function connectProcess(
  socket: WebSocket,
  process: ProcessHandle,
  options: { stdin: boolean; tty: boolean },
): void {
  const send = (channel: number, data: Uint8Array): Promise<void> =>
    new Promise((resolve) => socket.send(Buffer.concat([Buffer.of(channel), data]), () => resolve()))
  const pump = async (channel: number, stream: AsyncIterable<Uint8Array>) => {
    for await (const chunk of stream) {
      const sent = send(channel, chunk)
      if (socket.bufferedAmount > HIGH_WATER) await sent
    }
  }
  socket.on('message', (message: Buffer) => receive(message, process, options.stdin))
  socket.on('close', () => {
    // As with a real runtime, a client that leaves ends an interactive process.
    if (options.tty) process.kill('SIGHUP')
    process.stdin.end()
  })
  socket.on('error', () => socket.terminate())
  // Without standard input the process sees its end at once.
  if (!options.stdin) process.stdin.end()
  process.stdin.on('error', () => {})
  const outputs = [pump(STDOUT, process.stdout), ...(options.tty ? [] : [pump(STDERR, process.stderr)])]
  void Promise.all([process.exited, Promise.allSettled(outputs)]).then(async ([exit]) => {
    await send(ERROR, Buffer.from(JSON.stringify(exitStatus(exit))))
    socket.close(1000)
  })
}

/** Ends a session in which nothing could be started. */
export function failSession(socket: WebSocket, error: StatusError): void {
  socket.on('error', () => socket.terminate())
  socket.send(Buffer.concat([Buffer.of(ERROR), Buffer.from(JSON.stringify(statusOf(error)))]), () =>
    socket.close(1000),
  )
}

function receive(message: Buffer, process: ProcessHandle, takesInput: boolean): void {
  const [channel] = message
  const data = message.subarray(1)
  if (channel === STDIN && takesInput && !process.stdin.writableEnded) process.stdin.write(data)
  if (channel === CLOSE && data[0] === STDIN) process.stdin.end()
  if (channel === RESIZE) {
    try {
      const { Width, Height } = JSON.parse(data.toString())
      if (Width > 0 && Height > 0) process.resize(Width, Height)
    } catch {
      // A broken size is no reason to end a session.
    }
  }
}

/** What the error channel says at the end. */
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
