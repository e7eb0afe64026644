import type { Store, WatchHandle } from '#world/store.ts'
import { equal } from '../equality.ts'
import type { Node, Pod, Taint } from '../objects.ts'
import { controllerOf, isFinished } from '../pods.ts'
import { type Amounts, amountsOf, hostPortsOf, requestsOf } from './requests.ts'

/** A pod on a node, with what it takes there. */
interface Placed {
  pod: Pod
  requests: Amounts
  ports: string[]
}

/** A node with the pods on it, as the scheduler weighs it. */
export class NodeState {
  node: Node
  allocatable: Amounts
  /** Its taints that keep pods away, and those that only make it less liked. */
  taints: { blocking: Taint[]; disliked: Taint[] }
  zone: string
  readonly requested: Amounts = {}
  readonly pods = new Map<string, Placed>()
  /** Pods by the uid of their controller, for spreading. */
  readonly owners = new Map<string, number>()

  constructor(node: Node) {
    this.node = node
    this.allocatable = amountsOf(node.status?.allocatable)
    this.taints = taintsOf(node)
    this.zone = zoneOf(node)
  }

  update(node: Node): void {
    if (node.status?.allocatable !== this.node.status?.allocatable) {
      this.allocatable = amountsOf(node.status?.allocatable)
    }
    this.node = node
    this.taints = taintsOf(node)
    this.zone = zoneOf(node)
  }

  place(key: string, pod: Pod): void {
    this.displace(key)
    const placed = { pod, requests: requestsOf(pod), ports: hostPortsOf(pod) }
    this.pods.set(key, placed)
    this.#count(placed, 1)
  }

  displace(key: string): void {
    const placed = this.pods.get(key)
    if (!placed) return
    this.pods.delete(key)
    this.#count(placed, -1)
  }

  #count({ pod, requests }: Placed, sign: 1 | -1): void {
    for (const [name, amount] of Object.entries(requests)) {
      this.requested[name] = (this.requested[name] ?? 0) + sign * amount
    }
    const owner = controllerOf(pod)?.uid
    if (!owner) return
    const count = (this.owners.get(owner) ?? 0) + sign
    if (count > 0) this.owners.set(owner, count)
    else this.owners.delete(owner)
  }
}

function taintsOf({ spec }: Node): NodeState['taints'] {
  const blocking = (spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule')
  const disliked = (spec?.taints ?? []).filter(({ effect }) => effect === 'PreferNoSchedule')
  return { blocking, disliked }
}

const zoneOf = ({ metadata }: Node): string => metadata.labels?.['topology.kubernetes.io/zone'] ?? ''

/** All nodes and what is on them, kept up to date by the store's watch. */
export class SchedulerCache {
  readonly nodes = new Map<string, NodeState>()
  #list: NodeState[] | undefined
  /** Placed pods that forbid others near them. */
  readonly exclusive = new Map<string, Pod>()
  /** Pods whose node is not there yet, by key. */
  readonly #homeless = new Map<string, Pod>()
  readonly #watches: WatchHandle[]

  constructor(store: Store, nodes: string, pods: string) {
    for (const entry of store.list<Node>(nodes).entries) this.#putNode(entry.value)
    for (const entry of store.list<Pod>(pods).entries) this.#putPod(entry.key, entry.value)
    this.#watches = [
      store.watch<Node>(nodes, ({ type, entry }) => {
        if (type === 'put') this.#putNode(entry.value)
        else this.#dropNode(entry.value.metadata.name)
      }),
      store.watch<Pod>(pods, ({ type, key, entry, previous }) => {
        if (type === 'delete') this.#dropPod(key, entry.value)
        else if (!sameForScheduling(entry.value, previous?.value)) this.#putPod(key, entry.value)
      }),
    ]
  }

  /** The nodes in the order in which they came. */
  get list(): readonly NodeState[] {
    this.#list ??= [...this.nodes.values()]
    return this.#list
  }

  close(): void {
    for (const watch of this.#watches) watch.close()
  }

  #putNode(node: Node): void {
    const { name } = node.metadata
    const state = this.nodes.get(name)
    if (state) return state.update(node)
    const fresh = new NodeState(node)
    this.nodes.set(name, fresh)
    this.#list = undefined
    for (const [key, pod] of this.#homeless) {
      if (pod.spec.nodeName !== name) continue
      this.#homeless.delete(key)
      fresh.place(key, pod)
    }
  }

  #dropNode(name: string): void {
    for (const [key, { pod }] of this.nodes.get(name)?.pods ?? []) this.#homeless.set(key, pod)
    this.nodes.delete(name)
    this.#list = undefined
  }

  #putPod(key: string, pod: Pod): void {
    if (!pod.spec.nodeName) return
    if (isFinished(pod)) return this.#dropPod(key, pod)
    const state = this.nodes.get(pod.spec.nodeName)
    if (state) state.place(key, pod)
    else this.#homeless.set(key, pod)
    if (pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution) {
      this.exclusive.set(key, pod)
    }
  }

  #dropPod(key: string, pod: Pod): void {
    this.#homeless.delete(key)
    this.exclusive.delete(key)
    if (pod.spec.nodeName) this.nodes.get(pod.spec.nodeName)?.displace(key)
  }
}

/** Whether a change of a pod (its status, mostly) leaves what it takes on its node as it was. */
export const sameForScheduling = (next: Pod, previous: Pod | undefined): boolean =>
  previous !== undefined &&
  next.spec === previous.spec &&
  equal(next.metadata.labels, previous.metadata.labels) &&
  isFinished(next) === isFinished(previous) &&
  refusedResize(next) === refusedResize(previous)

/** Why what a pod asks for by now is not what it takes. */
const refusedResize = ({ status }: Pod): string | undefined =>
  status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason
