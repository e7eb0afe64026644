import type { Connection } from '#network/virtual-network.ts'
import type { Clock } from '#world/clock.ts'
import type { Store } from '#world/store.ts'
import type { Journey, Part } from './part.ts'

/** The same way is told at most so often, ms of the world's time: a picture of traffic, not a count. */
const EVERY_MS = 500
/** Ways that are remembered for that. */
const WAYS = 1_000

interface ServiceObject {
  metadata: { name: string; namespace: string }
  spec?: { ports?: { nodePort?: number }[] }
}

/** Tells from the connections of the network which parts of the picture requests to load balancers come through. */
export class Journeys {
  readonly #store: Store
  readonly #clock: Clock
  readonly #byAddress = new Map<string, Part>()
  readonly #balancers = new Map<string, Part>()
  readonly #told = new Map<string, number>()

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  put(part: Part): void {
    const address = part.facts?.Address
    // A pod in its node's network has the address of the instance.
    if (address && !(part.kind === 'pod' && this.#byAddress.get(address)?.kind === 'instance'))
      this.#byAddress.set(address, part)
    if (part.kind === 'load-balancer') this.#balancers.set(part.id, part)
  }

  remove({ id, facts }: Part): void {
    this.#balancers.delete(id)
    if (facts?.Address && this.#byAddress.get(facts.Address)?.id === id) this.#byAddress.delete(facts.Address)
  }

  clear(): void {
    for (const kept of [this.#byAddress, this.#balancers, this.#told]) kept.clear()
  }

  /** The journey of a load balancer's connection; undefined for others, and for one that was told just now. */
  of({ from, dialed, target }: Connection): Journey | undefined {
    const balancer = this.#balancerAt(from.address)
    if (balancer === undefined) return undefined
    const stops = [
      balancer,
      this.#byAddress.get(dialed.address)?.id,
      this.#byAddress.get(target.address)?.id,
    ].filter((stop, index, all): stop is string => stop !== undefined && stop !== all[index - 1])
    if (stops.length < 2) return undefined
    const way = stops.join(' ')
    const now = this.#clock.now()
    if (now - (this.#told.get(way) ?? -Infinity) < EVERY_MS) return undefined
    if (this.#told.size >= WAYS) this.#told.clear()
    this.#told.set(way, now)
    const service =
      dialed.address === target.address ? undefined : this.#serviceAt(stops.at(-1)!, dialed.port)
    return { stops, ...(service && { service }) }
  }

  /** A load balancer sends from its network interfaces. */
  #balancerAt(address: string): string | undefined {
    const at = this.#byAddress.get(address)?.id
    if (at === undefined) return undefined
    return [...this.#balancers.values()].find(({ links }) => links?.includes(at))?.id
  }

  /** The Service that has a port of the nodes, in the cluster and namespace of the pod that it led to. */
  #serviceAt(pod: string, nodePort: number): string | undefined {
    const [kind, cluster, namespace] = pod.split('/')
    if (kind !== 'pod') return undefined
    const found = this.#store
      .values<ServiceObject>(`kubernetes/${cluster}/core/services/${namespace}/`)
      .find(({ spec }) => spec?.ports?.some((port) => port.nodePort === nodePort))
    return found && `${namespace}/${found.metadata.name}`
  }
}
