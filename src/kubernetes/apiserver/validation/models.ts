import type { FieldError } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { ModelNode } from '../schema/schema.ts'
import { Walker } from '../schema/walk.ts'
import { ACCESS_RULES } from './access.ts'
import { BATCH_RULES } from './batch.ts'
import { NETWORKING_RULES } from './networking.ts'
import { PLACEMENT_RULES } from './placement.ts'
import { POLICY_RULES } from './policy.ts'
import type { Rule } from './rules.ts'
import { STORAGE_RULES } from './storage.ts'
import { RULES } from './table.ts'

const run = (rules: Rule[]) => (value: Obj, path: string, errors: FieldError[]) => {
  for (const rule of rules) errors.push(...rule(value, path))
}

const all = new Map<string, Rule[]>()
for (const table of [
  RULES,
  ACCESS_RULES,
  BATCH_RULES,
  NETWORKING_RULES,
  POLICY_RULES,
  STORAGE_RULES,
  PLACEMENT_RULES,
]) {
  for (const [model, rules] of Object.entries(table)) all.set(model, [...(all.get(model) ?? []), ...rules])
}

const walker = new Walker(Object.fromEntries([...all].map(([model, rules]) => [model, run(rules)])))

const MOUNT_NAME = /\.volumeMounts\[\d+\]\.name$/

/** Checks an object by the rules of every model in it. Models pkg/apis/<group>/validation. */
export function validateModel(model: ModelNode, object: Obj): FieldError[] {
  const errors: FieldError[] = []
  walker.walk(model, object, errors)
  const claims: Obj[] = object.spec?.volumeClaimTemplates ?? []
  if (claims.length === 0) return errors
  // Claim templates are volumes of the pods, which the rules of a pod template alone do not see.
  const known = new Set(claims.map(({ metadata }) => `Not found: ${JSON.stringify(metadata?.name)}`))
  return errors.filter(({ reason, field, body }) => {
    return !(reason === 'FieldValueNotFound' && MOUNT_NAME.test(field) && known.has(body))
  })
}
