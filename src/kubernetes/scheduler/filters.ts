import type { Node, Pod } from '../objects.ts'
import { hasLabels, nodeMatchesTerm } from '../selectors.ts'
import type { NodeState } from './cache.ts'
import type { PodRelations } from './relations.ts'
import { type Amounts, hostPortsOf, portsConflict, requestsOf } from './requests.ts'
import { untolerated } from './taints.ts'
import type { PodClaims } from './volumes.ts'

/** Why a node cannot take a pod; `final` when no other pod's end would change that. */
export interface Refusal {
  reasons: string[]
  final: boolean
}

/** A pod with what the filters ask about it again and again. */
export interface Candidate {
  pod: Pod
  requests: Amounts
  /** The requests that are not nothing, by resource. */
  needs: [resource: string, amount: number][]
  ports: string[]
  relations: PodRelations
  claims: PodClaims
}

export function candidate(pod: Pod, relations: PodRelations, claims: PodClaims): Candidate {
  const requests = requestsOf(pod)
  const needs = Object.entries(requests).filter(([, amount]) => amount > 0)
  return { pod, requests, needs, ports: hostPortsOf(pod), relations, claims }
}

type Filter = (candidate: Candidate, state: NodeState) => Refusal | undefined

const never = (reason: string): Refusal => ({ reasons: [reason], final: true })
const full = (...reasons: string[]): Refusal => ({ reasons, final: false })

/** `spec.nodeSelector` and required node affinity. */
export function matchesNode({ spec }: Pod, { metadata }: Node): boolean {
  if (spec.nodeSelector && !hasLabels(metadata.labels, spec.nodeSelector)) return false
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (!required) return true
  const node = { name: metadata.name, labels: metadata.labels }
  return required.nodeSelectorTerms.some((term) => nodeMatchesTerm(node, term))
}

const UNSCHEDULABLE = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** The default profile's filters in their order: the first that refuses speaks. Models pkg/scheduler/framework/plugins. */
const FILTERS: Filter[] = [
  function nodeUnschedulable({ pod }, { node }) {
    if (!node.spec?.unschedulable || untolerated([UNSCHEDULABLE], pod.spec.tolerations).length === 0) return
    return never('node(s) were unschedulable')
  },
  function taintToleration({ pod }, { taints }) {
    if (taints.blocking.length === 0) return
    if (untolerated(taints.blocking, pod.spec.tolerations).length === 0) return
    return never('node(s) had untolerated taint(s)')
  },
  function nodeAffinity({ pod }, { node }) {
    return matchesNode(pod, node) ? undefined : never("node(s) didn't match Pod's node affinity/selector")
  },
  function nodePorts({ ports }, { pods }) {
    if (ports.length === 0) return
    for (const placed of pods.values()) {
      if (placed.ports.some((taken) => ports.some((port) => portsConflict(port, taken)))) {
        return full("node(s) didn't have free ports for the requested pod ports")
      }
    }
  },
  function nodeResourcesFit({ needs }, { allocatable, requested, pods }) {
    let refusal: Refusal | undefined
    if (pods.size + 1 > (allocatable.pods ?? 0)) refusal = full('Too many pods')
    for (const [name, amount] of needs) {
      const capacity = allocatable[name] ?? 0
      if (amount <= capacity - (requested[name] ?? 0)) continue
      refusal ??= full()
      refusal.reasons.push(`Insufficient ${name}`)
      refusal.final ||= amount > capacity
    }
    return refusal
  },
  function volumeBinding({ claims }, { node }) {
    const reason = claims.nodeRefusal(node)
    return reason === undefined ? undefined : never(reason)
  },
  // Nothing here has devices: no driver publishes ResourceSlices.
  function dynamicResources({ pod }) {
    return (pod.spec.resourceClaims?.length ?? 0) > 0 ? never('cannot allocate all claims') : undefined
  },
  function podTopologySpread({ relations }, { node }) {
    const refusal = relations.spreadRefusal(node)
    return refusal === undefined ? undefined : { reasons: [refusal.reason], final: refusal.final }
  },
  function interPodAffinity({ relations }, { node }) {
    const refusal = relations.affinityRefusal(node)
    return refusal === undefined ? undefined : { reasons: [refusal.reason], final: refusal.final }
  },
]

/** Why the node cannot take the pod, if it cannot. */
export function refusalOf(candidate: Candidate, state: NodeState): Refusal | undefined {
  for (const filter of FILTERS) {
    const refusal = filter(candidate, state)
    if (refusal) return refusal
  }
}
