import { isObject, type Json, type Obj, sorted } from '../json.ts'
import { apiVersionOf, type Kind } from '../kinds/kind.ts'
import type { ModelNode } from '../schema/schema.ts'
import { appliedFields, difference, type FieldSet, owned } from './field-set.ts'
import { valuesDiffer } from './merge.ts'

/** Where `kubectl apply` without `--server-side` keeps what it applied. */
const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration'

/** All annotations of an object together, in bytes. */
const ANNOTATIONS_LIMIT = 256 * 1024

/** Whose server-side apply goes on from `kubectl apply` without it. Source: managedfields/internal (lastappliedmanager.go). */
export const carriesOn = (fieldManager: string): boolean => fieldManager === 'kubectl'

/**
 * The fields that kubectl applied before without the server and that nobody changed since: kubectl may change them by
 * server-side apply, whoever owns them. Source: allowedConflictsFromLastApplied in lastappliedmanager.go.
 */
export function appliedBefore(
  model: ModelNode,
  stored: Kind,
  present: Obj,
  decode: (object: Obj) => Obj,
): FieldSet {
  const text = present.metadata.annotations?.[ANNOTATION]
  if (!text) return {}
  try {
    const last = JSON.parse(text)
    if (!isObject(last) || last.apiVersion !== apiVersionOf(stored)) return {}
    const before = decode(last)
    const fields = appliedFields(model, before)
    return difference(fields, valuesDiffer(model, owned(present), owned(before), fields))
  } catch {
    return {} // no configuration of this kind: as if there were none
  }
}

/** Keeps the annotation, where there is one, at what is applied now, so that `kubectl apply` can go on from there. */
export function noteLastApplied(object: Obj, configuration: Json): void {
  const { annotations } = object.metadata
  if (!annotations?.[ANNOTATION]) return
  const { metadata } = configuration
  const kept = metadata?.annotations ? { ...metadata, annotations: without(metadata.annotations) } : metadata
  const next = {
    ...annotations,
    [ANNOTATION]: encoded({ ...configuration, ...(kept && { metadata: kept }) }),
  }
  object.metadata.annotations = sizeOf(next) > ANNOTATIONS_LIMIT ? without(annotations) : next
}

const without = ({ [ANNOTATION]: _, ...others }: Obj): Obj => others

const sizeOf = (annotations: Obj): number =>
  Object.entries(annotations).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0)

/** As Go writes JSON: keys in order, nothing that HTML would take for markup, a line of its own. */
const encoded = (value: Json): string =>
  `${JSON.stringify(sorted(value)).replace(/[<>&\u2028\u2029]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`
