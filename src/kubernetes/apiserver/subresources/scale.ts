import { invalid, invalidValue, notFound, unsupportedMediaType } from '../errors.ts'
import { mediaType, parseValue, readBody, readNeeded } from '../http/body.ts'
import type { Call } from '../http/call.ts'
import { managerOf } from '../http/manager.ts'
import { writeQuery } from '../http/options.ts'
import { sendJson } from '../http/reply.ts'
import type { SubresourceParts } from '../http/subresources.ts'
import { clone, type Json, type Obj } from '../json.ts'
import { applyJsonPatch, applyMergePatch } from '../patch/json-patch.ts'
import { objectOf } from '../storage/entries.ts'
import { formatSelector } from '../tables/format.ts'

/** `autoscaling/v1` Scale of a workload. */
function scaleOf(object: Obj): Obj {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const plain = object.kind === 'ReplicationController'
  const selector = plain ? { matchLabels: object.spec.selector } : object.spec.selector
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: object.spec.replicas ?? 0 },
    status: { replicas: object.status?.replicas ?? 0, selector: formatSelector(selector) },
  }
}

/** `/scale`: reads and writes the number of replicas alone. */
export async function scale(call: Call, { objects }: SubresourceParts): Promise<void> {
  const { req, res, info, kind, user } = call
  const entry = objects.get(kind, info.namespace, info.name)
  if (!entry) throw notFound(kind, info.name)
  if (info.verb === 'get') return sendJson(req, res, 200, scaleOf(objectOf<never>(entry)))
  const query = writeQuery(info.query, 'UpdateOptions')
  const type = mediaType(req)
  const whole = info.verb === 'update' ? await readNeeded(req, objects.context.schema) : undefined
  const patch = whole ? undefined : parseValue(await readBody(req), 'application/json')
  const read = (current: Obj): Obj => {
    if (whole) return whole
    if (type === 'application/json-patch+json') return applyJsonPatch(scaleOf(current), patch)
    if (!/merge-patch\+json$/.test(type))
      throw unsupportedMediaType(['application/json-patch+json', 'application/merge-patch+json'])
    return applyMergePatch(clone(scaleOf(current)), patch)
  }
  const manage = managerOf(objects, call, query.fieldManager, 'Update')
  const change = (current: Json): Obj => {
    const wanted = read(current)
    const replicas = wanted.spec?.replicas ?? 0
    if (!Number.isInteger(replicas) || replicas < 0) {
      const scaleKind = { group: 'autoscaling', kind: 'Scale' }
      throw invalid(scaleKind, info.name, [
        invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
      ])
    }
    const resourceVersion = wanted.metadata?.resourceVersion
    const copy = clone(current)
    return { ...copy, metadata: { ...copy.metadata, resourceVersion }, spec: { ...copy.spec, replicas } }
  }
  const updated = objects.update(kind, info.namespace, info.name, change, {
    user,
    dryRun: query.dryRun,
    manage,
  })
  await objects.context.world.store.flushed()
  sendJson(req, res, 200, scaleOf(objectOf<never>(updated)))
}
