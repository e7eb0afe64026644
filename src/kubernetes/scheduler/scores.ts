import { controllerOf } from '../pods.ts'
import { nodeMatchesTerm } from '../selectors.ts'
import type { NodeState } from './cache.ts'
import type { Candidate } from './filters.ts'
import { untolerated } from './taints.ts'

/** Least-allocated assumes these for a container that asks for nothing (non-zero requests of the real scheduler). */
const DEFAULT_REQUEST = { cpu: 100, memory: 200 * 2 ** 20 }

/** 0-100: the more would be left, the better. */
function leastAllocated({ requests }: Candidate, { allocatable, requested }: NodeState): number {
  let total = 0
  for (const resource of ['cpu', 'memory'] as const) {
    const capacity = allocatable[resource] ?? 0
    const used = (requested[resource] ?? 0) + (requests[resource] || DEFAULT_REQUEST[resource])
    total += capacity > 0 ? Math.max(0, ((capacity - used) * 100) / capacity) : 0
  }
  return total / 2
}

const ownCount = (owner: string | undefined, state: NodeState): number =>
  owner === undefined ? 0 : (state.owners.get(owner) ?? 0)

function preferredAffinity({ pod }: Candidate, { node }: NodeState): number {
  const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution
  if (!preferred) return 0
  const subject = { name: node.metadata.name, labels: node.metadata.labels }
  return preferred.reduce(
    (sum, { weight, preference }) => sum + (nodeMatchesTerm(subject, preference) ? weight : 0),
    0,
  )
}

const dislikedTaints = ({ pod }: Candidate, { taints }: NodeState): number =>
  taints.disliked.length === 0 ? 0 : untolerated(taints.disliked, pod.spec.tolerations).length

/** Scales to 0-100; `reverse` when fewer is better. */
function normalize(values: number[], reverse: boolean): number[] {
  const largest = Math.max(...values)
  if (largest === 0) return values.map(() => (reverse ? 100 : 0))
  return values.map((value) => (reverse ? 100 - (value * 100) / largest : (value * 100) / largest))
}

/** The weighted scores of nodes that could take the pod; weights are those of the default profile. */
export function scoresOf(candidate: Candidate, states: NodeState[]): number[] {
  const owner = controllerOf(candidate.pod)?.uid
  const zones = new Map<string, number>()
  for (const state of states) zones.set(state.zone, (zones.get(state.zone) ?? 0) + ownCount(owner, state))
  const spread = normalize(
    states.map((state) => ownCount(owner, state)),
    true,
  )
  const zoneSpread = normalize(
    states.map((state) => zones.get(state.zone)!),
    true,
  )
  const affinity = normalize(
    states.map((state) => preferredAffinity(candidate, state)),
    false,
  )
  const taints = normalize(
    states.map((state) => dislikedTaints(candidate, state)),
    true,
  )
  return states.map(
    (state, index) =>
      leastAllocated(candidate, state) +
      spread[index]! +
      zoneSpread[index]! +
      2 * affinity[index]! +
      3 * taints[index]!,
  )
}
