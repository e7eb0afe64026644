import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Scope } from '../ec2/index.ts'
import { type Destination, destinationOf } from './reach.ts'
import type { TargetGroupRecord } from './records.ts'
import type { Sticky } from './stickiness.ts'
import { targetGroups, targets } from './tables.ts'

export interface Picked extends Destination {
  id: string
  port: number
  group: TargetGroupRecord
}

/** Takes turns among the targets of a load balancer's groups. */
export class TargetPicker {
  readonly #turns = new Map<string, number>()

  /**
   * The next target of a forward action: a healthy one, any when none is healthy; undefined when there is none.
   * `bound` is the target that the client belongs to; it is taken while it can be.
   */
  pick(scope: Scope, action: Action, bound?: Sticky): Picked | undefined {
    const groups = action.ForwardConfig?.TargetGroups ?? []
    const own = groups.find(({ TargetGroupArn }) => TargetGroupArn === bound?.groupArn)
    const group = targetGroups.find(scope, own?.TargetGroupArn ?? weighted(scope, action) ?? '')
    if (!group) return undefined
    const registered = targets.list(scope, group.arn).filter(({ state }) => state !== 'draining')
    const healthy = registered.filter(({ state }) => state === 'healthy')
    // With no healthy target a load balancer sends to all of them.
    const candidates = healthy.length > 0 ? healthy : registered.filter(({ state }) => state === 'unhealthy')
    if (candidates.length === 0) return undefined
    const again = candidates.find(({ id, port }) => id === bound?.id && port === bound.port)
    const there = again && destinationOf(scope, group, again)
    if (again && there) return { ...there, id: again.id, port: again.port, group }
    const turn = this.#turns.get(group.arn) ?? 0
    this.#turns.set(group.arn, turn + 1)
    for (let step = 0; step < candidates.length; step++) {
      const target = candidates[(turn + step) % candidates.length]!
      const destination = destinationOf(scope, group, target)
      if (destination) return { ...destination, id: target.id, port: target.port, group }
    }
    return undefined
  }
}

/** One of the target groups of an action, by their weights. */
function weighted(scope: Scope, action: Action): string | undefined {
  const groups = action.ForwardConfig?.TargetGroups ?? []
  if (groups.length < 2) return groups[0]?.TargetGroupArn
  const total = groups.reduce((sum, { Weight = 1 }) => sum + Weight, 0)
  if (total === 0) return undefined
  let left = scope.world.ids.number(total)
  for (const { TargetGroupArn, Weight = 1 } of groups) {
    left -= Weight
    if (left < 0) return TargetGroupArn
  }
  return undefined
}
