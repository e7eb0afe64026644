import type { Duplex } from 'node:stream'
import { demultiplex, type EngineClient } from './client.ts'

/** Connects this terminal with a container's or exec's streams until they end. */
export async function stream(socket: Duplex, tty: boolean, stdin: boolean): Promise<void> {
  const raw = tty && stdin && process.stdin.isTTY
  if (raw) process.stdin.setRawMode(true)
  if (stdin) {
    process.stdin.on('data', (chunk) => socket.write(chunk))
    process.stdin.on('end', () => socket.end())
  }
  try {
    if (tty) for await (const chunk of socket) process.stdout.write(chunk)
    else await demultiplex(socket)
  } finally {
    if (raw) process.stdin.setRawMode(false)
    process.stdin.pause()
  }
}

/** Tells the engine the terminal's size, now and whenever it changes. */
export const resize = (client: EngineClient, path: string) => {
  const send = () =>
    client
      .send('POST', `${path}/resize?h=${process.stdout.rows ?? 24}&w=${process.stdout.columns ?? 80}`)
      .catch(() => {})
  process.stdout.on('resize', send)
  return send()
}
