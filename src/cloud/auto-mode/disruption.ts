import type { Pod } from '#kubernetes/objects.ts'
import { isFinished } from '#kubernetes/pods.ts'
import type { NodeState } from '#kubernetes/scheduler/cache.ts'
import { parseTime, timestamp } from '#kubernetes/time.ts'
import type { Result } from '#world/controller.ts'
import type { RunningCluster } from '../clusters.ts'
import { isUp } from './claims.ts'
import { CLAIMS, COMPONENT, durationMs, type NodeClaim, type NodePool, POOL_LABEL } from './kinds.ts'
import { type Ground, planFor } from './plan.ts'

const DO_NOT_DISRUPT = 'karpenter.sh/do-not-disrupt'

/** The pods for whose sake a node is kept: all but those that any node has. */
const ownPods = (state: NodeState): Pod[] =>
  [...state.pods.values()]
    .map(({ pod }) => pod)
    .filter(
      (pod) =>
        !isFinished(pod) &&
        !pod.metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet' || kind === 'Node'),
    )

/**
 * Notes on the claims when pods came to their nodes or left them. `seen` remembers the pods of each node; what was not yet seen is
 * taken for unchanged, so that a restart keeps the times.
 */
export function notePods(
  cluster: RunningCluster,
  claims: NodeClaim[],
  nodes: ReadonlyMap<string, NodeState>,
  seen: Map<string, string>,
): void {
  for (const claim of claims) {
    const state = nodes.get(claim.status?.nodeName ?? '')
    if (!state) continue
    const pods = ownPods(state)
      .map(({ metadata }) => metadata.uid)
      .sort()
      .join()
    const before = seen.get(claim.metadata.name)
    seen.set(claim.metadata.name, pods)
    if (before === undefined || before === pods) continue
    const lastPodEventTime = timestamp(cluster.scope.world.clock.now())
    cluster.kubernetes.client.updateStatus(CLAIMS, {
      ...claim,
      status: { ...claim.status, lastPodEventTime },
    })
  }
}

/**
 * Ends a node that is empty, that others have room for, or whose time is over: one at a time, within the pool's budget.
 * Models Karpenter's consolidation by deletion (https://karpenter.sh/docs/concepts/disruption/, from knowledge 2026-11).
 */
export function disrupt(
  cluster: RunningCluster,
  claims: NodeClaim[],
  pools: NodePool[],
  ground: Ground,
): Result | undefined {
  const { client } = cluster.kubernetes
  const now = cluster.scope.world.clock.now()
  const leaving = (name: string) =>
    claims.filter((one) => one.metadata.labels?.[POOL_LABEL] === name && one.metadata.deletionTimestamp)
      .length
  let next = Number.POSITIVE_INFINITY
  for (const claim of claims) {
    const pool = pools.find(({ metadata }) => metadata.name === claim.metadata.labels?.[POOL_LABEL])
    const state = ground.nodes.get(claim.status?.nodeName ?? '')
    if (!pool || !state || !isUp(claim) || claim.metadata.deletionTimestamp) continue
    const total = claims.filter((one) => one.metadata.labels?.[POOL_LABEL] === pool.metadata.name).length
    if (leaving(pool.metadata.name) >= budgetOf(pool, total)) continue
    const end = (reason: string) => {
      client.event(claim, 'Normal', 'DisruptionTerminating', `Disrupting NodeClaim: ${reason}`, COMPONENT)
      client.event(state.node, 'Normal', 'DisruptionTerminating', `Disrupting Node: ${reason}`, COMPONENT)
      client.delete(CLAIMS, '', claim.metadata.name)
    }
    const lifetime = durationMs(claim.spec.expireAfter)
    const dies = lifetime && Date.parse(claim.metadata.creationTimestamp!) + lifetime
    if (dies && dies <= now) return void end('Expired')
    if (dies) next = Math.min(next, dies)
    const { consolidateAfter, consolidationPolicy } = pool.spec.disruption ?? { consolidateAfter: '0s' }
    const quiet = durationMs(consolidateAfter)
    if (quiet === undefined) continue
    const due = parseTime(claim.status?.lastPodEventTime) + quiet
    if (due > now) {
      next = Math.min(next, due)
      continue
    }
    const pods = ownPods(state)
    if (pods.length === 0) return void end('Empty')
    if (consolidationPolicy === 'WhenEmpty' || isHeld(state, pods)) continue
    const others = new Map(ground.nodes)
    others.delete(state.node.metadata.name)
    const plan = planFor(client, pods.map(withoutNode), [], { ...ground, nodes: others })
    if (plan.left.length === 0) return void end('Underutilized')
  }
  return next === Number.POSITIVE_INFINITY ? undefined : { requeueAfterMs: Math.max(1, next - now) }
}

const isHeld = (state: NodeState, pods: Pod[]) =>
  [state.node, ...pods].some(({ metadata }) => metadata.annotations?.[DO_NOT_DISRUPT] === 'true')

const withoutNode = (pod: Pod): Pod => ({ ...pod, spec: { ...pod.spec, nodeName: undefined } })

/** How many nodes of a pool may go at once: the tightest of its budgets, a percentage rounded up. */
function budgetOf({ spec }: NodePool, total: number): number {
  const budgets = spec.disruption?.budgets ?? [{ nodes: '10%' }]
  return Math.min(
    ...budgets.map(({ nodes }) =>
      nodes.endsWith('%') ? Math.ceil((total * Number.parseInt(nodes, 10)) / 100) : Number(nodes),
    ),
  )
}
