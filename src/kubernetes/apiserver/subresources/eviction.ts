import { StatusError } from '../../api.ts'
import { withCondition } from '../../pods.ts'
import { selects } from '../../selectors.ts'
import { timestamp } from '../../time.ts'
import { notFound } from '../errors.ts'
import { readNeeded } from '../http/body.ts'
import type { Call } from '../http/call.ts'
import { requestOptions } from '../http/manager.ts'
import { writeQuery } from '../http/options.ts'
import { sendJson } from '../http/reply.ts'
import type { SubresourceParts } from '../http/subresources.ts'
import type { Json, Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import type { DeleteRequest } from '../storage/deletion.ts'
import type { Objects, WriteOptions } from '../storage/objects.ts'

const BUDGETS = 'poddisruptionbudgets.policy'
const REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
/** How long a client should wait for a budget that its controller has not seen yet, seconds. */
const RETRY_AFTER_S = 10

/** `pods/eviction`: a delete that respects disruption budgets. */
export async function evict(call: Call, { objects }: SubresourceParts): Promise<void> {
  const { req, res, info } = call
  const body = await readNeeded(req, objects.context.schema)
  const dryRun = writeQuery(info.query, 'CreateOptions').dryRun || body.deleteOptions?.dryRun?.includes('All')
  evictPod(objects, info.namespace, info.name, body.deleteOptions ?? {}, requestOptions(call, dryRun))
  await objects.context.world.store.flushed()
  sendJson(req, res, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
}

/** Deletes a pod if its budget allows it. Throws TooManyRequests. Models pkg/registry/core/pod/storage EvictionREST. */
export function evictPod(
  objects: Objects,
  namespace: string,
  name: string,
  request: DeleteRequest = {},
  options: WriteOptions = {},
): void {
  const kind = kindOf('pods')
  const pod = objects.get(kind, namespace, name)?.value as Obj | undefined
  if (!pod) throw notFound(kind, name)
  if (!isSpare(pod)) takeFromBudget(objects, pod, options.dryRun ?? false)
  const preconditions = options.dryRun ? request.preconditions : noteEviction(objects, pod, request, options)
  objects.delete(kind, namespace, name, { ...request, ...(preconditions && { preconditions }) }, options)
}

/** The pod tells why it goes. Gives what the delete is bound to then: a version that the caller named is that of before. */
function noteEviction(
  objects: Objects,
  pod: Obj,
  { preconditions }: DeleteRequest,
  options: WriteOptions,
): DeleteRequest['preconditions'] {
  const { namespace, name, resourceVersion, generation } = pod.metadata
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    observedGeneration: generation,
  }
  const now = timestamp(objects.context.world.clock.now())
  const noted = objects.update(
    kindOf('pods'),
    namespace,
    name,
    (current: Json) => ({
      ...current,
      status: { ...current.status, conditions: withCondition(current.status.conditions, condition, now) },
    }),
    { ...options, subresource: 'status' },
  )
  if (preconditions?.resourceVersion !== resourceVersion) return preconditions
  return { ...preconditions, resourceVersion: (noted.value as Obj).metadata.resourceVersion }
}

/** A pod that serves nobody, so that no budget counts on it. */
const isSpare = ({ status, metadata }: Obj): boolean =>
  ['Succeeded', 'Failed', 'Pending'].includes(status.phase) || metadata.deletionTimestamp !== undefined

const isReady = ({ status }: Obj): boolean =>
  (status.conditions ?? []).some((item: Obj) => item.type === 'Ready' && item.status === 'True')

function takeFromBudget(objects: Objects, pod: Obj, dryRun: boolean): void {
  const { namespace, labels, name } = pod.metadata
  const budgets = objects.context
    .list(BUDGETS, namespace)
    .filter((budget) => selects(budget.spec.selector, labels))
  if (budgets.length > 1) {
    throw new StatusError(
      500,
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  }
  const [budget] = budgets
  if (!budget || (!isReady(pod) && mayLoseUnready(budget))) return
  // A try that had to wait for webhooks has taken its part already.
  if (budget.status?.disruptedPods?.[name]) return
  const { generation = 0, name: budgetName } = budget.metadata
  const { disruptionsAllowed = 0, observedGeneration = 0 } = budget.status ?? {}
  if (observedGeneration < generation) {
    throw tooMany(
      `The disruption budget ${budgetName} is still being processed by the server.`,
      RETRY_AFTER_S,
    )
  }
  if (disruptionsAllowed <= 0) throw tooMany(whyNot(budget))
  if (dryRun) return
  objects.update(
    kindOf(BUDGETS),
    namespace,
    budgetName,
    (current: Json) => ({
      ...current,
      status: {
        ...current.status,
        disruptionsAllowed: disruptionsAllowed - 1,
        disruptedPods: {
          ...current.status.disruptedPods,
          [name]: timestamp(objects.context.world.clock.now()),
        },
      },
    }),
    { subresource: 'status' },
  )
}

/** Whether a pod that is not ready may go: by policy always, else while the budget is healthy without it. */
function mayLoseUnready({ spec, status }: Obj): boolean {
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy
}

function whyNot({ metadata, status }: Obj): string {
  const { desiredHealthy = 0, currentHealthy = 0, conditions = [] } = status ?? {}
  const failed = conditions.find((item: Obj) => item.reason === 'SyncFailed')
  return failed
    ? `The disruption budget ${metadata.name} does not allow evicting pods currently because it failed sync: ${failed.message}`
    : `The disruption budget ${metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
}

function tooMany(cause: string, retryAfterSeconds?: number): StatusError {
  return new StatusError(429, 'TooManyRequests', REFUSED, {
    causes: [{ reason: 'DisruptionBudget', message: cause }],
    ...(retryAfterSeconds && { retryAfterSeconds }),
  })
}
