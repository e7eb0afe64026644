import type { World } from '#world/world.ts'
import type { ClusterApi } from '../api.ts'
import type { Node } from '../objects.ts'
import type { ServiceRoute } from './services.ts'

/** Where the world keeps the nodes whose rules for Services follow the API. */
const followedPrefix = (clusterUid: string) => `proxied-nodes/${clusterUid}/`

/**
 * The kube-proxies of a cluster's nodes: a node has rules for Services from the first time that one runs there, and they stay as they are
 * when it ends. A restart of the process goes on with the rules of the nodes whose kube-proxy ran.
 */
export class NodeProxies {
  readonly #world: World
  readonly #services: ServiceRoute
  readonly #prefix: string
  readonly #running = new Map<string, number>()
  readonly #watch: { close(): void }
  #closed = false

  /** `has` tells the nodes that bring their own. */
  constructor(
    world: World,
    api: ClusterApi,
    clusterUid: string,
    services: ServiceRoute,
    has: (nodeName: string) => boolean,
  ) {
    this.#world = world
    this.#services = services
    this.#prefix = followedPrefix(clusterUid)
    const seen = ({ metadata: { name } }: Node) => {
      if (!has(name) && !world.store.get(this.#prefix + name)) services.freeze(name, true)
    }
    for (const node of api.list<Node>('nodes')) seen(node)
    this.#watch = world.store.watch<Node>(api.prefix('nodes'), ({ type, entry, previous }) => {
      if (type === 'delete') this.#forget(previous!.value.metadata.name)
      else if (!previous) seen(entry.value)
    })
  }

  /** A kube-proxy runs on a node until it is closed. */
  run(nodeName: string): { close(): void } {
    this.#running.set(nodeName, (this.#running.get(nodeName) ?? 0) + 1)
    this.#world.store.put(this.#prefix + nodeName, true)
    this.#services.follow(nodeName)
    return { close: () => this.#ended(nodeName) }
  }

  close(): void {
    this.#closed = true
    this.#watch.close()
  }

  #ended(nodeName: string): void {
    const left = (this.#running.get(nodeName) ?? 1) - 1
    this.#running.set(nodeName, left)
    if (this.#closed || left > 0) return
    this.#world.store.delete(this.#prefix + nodeName)
    this.#services.freeze(nodeName)
  }

  #forget(nodeName: string): void {
    this.#services.follow(nodeName)
    this.#world.store.delete(this.#prefix + nodeName)
  }
}
