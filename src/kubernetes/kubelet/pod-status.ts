import type { ContainerStateStatus, ContainerStatus, Pod, PodCondition, PodStatus } from '../objects.ts'
import { timestamp } from '../time.ts'

/** What is needed of a container to write the pod's status. */
export interface ContainerView {
  status: ContainerStatus
  state: ContainerStateStatus
  ready: boolean
  /** An init container that has done its part, or a sidecar that has started. */
  initialized: boolean
  sidecar: boolean
  /** Ended, and its restart policy lets it be. */
  finished: boolean
}

export interface PodView {
  init: ContainerView[]
  main: ContainerView[]
  ephemeral: ContainerView[]
  /** `PodResizePending` and `PodResizeInProgress`, where they are true. */
  resize: Pick<PodCondition, 'type' | 'reason' | 'message'>[]
  sandboxReady: boolean
  podAddress: string | undefined
  hostAddress: string | undefined
  /** It is being deleted and nothing of it runs any more: its phase is final, whoever still holds its object. */
  over?: boolean
  /** Set when the kubelet ends the pod itself: Evicted, DeadlineExceeded. */
  verdict?: { reason: string; message: string }
}

/** Pod phase from its containers. Models kubelet getPhase. */
function phaseOf({ init, main, verdict, over }: PodView): string {
  if (verdict) return 'Failed'
  if (over) return main.every(({ state }) => state.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed'
  const failedInit = init.some(({ sidecar, finished, initialized }) => !sidecar && finished && !initialized)
  if (failedInit) return 'Failed'
  const started = init.every(({ initialized }) => initialized)
  if (!started) return 'Pending'
  if (main.every(({ finished }) => finished)) {
    const clean = main.every(({ state }) => state.terminated?.exitCode === 0)
    return clean ? 'Succeeded' : 'Failed'
  }
  const unborn = main.some(({ state, status }) => state.waiting && !status.lastState?.terminated)
  return unborn ? 'Pending' : 'Running'
}

/** Conditions that are there only while they are true. */
const RESIZE_CONDITIONS = 'PodResize'

const names = (views: ContainerView[]): string => views.map(({ status }) => status.name).join(' ')

function conditionsOf(view: PodView, phase: string, pod: Pod, now: string): PodCondition[] {
  const succeeded = phase === 'Succeeded'
  const uninitialized = view.init.filter(({ initialized }) => !initialized)
  const sidecars = view.init.filter(({ sidecar }) => sidecar)
  const unready = [...sidecars, ...view.main].filter(({ ready }) => !ready)
  const notReady = {
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names(unready)}]`,
  }
  const ended = phase === 'Failed' ? { reason: 'PodFailed' } : { reason: 'PodCompleted' }
  const finished = phase === 'Succeeded' || phase === 'Failed'
  const readiness = finished ? ended : unready.length > 0 ? notReady : undefined
  const gates = (pod.spec.readinessGates ?? []).filter(
    ({ conditionType }) =>
      pod.status?.conditions?.find(({ type }) => type === conditionType)?.status !== 'True',
  )
  const gated = gates.length > 0 && {
    reason: 'ReadinessGatesNotReady',
    message: gates
      .map(
        ({ conditionType }) =>
          `corresponding condition of pod readiness gate "${conditionType}" does not exist.`,
      )
      .join(', '),
  }
  const initialized = succeeded || uninitialized.length === 0
  const wanted: Omit<PodCondition, 'lastTransitionTime'>[] = [
    { type: 'PodReadyToStartContainers', status: view.sandboxReady && !finished ? 'True' : 'False' },
    {
      type: 'Initialized',
      status: initialized ? 'True' : 'False',
      ...(succeeded && { reason: 'PodCompleted' }),
      ...(!initialized && {
        reason: 'ContainersNotInitialized',
        message: `containers with incomplete status: [${names(uninitialized)}]`,
      }),
    },
    { type: 'Ready', status: readiness || gated ? 'False' : 'True', ...(readiness ?? (gated || undefined)) },
    { type: 'ContainersReady', status: readiness ? 'False' : 'True', ...readiness },
    { type: 'PodScheduled', status: 'True' },
    ...view.resize.map((condition) => ({ ...condition, status: 'True' })),
  ]
  const old = pod.status?.conditions ?? []
  const own = wanted.map((condition) => {
    const before = old.find(({ type }) => type === condition.type)
    const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : now
    return {
      ...condition,
      lastProbeTime: null as unknown as string,
      lastTransitionTime,
      ...(pod.metadata.generation && { observedGeneration: pod.metadata.generation }),
    }
  })
  const others = old.filter(
    ({ type }) => !type.startsWith(RESIZE_CONDITIONS) && !own.some((condition) => condition.type === type),
  )
  return [...own, ...others]
}

/** The status of a pod on its node. Terminal phases stay: a finished pod never runs again. */
export function podStatusOf(view: PodView, pod: Pod, nowMs: number): PodStatus {
  const now = timestamp(nowMs)
  const phase = phaseOf(view)
  const address = view.podAddress
  const status: PodStatus = {
    ...pod.status,
    phase,
    ...(pod.metadata.generation && { observedGeneration: pod.metadata.generation }),
    conditions: conditionsOf(view, phase, pod, now),
    ...(view.hostAddress && { hostIP: view.hostAddress, hostIPs: [{ ip: view.hostAddress }] }),
    ...(address && { podIP: address, podIPs: [{ ip: address }] }),
    startTime: pod.status?.startTime ?? now,
    ...(view.verdict && { reason: view.verdict.reason, message: view.verdict.message }),
    ...(view.init.length > 0 && { initContainerStatuses: view.init.map(({ status }) => status) }),
    containerStatuses: view.main.map(({ status }) => status),
    ...(view.ephemeral.length > 0 && {
      ephemeralContainerStatuses: view.ephemeral.map(({ status }) => status),
    }),
  }
  return status
}
