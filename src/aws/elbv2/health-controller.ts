import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type Scope, scopeOfKey } from '../ec2/index.ts'
import { groupAttribute } from './attributes.ts'
import { type Finding, probe } from './probe.ts'
import type { LoadBalancerRecord, TargetGroupRecord, TargetRecord } from './records.ts'
import { idOf, listeners, loadBalancers, targetGroups, targets } from './tables.ts'
import { balancersByGroup, groupsOf } from './usage.ts'

const TARGET_KEY = /^aws\/[^/]+\/[^/]+\/elbv2\/targets\/(.+)\/([^/]+):(\d+)$/
const LISTENER_KEY = /^aws\/[^/]+\/[^/]+\/elbv2\/(?:listeners|rules)\//
const BALANCER_KEY = /^aws\/[^/]+\/[^/]+\/elbv2\/load-balancers\//
const GROUP_KEY = /^aws\/[^/]+\/[^/]+\/elbv2\/target-groups\//

/** Shortest wait, ms, between checks of a target that fails them before its first service. */
const FASTEST_RETRY_MS = 1000

/**
 * Checks the targets of the groups that a load balancer uses, at their interval. Counts of successes and failures live here;
 * only a change is written, so that a quiet world stays quiet.
 */
export function targetHealthController(world: World, network: VirtualNetwork): Controller {
  const streaks = new Map<string, { good: boolean; length: number }>()
  return {
    name: 'elbv2-health',
    concurrency: 16,
    sources: [
      {
        prefix: 'aws/',
        keys: ({ key, entry, previous }) => {
          if (TARGET_KEY.test(key)) return [key]
          const scope = scopeOfKey(world, key)
          if (GROUP_KEY.test(key)) return keysOf(scope, [(entry.value as TargetGroupRecord).arn])
          if (LISTENER_KEY.test(key)) return keysOf(scope, concerned(entry.value, previous?.value))
          if (!BALANCER_KEY.test(key)) return []
          const own = listeners.list(scope, (entry.value as LoadBalancerRecord).arn)
          return keysOf(
            scope,
            own.flatMap((listener) => concerned(listener)),
          )
        },
      },
    ],
    async reconcile(key): Promise<Result | undefined> {
      const [, groupId = '', id = '', port = ''] = TARGET_KEY.exec(key)!
      const scope = scopeOfKey(world, key)
      const groupArn = `arn:aws:elasticloadbalancing:${scope.region}:${scope.accountId}:targetgroup/${groupId}`
      const group = targetGroups.find(scope, groupArn)
      const read = () => targets.find(scope, groupArn, id, Number(port))
      const target = read()
      if (!group || !target) {
        streaks.delete(key)
        return undefined
      }
      if (target.state === 'draining') return drain(scope, group, target)
      const balancer = userOf(scope, group)
      if (!balancer) return undefined
      if (!group.healthCheck.enabled) {
        if (target.state !== 'healthy') settle(scope, target, 'healthy', {})
        return undefined
      }
      const found = await probe(network, scope, balancer, group, target)
      const good = found.reason === undefined
      const before = streaks.get(key)
      const length = before?.good === good ? before.length + 1 : 1
      streaks.set(key, { good, length })
      // The target may have gone, or begun to drain, while the probe was under way.
      const now = read()
      if (!now || now.state === 'draining') return undefined
      const state = nextState(group, now, good, length)
      if (
        state !== now.state ||
        (state === 'unhealthy' && found.reason && found.description !== now.description)
      )
        settle(scope, now, state, found)
      const interval = group.healthCheck.interval * 1000
      if (now.served || state === 'healthy') return { requeueAfterMs: interval }
      const fast = world.provisioningTime(interval)
      return { requeueAfterMs: Math.max(fast, FASTEST_RETRY_MS) }
    },
  }
}

const concerned = (...values: unknown[]): string[] =>
  values.flatMap((value) => {
    if (!value) return []
    const { defaultActions, actions } = value as { defaultActions?: []; actions?: [] }
    return groupsOf(defaultActions ?? actions ?? [])
  })

function keysOf(scope: Scope, groupArns: string[]): string[] {
  return groupArns.flatMap((arn) =>
    targets
      .list(scope, arn)
      .map(
        ({ id, port }) => `aws/${scope.accountId}/${scope.region}/elbv2/targets/${idOf(arn)}/${id}:${port}`,
      ),
  )
}

/** The load balancer that checks a group, once it is up. */
function userOf(scope: Scope, group: TargetGroupRecord): LoadBalancerRecord | undefined {
  const arn = balancersByGroup(scope).get(group.arn)?.[0]
  const balancer = arn === undefined ? undefined : loadBalancers.find(scope, arn)
  return balancer?.state === 'active' ? balancer : undefined
}

/** A new target is in service after its first good check; later the thresholds count. */
function nextState(
  group: TargetGroupRecord,
  target: TargetRecord,
  good: boolean,
  length: number,
): TargetRecord['state'] {
  const { healthyThreshold, unhealthyThreshold } = group.healthCheck
  if (good) {
    const needed = target.state === 'initial' ? 1 : healthyThreshold
    return length >= needed ? 'healthy' : target.state
  }
  return length >= unhealthyThreshold ? 'unhealthy' : target.state
}

function settle(scope: Scope, target: TargetRecord, state: TargetRecord['state'], found: Finding): void {
  const { reason: _reason, description: _description, ...rest } = target
  const since = state === target.state ? target.since : scope.world.clock.now()
  const served = target.served || state === 'healthy'
  targets.put(scope, { ...rest, state, since, served, ...(state === 'unhealthy' ? found : {}) })
}

/** A target leaves when its deregistration delay is over, at once when nobody sent it traffic. */
function drain(scope: Scope, group: TargetGroupRecord, target: TargetRecord): Result | undefined {
  const delay = Number(groupAttribute(group, 'deregistration_delay.timeout_seconds')) * 1000
  const left = target.served
    ? target.since + scope.world.provisioningTime(delay) - scope.world.clock.now()
    : 0
  if (left > 0) return { requeueAfterMs: left }
  targets.delete(scope, target)
  return undefined
}
