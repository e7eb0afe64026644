import type { ClusterApi } from '../api.ts'
import type { Namespace, Node, Pod, PodAffinityTerm } from '../objects.ts'
import { selects } from '../selectors.ts'
import type { NodeState } from './cache.ts'
import { matchesNode } from './filters.ts'

/** Why a node is refused because of other pods. */
interface Relation {
  reason: string
  final: boolean
}

/** Whether `other` is a pod that a term of `owner` speaks of. */
function matches(api: ClusterApi, owner: Pod, term: PodAffinityTerm, other: Pod): boolean {
  const namespace = other.metadata.namespace!
  const named = term.namespaces ?? []
  const inNamespace =
    named.includes(namespace) ||
    (term.namespaceSelector
      ? selects(term.namespaceSelector, api.get<Namespace>('namespaces', '', namespace)?.metadata.labels)
      : named.length === 0 && namespace === owner.metadata.namespace)
  return inNamespace && selects(term.labelSelector, other.metadata.labels)
}

/** The nodes with their pods, and the pods that forbid others near them: as they are, or as they would be. */
export interface Surroundings {
  readonly nodes: ReadonlyMap<string, Pick<NodeState, 'node' | 'pods'>>
  readonly exclusive: ReadonlyMap<string, Pod>
}

const domain = (node: Node, topologyKey: string): string | undefined => node.metadata.labels?.[topologyKey]

/**
 * Where a pod may be because of the pods that are there: affinity, anti-affinity, topology spread.
 * Made for one scheduling attempt; looks at the other pods only when a rule asks for it.
 */
export class PodRelations {
  readonly #pod: Pod
  readonly #api: ClusterApi
  readonly #cache: Surroundings
  readonly #domains = new Map<PodAffinityTerm, Set<string>>()
  #forbidden: { key: string; value: string }[] | undefined
  #spread: Map<string, number>[] | undefined
  readonly #constraints: NonNullable<Pod['spec']['topologySpreadConstraints']>
  readonly #near: PodAffinityTerm[]
  readonly #apart: PodAffinityTerm[]

  constructor(pod: Pod, api: ClusterApi, cache: Surroundings) {
    this.#pod = pod
    this.#api = api
    this.#cache = cache
    const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
    this.#near = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
    this.#apart = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
    this.#constraints = (pod.spec.topologySpreadConstraints ?? []).filter(
      ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
    )
  }

  affinityRefusal(node: Node): Relation | undefined {
    for (const term of this.#near) {
      const value = domain(node, term.topologyKey)
      const near = this.#domainsOf(term)
      // The first of a group that wants to be near itself may start anywhere.
      const first = near.size === 0 && matches(this.#api, this.#pod, term, this.#pod)
      if (value === undefined || !(near.has(value) || first)) {
        return { reason: "node(s) didn't match pod affinity rules", final: true }
      }
    }
    for (const term of this.#apart) {
      const value = domain(node, term.topologyKey)
      if (value !== undefined && this.#domainsOf(term).has(value)) {
        return { reason: "node(s) didn't match pod anti-affinity rules", final: false }
      }
    }
    for (const { key, value } of this.#forbiddenDomains()) {
      if (domain(node, key) === value) {
        return { reason: "node(s) didn't satisfy existing pods anti-affinity rules", final: false }
      }
    }
  }

  spreadRefusal(node: Node): Relation | undefined {
    const constraints = this.#constraints
    if (constraints.length === 0) return
    const reason = "node(s) didn't match pod topology spread constraints"
    const counts = this.#spreadCounts()
    for (const [index, constraint] of constraints.entries()) {
      const value = domain(node, constraint.topologyKey)
      if (value === undefined) return { reason: `${reason} (missing required label)`, final: true }
      const domains = counts[index]!
      const least = domains.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...domains.values())
      const own = selects(constraint.labelSelector, this.#pod.metadata.labels) ? 1 : 0
      if ((domains.get(value) ?? 0) + own - least > constraint.maxSkew) return { reason, final: false }
    }
  }

  /** Matching pods in each domain, one map a constraint; domains without any node for this pod do not count. */
  #spreadCounts(): Map<string, number>[] {
    this.#spread ??= this.#constraints.map((constraint) => {
      const counts = new Map<string, number>()
      for (const { node, pods } of this.#cache.nodes.values()) {
        const value = domain(node, constraint.topologyKey)
        if (value === undefined || !matchesNode(this.#pod, node)) continue
        let count = counts.get(value) ?? 0
        for (const { pod } of pods.values()) {
          const near = pod.metadata.namespace === this.#pod.metadata.namespace
          if (
            near &&
            !pod.metadata.deletionTimestamp &&
            selects(constraint.labelSelector, pod.metadata.labels)
          )
            count++
        }
        counts.set(value, count)
      }
      return counts
    })
    return this.#spread
  }

  /** The values of a term's topology key where a matching pod is. */
  #domainsOf(term: PodAffinityTerm): Set<string> {
    const known = this.#domains.get(term)
    if (known) return known
    const domains = new Set<string>()
    for (const { node, pods } of this.#cache.nodes.values()) {
      const value = domain(node, term.topologyKey)
      if (value === undefined || domains.has(value)) continue
      for (const { pod } of pods.values()) {
        if (!matches(this.#api, this.#pod, term, pod)) continue
        domains.add(value)
        break
      }
    }
    this.#domains.set(term, domains)
    return domains
  }

  #forbiddenDomains(): { key: string; value: string }[] {
    this.#forbidden ??= [...this.#cache.exclusive.values()].flatMap((pod) => {
      const node = this.#cache.nodes.get(pod.spec.nodeName!)?.node
      const terms = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
      return terms
        .filter((term) => node && matches(this.#api, pod, term, this.#pod))
        .flatMap(({ topologyKey }) => {
          const value = domain(node!, topologyKey)
          return value === undefined ? [] : [{ key: topologyKey, value }]
        })
    })
    return this.#forbidden
  }
}
