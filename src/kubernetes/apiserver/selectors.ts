import { badRequest } from './errors.ts'
import { at, type Obj } from './json.ts'
import type { Kind } from './kinds/kind.ts'
import { labelSelector } from './label-selectors.ts'

/** Whether an object is selected. */
export type Predicate = (object: Obj) => boolean

/** Fields compared as what they are when unset. */
const UNSET: Record<string, string> = {
  'spec.unschedulable': 'false',
  'spec.hostNetwork': 'false',
  'status.successful': '0',
  'status.replicas': '0',
}

/** Parses `status.phase=Running,metadata.name!=x`. Throws BadRequest for a field that the kind cannot select by. */
export function fieldSelector(text: string, kind: Kind): Predicate {
  const tests = text
    .split(',')
    .filter((term) => term.trim() !== '')
    .map((term) => {
      const match = term.match(/^\s*([^=!]+?)\s*(==|=|!=)\s*(.*)$/)
      if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
      const [, label, operator, value] = match
      const path = fieldPath(kind, label!)
      const wanted = operator !== '!='
      return (object: Obj) => (String(at(object, path) ?? UNSET[label!] ?? '') === value) === wanted
    })
  return (object) => tests.every((test) => test(object))
}

function fieldPath(kind: Kind, label: string): string {
  if (label === 'metadata.name' || (label === 'metadata.namespace' && kind.namespaced)) return label
  const path = kind.fieldLabels[label]
  if (path) return path
  throw badRequest(
    Object.keys(kind.fieldLabels).length > 0
      ? `field label not supported: ${label}`
      : `"${label}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
  )
}

/** Both selectors of a request; undefined when everything is selected. */
export function predicate(kind: Kind, labels: string | null, fields: string | null): Predicate | undefined {
  const byLabel = labels ? labelSelector(labels) : undefined
  const byField = fields ? fieldSelector(fields, kind) : undefined
  if (!byLabel) return byField
  return (object) => byLabel(object.metadata.labels ?? {}) && (byField?.(object) ?? true)
}
