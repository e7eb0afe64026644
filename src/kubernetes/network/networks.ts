import type { ClusterRecords } from '../dns/records.ts'
import type { NodePlugin } from './plugins.ts'

/** What a cluster is to the programs that do its work on its nodes. */
export interface ClusterPart {
  records: ClusterRecords
  /** The kube-proxy of the node at an address runs until it is closed; undefined: no node is there. */
  proxy(address: string): { close(): void } | undefined
  /** What the daemon of a network plug-in has of the node at an address; undefined: no node is there. */
  plugin(address: string): NodePlugin | undefined
  /** Whether an address is a pod's or a node's of the cluster. */
  has(address: string): boolean
  /** Names outside the cluster, as its nodes resolve them; undefined: NXDOMAIN. */
  upstream(name: string): string | undefined
  /** A random whole number below `count`. */
  pick(count: number): number
}

/** The clusters of a world, as programs find them that are part of one: by the address at which they run. */
export class ClusterNetworks {
  readonly #parts = new Set<ClusterPart>()

  add(part: ClusterPart): { close(): void } {
    this.#parts.add(part)
    return { close: () => this.#parts.delete(part) }
  }

  /** The cluster that an address is in. */
  at(address: string): ClusterPart | undefined {
    for (const part of this.#parts) if (part.has(address)) return part
  }
}
