import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type Scope, scopeOfKey } from '../../ec2/index.ts'
import type { StackRecord, StackStatus } from '../records.ts'
import { resources, stackKey, stacks } from '../tables.ts'
import { parseTemplate } from '../template/parse.ts'
import { dependenciesOf } from '../template/references.ts'
import { callsFor, type Invoke } from './calls.ts'
import { storedParameters } from './references.ts'
import { cleanUp, removeAll } from './removal.ts'
import { apply, isDone, isFailed, type Work } from './resource.ts'
import { setResource, setStack } from './status.ts'
import { type Reading, readStack } from './surroundings.ts'

const STACK_KEY = /^aws\/\d+\/[^/]+\/cloudformation\/stacks\/[^/]+$/
const OWN_KEY = /^aws\/\d+\/[^/]+\/cloudformation\//
/** How often a resource is looked at that only time brings on, ms. */
const LOOK_AGAIN_MS = 5_000

const RUNNING = /IN_PROGRESS$/

/** Brings every stack to what was asked of it: whatever changes in its account may be what a stack waits for. */
export function cloudFormationController(world: World, invoke: Invoke): Controller {
  const running = new Set<string>()
  return {
    name: 'cloudformation',
    concurrency: 8,
    sources: [
      {
        prefix: 'aws/',
        keys({ type, key, entry }) {
          if (STACK_KEY.test(key)) {
            const status = type === 'put' ? (entry.value as StackRecord).status : 'DELETE_COMPLETE'
            const runs = RUNNING.test(status) && status !== 'REVIEW_IN_PROGRESS'
            if (runs) running.add(key)
            else running.delete(key)
            return runs ? [key] : []
          }
          if (running.size === 0 || OWN_KEY.test(key)) return []
          const account = key.slice(0, key.indexOf('/', 'aws/'.length) + 1)
          return [...running].filter((stack) => stack.startsWith(account))
        },
      },
    ],
    reconcile: (key) => reconcile(world, invoke, key),
  }
}

async function reconcile(world: World, invoke: Invoke, key: string): Promise<Result | undefined> {
  const scope = scopeOfKey(world, key)
  for (;;) {
    const stack = world.store.get<StackRecord>(key)?.value
    if (!stack || !RUNNING.test(stack.status) || stack.status === 'REVIEW_IN_PROGRESS') return undefined
    const revision = stamp(scope, stack)
    await step({ scope, stack, call: callsFor(invoke, scope, stack.principal) })
    // What a step has changed may let another begin; when nothing changed, somebody else must act first.
    if (stamp(scope, stack) === revision) return { requeueAfterMs: LOOK_AGAIN_MS }
  }
}

/** Changes whenever the stack or one of its resources does. */
function stamp({ world, ...rest }: Scope, { arn }: StackRecord): string {
  const scope = { world, ...rest }
  const own = world.store.get(stackKey(scope, arn))?.modRevision
  return `${own} ${resources.list(scope, arn).map(({ logicalId, status, operation, replaced }) => `${logicalId} ${status} ${operation} ${replaced.length}`)}`
}

function step(work: Work): Promise<void> {
  switch (work.stack.status) {
    case 'CREATE_IN_PROGRESS':
    case 'UPDATE_IN_PROGRESS':
    case 'UPDATE_ROLLBACK_IN_PROGRESS':
      return advance(work)
    case 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS':
    case 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS':
      return cleanUp(work)
    default:
      return removeAll(work)
  }
}

