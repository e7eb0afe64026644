import type { Controller, Result } from '#world/controller.ts'
import { isTurnOver } from '#world/turns.ts'
import { StatusError } from '../api.ts'
import { equal } from '../equality.ts'
import type { Job, JobCondition, Pod } from '../objects.ts'
import { controllerOf, isActive, isFinished, isReady, splitName } from '../pods.ts'
import { parseTime } from '../time.ts'
import { type ControlPlane, ownerKey, ownKey, podsOf } from './control-plane.ts'
import { describeIndexes, INDEX, indexOf, parseIndexes } from './job-indexes.ts'
import {
  failsIndex,
  failureAction,
  failuresOf,
  fulfilledRule,
  INDEX_FAILURES,
  indexFailure,
} from './job-policies.ts'
import { adoptPods, BURST, createPod, deletePod } from './pod-control.ts'
import { unlessGone } from './replicas.ts'

const COMPONENT = 'job-controller'
const SOURCE = { component: COMPONENT }
/** Keeps a pod until its end has been counted. */
const TRACKING = 'batch.kubernetes.io/job-tracking'
/** Back-off between failed pods, ms: doubling. */
const BACK_OFF_MS = 10_000
const BACK_OFF_MAX_MS = 600_000

/** Runs pods to completion. Models pkg/controller/job. */
export function jobController(plane: ControlPlane): Controller {
  const { api, podsByNamespace } = plane

  function reconcile(key: string): Result | undefined {
    const found = api.get<Job>('jobs.batch', ...splitName(key))
    if (!found) return releaseOrphans(splitName(key)[0])
    // Its pods go with it, and are counted to the last.
    if (found.metadata.deletionTimestamp) return void countEnded(found)
    const job = begin(countEnded(found))
    const end = endOf(job)
    if (end) return expire(job, end)
    adoptPods(plane, job, job.spec.selector!, TRACKING)
    const pods = podsOf(plane, job.metadata.uid!).filter(isActive)
    const verdict = judge(job, pods)
    if (verdict) return finish(job, pods, verdict)
    const wait = job.spec.suspend ? stopAll(job, pods) : manage(job, pods)
    writeCounts(job)
    const deadline =
      job.spec.activeDeadlineSeconds && !job.spec.suspend
        ? parseTime(job.status.startTime) + job.spec.activeDeadlineSeconds * 1000 - plane.now()
        : undefined
    const next = [wait, deadline].filter((ms) => ms !== undefined)
    return next.length > 0 ? { requeueAfterMs: Math.max(0, Math.min(...next)) } : undefined
  }

  /** Adds pods that ended to the counters, each once: noted first, then let go, then counted. */
  function countEnded(job: Job): Job {
    const noted = job.status.uncountedTerminatedPods ?? {}
    const known = new Set([...(noted.succeeded ?? []), ...(noted.failed ?? [])])
    const ended = podsOf(plane, job.metadata.uid!)
      .filter((pod) => pod.metadata.finalizers?.includes(TRACKING))
      .filter((pod) => isFinished(pod) || (pod.metadata.deletionTimestamp && !pod.spec.nodeName))
    const fresh = ended.filter(({ metadata }) => !known.has(metadata.uid!))
    if (known.size === 0 && fresh.length === 0) return job
    const succeeded = [...(noted.succeeded ?? [])]
    const failed = [...(noted.failed ?? [])]
    const indexes = new Set(parseIndexes(job.status.completedIndexes))
    const failedIndexes = new Set(parseIndexes(job.status.failedIndexes))
    let fatal: string | undefined
    for (const pod of fresh) {
      const index = indexOf(pod)
      if (pod.status.phase === 'Succeeded') {
        succeeded.push(pod.metadata.uid!)
        if (index !== undefined) indexes.add(index)
        continue
      }
      const { action, message } = failureAction(job, pod)
      if (action !== 'Ignore') failed.push(pod.metadata.uid!)
      if (action === 'FailJob') fatal ??= message
      if (failsIndex(job, pod, action)) failedIndexes.add(index!)
    }
    const status = {
      ...job.status,
      uncountedTerminatedPods: { succeeded, failed },
      ...(job.spec.completionMode === 'Indexed' && { completedIndexes: describeIndexes([...indexes]) }),
      ...(job.spec.backoffLimitPerIndex !== undefined && {
        failedIndexes: describeIndexes([...failedIndexes]),
      }),
      ...(fatal !== undefined && {
        conditions: condition(job, 'FailureTarget', 'True', 'PodFailurePolicy', fatal),
      }),
    }
    api.updateStatus('jobs.batch', { ...withoutVersion(job), status })
    for (const pod of ended) release(pod)
    const counted = {
      ...status,
      uncountedTerminatedPods: {},
      succeeded: (job.status.succeeded ?? 0) + succeeded.length || undefined,
      failed: (job.status.failed ?? 0) + failed.length || undefined,
    }
    return api.updateStatus('jobs.batch', { ...withoutVersion(job), status: counted })
  }

  /** Nothing holds a pod any more that is counted. */
  function release(pod: Pod): void {
    const finalizers = pod.metadata.finalizers!.filter((name) => name !== TRACKING)
    unlessGone(() => api.update('pods', { ...pod, metadata: { ...pod.metadata, finalizers } }))
  }

  /** Pods whose job is gone are counted by nobody. Models syncOrphanPod. */
  function releaseOrphans(namespace: string): undefined {
    for (const pod of podsByNamespace.get(namespace)) {
      if (!pod.metadata.finalizers?.includes(TRACKING)) continue
      const owner = controllerOf(pod)
      const job = owner?.kind === 'Job' && api.get<Job>('jobs.batch', namespace, owner.name)
      if (!job || job.metadata.uid !== owner.uid) release(pod)
    }
  }

  /** Notes the start, suspension and resumption. */
  function begin(job: Job): Job {
    const suspended = job.status.conditions?.find(({ type }) => type === 'Suspended')
    if (job.spec.suspend) {
      if (suspended?.status === 'True') return job
      api.event(job, 'Normal', 'Suspended', 'Job suspended', SOURCE)
      const { startTime: _, ...status } = job.status
      return put(job, {
        ...status,
        conditions: condition(job, 'Suspended', 'True', 'JobSuspended', 'Job suspended'),
      })
    }
    if (job.status.startTime) return job
    const status = { ...job.status, startTime: plane.timestamp() }
    if (suspended?.status !== 'True') return put(job, status)
    api.event(job, 'Normal', 'Resumed', 'Job resumed', SOURCE)
    return put(job, {
      ...status,
      conditions: condition(job, 'Suspended', 'False', 'JobResumed', 'Job resumed'),
    })
  }

  const put = (job: Job, status: Job['status']): Job =>
    api.updateStatus('jobs.batch', { ...withoutVersion(job), status })

  function condition(
    job: Job,
    type: string,
    status: string,
    reason: string,
    message: string,
  ): JobCondition[] {
    const now = plane.timestamp()
    const others = (job.status.conditions ?? []).filter((old) => old.type !== type)
    return [...others, { type, status, reason, message, lastProbeTime: now, lastTransitionTime: now }]
  }

  /** Whether the job is over, and how. */
  function judge(job: Job, pods: Pod[]): Verdict | undefined {
    const { completions, backoffLimit = 6, activeDeadlineSeconds } = job.spec
    const decided = job.status.conditions?.find(({ type }) => type in ENDS)
    if (decided) {
      return { type: ENDS[decided.type]!, reason: decided.reason!, message: decided.message! }
    }
    const rule = fulfilledRule(job)
    if (rule !== undefined) {
      return { type: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${rule}` }
    }
    const { succeeded = 0, failed = 0, startTime } = job.status
    const done = completions === undefined ? succeeded > 0 && pods.length === 0 : succeeded >= completions
    if (done) {
      return {
        type: 'Complete',
        reason: 'CompletionsReached',
        message: 'Reached expected number of succeeded pods',
      }
    }
    const spent = indexFailure(job)
    if (spent) return { type: 'Failed', ...spent }
    const restarts = pods
      .flatMap(({ status }) => status.containerStatuses ?? [])
      .reduce((sum, c) => sum + c.restartCount, 0)
    const tooOften =
      job.spec.template.spec?.restartPolicy === 'OnFailure' && restarts >= Math.max(1, backoffLimit)
    if (failed > backoffLimit || tooOften) {
      return {
        type: 'Failed',
        reason: 'BackoffLimitExceeded',
        message: 'Job has reached the specified backoff limit',
      }
    }
    if (
      activeDeadlineSeconds &&
      startTime &&
      plane.now() >= parseTime(startTime) + activeDeadlineSeconds * 1000
    ) {
      return {
        type: 'Failed',
        reason: 'DeadlineExceeded',
        message: 'Job was active longer than specified deadline',
      }
    }
  }

  function finish(job: Job, pods: Pod[], { type, reason, message }: Verdict): Result | undefined {
    for (const pod of pods) deletePod(plane, job, pod, COMPONENT)
    const interim = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget'
    if (!job.status.conditions?.some((old) => old.type === interim)) {
      return void put(job, { ...job.status, conditions: condition(job, interim, 'True', reason, message) })
    }
    if (podsOf(plane, job.metadata.uid!).some((pod) => !isFinished(pod))) return writeCounts(job)
    const status = {
      ...job.status,
      conditions: condition(job, type, 'True', reason, message),
      active: undefined,
      ready: 0,
      terminating: 0,
      ...(type === 'Complete' && { completionTime: plane.timestamp() }),
    }
    put(job, status)
    if (type === 'Complete') api.event(job, 'Normal', 'Completed', 'Job completed', SOURCE)
    else api.event(job, 'Warning', reason, message, SOURCE)
  }

  function manage(job: Job, pods: Pod[]): number | undefined {
    const { parallelism = 1, completions } = job.spec
    const { succeeded = 0 } = job.status
    const wanted =
      completions === undefined
        ? succeeded > 0
          ? pods.length
          : parallelism
        : Math.min(parallelism, completions - succeeded - parseIndexes(job.status.failedIndexes).length)
    for (const pod of pods.slice(Math.max(0, wanted))) deletePod(plane, job, pod, COMPONENT)
    const missing = wanted - pods.length
    if (missing <= 0) return
    if (job.spec.backoffLimitPerIndex !== undefined) return fillIndexes(job, pods, missing)
    const wait = backOff(failedPods(job))
    if (wait > 0) return wait
    const indexes = job.spec.completionMode === 'Indexed' ? freeIndexes(job, pods) : []
    // The events of these pods bring the next turn, and with it further ones.
    for (let i = 0; i < missing && !(i >= BURST && isTurnOver()); i++) create(job, indexes[i])
  }

  /** Makes pods for free indexes, each with a back-off of its own. */
  function fillIndexes(job: Job, pods: Pod[], missing: number): number | undefined {
    const failed = Map.groupBy(failedPods(job), indexOf)
    const free = freeIndexes(job, pods).map((index) => ({ index, wait: backOff(failed.get(index) ?? []) }))
    const ready = free.filter(({ wait }) => wait <= 0).slice(0, missing)
    for (const { index } of ready) {
      create(job, index, Math.max(0, ...(failed.get(index) ?? []).map(failuresOf)))
    }
    const waits = free.map(({ wait }) => wait).filter((wait) => wait > 0)
    return waits.length > 0 ? Math.min(...waits) : undefined
  }

  function freeIndexes({ spec, status }: Job, pods: Pod[]): number[] {
    const taken = new Set([
      ...parseIndexes(status.completedIndexes),
      ...parseIndexes(status.failedIndexes),
      ...pods.map((pod) => indexOf(pod) ?? -1),
    ])
    return Array.from({ length: spec.completions ?? 0 }, (_, index) => index).filter(
      (index) => !taken.has(index),
    )
  }

  function create(job: Job, index: number | undefined, failures?: number): void {
    createPod(plane, job, job.spec.template, COMPONENT, (pod) => {
      const metadata = { ...pod.metadata, finalizers: [...(pod.metadata.finalizers ?? []), TRACKING] }
      if (index === undefined) return { ...pod, metadata }
      const env = {
        name: 'JOB_COMPLETION_INDEX',
        valueFrom: { fieldRef: { fieldPath: `metadata.labels['${INDEX}']` } },
      }
      return {
        ...pod,
        metadata: {
          ...metadata,
          generateName: `${job.metadata.name}-${index}-`,
          labels: { ...metadata.labels, [INDEX]: String(index) },
          annotations: {
            ...metadata.annotations,
            [INDEX]: String(index),
            ...(failures !== undefined && { [INDEX_FAILURES]: String(failures) }),
          },
        },
        spec: {
          ...pod.spec,
          hostname: `${job.metadata.name}-${index}`,
          containers: pod.spec.containers.map((container) => ({
            ...container,
            env: [...(container.env ?? []), env],
          })),
        },
      }
    })
  }

  const failedPods = (job: Job): Pod[] =>
    podsOf(plane, job.metadata.uid!).filter(({ status }) => status.phase === 'Failed')

  /** How long (ms) to wait before the next pod, from the failures so far. */
  function backOff(failed: Pod[]): number {
    if (failed.length === 0) return 0
    const ends = failed.flatMap(({ status }) =>
      (status.containerStatuses ?? []).map(({ state }) => parseTime(state?.terminated?.finishedAt)),
    )
    const delay = Math.min(BACK_OFF_MS * 2 ** (failed.length - 1), BACK_OFF_MAX_MS)
    return Math.max(...ends, 0) + delay - plane.now()
  }

  function stopAll(job: Job, pods: Pod[]): undefined {
    for (const pod of pods) deletePod(plane, job, pod, COMPONENT)
  }

  function writeCounts(found: Job): undefined {
    const job = api.get<Job>('jobs.batch', found.metadata.namespace!, found.metadata.name)
    if (!job) return
    const all = podsOf(plane, job.metadata.uid!)
    const active = all.filter(isActive)
    const status = {
      ...job.status,
      active: active.length || undefined,
      ready: active.filter(isReady).length,
      terminating: all.filter((pod) => pod.metadata.deletionTimestamp && !isFinished(pod)).length,
      uncountedTerminatedPods: job.status.uncountedTerminatedPods ?? {},
    }
    if (!equal(status, job.status)) put(job, status)
  }

  /** Deletes a job that is over when its time to live is. */
  function expire(job: Job, end: JobCondition): Result | undefined {
    const ttl = job.spec.ttlSecondsAfterFinished
    if (ttl === undefined) return
    const left = parseTime(end.lastTransitionTime) + ttl * 1000 - plane.now()
    if (left > 0) return { requeueAfterMs: left }
    try {
      api.delete('jobs.batch', job.metadata.namespace!, job.metadata.name, {
        propagationPolicy: 'Foreground',
      })
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error
    }
  }

  return {
    name: COMPONENT,
    sources: [
      { prefix: api.prefix('jobs.batch'), keys: ownKey },
      { prefix: api.prefix('pods'), keys: ownerKey('Job') },
    ],
    reconcile,
  }
}

/** Conditions that say how a Job will end, and the end. */
const ENDS: Record<string, Verdict['type']> = { SuccessCriteriaMet: 'Complete', FailureTarget: 'Failed' }

interface Verdict {
  type: 'Complete' | 'Failed'
  reason: string
  message: string
}

/** The condition by which a job is over. */
export const endOf = ({ status }: Job): JobCondition | undefined =>
  status.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  )

/** The object without the version that an earlier write of the same reconcile has outdated. */
function withoutVersion(job: Job): Job {
  const { resourceVersion: _, ...metadata } = job.metadata
  return { ...job, metadata }
}
