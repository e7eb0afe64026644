import type { Result } from '#world/controller.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { KubernetesObject, Occurrence } from '../api.ts'
import type { ControlPlane } from '../controllers/control-plane.ts'
import { equal } from '../equality.ts'
import type { Node, Pod } from '../objects.ts'
import { isFinished, nameOf, podCondition, splitName, withPodCondition } from '../pods.ts'
import { CLAIMS, VOLUMES } from '../volumes/claims.ts'
import { type NodeState, SchedulerCache, sameForScheduling } from './cache.ts'
import { type Candidate, candidate, type Refusal, refusalOf } from './filters.ts'
import { findVictims, nodeWith, type Preemption, priorityOf } from './preemption.ts'
import { SchedulingQueue } from './queue.ts'
import { PodRelations } from './relations.ts'
import { scoresOf } from './scores.ts'
import { PodClaims } from './volumes.ts'

const NAME = 'default-scheduler'
/** With more nodes than this the search stops when it has found enough, as the real scheduler's does. */
const MIN_FEASIBLE = 100
/** The reconcile key that stands for every pod found unschedulable so far. */
const RETRY_ALL = '*'
/** A pod that was refused is not looked at again before this time (ms), doubled with every attempt (podInitialBackoffSeconds, podMaxBackoffSeconds). */
const INITIAL_BACKOFF_MS = 1000
const MAX_BACKOFF_MS = 10_000
/** A refused pod is looked at again after this time (ms), even when nothing has happened (podMaxInUnschedulablePodsDuration). */
const LONGEST_WAIT_MS = 300_000

/** A pod that no node took. */
interface Unschedulable {
  attempts: number
  /** Its last attempt, ms. */
  refusedAt: number
  /** When it may be looked at again, ms. */
  readyAt: number
  /** How many changes that may help it had been seen at its last attempt. */
  seen: number
}

interface Refused {
  state: NodeState
  refusal: Refusal
}

