import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { loadConstraints } from '#aws/wire/constraints.ts'
import { BlobCollector, type CollectorOptions } from '#containers/blobs/collector.ts'
import { BlobStore } from '#containers/blobs/store.ts'
import { CertificateIssuer, loadAuthority } from '#network/authority.ts'
import { ForwardProxy } from '#network/proxy.ts'
import { hostTime } from '#world/clock.ts'
import type { Quotas } from '#world/fair-use.ts'
import { adminListener } from './admin.ts'
import { DockerConnections } from './docker-connections.ts'
import { CONSTRAINTS_FILE } from './generated.ts'
import { ProcessLoad } from './process-load.ts'
import { Worlds, type WorldsOptions } from './worlds.ts'

/** What a cloud is told, as plain data. */
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

export interface ServingOptions
  extends CloudSettings,
    Pick<WorldsOptions, 'proxyPort' | 'dockerSocket' | 'mayOpen' | 'onMade' | 'onGone' | 'log'>,
    Pick<CollectorOptions, 'elsewhere' | 'onRemoved'> {
  /** The process's number, where there are several; it is also its name in the blob store. */
  number?: number
}

/** Where the worlds of a data folder are. */
export const worldsFolder = (directory: string): string => join(directory, 'worlds')
/** Where its blobs are. */
export const blobsFolder = (directory: string): string => join(directory, 'blobs')
/** The lab's authority; made at first. */
export const labAuthority = (directory: string) =>
  loadAuthority(join(directory, 'ca'), 'Drydock lab authority', hostTime.now())

/** Worlds and what serves them in a process, behind whatever doors lead to it. */
export class Serving {
  readonly worlds: Worlds
  readonly proxy: ForwardProxy
  /** Answers the admin API. */
  readonly admin: RequestListener
  readonly docker: DockerConnections
  readonly blobs: BlobStore
  readonly load: ProcessLoad
  readonly #collector: BlobCollector

  private constructor(parts: Pick<Serving, 'worlds' | 'blobs' | 'load' | 'proxy'>, collector: BlobCollector) {
    const { worlds } = parts
    this.worlds = worlds
    this.blobs = parts.blobs
    this.load = parts.load
    this.proxy = parts.proxy
    this.admin = adminListener(worlds, parts.load)
    this.docker = new DockerConnections(async (world) => (await worlds.find(world))?.simulation.docker)
    this.#collector = collector
    collector.start()
  }

  static async open({ number, elsewhere, onRemoved, ...options }: ServingOptions): Promise<Serving> {
    const { directory, log } = options
    const authority = await labAuthority(directory)
    const issuer = new CertificateIssuer(authority, hostTime.now)
    const blobs = await BlobStore.open(blobsFolder(directory), number?.toString())
    const worlds = new Worlds({
      ...options,
      directory: worldsFolder(directory),
      blobs,
      constraints: await loadConstraints(CONSTRAINTS_FILE),
      issuer,
      authority: authority.certificate,
      caFile: join(directory, 'ca.crt'),
    })
    const proxy = new ForwardProxy({
      issuer,
      worlds: {
        hosts: (id, secret) => worlds.hosts(id, secret),
        connected: (id, socket) => worlds.uses.connected(id, socket),
      },
    })
    const load = new ProcessLoad(number ?? 0, worlds)
    const collector = new BlobCollector({ blobs, texts: () => worlds.texts(), log, elsewhere, onRemoved })
    return new Serving({ worlds, blobs, load, proxy }, collector)
  }

  /** Ends what serves, then the worlds. */
  async close(): Promise<void> {
    await this.proxy.close()
    await this.#collector.stop()
    await this.worlds.closeAll()
    this.load.close()
  }
}
