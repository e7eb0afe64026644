import type { Controller } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type Scope, scopeOfKey } from '../../ec2/index.ts'
import { AwsError } from '../../wire/service.ts'
import { callsFor, type Invoke } from '../engine/calls.ts'
import type { DriftDetectionRecord, ResourceDrift, ResourceRecord } from '../records.ts'
import { detections, resources, stacks } from '../tables.ts'
import { RESOURCE_TYPES } from '../types/index.ts'
import { type Calls, isMissing } from '../types/type.ts'
import { ACTUAL } from './actual.ts'
import { differences } from './differences.ts'

const KEY = /^aws\/\d+\/[^/]+\/cloudformation\/drift-detections\/([^/]+)$/

/** Carries out the drift detections that were asked for, with the rights of who asked. */
export function driftController(world: World, invoke: Invoke): Controller {
  return {
    name: 'cloudformation-drift',
    sources: [{ prefix: 'aws/', keys: ({ key, type }) => (type === 'put' && KEY.test(key) ? [key] : []) }],
    async reconcile(key) {
      const scope = scopeOfKey(world, key)
      const detection = detections.find(scope, KEY.exec(key)![1]!)
      if (detection?.status !== 'DETECTION_IN_PROGRESS') return
      await detect(scope, detection, callsFor(invoke, scope, detection.principal))
    },
  }
}

async function detect(scope: Scope, detection: DriftDetectionRecord, call: Calls): Promise<void> {
  const { stackArn } = detection
  const checked: ResourceDrift[] = []
  let reason: string | undefined
  for (const record of resources.list(scope, stackArn)) {
    if (detection.logicalIds && !detection.logicalIds.includes(record.logicalId)) continue
    if (record.physicalId === undefined || record.status === 'DELETE_COMPLETE') continue
    try {
      const drift = await driftOf(call, record, scope.world.clock.now())
      if (!drift) continue
      checked.push(drift)
      const latest = resources.find(scope, stackArn, record.logicalId)
      if (latest) resources.put(scope, { ...latest, drift })
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      reason ??= `Failed to detect drift on resource [${record.logicalId}]: ${error.message}`
    }
  }
  const drifted = checked.filter(({ status }) => status !== 'IN_SYNC').length
  const result = drifted > 0 ? 'DRIFTED' : 'IN_SYNC'
  const at = scope.world.clock.now()
  const stack = stacks.byArn(scope, stackArn)
  if (stack && !detection.logicalIds) stacks.put(scope, { ...stack, drift: { status: result, at } })
  detections.put(scope, {
    ...detection,
    status: reason === undefined ? 'DETECTION_COMPLETE' : 'DETECTION_FAILED',
    ...(reason === undefined ? {} : { reason }),
    result,
    drifted,
  })
}

/** How a resource differs from what the stack made it; undefined for types that cannot be checked. */
async function driftOf(call: Calls, record: ResourceRecord, at: number): Promise<ResourceDrift | undefined> {
  const { type, properties } = record
  const id = record.physicalId!
  const read = ACTUAL[type]
  if (!read) return undefined
  try {
    await RESOURCE_TYPES.get(type)?.read?.(call, id, properties)
    const actual = await read(call, id, properties)
    const found = differences(properties, actual)
    return { at, status: found.length > 0 ? 'MODIFIED' : 'IN_SYNC', actual, differences: found }
  } catch (error) {
    if (!isMissing(error)) throw error
    return { at, status: 'DELETED', differences: [] }
  }
}
