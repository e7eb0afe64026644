import { StatusError } from '../../api.ts'
import { selects } from '../../selectors.ts'
import { timestamp } from '../../time.ts'
import { notFound } from '../errors.ts'
import { readNeeded } from '../http/body.ts'
import type { Call } from '../http/call.ts'
import { writeQuery } from '../http/options.ts'
import { sendJson } from '../http/reply.ts'
import type { SubresourceParts } from '../http/subresources.ts'
import type { Json, Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import type { Objects } from '../storage/objects.ts'

/** How long a client should wait before it asks again, seconds. */
const RETRY_AFTER_S = 10

/** `pods/eviction`: a delete that respects disruption budgets. */
export async function evict(call: Call, { objects }: SubresourceParts): Promise<void> {
  const { req, res, info, kind, user } = call
  const pod = objects.get(kind, info.namespace, info.name)?.value as Obj | undefined
  if (!pod) throw notFound(kind, info.name)
  const body = await readNeeded(req, objects.context.schema)
  const dryRun = writeQuery(info.query, 'CreateOptions').dryRun || body.deleteOptions?.dryRun?.includes('All')
  const done =
    pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed' || pod.metadata.deletionTimestamp
  if (!done) takeFromBudget(objects, pod, dryRun)
  objects.delete(kind, info.namespace, info.name, body.deleteOptions ?? {}, { user, dryRun })
  await objects.context.world.store.flushed()
  sendJson(req, res, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
}

/** Throws TooManyRequests when the pod's budget allows no disruption now. */
function takeFromBudget(objects: Objects, pod: Obj, dryRun: boolean): void {
  const resource = 'poddisruptionbudgets.policy'
  const { namespace, labels, name } = pod.metadata
  const budgets = objects.context
    .list(resource, namespace)
    .filter((budget) => selects(budget.spec.selector, labels))
  if (budgets.length > 1) {
    throw new StatusError(
      500,
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  }
  const [budget] = budgets
  if (!budget) return
  const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0 } = budget.status ?? {}
  if (disruptionsAllowed <= 0) {
    const cause = `The disruption budget ${budget.metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
    throw new StatusError(
      429,
      'TooManyRequests',
      "Cannot evict pod as it would violate the pod's disruption budget.",
      {
        causes: [{ reason: 'DisruptionBudget', message: cause }],
        retryAfterSeconds: RETRY_AFTER_S,
      },
    )
  }
  if (dryRun) return
  objects.update(
    kindOf(resource),
    namespace,
    budget.metadata.name,
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