/** Makes and changes the resources that the template asks for, in the order of their dependencies. */
async function advance(work: Work): Promise<void> {
  const { scope, call } = work
  let { stack } = work
  if (stack.stored?.operation !== stack.operation) {
    try {
      const values = await storedParameters(call, parseTemplate(stack.wanted.template), stack)
      stack = stacks.put(scope, { ...stack, stored: { operation: stack.operation, values } })
    } catch (error) {
      return fail(work, [], (error as Error).message)
    }
  }
  const reading = readStack(scope, stack)
  const find = (id: string) => resources.find(scope, stack.arn, id)
  if (timedOut(work)) return fail(work, [], 'Stack creation time exceeded the specified timeout.')
  for (const id of reading.wanted) {
    if (isDone(stack, find(id)) || isFailed(stack, find(id))) continue
    const needs = find(id)?.operation === stack.operation ? [] : dependencies(reading, id)
    if (needs.every((need) => isDone(stack, find(need)))) await apply({ ...work, stack }, reading, id)
  }
  const failed = reading.wanted.filter((id) => isFailed(stack, find(id)))
  if (failed.length > 0) return fail(work, failed)
  if (!reading.wanted.every((id) => isDone(stack, find(id)))) return
  let outputs: StackRecord['outputs']
  try {
    outputs = outputsOf(reading)
  } catch (error) {
    return fail(work, [], (error as Error).message)
  }
  const fields = { outputs, imports: [...reading.imports] }
  if (stack.status === 'CREATE_IN_PROGRESS') setStack(scope, stack, 'CREATE_COMPLETE', undefined, fields)
  else if (stack.status === 'UPDATE_IN_PROGRESS')
    setStack(scope, stack, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', undefined, fields)
  else setStack(scope, stack, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', undefined, fields)
}

function dependencies({ template, wanted }: Reading, id: string): string[] {
  return dependenciesOf(template.Resources[id]!, (name) => wanted.includes(name))
}

function timedOut({ scope, stack }: Work): boolean {
  const { timeoutMinutes, began, status } = stack
  return (
    status === 'CREATE_IN_PROGRESS' &&
    timeoutMinutes !== undefined &&
    scope.world.clock.now() - began > scope.world.provisioningTime(timeoutMinutes * 60_000)
  )
}

function outputsOf({ template, evaluator }: Reading): StackRecord['outputs'] {
  return Object.entries(template.Outputs)
    .filter(([, { Condition }]) => Condition === undefined || evaluator.condition(Condition))
    .map(([key, { Value, Description, Export }]) => ({
      key,
      value: evaluator.text(Value),
      ...(Description === undefined ? {} : { description: Description }),
      ...(Export === undefined ? {} : { exportName: evaluator.text(Export.Name) }),
    }))
}

/** Stops what still runs and goes back, or leaves everything as it is where that was asked for. */
async function fail({ scope, stack }: Work, failed: string[], reason?: string): Promise<void> {
  const cancelled: string[] = []
  for (const record of resources.list(scope, stack.arn)) {
    if (record.operation !== stack.operation || !RUNNING.test(record.status)) continue
    const creating = record.status.startsWith('CREATE')
    setResource(
      scope,
      stack,
      record,
      creating ? 'CREATE_FAILED' : 'UPDATE_FAILED',
      creating ? 'Resource creation cancelled' : 'Resource update cancelled',
    )
    cancelled.push(record.logicalId)
  }
  const all = [...failed, ...cancelled].sort()
  const verb = stack.status === 'CREATE_IN_PROGRESS' ? 'create' : 'update'
  const why = reason ?? `The following resource(s) failed to ${verb}: [${all.join(', ')}].`
  const operation = scope.world.ids.uuid()
  const go = (status: StackStatus, text: string, fields: Partial<StackRecord> = {}) =>
    void setStack(scope, stack, status, text, { operation, ...fields })
  if (stack.status === 'UPDATE_ROLLBACK_IN_PROGRESS') return go('UPDATE_ROLLBACK_FAILED', why)
  if (stack.status === 'UPDATE_IN_PROGRESS') {
    if (stack.onFailure === 'DO_NOTHING' || !stack.previous) return go('UPDATE_FAILED', why)
    return go('UPDATE_ROLLBACK_IN_PROGRESS', why, { wanted: stack.previous })
  }
  if (stack.onFailure === 'DO_NOTHING') return go('CREATE_FAILED', why)
  if (stack.onFailure === 'DELETE') return go('DELETE_IN_PROGRESS', `${why} Delete requested by user.`)
  return go('ROLLBACK_IN_PROGRESS', `${why} Rollback requested by user.`)
}
