import type { Replaced, ResourceRecord, StackRecord, StackStatus } from '../records.ts'
import { resources } from '../tables.ts'
import { handlerMessage } from './failure.ts'
import { removePhysical, type Work } from './resource.ts'
import { setResource, setStack, tellOf } from './status.ts'
import { readStack } from './surroundings.ts'

const GONE = new Set(['DELETE_COMPLETE', 'DELETE_SKIPPED'])

/** Removes all resources of a stack that is deleted or whose creation is taken back. */
export async function removeAll(work: Work): Promise<void> {
  const { scope, stack } = work
  const all = () => resources.list(scope, stack.arn)
  for (const record of all()) if (!settled(stack, record) && isFree(all(), record)) await remove(work, record)
  const left = all().filter((record) => !GONE.has(record.status))
  const failed = left.filter((record) => settled(stack, record)).map(({ logicalId }) => logicalId)
  // What depends on something that could not be removed waits for nothing any more.
  const waiting = left.filter((record) => !settled(stack, record) && isFree(all(), record))
  if (waiting.length > 0) return
  const rollback = stack.status === 'ROLLBACK_IN_PROGRESS'
  if (failed.length > 0) {
    const reason = `The following resource(s) failed to delete: [${failed.sort().join(', ')}]. `
    setStack(scope, stack, rollback ? 'ROLLBACK_FAILED' : 'DELETE_FAILED', reason)
    return
  }
  if (left.length > 0) return
  if (rollback) setStack(scope, stack, 'ROLLBACK_COMPLETE')
  else
    setStack(scope, stack, 'DELETE_COMPLETE', undefined, {
      deleted: scope.world.clock.now(),
      outputs: [],
      imports: [],
    })
}

/** Whether nothing is left that was made after it. */
const isFree = (all: ResourceRecord[], { logicalId }: ResourceRecord) =>
  all.every((other) => GONE.has(other.status) || !other.dependsOn.includes(logicalId))

/** Whether the running operation has done with a resource, well or not. */
const settled = (stack: StackRecord, { operation, status }: ResourceRecord) =>
  GONE.has(status) || (operation === stack.operation && status === 'DELETE_FAILED')

async function remove(work: Work, record: ResourceRecord): Promise<void> {
  const { scope, stack } = work
  const mine = { ...record, operation: stack.operation }
  const keep =
    stack.retain.includes(record.logicalId) ||
    record.deletionPolicy === 'Retain' ||
    (record.deletionPolicy === 'RetainExceptOnCreate' && stack.status !== 'ROLLBACK_IN_PROGRESS')
  if (record.physicalId === undefined && record.replaced.length === 0) {
    setResource(scope, stack, mine, 'DELETE_COMPLETE')
    return
  }
  if (keep) {
    setResource(scope, stack, mine, 'DELETE_SKIPPED')
    return
  }
  const begun = record.operation === stack.operation && record.status === 'DELETE_IN_PROGRESS'
  const current = begun ? mine : setResource(scope, stack, mine, 'DELETE_IN_PROGRESS')
  try {
    for (const old of record.replaced)
      await removePhysical(work, old.type, old.physicalId, old.properties, begun)
    const { type, physicalId, properties } = record
    if (physicalId === undefined || (await removePhysical(work, type, physicalId, properties, begun)))
      setResource(scope, stack, { ...current, replaced: [] }, 'DELETE_COMPLETE')
  } catch (error) {
    setResource(scope, stack, current, 'DELETE_FAILED', handlerMessage(scope, record.type, error))
  }
}

/** After an update: removes what the template has no more, and what replacements left behind. */
export async function cleanUp(work: Work): Promise<void> {
  const { scope, stack } = work
  const { wanted } = readStack(scope, stack)
  const all = () => resources.list(scope, stack.arn)
  for (const record of all())
    if (wanted.includes(record.logicalId) && record.replaced.length > 0) await removeReplaced(work, record)
  for (const record of all()) {
    if (wanted.includes(record.logicalId) || settled(stack, record) || !isFree(all(), record)) continue
    await remove(work, record)
  }
  const waiting = all().filter(
    (record) =>
      (wanted.includes(record.logicalId) && record.replaced.length > 0) ||
      (!wanted.includes(record.logicalId) && !settled(stack, record)),
  )
  if (waiting.length > 0) return
  for (const { logicalId } of all())
    if (!wanted.includes(logicalId)) resources.delete(scope, stack.arn, logicalId)
  const status: StackStatus =
    stack.status === 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS' ? 'UPDATE_COMPLETE' : 'UPDATE_ROLLBACK_COMPLETE'
  const { previous: _, ...rest } = stack
  setStack(scope, rest, status)
}

/** Removes the physical resources that replacements left behind; one that will not go is given up, as CloudFormation does. */
async function removeReplaced(work: Work, record: ResourceRecord): Promise<void> {
  const { scope, stack } = work
  const left: Replaced[] = []
  for (const old of record.replaced) {
    const { physicalId, type, properties, removing = false } = old
    const it = { ...record, physicalId, type, properties }
    if (!removing) tellOf(scope, stack, it, 'DELETE_IN_PROGRESS')
    try {
      if (await removePhysical(work, type, physicalId, properties, removing))
        tellOf(scope, stack, it, 'DELETE_COMPLETE')
      else left.push({ ...old, removing: true })
    } catch (error) {
      tellOf(scope, stack, it, 'DELETE_FAILED', handlerMessage(scope, type, error))
    }
  }
  if (JSON.stringify(left) !== JSON.stringify(record.replaced))
    resources.put(scope, { ...record, replaced: left, updated: scope.world.clock.now() })
}
