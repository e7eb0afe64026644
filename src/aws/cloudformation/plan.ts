import type { Scope } from '../ec2/index.ts'
import { mustReplace } from './engine/resource.ts'
import { readStack } from './engine/surroundings.ts'
import type { Properties, ResourceChangeRecord, StackRecord } from './records.ts'
import { resources } from './tables.ts'
import { RESOURCE_TYPES } from './types/index.ts'
import { changed, propertyRules } from './types/type.ts'

/** Stands for what is known only when the update has made it. */
export const KNOWN_AFTER_APPLY = '{{changeSet:KNOWN_AFTER_APPLY}}'

/** What an update to `stack.wanted` would do to the stack's resources. */
export function planChanges(scope: Scope, stack: StackRecord): ResourceChangeRecord[] {
  const { template, evaluator, wanted } = readStack(scope, stack, KNOWN_AFTER_APPLY)
  const present = resources.list(scope, stack.arn).filter(({ status }) => status !== 'DELETE_COMPLETE')
  const changes: ResourceChangeRecord[] = []
  for (const id of wanted) {
    const { Type: type, Properties: given = {} } = template.Resources[id]!
    const record = present.find(({ logicalId }) => logicalId === id)
    if (record?.physicalId === undefined) {
      changes.push({ action: 'Add', logicalId: id, type, details: [] })
      continue
    }
    const properties = evaluator.resolve(given) as Properties
    const { all, createOnly } = propertyRules(RESOURCE_TYPES.get(type)!)
    const names = [...all].filter((name) => changed(name, properties, record.properties))
    if (names.length === 0 && record.type === type) continue
    const unknown = names.some((name) => (JSON.stringify(properties[name]) ?? '').includes(KNOWN_AFTER_APPLY))
    const replaces =
      record.type !== type || mustReplace(RESOURCE_TYPES.get(type)!, properties, record.properties)
    changes.push({
      action: 'Modify',
      logicalId: id,
      physicalId: record.physicalId,
      type,
      replacement: !replaces ? 'False' : unknown ? 'Conditional' : 'True',
      details: names.map((name) => ({ name, recreation: createOnly.has(name) ? 'Always' : 'Never' })),
    })
  }
  for (const { logicalId, physicalId, type } of present)
    if (!wanted.includes(logicalId))
      changes.push({
        action: 'Remove',
        logicalId,
        ...(physicalId === undefined ? {} : { physicalId }),
        type,
        details: [],
      })
  return changes
}

/** Whether an update would change nothing at all. */
export function isUnchanged(scope: Scope, before: StackRecord, after: StackRecord): boolean {
  if (planChanges(scope, after).length > 0) return false
  const outputs = (stack: StackRecord) => JSON.stringify(readStack(scope, stack).template.Outputs)
  return (
    outputs(before) === outputs(after) &&
    JSON.stringify(before.wanted.tags) === JSON.stringify(after.wanted.tags)
  )
}
