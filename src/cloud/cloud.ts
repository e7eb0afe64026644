import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { loadConstraints } from '#aws/wire/constraints.ts'
import { BlobCollector } from '#containers/blobs/collector.ts'
import { BlobStore } from '#containers/blobs/store.ts'
import { CertificateIssuer, loadAuthority } from '#network/authority.ts'
import { ForwardProxy } from '#network/proxy.ts'
import { hostTime } from '#world/clock.ts'
import type { Quotas } from '#world/fair-use.ts'
import { adminListener } from './admin.ts'
import { CONSTRAINTS_FILE } from './generated.ts'
import { listenUnix, runtimeDirectory } from './runtime-directory.ts'
import { Worlds } from './worlds.ts'

/** What a cloud process is told, as plain data. */
export interface CloudSettings {
  /** Where worlds, images and the lab's CA are kept. */
  directory: string
  /** `open` takes any keys as the account's administrator. Default `enforced`. */
  credentials?: 'enforced' | 'open'
  /** Whether `localhost` through the proxy may lead to this machine's own loopback. Only where its users are this machine's. */
  hostLoopback?: boolean
  /** After so long without use (ms) a world sleeps on disk until it is needed. Default: never. */
  sleepAfterMs?: number
  /** What each world may use, where people share this machine. Default: all that there is. */
  quotas?: Quotas
}

export interface CloudOptions extends CloudSettings {
  log?(message: string): void
}

/** All of a cloud process: its worlds, the lab network's door, and the admin socket. */
export class Cloud {
  readonly worlds: Worlds
  readonly socketPath: string
  readonly #proxy: ForwardProxy
  readonly #admin: Server
  readonly #collector: BlobCollector

  private constructor(
    worlds: Worlds,
    proxy: ForwardProxy,
    admin: Server,
    collector: BlobCollector,
    socketPath: string,
  ) {
    this.worlds = worlds
    this.#proxy = proxy
    this.#admin = admin
    this.#collector = collector
    this.socketPath = socketPath
  }

  /** Starts everything and opens the worlds on disk. Throws when another process serves the same folder. */
  static async start({
    directory,
    credentials,
    hostLoopback,
    sleepAfterMs,
    quotas,
    log = () => {},
  }: CloudOptions): Promise<Cloud> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const sockets = await runtimeDirectory(directory)
    const socketPath = join(sockets, 'cloud.sock')
    const authority = await loadAuthority(join(directory, 'ca'), 'Drydock lab authority', hostTime.now())
    const issuer = new CertificateIssuer(authority, hostTime.now)
    let port = 0
    const blobs = await BlobStore.open(join(directory, 'blobs'))
    const worlds = new Worlds({
      directory: join(directory, 'worlds'),
      blobs,
      constraints: await loadConstraints(CONSTRAINTS_FILE),
      issuer,
      authority: authority.certificate,
      credentials,
      hostLoopback,
      sleepAfterMs,
      quotas,
      socketDirectory: sockets,
      caFile: join(directory, 'ca.crt'),
      proxyPort: () => port,
      log,
    })
    const admin = createServer({ requestTimeout: 0 }, adminListener(worlds))
    // First of all: it is also the lock that keeps two processes off one folder.
    await listenUnix(admin, socketPath)
    const proxy = new ForwardProxy({
      issuer,
      worlds: {
        hosts: (id, secret) => worlds.hosts(id, secret),
        connected: (id, socket) => worlds.connected(id, socket),
      },
    })
    port = await listenAsBefore(proxy, join(directory, 'proxy-port'))
    await worlds.start()
    const collector = new BlobCollector({ blobs, texts: () => worlds.texts(), log })
    collector.start()
    return new Cloud(worlds, proxy, admin, collector, socketPath)
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#admin.close(resolve))
    this.#admin.closeAllConnections()
    await this.#proxy.close()
    await this.#collector.stop()
    await this.worlds.closeAll()
    await closed
  }
}

/** Open terminals know the proxy's port from their environment: after a restart it must be the same, if it is still free. */
async function listenAsBefore(proxy: ForwardProxy, file: string): Promise<number> {
  const before = Number(await readFile(file, 'utf8').catch(() => '0'))
  const port = await proxy.listen(before).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    return proxy.listen(0)
  })
  if (port !== before) {
    await writeFile(`${file}.tmp`, String(port), { mode: 0o600 })
    await rename(`${file}.tmp`, file)
  }
  return port
}
