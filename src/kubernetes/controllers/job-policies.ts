import type { Job, Pod } from '../objects.ts'
import { indexOf, parseIndexes } from './job-indexes.ts'

// Models pkg/controller/job: pod_failure_policy.go, success_policy.go, backoff_utils.go.

/** How often the pods of an index failed before this one: annotation of its pods. */
export const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count'

type Action = 'Count' | 'FailIndex' | 'FailJob' | 'Ignore'

/** What a failed pod does to its Job, and the message of the Job's condition when it fails it. */
export function failureAction(job: Job, pod: Pod): { action: Action; message: string } {
  const { name, namespace } = pod.metadata
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const action = rule.action as Action
    const suffix = `matching ${action} rule at index ${index}`
    if (rule.onExitCodes) {
      const { containerName, operator, values } = rule.onExitCodes
      const match = statuses.find(({ name, state }) => {
        const exitCode = state?.terminated?.exitCode
        if (!exitCode || (containerName && containerName !== name)) return false
        return values.includes(exitCode) === (operator === 'In')
      })
      if (!match) continue
      const { exitCode } = match.state!.terminated!
      const message = `Container ${match.name} for pod ${namespace}/${name} failed with exit code ${exitCode} ${suffix}`
      return { action, message }
    }
    const condition = rule.onPodConditions?.find(({ type, status = 'True' }) =>
      pod.status.conditions?.some((one) => one.type === type && one.status === status),
    )
    if (condition) {
      return { action, message: `Pod ${namespace}/${name} has condition ${condition.type} ${suffix}` }
    }
  }
  return { action: 'Count', message: '' }
}

/** How often the pods of a failed pod's index have failed by now, this one included. */
export const failuresOf = ({ metadata }: Pod): number =>
  Number(metadata.annotations?.[INDEX_FAILURES] ?? 0) + 1

/** Whether an index is given up with this failed pod of it. */
export function failsIndex(job: Job, pod: Pod, action: Action): boolean {
  const limit = job.spec.backoffLimitPerIndex
  if (limit === undefined || indexOf(pod) === undefined) return false
  return action === 'FailIndex' || (action === 'Count' && failuresOf(pod) > limit)
}

/** The rule of a Job's success policy that its completed indexes fulfil; undefined: none. */
export function fulfilledRule(job: Job): number | undefined {
  const completed = parseIndexes(job.status.completedIndexes)
  const index = job.spec.successPolicy?.rules.findIndex(({ succeededIndexes, succeededCount }) => {
    const counted =
      succeededIndexes === undefined
        ? completed
        : parseIndexes(succeededIndexes).filter((one) => completed.includes(one))
    const wanted = succeededCount ?? parseIndexes(succeededIndexes).length
    return counted.length >= wanted
  })
  return index === -1 ? undefined : index
}

/** Whether too many indexes failed, or all are over and some failed: the reason and message of the Job's failure. */
export function indexFailure(job: Job): { reason: string; message: string } | undefined {
  const { backoffLimitPerIndex, maxFailedIndexes, completions = 0 } = job.spec
  if (backoffLimitPerIndex === undefined) return
  const failed = parseIndexes(job.status.failedIndexes).length
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes'
    return { reason: 'MaxFailedIndexesExceeded', message }
  }
  const over = failed > 0 && failed + parseIndexes(job.status.completedIndexes).length >= completions
  return over ? { reason: 'FailedIndexes', message: 'Job has failed indexes' } : undefined
}
