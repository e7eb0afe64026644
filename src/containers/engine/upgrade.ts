import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { EngineError } from './api.ts'
import type { ContainerStore } from './container-store.ts'
import type { Events } from './events.ts'
import type { Execs } from './execs.ts'
import { attach, attachOptions, type Sessions } from './session.ts'

interface Upgrade {
  req: IncomingMessage
  socket: Duplex
  url: URL
  path: string
  store: ContainerStore
  sessions: Sessions
  events: Events
  execs: Execs
}

/** The answer after which a connection carries raw bytes. */
export function switchProtocol(socket: Duplex, tty: boolean, upgraded: boolean): void {
  const type = `application/vnd.docker.${tty ? 'raw' : 'multiplexed'}-stream`
  socket.write(
    upgraded
      ? `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`
      : `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n\r\n`,
  )
}

/** Serves attach and exec over an upgraded connection. Throws EngineError before it has answered. */
export async function upgradeStream(upgrade: Upgrade): Promise<void> {
  const { socket, url, path, store, sessions, events, execs, req } = upgrade
  const attached = /^\/containers\/([^/]+)\/attach$/.exec(path)
  if (attached) {
    const record = store.require(decodeURIComponent(attached[1]!))
    if (record.status === 'paused')
      throw new EngineError(409, `container ${record.id} is paused, unpause the container before attach`)
    switchProtocol(socket, record.config.Tty ?? false, true)
    events.container('attach', record)
    attach(sessions.of(record.id), record, socket, attachOptions(url.searchParams))
    return
  }
  const start = /^\/exec\/([^/]+)\/start$/.exec(path)
  if (start) {
    await readUpgradeBody(req, socket)
    const exec = execs.require(start[1]!)
    await execs.start(start[1]!, socket, () => switchProtocol(socket, exec.config.Tty ?? false, true))
    return
  }
  throw new EngineError(404, `page not found (drydock does not simulate an upgrade of ${path})`)
}

/** An upgrade request's JSON body is still in the stream: it is taken off before the raw bytes begin. */
async function readUpgradeBody(req: IncomingMessage, socket: Duplex): Promise<void> {
  let left = Number(req.headers['content-length'] ?? 0)
  while (left > 0) {
    const chunk: Buffer | null = socket.read()
    if (!chunk) {
      await new Promise((resolve) => socket.once('readable', resolve).once('close', resolve))
      if (socket.destroyed) return
      continue
    }
    if (chunk.length > left) socket.unshift(chunk.subarray(left))
    left -= Math.min(left, chunk.length)
  }
}
