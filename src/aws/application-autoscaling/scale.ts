import type { Scope } from '../ec2/index.ts'
import { serviceOf, setDesiredCount } from './ecs-services.ts'
import type { TargetRecord } from './records.ts'
import { putActivity } from './tables.ts'

/** Sets the desired count of a target's service, within its bounds, with an activity that tells why; gives whether it changed. */
export function scale(scope: Scope, target: TargetRecord, wanted: number, cause: string): boolean {
  const service = serviceOf(scope, target.resourceId)
  if (!service) return false
  const count = Math.min(Math.max(wanted, target.min), target.max)
  if (count === service.desiredCount) return false
  setDesiredCount(scope, service, count)
  const now = scope.world.clock.now()
  putActivity(scope, {
    id: scope.world.ids.uuid(),
    resourceId: target.resourceId,
    description: `Setting desired count to ${count}.`,
    cause,
    started: now,
    ended: now,
    status: 'Successful',
    message: `Successfully set desired count to ${count}. Change successfully fulfilled by ecs.`,
  })
  return true
}

/** Brings a service into bounds that have just been changed. */
export function enterBounds(scope: Scope, target: TargetRecord): void {
  const count = serviceOf(scope, target.resourceId)?.desiredCount
  if (count === undefined) return
  if (count < target.min) scale(scope, target, target.min, `minimum capacity was set to ${target.min}`)
  if (count > target.max) scale(scope, target, target.max, `maximum capacity was set to ${target.max}`)
}
