import type { Controller } from '#world/controller.ts'
import type { Deployment, ReplicaSet } from '../objects.ts'
import { isFinished, splitName } from '../pods.ts'
import { type ControlPlane, ownerKey, ownKey, podsOf } from './control-plane.ts'
import {
  desiredOf,
  findNewSet,
  maximumOf,
  newSet,
  nextRevision,
  ownSets,
  REVISION,
  refreshSet,
  revisionOf,
  sizeAnnotations,
  sum,
  surgeOf,
  unavailableOf,
} from './deployment-sets.ts'
import { type ProgressChange, pausedCondition, writeStatus } from './deployment-status.ts'
import { unlessGone } from './replicas.ts'

const SOURCE = { component: 'deployment-controller' }

/** A Deployment's ReplicaSets at one moment. */
interface Sets {
  all: ReplicaSet[]
  old: ReplicaSet[]
  current: ReplicaSet | undefined
}

/** Rolls a Deployment's pods over from ReplicaSet to ReplicaSet. Models pkg/controller/deployment. */
export function deploymentController(plane: ControlPlane): Controller {
  const { api } = plane

  function reconcile(key: string) {
    const found = api.get<Deployment>('deployments.apps', ...splitName(key))
    if (!found) return
    if (found.metadata.deletionTimestamp) return writeStatus(plane, found, setsOf(found))
    const deployment = pausedCondition(plane, found)
    const sets = setsOf(deployment)
    if (deployment.spec.paused || isScaling(deployment, sets)) {
      syncRevision(deployment, sets)
      resize(deployment, sets)
      if (deployment.spec.paused) prune(deployment, sets)
      return writeStatus(plane, deployment, setsOf(deployment), undefined, deployment.spec.paused)
    }
    return deployment.spec.strategy?.type === 'Recreate' ? recreate(deployment) : roll(deployment)
  }

  function setsOf(deployment: Deployment): Sets {
    const all = ownSets(plane, deployment)
    const current = findNewSet(deployment, all)
    return { all, current, old: all.filter((set) => set !== current) }
  }

  /** Whether the wanted size has changed since the ReplicaSets were last sized. */
  const isScaling = (deployment: Deployment, { all }: Sets) =>
    all.some((set) => {
      const desired = desiredOf(set)
      return (
        (set.spec.replicas ?? 1) > 0 && desired !== undefined && desired !== (deployment.spec.replicas ?? 1)
      )
    })

  function roll(deployment: Deployment) {
    const { sets, progress } = withCurrent(deployment)
    if (!growCurrent(deployment, sets) && !shrinkOld(deployment, sets)) prune(deployment, sets)
    return writeStatus(plane, deployment, setsOf(deployment), progress)
  }

  function recreate(deployment: Deployment) {
    const before = setsOf(deployment)
    const shrunk = before.old.filter((set) => scaleSet(deployment, set, 0)).length > 0
    const oldPodsLeft = before.old.some((set) =>
      podsOf(plane, set.metadata.uid!).some((pod) => !isFinished(pod)),
    )
    if (shrunk || oldPodsLeft) return writeStatus(plane, deployment, setsOf(deployment))
    const { sets, progress } = withCurrent(deployment)
    if (!growCurrent(deployment, sets)) prune(deployment, sets)
    return writeStatus(plane, deployment, setsOf(deployment), progress)
  }

  /** The ReplicaSets with the one of the present template, made if it is missing. */
  function withCurrent(deployment: Deployment): { sets: Sets; progress?: ProgressChange } {
    const sets = setsOf(deployment)
    if (sets.current) return { sets: syncRevision(deployment, sets) }
    const revision = nextRevision(sets.old)
    const wanted = newSet(deployment, revision, 0)
    wanted.spec.replicas = sizeOfCurrent(deployment, [...sets.all, wanted], wanted)
    const current = createSet(deployment, wanted)
    if (!current) return { sets }
    setRevision(deployment, revision)
    if ((current.spec.replicas ?? 0) > 0) recordScale(deployment, current, 0, current.spec.replicas!)
    const message = `Created new replica set "${current.metadata.name}"`
    return {
      sets: { ...sets, all: [...sets.all, current], current },
      progress: { reason: 'NewReplicaSetCreated', message },
    }
  }

  function createSet(deployment: Deployment, wanted: ReplicaSet): ReplicaSet | undefined {
    const taken = api.get('replicasets.apps', wanted.metadata.namespace!, wanted.metadata.name)
    if (!taken) return api.create('replicasets.apps', wanted)
    // A hash collision: the next look at the Deployment picks another hash.
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
    api.updateStatus('deployments.apps', { ...deployment, status: { ...deployment.status, collisionCount } })
  }

  /** Gives the present ReplicaSet the newest revision; gives the sets as they are then. */
  function syncRevision(deployment: Deployment, sets: Sets): Sets {
    if (!sets.current) return sets
    const revision = nextRevision(sets.old)
    const current = refreshSet(plane, deployment, sets.current, revision)
    setRevision(deployment, revisionOf(current))
    return { ...sets, current, all: [...sets.old, current] }
  }

  function setRevision(deployment: Deployment, revision: bigint): void {
    const latest = api.get<Deployment>(
      'deployments.apps',
      deployment.metadata.namespace!,
      deployment.metadata.name,
    )
    if (!latest || revisionOf(latest) === revision) return
    const annotations = { ...latest.metadata.annotations, [REVISION]: String(revision) }
    // With the status, as upstream.
    api.updateStatus('deployments.apps', { ...latest, metadata: { ...latest.metadata, annotations } })
  }

  /** How many pods the present ReplicaSet may have at this point of the rollout. */
  function sizeOfCurrent(deployment: Deployment, all: ReplicaSet[], current: ReplicaSet): number {
    const replicas = deployment.spec.replicas ?? 1
    if (deployment.spec.strategy?.type === 'Recreate') return replicas
    const room = replicas + surgeOf(deployment) - sum(all)
    const now = current.spec.replicas ?? 1
    return room <= 0 ? now : now + Math.min(room, replicas - now)
  }

  function growCurrent(deployment: Deployment, { all, current }: Sets): boolean {
    if (!current) return false
    const replicas = deployment.spec.replicas ?? 1
    const size = (current.spec.replicas ?? 1) > replicas ? replicas : sizeOfCurrent(deployment, all, current)
    return scaleSet(deployment, current, size)
  }

  function shrinkOld(deployment: Deployment, { all, old, current }: Sets): boolean {
    if (sum(old) === 0 || !current) return false
    const least = (deployment.spec.replicas ?? 1) - unavailableOf(deployment)
    const newUnavailable = (current.spec.replicas ?? 1) - (current.status?.availableReplicas ?? 0)
    let room = sum(all) - least - newUnavailable
    if (room <= 0) return false
    let changed = false
    const sizes = new Map(old.map((set) => [set, set.spec.replicas ?? 1]))
    const shrink = (set: ReplicaSet, by: number) => {
      if (by > 0) sizes.set(set, sizes.get(set)! - by)
    }
    for (const set of old) {
      const unhealthy = Math.max(0, sizes.get(set)! - (set.status?.availableReplicas ?? 0))
      const by = Math.min(room, unhealthy)
      shrink(set, by)
      room -= by
    }
    let spare = sum(all, 'availableReplicas') - least
    for (const set of old) {
      const by = Math.max(0, Math.min(spare, sizes.get(set)!))
      shrink(set, by)
      spare -= by
    }
    for (const [set, size] of sizes) changed = scaleSet(deployment, set, size) || changed
    return changed
  }

  /** Spreads a change of size over the ReplicaSets, so that a rollout under way keeps its proportions. */
  function resize(deployment: Deployment, { all, old, current }: Sets): void {
    const replicas = deployment.spec.replicas ?? 1
    const active = all.filter((set) => (set.spec.replicas ?? 1) > 0)
    const only = active.length > 1 ? undefined : (active[0] ?? current ?? all.at(-1))
    if (only) {
      scaleSet(deployment, only, replicas)
      return
    }
    const saturated =
      current &&
      current.spec.replicas === replicas &&
      desiredOf(current) === replicas &&
      current.status?.availableReplicas === replicas
    if (saturated) {
      for (const set of old) scaleSet(deployment, set, 0)
      return
    }
    if (deployment.spec.strategy?.type === 'Recreate') return
    const allowed = replicas > 0 ? replicas + surgeOf(deployment) : 0
    const toAdd = allowed - sum(active)
    const bySize = active.toSorted((a, b) => (b.spec.replicas ?? 1) - (a.spec.replicas ?? 1))
    let added = 0
    const sizes = bySize.map((set) => {
      const size = set.spec.replicas ?? 1
      const before = maximumOf(set) ?? deployment.status?.replicas ?? size
      const share =
        replicas === 0 ? -size : Math.round((size * (replicas + surgeOf(deployment))) / before) - size
      const part =
        toAdd === 0 || toAdd === added
          ? 0
          : toAdd > 0
            ? Math.min(share, toAdd - added)
            : Math.max(share, toAdd - added)
      added += part
      return size + part
    })
    bySize.forEach((set, index) => {
      scaleSet(deployment, set, Math.max(0, sizes[index]! + (index === 0 ? toAdd - added : 0)))
    })
  }

  /** Sets the size of a ReplicaSet; whether it changed. */
  function scaleSet(deployment: Deployment, set: ReplicaSet, replicas: number): boolean {
    const before = set.spec.replicas ?? 1
    const size = sizeAnnotations(deployment)
    const sized = Object.entries(size).every(([key, value]) => set.metadata.annotations?.[key] === value)
    if (before === replicas && (sized || replicas === 0)) return false
    const annotations = { ...set.metadata.annotations, ...size }
    api.update('replicasets.apps', {
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, replicas },
    })
    if (before !== replicas) recordScale(deployment, set, before, replicas)
    return before !== replicas
  }

  function recordScale(deployment: Deployment, set: ReplicaSet, from: number, to: number): void {
    const direction = to > from ? 'up' : 'down'
    const message = `Scaled ${direction} replica set ${set.metadata.name} from ${from} to ${to}`
    api.event(deployment, 'Normal', 'ScalingReplicaSet', message, SOURCE)
  }

  /** Deletes the oldest empty ReplicaSets beyond `revisionHistoryLimit`. */
  function prune(deployment: Deployment, { old }: Sets): void {
    const limit = deployment.spec.revisionHistoryLimit ?? 10
    const empty = old.filter(
      (set) => set.spec.replicas === 0 && !set.status?.replicas && !set.metadata.deletionTimestamp,
    )
    if (old.length <= limit) return
    empty.sort((a, b) => (revisionOf(a) < revisionOf(b) ? -1 : 1))
    for (const set of empty.slice(0, old.length - limit)) {
      unlessGone(() => api.delete('replicasets.apps', set.metadata.namespace!, set.metadata.name))
    }
  }

  /** A Recreate waits for the last old pod, whose end only the pod tells. */
  const recreating = (event: { type: string; entry: { value: unknown } }): string[] => {
    if (event.type !== 'delete') return []
    const pod = event.entry.value as ReplicaSet
    const set = pod.metadata.ownerReferences?.find(
      ({ kind, controller }) => controller && kind === 'ReplicaSet',
    )
    const owner = set && api.get<ReplicaSet>('replicasets.apps', pod.metadata.namespace!, set.name)
    return owner ? ownerKey('Deployment')({ entry: { value: owner } }) : []
  }

  return {
    name: 'deployment-controller',
    sources: [
      { prefix: api.prefix('deployments.apps'), keys: ownKey },
      { prefix: api.prefix('replicasets.apps'), keys: ownerKey('Deployment') },
      { prefix: api.prefix('pods'), keys: recreating },
    ],
    reconcile,
  }
}
