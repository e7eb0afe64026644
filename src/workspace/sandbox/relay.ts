import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** The head of a request is no longer than this, bytes: what is, is left to the proxy. */
const LONGEST_HEAD = 64 * 1024

/** A request to the proxy for something on the learner's own loopback. */
interface OwnRequest {
  port: number
  /** What the program there gets of the head; undefined for a tunnel. */
  head: string | undefined
}

/**
 * Carries a connection of a sandbox to the lab network's proxy. curl and its like ask the proxy for `localhost`, too: where one of the learner's own
 * programs listens in the sandbox (`kubectl proxy`, `kubectl port-forward`), `dial` leads there, and the rest is the proxy's affair.
 */
export function relay(inside: Socket, proxyPort: number, dial: (port: number) => Promise<Socket>): void {
  inside.on('error', () => inside.destroy())
  let read = Buffer.alloc(0)
  const more = (chunk: Buffer) => {
    read = Buffer.concat([read, chunk])
    const end = read.indexOf('\r\n\r\n')
    if (end === -1 && read.length < LONGEST_HEAD && mayBeOwn(read)) return
    inside.off('data', more).pause()
    const own = end === -1 ? undefined : ownRequest(read.toString('latin1', 0, end))
    const toProxy = () => splice(inside, connect(proxyPort, '127.0.0.1'), read)
    if (!own || own.port === proxyPort) return toProxy()
    dial(own.port).then((program) => {
      if (own.head === undefined) inside.write('HTTP/1.1 200 Connection established\r\n\r\n')
      splice(inside, program, Buffer.concat([Buffer.from(own.head ?? '', 'latin1'), read.subarray(end + 4)]))
    }, toProxy)
  }
  inside.on('data', more)
}

const OWN = '(?:localhost|127\\.0\\.0\\.1|\\[::1\\])'
const TUNNEL = new RegExp(`^CONNECT ${OWN}:(\\d{1,5}) HTTP/1\\.[01]$`)
const PLAIN = new RegExp(`^([A-Z]+) http://${OWN}(?::(\\d{1,5}))?(/\\S*)? (HTTP/1\\.[01])$`)

/** Whether what was read so far may be the beginning of such a request. */
function mayBeOwn(read: Buffer): boolean {
  const [line, rest] = read.toString('latin1', 0, 2048).split('\r\n', 2) as [string, string | undefined]
  return rest === undefined ? /^[A-Z]*( \S*( \S*)?)?$/.test(line) : TUNNEL.test(line) || PLAIN.test(line)
}

/** Reads the head of a request (without its empty line). */
function ownRequest(head: string): OwnRequest | undefined {
  const [line = '', ...headers] = head.split('\r\n')
  const tunnel = TUNNEL.exec(line)
  if (tunnel) return { port: Number(tunnel[1]), head: undefined }
  const [, method, port = '80', path = '/', version] = PLAIN.exec(line) ?? []
  if (!method) return undefined
  // The next request may be for somewhere else, so each has a connection of its own.
  const kept = headers.filter((header) => !/^(proxy-[\w-]+|connection):/i.test(header))
  const lines = [`${method} ${path} ${version}`, ...kept, 'Connection: close']
  return { port: Number(port), head: `${lines.join('\r\n')}\r\n\r\n` }
}

function splice(inside: Socket, outside: Duplex, first: Buffer): void {
  const end = () => {
    inside.destroy()
    outside.destroy()
  }
  inside.on('error', end).on('close', end)
  outside.on('error', end).on('close', end)
  outside.write(first)
  inside.pipe(outside)
  outside.pipe(inside)
}
