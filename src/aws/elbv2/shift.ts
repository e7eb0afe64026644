import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Scope } from '../ec2/index.ts'
import { defaultRuleArn } from './listeners.ts'
import type { ListenerRecord, RuleRecord } from './records.ts'
import { listeners, rules } from './tables.ts'

/** A rule, or a listener by its own ARN or its default rule's. */
function found(scope: Scope, arn: string): { rule: RuleRecord } | { listener: ListenerRecord } | undefined {
  const rule = rules.find(scope, arn)
  if (rule) return { rule }
  const listener =
    listeners.find(scope, arn) ?? listeners.list(scope).find((one) => defaultRuleArn(one) === arn)
  return listener && { listener }
}

/** The load balancer of a rule or listener; undefined: there is none. */
export function balancerOfRule(scope: Scope, arn: string): string | undefined {
  const place = found(scope, arn)
  if (!place) return undefined
  const listener = 'rule' in place ? listeners.find(scope, place.rule.listenerArn) : place.listener
  return listener?.loadBalancerArn
}

/** Leads a percentage of the traffic of a rule or listener to one target group, and the rest to another. */
export function shiftTraffic(scope: Scope, arn: string, to: string, from: string, percent = 100): void {
  const place = found(scope, arn)
  if (!place) return
  // Weights are whole numbers up to 999.
  const scale = Number.isInteger(percent) ? 1 : 9
  const weight = Math.round(percent * scale)
  const action: Action = {
    Type: 'forward',
    ForwardConfig: {
      TargetGroups: [
        { TargetGroupArn: to, Weight: weight },
        { TargetGroupArn: from, Weight: 100 * scale - weight },
      ],
      TargetGroupStickinessConfig: { Enabled: false },
    },
  }
  if ('rule' in place) rules.put(scope, { ...place.rule, actions: [action] })
  else listeners.put(scope, { ...place.listener, defaultActions: [action] })
}
