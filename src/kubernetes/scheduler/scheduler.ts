import type { KubernetesObject } from '../api.ts'
import type { ControlPlane } from '../controllers/control-plane.ts'
import type { Node, Pod } from '../objects.ts'
import { isFinished, nameOf, podCondition, splitName, withCondition } from '../pods.ts'
import { CLAIMS, claimNames, VOLUMES } from '../volumes/claims.ts'
import { type NodeState, SchedulerCache } from './cache.ts'
import { candidate, type Refusal, refusalOf } from './filters.ts'
import { PodRelations } from './relations.ts'
import { scoresOf } from './scores.ts'
import { PodClaims } from './volumes.ts'

const SOURCE = { component: 'default-scheduler' }
const NAME = 'default-scheduler'
/** With more nodes than this the search stops when it has found enough, as the real scheduler's does. */
const MIN_FEASIBLE = 100
/** The reconcile key that stands for every pod found unschedulable so far. */
const RETRY_ALL = '*'

/** Assigns pods to nodes. Models pkg/scheduler with the default profile; without preemption. */
export function startScheduler(plane: ControlPlane): { stop(): void } {
  const { api, world } = plane
  const cache = new SchedulerCache(world.store, api.prefix('nodes'), api.prefix('pods'))
  const unschedulable = new Set<string>()
  /** Where the next search begins, so that all nodes get their turn. */
  let offset = 0

  const isWaiting = (pod: Pod) =>
    !pod.spec.nodeName &&
    !pod.metadata.deletionTimestamp &&
    !isFinished(pod) &&
    (pod.spec.schedulerName ?? NAME) === NAME

  function reconcile(key: string): void {
    if (key === RETRY_ALL) {
      for (const name of unschedulable) runner.enqueue(name)
      return
    }
    unschedulable.delete(key)
    const pod = api.get<Pod>('pods', ...splitName(key))
    if (!pod || !isWaiting(pod)) return
    if (pod.spec.schedulingGates?.length) {
      const message = 'Scheduling is blocked due to non-empty scheduling gates'
      return setUnscheduled(pod, 'SchedulingGated', message)
    }
    const claims = new PodClaims(pod, api)
    if (claims.refusal) return refuseEverywhere(pod, claims.refusal)
    const { node, refusals } = choose(pod, claims)
    if (!node) return refuse(pod, refusals)
    // The pod is bound when its volumes are: their claims bring the next attempt.
    if (claims.waits) return claims.reserve(api.get<Node>('nodes', '', node)!)
    api.bind(pod.metadata.namespace!, pod.metadata.name, node)
    api.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${nameOf(pod)} to ${node}`, SOURCE)
  }

  function choose(pod: Pod, claims: PodClaims): { node?: string; refusals: Refusal[] } {
    const asked = candidate(pod, new PodRelations(pod, api, cache), claims)
    const states = [...cache.nodes.values()]
    const enough = feasibleEnough(states.length)
    const feasible: NodeState[] = []
    const refusals: Refusal[] = []
    let looked = 0
    for (; looked < states.length && feasible.length < enough; looked++) {
      const state = states[(offset + looked) % states.length]!
      const refusal = refusalOf(asked, state)
      if (refusal) refusals.push(refusal)
      else feasible.push(state)
    }
    if (states.length > 0) offset = (offset + looked) % states.length
    if (feasible.length === 0) return { refusals }
    const selected = feasible.find(({ node }) => node.metadata.name === claims.selectedNode)
    if (selected) return { node: selected.node.metadata.name, refusals }
    const scores = feasible.length === 1 ? [0] : scoresOf(asked, feasible)
    const best = Math.max(...scores)
    const top = feasible.filter((_, index) => scores[index] === best)
    return { node: top[world.ids.number(top.length)]!.node.metadata.name, refusals }
  }

  function refuse(pod: Pod, refusals: Refusal[], everywhere?: string): void {
    unschedulable.add(nameOf(pod))
    const message =
      cache.nodes.size === 0 ? 'no nodes available to schedule pods' : failureText(pod, refusals, everywhere)
    setUnscheduled(pod, 'Unschedulable', message)
    api.event(pod, 'Warning', 'FailedScheduling', message, SOURCE)
  }

  /** No node is any good for it, for a reason that lies elsewhere. */
  function refuseEverywhere(pod: Pod, reason: string): void {
    refuse(
      pod,
      [...cache.nodes.keys()].map(() => ({ reasons: [reason], final: true })),
      reason,
    )
  }

  function setUnscheduled(pod: Pod, reason: string, message: string): void {
    const old = podCondition(pod, 'PodScheduled')
    if (old?.reason === reason && old.message === message) return
    const condition = { type: 'PodScheduled', status: 'False', reason, message }
    const conditions = withCondition(pod.status?.conditions, condition, plane.timestamp())
    api.updateStatus('pods', { ...pod, status: { ...pod.status, conditions } })
  }

  /** The pods without a node that mount a claim. */
  const waitingFor = ({ metadata }: KubernetesObject): string[] =>
    plane.podsByNamespace
      .get(metadata.namespace!)
      .filter((pod) => isWaiting(pod) && claimNames(pod).includes(metadata.name))
      .map(nameOf)

  const runner = world.controllers.start({
    name: NAME,
    sources: [
      {
        prefix: api.prefix('pods'),
        keys({ type, entry, previous }: { type: string; entry: { value: Pod }; previous?: { value: Pod } }) {
          const pod = entry.value
          const freed =
            pod.spec.nodeName &&
            (type === 'delete' || (isFinished(pod) && previous && !isFinished(previous.value)))
          if (freed) return [RETRY_ALL]
          // A pod's own new status is no reason to try again.
          if (type === 'put' && isWaiting(pod) && previous?.value.spec !== pod.spec) return [nameOf(pod)]
          return []
        },
      },
      { prefix: api.prefix('nodes'), keys: () => [RETRY_ALL] },
      { prefix: api.prefix(CLAIMS), keys: ({ entry }) => waitingFor(entry.value) },
      { prefix: api.prefix(VOLUMES), keys: () => [RETRY_ALL] },
    ],
    reconcile,
  })
  return {
    stop: () => {
      runner.stop()
      cache.close()
    },
  }
}

/** How many possible nodes are enough to choose among (numFeasibleNodesToFind). */
function feasibleEnough(nodes: number): number {
  if (nodes <= MIN_FEASIBLE) return nodes
  const percent = Math.max(5, 50 - nodes / 125)
  return Math.max(MIN_FEASIBLE, Math.floor((nodes * percent) / 100))
}

/** `2 Insufficient cpu, 1 node(s) were unschedulable`, ordered as text. */
function histogram(reasons: string[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ')
}

/** The text of a FailedScheduling event, as of 1.34 (with the answer of dynamic resource allocation). */
function failureText(pod: Pod, refusals: Refusal[], everywhere?: string): string {
  const available = `0/${refusals.length} nodes are available`
  const filters = everywhere ?? histogram(refusals.flatMap(({ reasons }) => reasons))
  const preemption =
    pod.spec.preemptionPolicy === 'Never'
      ? 'not eligible due to preemptionPolicy=Never.'
      : `${available}: ${histogram(
          refusals.map(({ final }) =>
            final
              ? 'Preemption is not helpful for scheduling'
              : 'No preemption victims found for incoming pod',
          ),
        )}.`
  return `${available}: ${filters}. no new claims to deallocate, preemption: ${preemption}`
}
