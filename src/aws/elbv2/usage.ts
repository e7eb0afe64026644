import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Scope } from '../ec2/index.ts'
import { listeners, rules } from './tables.ts'

/** The target groups that a list of actions forwards to. */
export function groupsOf(actions: Action[]): string[] {
  return actions.flatMap(
    ({ TargetGroupArn, ForwardConfig }) =>
      ForwardConfig?.TargetGroups?.map((one) => one.TargetGroupArn!) ??
      (TargetGroupArn === undefined ? [] : [TargetGroupArn]),
  )
}

/** Target group → the load balancers whose listeners or rules forward to it. */
export function balancersByGroup(scope: Scope): Map<string, string[]> {
  const users = new Map<string, string[]>()
  const add = (actions: Action[], balancer: string) => {
    for (const group of groupsOf(actions)) {
      const known = users.get(group) ?? []
      if (!known.includes(balancer)) users.set(group, [...known, balancer])
    }
  }
  const balancerOf = new Map<string, string>()
  for (const listener of listeners.list(scope)) {
    balancerOf.set(listener.arn, listener.loadBalancerArn)
    add(listener.defaultActions, listener.loadBalancerArn)
  }
  for (const rule of rules.list(scope)) {
    const balancer = balancerOf.get(rule.listenerArn)
    if (balancer !== undefined) add(rule.actions, balancer)
  }
  return users
}
