import type * as sdk from '@aws-sdk/client-elastic-load-balancing-v2'
import { contains, parseCidr } from '../ec2/cidr.ts'
import { type Scope, type SubnetRecord, tables } from '../ec2/index.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import type { TargetGroupRecord, TargetRecord } from './records.ts'
import { targetGroups, targets } from './tables.ts'
import { balancersByGroup } from './usage.ts'

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html */
const REASONS = {
  registering: { Reason: 'Elb.RegistrationInProgress', Description: 'Target registration is in progress' },
  notInUse: {
    Reason: 'Target.NotInUse',
    Description: 'Target group is not configured to receive traffic from the load balancer',
  },
  notRegistered: {
    Reason: 'Target.NotRegistered',
    Description: 'Target is not registered to the target group',
  },
  draining: {
    Reason: 'Target.DeregistrationInProgress',
    Description: 'Target deregistration is in progress',
  },
} as const

/** One target of a group, as callers name it. */
export interface TargetDescription {
  id: string
  port?: number
}

function subnetOf(scope: Scope, vpcId: string, address: string): SubnetRecord | undefined {
  const block = parseCidr(`${address}/32`)
  return (
    block && tables.subnets.list(scope).find((s) => s.vpcId === vpcId && contains(parseCidr(s.cidr)!, block))
  )
}

/** The zone of a target. Throws InvalidTarget. */
function zoneOf(scope: Scope, group: TargetGroupRecord, id: string): string {
  const invalid = (message: string) => new AwsError('InvalidTarget', message)
  if (group.targetType === 'ip') {
    if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(id))
      throw new AwsError('ValidationError', `The IP address '${id}' is not a valid IPv4 address`)
    const subnet = subnetOf(scope, group.vpcId, id)
    if (!subnet) throw invalid(`The IP address '${id}' is not within the CIDR blocks of VPC '${group.vpcId}'`)
    return subnet.zone
  }
  const instance = tables.instances.find(scope, id)
  if (!/^i-[0-9a-f]+$/.test(id) || !instance) throw invalid(`Instance ID '${id}' is not valid`)
  if (instance.vpcId !== group.vpcId)
    throw invalid(`The following targets are not in the target group VPC '${group.vpcId}': '${id}'`)
  if (instance.state !== 'running')
    throw invalid(`The following targets are not in a running state and cannot be registered: '${id}'`)
  return instance.zone
}

/** Adds targets to a group; health checks begin when a load balancer uses it. Throws InvalidTarget. */
export function registerTargets(scope: Scope, groupArn: string, asked: TargetDescription[]): void {
  const group = targetGroups.get(scope, groupArn)
  const wanted = asked.map(({ id, port = group.port }) => ({ id, port, zone: zoneOf(scope, group, id) }))
  for (const { id, port, zone } of wanted) {
    const known = targets.find(scope, groupArn, id, port)
    if (known && known.state !== 'draining') continue
    const since = scope.world.clock.now()
    targets.put(scope, { groupArn, id, port, zone, state: 'initial', since })
  }
}

/** Takes targets out of a group: they drain first. */
export function deregisterTargets(scope: Scope, groupArn: string, asked: TargetDescription[]): void {
  targetGroups.get(scope, groupArn)
  for (const { id, port } of asked) {
    for (const target of targets.list(scope, groupArn)) {
      if (target.id !== id || (port !== undefined && target.port !== port)) continue
      if (target.state === 'draining') continue
      const since = scope.world.clock.now()
      const { reason: _reason, description: _description, ...rest } = target
      targets.put(scope, { ...rest, state: 'draining', since })
    }
  }
}

/** State, reason and description of a target as ELB words them. */
export function healthOf(
  scope: Scope,
  group: TargetGroupRecord,
  target: TargetRecord,
  inUse: boolean,
): sdk.TargetHealth {
  if (target.state === 'draining') return { State: 'draining', ...REASONS.draining }
  if (!inUse) return { State: 'unused', ...REASONS.notInUse }
  const instance = group.targetType === 'instance' ? tables.instances.find(scope, target.id) : undefined
  if (group.targetType === 'instance' && instance?.state !== 'running')
    return {
      State: 'unused',
      Reason: 'Target.InvalidState',
      Description: `Target is in the ${instance?.state ?? 'terminated'} state`,
    }
  if (target.state === 'healthy') return { State: 'healthy' }
  if (target.state === 'initial') return { State: 'initial', ...REASONS.registering }
  return {
    State: 'unhealthy',
    Reason: target.reason as sdk.TargetHealthReasonEnum,
    Description: target.description,
  }
}

const given = (list: sdk.TargetDescription[] | undefined): TargetDescription[] =>
  (list ?? []).map(({ Id, Port }) => ({ id: Id!, ...(Port === undefined ? {} : { port: Port }) }))

export const targetHandlers: Record<string, Handler> = {
  RegisterTargets: (input: sdk.RegisterTargetsCommandInput, context) => {
    registerTargets(context, input.TargetGroupArn!, given(input.Targets))
    return {}
  },

  DeregisterTargets: (input: sdk.DeregisterTargetsCommandInput, context) => {
    deregisterTargets(context, input.TargetGroupArn!, given(input.Targets))
    return {}
  },

  DescribeTargetHealth: (input: sdk.DescribeTargetHealthCommandInput, context) => {
    const group = targetGroups.get(context, input.TargetGroupArn!)
    const inUse = balancersByGroup(context).has(group.arn)
    const all = targets.list(context, group.arn)
    const describe = (target: TargetRecord): sdk.TargetHealthDescription => ({
      Target: {
        Id: target.id,
        Port: target.port,
        ...(group.targetType === 'ip' ? { AvailabilityZone: target.zone } : {}),
      },
      HealthCheckPort:
        group.healthCheck.port === 'traffic-port' ? String(target.port) : group.healthCheck.port,
      TargetHealth: healthOf(context, group, target, inUse),
      AdministrativeOverride: {
        State: 'no_override',
        Reason: 'AdministrativeOverride.NoOverride',
        Description: 'No override is currently active on target',
      },
    })
    const descriptions = input.Targets?.length
      ? given(input.Targets).flatMap(({ id, port }): sdk.TargetHealthDescription[] => {
          const found = all.filter((one) => one.id === id && (port === undefined || one.port === port))
          if (found.length > 0) return found.map(describe)
          return [
            {
              Target: { Id: id, Port: port ?? group.port },
              TargetHealth: { State: 'unused', ...REASONS.notRegistered },
            },
          ]
        })
      : all.map(describe)
    return { TargetHealthDescriptions: descriptions }
  },
}