/** Assigns pods to nodes. Models pkg/scheduler with the default profile. */
export function startScheduler(plane: ControlPlane): { stop(): void } {
  const { api, world } = plane
  const cache = new SchedulerCache(world.store, api.prefix('nodes'), api.prefix('pods'))
  const unschedulable = new Map<string, Unschedulable>()
  /** Counts the changes that may make room for a pod. */
  let changes = 0
  const queue = new SchedulingQueue()
  /** Pods that room is being made for, by node. */
  const nominated = new StoreIndex<Pod>(world.store, api.prefix('pods'), ({ spec, status }) =>
    status?.nominatedNodeName && !spec.nodeName ? [status.nominatedNodeName] : [],
  )
  /** Whether RETRY_ALL comes back by itself. */
  let isWatching = false
  /** Where the next search begins, so that all nodes get their turn. */
  let offset = 0

  const isWaiting = (pod: Pod) =>
    !pod.spec.nodeName &&
    !pod.metadata.deletionTimestamp &&
    !isFinished(pod) &&
    (pod.spec.schedulerName ?? NAME) === NAME

  /** Puts pods in line; their names are the keys, of which each brings one attempt for whoever is first then. */
  function activate(names: string[]): string[] {
    for (const name of names) {
      const pod = api.get<Pod>('pods', ...splitName(name))
      if (pod) queue.add(name, priorityOf(pod))
    }
    return names
  }

  function reconcile(key: string): Result | void {
    if (key === RETRY_ALL) return retryAll()
    const name = queue.next()
    if (name === undefined) return
    const pod = api.get<Pod>('pods', ...splitName(name))
    if (!pod || !isWaiting(pod)) return void unschedulable.delete(name)
    try {
      if (schedule(pod)) unschedulable.delete(name)
    } catch (error) {
      queue.add(name, priorityOf(pod))
      throw error
    }
  }

  /** Brings back the refused pods that have seen less than has happened since, each when its back-off is over. */
  function retryAll(): Result | undefined {
    const now = plane.now()
    let next = Number.POSITIVE_INFINITY
    for (const [name, { seen, readyAt, refusedAt }] of unschedulable) {
      const due = seen === changes ? refusedAt + LONGEST_WAIT_MS : readyAt
      if (due > now) next = Math.min(next, due)
      else for (const active of activate([name])) runner.enqueue(active)
    }
    isWatching = next !== Number.POSITIVE_INFINITY
    return isWatching ? { requeueAfterMs: next - now } : undefined
  }

  /** Notes a change that may help any pod. */
  const stir = (): string[] => {
    changes++
    return unschedulable.size > 0 ? [RETRY_ALL] : []
  }

  const tell = (occurrence: Omit<Occurrence, 'reportingController'>) =>
    api.occurrence({ ...occurrence, reportingController: NAME })

  /** Gives the pod a node, or says why there is none; whether it has one. */
  function schedule(pod: Pod): boolean {
    if (pod.spec.schedulingGates?.length) {
      const message = 'Scheduling is blocked due to non-empty scheduling gates'
      setUnscheduled(pod, 'SchedulingGated', message)
      return true
    }
    const claims = new PodClaims(pod, api)
    if (claims.refusal) {
      refuseEverywhere(pod, claims.refusal)
      return false
    }
    const asked = candidate(pod, new PodRelations(pod, api, cache), claims)
    const { node, refused } = choose(asked)
    if (!node) {
      preempt(asked, refused)
      return false
    }
    // The pod is bound when its volumes are: their claims bring the next attempt.
    if (claims.waits) {
      claims.reserve(api.get<Node>('nodes', '', node)!)
      return true
    }
    if (pod.status?.nominatedNodeName) nominate(pod, undefined)
    api.bind(pod.metadata.namespace!, pod.metadata.name, node)
    tell({
      regarding: pod,
      type: 'Normal',
      reason: 'Scheduled',
      action: 'Binding',
      note: `Successfully assigned ${nameOf(pod)} to ${node}`,
    })
    return true
  }

  function choose(asked: Candidate): { node?: string; refused: Refused[] } {
    const only = onlyNodeOf(asked.pod)
    const named = only === undefined ? undefined : cache.nodes.get(only)
    if (named && !refusalOf(asked, withNominated(asked.pod, named))) return { node: only!, refused: [] }
    const states = cache.list
    const enough = feasibleEnough(states.length)
    const feasible: NodeState[] = []
    const refused: Refused[] = []
    let looked = 0
    for (; looked < states.length && feasible.length < enough; looked++) {
      const state = states[(offset + looked) % states.length]!
      const refusal = refusalOf(asked, withNominated(asked.pod, state))
      if (refusal) refused.push({ state, refusal })
      else feasible.push(state)
    }
    if (states.length > 0) offset = (offset + looked) % states.length
    if (feasible.length === 0) return { refused }
    const wanted = asked.pod.status?.nominatedNodeName ?? asked.claims.selectedNode
    const selected = feasible.find(({ node }) => node.metadata.name === wanted)
    if (selected) return { node: selected.node.metadata.name, refused }
    const scores = feasible.length === 1 ? [0] : scoresOf(asked, feasible)
    const best = Math.max(...scores)
    const top = feasible.filter((_, index) => scores[index] === best)
    return { node: top[world.ids.number(top.length)]!.node.metadata.name, refused }
  }

  /** A node with the pods that preemption has made room for there, where they come before this one. */
  function withNominated(pod: Pod, state: NodeState): NodeState {
    if (nominated.isEmpty || !nominated.has(state.node.metadata.name)) return state
    const rivals = nominated
      .get(state.node.metadata.name)
      .filter((other) => other.metadata.uid !== pod.metadata.uid && priorityOf(other) >= priorityOf(pod))
    if (rivals.length === 0) return state
    return nodeWith(state, new Set(), new Map(rivals.map((other) => [`nominated/${nameOf(other)}`, other])))
  }

  /** No node takes the pod as they are: makes room for it at the cost of less important ones, or says why not. */
  function preempt(asked: Candidate, refused: Refused[]): void {
    const { pod } = asked
    const refusals = refused.map(({ refusal }) => refusal)
    if (pod.spec.preemptionPolicy === 'Never') {
      return refuse(pod, refusals, 'not eligible due to preemptionPolicy=Never.')
    }
    const last = pod.status?.nominatedNodeName
    const ending = [...(cache.nodes.get(last ?? '')?.pods.values() ?? [])].some(
      (placed) => placed.pod.metadata.deletionTimestamp && priorityOf(placed.pod) < priorityOf(pod),
    )
    if (ending) {
      return refuse(pod, refusals, 'not eligible due to a terminating pod on the nominated node.')
    }
    const { plan, reasons }: Preemption = findVictims(api, asked, refused)
    if (!plan) return refuse(pod, refusals, unhelpful(reasons))
    const node = plan.state.node.metadata.name
    refuse(pod, refusals)
    nominate(pod, node)
    for (const victim of plan.victims) evict(victim, pod, node)
  }

  function evict(victim: Pod, by: Pod, node: string): void {
    const { namespace, name, uid } = victim.metadata
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${NAME}: preempting to accommodate a higher priority pod`,
    }
    const found = api.get<Pod>('pods', namespace!, name)
    if (!found || found.metadata.uid !== uid) return
    const conditions = withPodCondition(found, condition, plane.timestamp())
    api.updateStatus('pods', { ...found, status: { ...found.status, conditions } })
    api.delete('pods', namespace!, name, { preconditions: { uid: uid! } })
    tell({
      regarding: victim,
      related: by,
      type: 'Normal',
      reason: 'Preempted',
      action: 'Preempting',
      note: `Preempted by pod ${by.metadata.uid} on node ${node}`,
    })
  }

  /** Notes the node that is being cleared for a pod, or that there is none any more. */
  function nominate({ metadata }: Pod, node: string | undefined): void {
    const found = api.get<Pod>('pods', metadata.namespace!, metadata.name)
    if (!found || found.status?.nominatedNodeName === node) return
    const { nominatedNodeName: _, ...status } = found.status
    api.updateStatus('pods', { ...found, status: { ...status, ...(node && { nominatedNodeName: node }) } })
  }

  /** `preemption` is what became of it, when it did not help. */
  function refuse(pod: Pod, refusals: Refusal[], preemption?: string, everywhere?: string): void {
    const attempts = unschedulable.get(nameOf(pod))?.attempts ?? 0
    const backoff = Math.min(INITIAL_BACKOFF_MS * 2 ** attempts, MAX_BACKOFF_MS)
    const now = plane.now()
    unschedulable.set(nameOf(pod), {
      attempts: attempts + 1,
      refusedAt: now,
      readyAt: now + backoff,
      seen: changes,
    })
    if (!isWatching) {
      isWatching = true
      runner.enqueue(RETRY_ALL)
    }
    const message =
      cache.nodes.size === 0
        ? 'no nodes available to schedule pods'
        : failureText(refusals, preemption, everywhere)
    setUnscheduled(pod, 'Unschedulable', message)
    tell({
      regarding: pod,
      type: 'Warning',
      reason: 'FailedScheduling',
      action: 'Scheduling',
      note: message,
    })
  }

  /** No node is any good for it, for a reason that lies elsewhere. */
  function refuseEverywhere(pod: Pod, reason: string): void {
    const refusals = [...cache.nodes.keys()].map(() => ({ reasons: [reason], final: true }))
    refuse(pod, refusals, unhelpful(refusals.map(() => 'Preemption is not helpful for scheduling')), reason)
  }

  function setUnscheduled(pod: Pod, reason: string, message: string): void {
    const old = podCondition(pod, 'PodScheduled')
    if (old?.reason === reason && old.message === message) return
    const condition = { type: 'PodScheduled', status: 'False', reason, message }
    const conditions = withPodCondition(pod, condition, plane.timestamp())
    api.updateStatus('pods', { ...pod, status: { ...pod.status, conditions } })
  }

  /** The pods without a node that mount a claim. */
  const waitingFor = (claim: KubernetesObject): string[] =>
    plane.podsByClaim.get(nameOf(claim)).filter(isWaiting).map(nameOf)

  const runner = world.controllers.start({
    name: NAME,
    sources: [
      {
        prefix: api.prefix('pods'),
        keys({ type, entry, previous }: { type: string; entry: { value: Pod }; previous?: { value: Pod } }) {
          const pod = entry.value
          if (type === 'delete') unschedulable.delete(nameOf(pod))
          const freed =
            pod.spec.nodeName &&
            (type === 'delete' || (previous?.value.spec.nodeName && !sameForScheduling(pod, previous.value)))
          if (freed) return stir()
          // A pod's own new status is no reason to try again.
          if (type === 'put' && isWaiting(pod) && previous?.value.spec !== pod.spec)
            return activate([nameOf(pod)])
          return []
        },
      },
      {
        prefix: api.prefix('nodes'),
        keys: ({ entry, previous }: { entry: { value: Node }; previous?: { value: Node } }) =>
          previous && sameRoom(entry.value, previous.value) ? [] : stir(),
      },
      { prefix: api.prefix(CLAIMS), keys: ({ entry }) => activate(waitingFor(entry.value)) },
      { prefix: api.prefix(VOLUMES), keys: stir },
    ],
    reconcile,
  })
  return {
    stop: () => {
      runner.stop()
      cache.close()
      nominated.close()
    },
  }
}

/** Whether a node's change (a sign of life, mostly) makes it no more fit for any pod. */
const sameRoom = (next: Node, previous: Node): boolean =>
  equal(next.spec, previous.spec) &&
  equal(next.metadata.labels, previous.metadata.labels) &&
  equal(next.status?.allocatable, previous.status?.allocatable)

/** The one node that a pod may be on: pods of DaemonSets name theirs. */
function onlyNodeOf({ spec }: Pod): string | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const fields = terms?.length === 1 ? terms[0]!.matchFields : undefined
  const named = fields?.find(({ key, operator }) => key === 'metadata.name' && operator === 'In')
  return named?.values?.length === 1 ? named.values[0] : undefined
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

const unavailable = (nodes: number): string => `0/${nodes} nodes are available`

/** Why preemption does not help: a reason for each node. */
const unhelpful = (reasons: string[]): string => `${unavailable(reasons.length)}: ${histogram(reasons)}.`

/** The text of a FailedScheduling event, as of 1.34 (with the answer of dynamic resource allocation). */
function failureText(refusals: Refusal[], preemption?: string, everywhere?: string): string {
  const filters = everywhere ?? histogram(refusals.flatMap(({ reasons }) => reasons))
  const text = `${unavailable(refusals.length)}: ${filters}.`
  return preemption === undefined ? text : `${text} no new claims to deallocate, preemption: ${preemption}`
}
