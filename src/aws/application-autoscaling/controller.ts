import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type AlarmRecord, alarms, alarmValues } from '../cloudwatch/index.ts'
import { type Scope, scopeOfKey } from '../ec2/index.ts'
import { parseSchedule } from '../schedule.ts'
import { adjusted, stepFor } from '../target-tracking.ts'
import { serviceOf } from './ecs-services.ts'
import type { PolicyRecord, TargetRecord } from './records.ts'
import { scale } from './scale.ts'
import { policies, scalableTargets, scheduledActions } from './tables.ts'

const TARGET_KEY = /^aws\/\d+\/[^/]+\/application-autoscaling\/targets\/([^/]+)$/
const OTHER_KEY = /^aws\/\d+\/[^/]+\/application-autoscaling\/(?:policies|scheduled-actions)\//
const ALARM_KEY = /^aws\/\d+\/[^/]+\/cloudwatch\/alarms\//
/** An alarm that stays in ALARM leads to its policy every minute. */
const AGAIN_MS = 60_000
/** Cooldowns of ECS services, seconds: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html */
const COOLDOWN_S = 300

/** Scales what is registered: keeps it within its bounds, follows alarms through its policies, and keeps to its schedule. */
export function applicationAutoScalingController(world: World): Controller {
  return {
    name: 'application-autoscaling',
    sources: [
      {
        prefix: 'aws/',
        keys: ({ key, entry }) => {
          if (TARGET_KEY.test(key)) return [key]
          const scope = scopeOfKey(world, key)
          if (OTHER_KEY.test(key)) {
            const { resourceId } = entry.value as { resourceId: string }
            return [scalableTargets.key(scope, resourceId)]
          }
          if (!ALARM_KEY.test(key)) return []
          const alarm = entry.value as AlarmRecord
          return policies
            .list(scope)
            .filter((policy) => alarm.alarmActions.includes(policy.arn))
            .map(({ resourceId }) => scalableTargets.key(scope, resourceId))
        },
      },
    ],
    reconcile(key) {
      const scope = scopeOfKey(world, key)
      const target = scalableTargets.find(scope, decodeURIComponent(TARGET_KEY.exec(key)![1]!))
      if (!target) return undefined
      const waits = [followSchedule(scope, target), followAlarms(scope, target)]
      const next = waits.filter((wait) => wait !== undefined)
      return next.length > 0 ? ({ requeueAfterMs: Math.min(...next) } satisfies Result) : undefined
    },
  }
}

/** Changes the bounds when a scheduled action is due; gives how long until the next one, ms. */
function followSchedule(scope: Scope, target: TargetRecord): number | undefined {
  const now = scope.world.clock.now()
  let soonest: number | undefined
  for (const action of scheduledActions.list(scope)) {
    if (action.resourceId !== target.resourceId) continue
    const due = parseSchedule(action.schedule, action.timezone, action.created)?.next(
      Math.max(action.done, (action.start ?? 0) - 1),
    )
    if (due === undefined || due > (action.end ?? Number.POSITIVE_INFINITY)) {
      // One that was for once goes when it is done.
      if (due === undefined && action.schedule.startsWith('at(')) scheduledActions.delete(scope, action)
      continue
    }
    if (due > now) {
      soonest = Math.min(soonest ?? Number.POSITIVE_INFINITY, due - now)
      continue
    }
    scheduledActions.put(scope, { ...action, done: now })
    if (target.suspended.scheduled) continue
    const min = action.min ?? Math.min(target.min, action.max!)
    const max = action.max ?? Math.max(target.max, min)
    scalableTargets.put(scope, { ...target, min, max })
    const count = serviceOf(scope, target.resourceId)?.desiredCount ?? min
    const cause = `scheduled action name ${action.name} was triggered`
    scale(scope, { ...target, min, max }, count, cause)
  }
  return soonest
}

/** Lets the alarms that ring act through their policies; gives when to look again, ms. */
function followAlarms(scope: Scope, target: TargetRecord): number | undefined {
  let again: number | undefined
  for (const policy of policies.list(scope)) {
    if (policy.resourceId !== target.resourceId) continue
    for (const alarm of alarms.list(scope)) {
      const rings = alarm.state === 'ALARM' && alarm.actionsEnabled && alarm.alarmActions.includes(policy.arn)
      if (!rings) continue
      again = AGAIN_MS
      act(scope, target, policy, alarm)
    }
  }
  return again
}

function act(scope: Scope, target: TargetRecord, policy: PolicyRecord, alarm: AlarmRecord): void {
  const service = serviceOf(scope, target.resourceId)
  const value = alarmValues(scope, alarm).findLast((one) => one.value !== undefined)?.value
  if (!service || value === undefined) return
  const current = service.desiredCount
  const wanted = policy.tracking
    ? tracked(current, value, policy.tracking.TargetValue!)
    : stepped(current, policy, value - alarm.threshold)
  if (wanted === undefined || wanted === current) return
  const now = scope.world.clock.now()
  const out = wanted > current
  if (out ? target.suspended.out : target.suspended.in) return
  if (now < coolUntil(policy, out)) return
  const cause = `monitor alarm ${alarm.name} in state ALARM triggered policy ${policy.name}`
  if (scale(scope, target, wanted, cause))
    policies.put(scope, { ...policy, ...(out ? { scaledOut: now } : { scaledIn: now }) })
}

/** As many tasks as would bring the metric to its target. */
const tracked = (current: number, value: number, target: number) => Math.ceil((current * value) / target)

function stepped(current: number, { step }: PolicyRecord, difference: number): number | undefined {
  const adjustment = stepFor(step?.StepAdjustments ?? [], difference)
  if (adjustment === undefined) return undefined
  return adjusted(current, step!.AdjustmentType!, adjustment, step!.MinAdjustmentMagnitude)
}

/** Until when a policy rests, ms since the epoch: scaling in waits for both cooldowns. */
function coolUntil({ tracking, step, scaledOut = 0, scaledIn = 0 }: PolicyRecord, out: boolean): number {
  const outMs = (tracking?.ScaleOutCooldown ?? step?.Cooldown ?? COOLDOWN_S) * 1000
  const inMs = (tracking?.ScaleInCooldown ?? step?.Cooldown ?? COOLDOWN_S) * 1000
  const afterOut = scaledOut === 0 ? 0 : scaledOut + (out ? outMs : Math.max(outMs, inMs))
  const afterIn = scaledIn === 0 || out ? 0 : scaledIn + inMs
  return Math.max(afterOut, afterIn)
}
