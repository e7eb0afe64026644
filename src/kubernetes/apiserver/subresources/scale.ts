import { badRequest, invalid, invalidValue, notFound, unsupportedMediaType } from '../errors.ts'
import { mediaType, parseValue, readBody, readNeeded } from '../http/body.ts'
import type { Call } from '../http/call.ts'
import { writeOptions } from '../http/manager.ts'
import { writeQuery } from '../http/options.ts'
import { sendJson } from '../http/reply.ts'
import { accepted } from '../http/representation.ts'
import type { SubresourceParts } from '../http/subresources.ts'
import { at, clone, isObject, type Json, type Obj } from '../json.ts'
import type { Kind } from '../kinds/kind.ts'
import { applyJsonPatch, applyMergePatch } from '../patch/json-patch.ts'
import { servedAs } from '../storage/entries.ts'
import { age } from '../tables/duration.ts'
import { formatSelector } from '../tables/format.ts'

/** `autoscaling/v1` Scale of a workload. */
function scaleOf(object: Obj, kind: Kind): Obj {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  if (kind.custom) {
    const { specReplicasPath, statusReplicasPath, labelSelectorPath } = kind.custom.scale!
    const selector = labelSelectorPath && at(object, bare(labelSelectorPath))
    return {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
      spec: { replicas: at(object, bare(specReplicasPath)) ?? 0 },
      status: { replicas: at(object, bare(statusReplicasPath)) ?? 0, ...(selector && { selector }) },
    }
  }
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

/** Columns of upstream's printer: pkg/printers/internalversion printScale. */
function tableOf(scale: Obj, version: string, now: number): Obj {
  const column = (name: string, type: string, format = '') => ({
    name,
    type,
    format,
    description: '',
    priority: 0,
  })
  const { metadata, spec, status } = scale
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: { resourceVersion: metadata.resourceVersion },
    columnDefinitions: [
      column('Name', 'string', 'name'),
      column('Desired', 'integer'),
      column('Available', 'integer'),
      column('Age', 'string'),
    ],
    rows: [
      {
        cells: [metadata.name, spec.replicas, status.replicas, age(metadata.creationTimestamp, now)],
        object: { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata },
      },
    ],
  }
}

/** A path of a CustomResourceDefinition (`.spec.replicas`) without its dot. */
const bare = (path: string) => path.replace(/^\./, '')

/** Sets the value at a dotted path, making the objects on the way. */
function setAt(object: Obj, path: string, value: Json): void {
  const parts = path.split('.')
  const last = parts.pop()!
  let inner = object
  for (const part of parts) {
    if (!isObject(inner[part])) inner[part] = {}
    inner = inner[part]
  }
  inner[last] = value
}

/** `/scale`: reads and writes the number of replicas alone. */
export async function scale(call: Call, { objects }: SubresourceParts): Promise<void> {
  const { req, res, info, kind } = call
  const entry = objects.get(call.stored, info.namespace, info.name)
  if (!entry) throw notFound(kind, info.name)
  if (info.verb === 'get') {
    const found = scaleOf(servedAs(kind, entry), kind)
    const { as, version } = accepted(req.headers.accept ?? '')
    const now = objects.context.world.clock.now()
    return sendJson(req, res, 200, as === 'Table' ? tableOf(found, version, now) : found)
  }
  const query = writeQuery(info.query, 'UpdateOptions')
  const type = mediaType(req)
  const whole = info.verb === 'update' ? await readNeeded(req, objects.context.schema) : undefined
  const patch = whole ? undefined : parseValue(await readBody(req), 'application/json', badRequest)
  const read = (current: Obj): Obj => {
    if (whole) return whole
    if (type === 'application/json-patch+json') return applyJsonPatch(scaleOf(current, kind), patch)
    if (!/merge-patch\+json$/.test(type))
      throw unsupportedMediaType(['application/json-patch+json', 'application/merge-patch+json'])
    return applyMergePatch(clone(scaleOf(current, kind)), patch)
  }
  const change = (current: Json): Obj => {
    const wanted = read(current)
    const replicas = wanted?.spec?.replicas ?? 0
    if (!Number.isInteger(replicas) || replicas < 0) {
      const scaleKind = { group: 'autoscaling', kind: 'Scale' }
      throw invalid(scaleKind, info.name, [
        invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
      ])
    }
    const resourceVersion = wanted?.metadata?.resourceVersion
    const copy = clone(current)
    copy.metadata.resourceVersion = resourceVersion
    setAt(copy, kind.custom ? bare(kind.custom.scale!.specReplicasPath) : 'spec.replicas', replicas)
    return copy
  }
  const options = writeOptions(call, objects, query)
  const updated = objects.update(call.stored, info.namespace, info.name, change, options)
  await objects.context.world.store.flushed()
  sendJson(req, res, 200, scaleOf(servedAs(kind, updated), kind))
}
