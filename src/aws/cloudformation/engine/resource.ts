import type { Scope } from '../../ec2/index.ts'
import type { DeletionPolicy, Properties, ResourceRecord, StackRecord } from '../records.ts'
import { resources } from '../tables.ts'
import type { TemplateResource } from '../template/parse.ts'
import { dependenciesOf } from '../template/references.ts'
import { RESOURCE_TYPES } from '../types/index.ts'
import {
  type Calls,
  changed,
  isMissing,
  type Order,
  propertyProblem,
  propertyRules,
  type ResourceType,
  type Tag,
} from '../types/type.ts'
import { handlerMessage } from './failure.ts'
import { physicalName } from './names.ts'
import { resolveDynamic } from './references.ts'
import { setResource } from './status.ts'
import type { Reading } from './surroundings.ts'

/** What a step on a resource needs. */
export interface Work {
  scope: Scope
  stack: StackRecord
  call: Calls
}

const typeOf = (name: string): ResourceType => RESOURCE_TYPES.get(name)!

/** Whether the running operation is done with a resource. */
export const isDone = (stack: StackRecord, record: ResourceRecord | undefined): boolean =>
  record?.operation === stack.operation && /^(CREATE|UPDATE)_COMPLETE$/.test(record.status)

export const isFailed = (stack: StackRecord, record: ResourceRecord | undefined): boolean =>
  record?.operation === stack.operation && /FAILED$/.test(record.status)

/** Takes a resource one step towards what the template says of it. */
export async function apply(work: Work, reading: Reading, logicalId: string): Promise<void> {
  const { scope, stack } = work
  const record = resources.find(scope, stack.arn, logicalId)
  if (record?.operation === stack.operation) return stabilize(work, record)
  const wanted = reading.template.Resources[logicalId]!
  const base = {
    stackArn: stack.arn,
    logicalId,
    type: wanted.Type,
    dependsOn: dependenciesOf(wanted, (name) => reading.wanted.includes(name)),
    deletionPolicy: policyOf(wanted, reading),
    operation: stack.operation,
  }
  let properties: Properties
  try {
    properties = reading.evaluator.resolve(wanted.Properties ?? {}) as Properties
  } catch (error) {
    const failed: ResourceRecord = {
      ...(record ?? { attributes: {}, replaced: [], properties: {}, updated: 0, status: 'CREATE_FAILED' }),
      ...base,
    }
    setResource(scope, stack, failed, record ? 'UPDATE_FAILED' : 'CREATE_FAILED', (error as Error).message)
    return
  }
  if (record?.physicalId === undefined) return create(work, base, properties, [])
  const before = { ...record, ...base, type: record.type }
  const last = record.replaced.find((one) => same(one.properties, properties))
  if (last && !same(record.properties, properties)) return restore(work, before, wanted.Type, last)
  if (record.type !== wanted.Type || mustReplace(typeOf(wanted.Type), properties, record.properties))
    return replace(work, before, { ...base, type: wanted.Type }, properties)
  if (same(record.properties, properties)) {
    const status = record.status.startsWith('CREATE') ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE'
    resources.put(scope, { ...before, status })
    return
  }
  return update(work, before, properties)
}

/** Whether a change of properties needs another physical resource. */
export function mustReplace(type: ResourceType, now: Properties, before: Properties): boolean {
  const { all, createOnly } = propertyRules(type)
  const differing = [...all].filter((name) => changed(name, now, before))
  return differing.some((name) => createOnly.has(name)) || (differing.length > 0 && !type.update)
}

type Base = Pick<
  ResourceRecord,
  'stackArn' | 'logicalId' | 'type' | 'dependsOn' | 'deletionPolicy' | 'operation'
>

async function create(
  work: Work,
  base: Base,
  properties: Properties,
  replaced: ResourceRecord['replaced'],
): Promise<void> {
  const { scope, stack, call } = work
  const updating = replaced.length > 0
  const record: ResourceRecord = {
    ...base,
    properties,
    replaced,
    attributes: {},
    status: updating ? 'UPDATE_IN_PROGRESS' : 'CREATE_IN_PROGRESS',
    updated: 0,
  }
  const type = typeOf(base.type)
  const failed = updating ? 'UPDATE_FAILED' : 'CREATE_FAILED'
  setResource(
    scope,
    stack,
    record,
    record.status,
    updating
      ? 'Requested update requires the creation of a new physical resource; hence creating one.'
      : undefined,
  )
  const problem = propertyProblem(type, base.logicalId, properties)
  if (problem !== undefined) {
    setResource(scope, stack, record, failed, problem)
    return
  }
  try {
    const live = await resolveDynamic(call, properties)
    const made = await type.create(call, live, orderOf(work, base, properties))
    const { id, attributes } = typeof made === 'string' ? { id: made, attributes: {} } : made
    const started = { ...record, physicalId: id, attributes, ...(type.settle ? { settling: true } : {}) }
    return stabilize(
      work,
      setResource(
        scope,
        stack,
        started,
        record.status,
        updating
          ? 'Requested update required the creation of a new physical resource; hence creating one.'
          : 'Resource creation Initiated',
      ),
    )
  } catch (error) {
    setResource(scope, stack, record, failed, handlerMessage(scope, base.type, error))
  }
}

