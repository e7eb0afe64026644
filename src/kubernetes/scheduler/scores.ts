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

/** Adds each value scaled to 0-100 times its weight; `reverse` when fewer is better. What is the same for all nodes is left out. */
function addScaled(scores: number[], values: number[], weight: number, reverse: boolean): void {
  const largest = Math.max(...values)
  if (largest === 0) return
  const factor = ((reverse ? -100 : 100) * weight) / largest
  for (let index = 0; index < values.length; index++) scores[index]! += values[index]! * factor
}

/** How much better a node is than others for the pod; weights are those of the default profile. */
export function scoresOf(candidate: Candidate, states: NodeState[]): number[] {
  const { pod } = candidate
  const scores = states.map((state) => leastAllocated(candidate, state))
  const owner = controllerOf(pod)?.uid
  if (owner !== undefined) {
    const counts = states.map((state) => state.owners.get(owner) ?? 0)
    const zones = new Map<string, number>()
    for (const [index, { zone }] of states.entries()) zones.set(zone, (zones.get(zone) ?? 0) + counts[index]!)
    addScaled(scores, counts, 1, true)
    if (zones.size > 1)
      addScaled(
        scores,
        states.map(({ zone }) => zones.get(zone)!),
        1,
        true,
      )
  }
  if (pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution) {
    addScaled(
      scores,
      states.map((state) => preferredAffinity(candidate, state)),
      2,
      false,
    )
  }
  addScaled(
    scores,
    states.map((state) => dislikedTaints(candidate, state)),
    3,
    true,
  )
  return scores
}
