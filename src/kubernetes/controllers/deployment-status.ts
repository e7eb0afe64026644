import type { Result } from '#world/controller.ts'
import { equal } from '../equality.ts'
import type { Deployment, DeploymentCondition, ReplicaSet } from '../objects.ts'
import { parseTime } from '../time.ts'
import type { ControlPlane } from './control-plane.ts'
import { sum, unavailableOf } from './deployment-sets.ts'

/** News about the rollout for the `Progressing` condition. */
export interface ProgressChange {
  reason: string
  message: string
}

/** kube-controller-manager's name for "no deadline". */
const NO_DEADLINE = 2 ** 31 - 1

const conditionOf = (deployment: Deployment, type: string) =>
  deployment.status?.conditions?.find((condition) => condition.type === type)

/**
 * Puts a condition in; the same status and reason again change nothing, unless `refresh`.
 * `lastUpdateTime` tells when the reason changed, `lastTransitionTime` when the status did.
 */
function setCondition(
  conditions: DeploymentCondition[],
  next: Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>,
  now: string,
  refresh = false,
): DeploymentCondition[] {
  const old = conditions.find(({ type }) => type === next.type)
  if (old && old.status === next.status && old.reason === next.reason && !refresh) return conditions
  const lastTransitionTime = old?.status === next.status ? old.lastTransitionTime : now
  const others = conditions.filter((condition) => condition !== old)
  return [...others, { ...next, lastTransitionTime, lastUpdateTime: now }]
}

const hasDeadline = ({ spec }: Deployment): boolean =>
  spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== NO_DEADLINE

/** Records that a Deployment was paused or resumed; gives it as it is then. */
export function pausedCondition(plane: ControlPlane, deployment: Deployment): Deployment {
  if (!hasDeadline(deployment)) return deployment
  const progressing = conditionOf(deployment, 'Progressing')
  if (progressing?.reason === 'ProgressDeadlineExceeded') return deployment
  const paused = progressing?.reason === 'DeploymentPaused'
  if (Boolean(deployment.spec.paused) === paused) return deployment
  const change = deployment.spec.paused
    ? { reason: 'DeploymentPaused', message: 'Deployment is paused' }
    : { reason: 'DeploymentResumed', message: 'Deployment is resumed' }
  const conditions = setCondition(
    deployment.status?.conditions ?? [],
    { type: 'Progressing', status: 'Unknown', ...change },
    plane.timestamp(),
  )
  return plane.api.updateStatus('deployments.apps', {
    ...deployment,
    status: { ...deployment.status, conditions },
  })
}

/** Writes what the ReplicaSets show. Models pkg/controller/deployment/progress.go and sync.go. */
export function writeStatus(
  plane: ControlPlane,
  found: Deployment,
  { all, current }: { all: ReplicaSet[]; current: ReplicaSet | undefined },
  change?: ProgressChange,
  paused = false,
): Result | undefined {
  const { api } = plane
  const deployment = api.get<Deployment>('deployments.apps', found.metadata.namespace!, found.metadata.name)
  if (!deployment) return
  const now = plane.timestamp()
  const old = deployment.status ?? {}
  const wanted = deployment.spec.replicas ?? 1
  const available = sum(all, 'availableReplicas')
  const status: Deployment['status'] = {
    observedGeneration: deployment.metadata.generation,
    replicas: sum(all, 'replicas') || undefined,
    updatedReplicas: (current?.status?.replicas ?? 0) || undefined,
    readyReplicas: sum(all, 'readyReplicas') || undefined,
    availableReplicas: available || undefined,
    unavailableReplicas: Math.max(0, sum(all) - available) || undefined,
    collisionCount: old.collisionCount,
  }
  let conditions = setCondition(
    old.conditions ?? [],
    available >= wanted - unavailableOf(deployment)
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    now,
  )
  const progressing = paused ? undefined : progress(plane, deployment, status, current, change)
  if (progressing) conditions = setCondition(conditions, progressing, now, progressing.refresh)
  const failure = all
    .flatMap((set) => set.status?.conditions ?? [])
    .find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
  conditions = failure
    ? setCondition(
        conditions,
        { type: 'ReplicaFailure', status: 'True', reason: failure.reason, message: failure.message },
        now,
      )
    : conditions.filter(({ type }) => type !== 'ReplicaFailure')
  status.conditions = conditions.map(({ lastUpdateTime, ...rest }) => ({ ...rest, lastUpdateTime }))
  if (!equal(status, old)) api.updateStatus('deployments.apps', { ...deployment, status })
  return untilDeadline(plane, deployment, status)
}

type Progressing = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'> & { refresh?: boolean }

function progress(
  plane: ControlPlane,
  deployment: Deployment,
  status: Deployment['status'],
  current: ReplicaSet | undefined,
  change: ProgressChange | undefined,
): Progressing | undefined {
  if (!hasDeadline(deployment)) return
  const condition = conditionOf(deployment, 'Progressing')
  const subject = current
    ? `ReplicaSet "${current.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`
  if (change) return { type: 'Progressing', status: 'True', ...change }
  if (!condition && current) {
    const message = `Found new replica set "${current.metadata.name}"`
    return { type: 'Progressing', status: 'True', reason: 'FoundNewReplicaSet', message }
  }
  const done = (status.replicas ?? 0) === (status.updatedReplicas ?? 0)
  if (done && condition?.reason === 'NewReplicaSetAvailable') return
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`
    return { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message }
  }
  if (isProgressing(deployment.status ?? {}, status)) {
    const message = `${subject} is progressing.`
    return { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message, refresh: true }
  }
  if (condition && isTimedOut(plane, deployment, condition)) {
    const message = `${subject} has timed out progressing.`
    return { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message }
  }
}

function isComplete({ spec }: Deployment, status: Deployment['status']): boolean {
  const wanted = spec.replicas ?? 1
  return [status.updatedReplicas, status.replicas, status.availableReplicas].every((n) => (n ?? 0) === wanted)
}

function isProgressing(old: Deployment['status'], next: Deployment['status']): boolean {
  const leftOld = (status: Deployment['status']) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  return (
    (next.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    leftOld(next) < leftOld(old) ||
    (next.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  )
}

const deadlineOf = (deployment: Deployment, condition: DeploymentCondition): number =>
  parseTime(condition.lastUpdateTime) + deployment.spec.progressDeadlineSeconds! * 1000

function isTimedOut(plane: ControlPlane, deployment: Deployment, condition: DeploymentCondition): boolean {
  if (condition.reason === 'NewReplicaSetAvailable') return false
  if (condition.reason === 'ProgressDeadlineExceeded') return true
  return plane.now() > deadlineOf(deployment, condition)
}

/** Asks for another look when the progress deadline will have passed. */
function untilDeadline(
  plane: ControlPlane,
  deployment: Deployment,
  status: Deployment['status'],
): Result | undefined {
  const condition = status.conditions?.find(({ type }) => type === 'Progressing')
  if (!hasDeadline(deployment) || !condition || deployment.spec.paused) return
  if (condition.reason === 'NewReplicaSetAvailable' || condition.reason === 'ProgressDeadlineExceeded') return
  return { requeueAfterMs: Math.max(1000, deadlineOf(deployment, condition) - plane.now() + 1000) }
}