function replace(work: Work, before: ResourceRecord, base: Base, properties: Properties): Promise<void> {
  const old = { physicalId: before.physicalId!, properties: before.properties, type: before.type }
  return create(work, base, properties, [...before.replaced, old])
}

/** Goes back to the physical resource that a replacement left behind. */
async function restore(
  work: Work,
  before: ResourceRecord,
  type: string,
  last: ResourceRecord['replaced'][number],
): Promise<void> {
  const others = before.replaced.filter((one) => one !== last)
  const current = { physicalId: before.physicalId!, properties: before.properties, type: before.type }
  const record: ResourceRecord = {
    ...before,
    type,
    physicalId: last.physicalId,
    properties: last.properties,
    replaced: [...others, current],
  }
  return stabilize(work, setResource(work.scope, work.stack, record, 'UPDATE_IN_PROGRESS'))
}

async function update(work: Work, before: ResourceRecord, properties: Properties): Promise<void> {
  const { scope, stack, call } = work
  const type = typeOf(before.type)
  const started = setResource(scope, stack, { ...before, properties }, 'UPDATE_IN_PROGRESS')
  const problem = propertyProblem(type, before.logicalId, properties)
  if (problem !== undefined) {
    setResource(scope, stack, started, 'UPDATE_FAILED', problem)
    return
  }
  try {
    await type.update!(
      call,
      before.physicalId!,
      await resolveDynamic(call, properties),
      before.properties,
      orderOf(work, before, properties),
    )
    return stabilize(work, started)
  } catch (error) {
    setResource(scope, stack, started, 'UPDATE_FAILED', handlerMessage(scope, before.type, error))
  }
}

/** Looks whether a resource that was made or changed is ready. */
async function stabilize({ scope, stack, call }: Work, record: ResourceRecord): Promise<void> {
  if (!record.status.endsWith('IN_PROGRESS') || record.physicalId === undefined) return
  const kind = record.status.startsWith('CREATE') ? 'CREATE' : 'UPDATE'
  const type = typeOf(record.type)
  try {
    const reading = (await type.read?.(call, record.physicalId, record.properties)) ?? {
      state: 'ready' as const,
    }
    if (reading.state === 'failed') setResource(scope, stack, record, `${kind}_FAILED`, reading.reason)
    if (reading.state !== 'ready') return
    const { settling, ...rest } = record
    if (settling) await type.settle!(call, record.physicalId, await resolveDynamic(call, record.properties))
    const attributes = { ...record.attributes, ...reading.attributes }
    setResource(scope, stack, { ...rest, attributes }, `${kind}_COMPLETE`)
  } catch (error) {
    setResource(scope, stack, record, `${kind}_FAILED`, handlerMessage(scope, record.type, error))
  }
}

/** Takes the removal of a physical resource one step; gives whether it is gone. Throws the service's error. */
export async function removePhysical(
  { call }: Work,
  typeName: string,
  physicalId: string,
  properties: Properties,
  begun: boolean,
): Promise<boolean> {
  const type = typeOf(typeName)
  try {
    if (!begun) await type.remove(call, physicalId, properties)
    if (!type.lingers || !type.read) return true
    await type.read(call, physicalId, properties)
    return false
  } catch (error) {
    if (isMissing(error)) return true
    throw error
  }
}

function orderOf({ stack }: Work, base: Base, properties: Properties): Order {
  const seed = `${stack.arn} ${base.logicalId} ${stack.operation}`
  const own = Array.isArray(properties.Tags)
    ? (properties.Tags as Tag[]).map(({ Key, Value }) => ({ Key, Value: String(Value) }))
    : Object.entries((properties.Tags ?? {}) as Record<string, string>).map(([Key, Value]) => ({
        Key,
        Value,
      }))
  const stackTags = Object.entries(stack.wanted.tags).map(([Key, Value]) => ({ Key, Value }))
  const system = [
    { Key: 'aws:cloudformation:stack-name', Value: stack.name },
    { Key: 'aws:cloudformation:logical-id', Value: base.logicalId },
    { Key: 'aws:cloudformation:stack-id', Value: stack.arn },
  ]
  const inherited = stackTags.filter(({ Key }) => !own.some((one) => one.Key === Key))
  return {
    tags: [...own, ...inherited, ...system],
    ownTags: [...own, ...inherited],
    name: (limit) => physicalName(stack.name, base.logicalId, seed, limit),
    token: `${base.logicalId}-${stack.operation}`.slice(0, 64),
  }
}

function policyOf(
  { DeletionPolicy: given = 'Delete' }: TemplateResource,
  { evaluator }: Reading,
): DeletionPolicy {
  return evaluator.text(given) as DeletionPolicy
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
