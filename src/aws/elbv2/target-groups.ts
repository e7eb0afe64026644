import type * as sdk from '@aws-sdk/client-elastic-load-balancing-v2'
import { type Scope, tables } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { page } from './paging.ts'
import type { HealthCheckRecord, TargetGroupRecord } from './records.ts'
import { targetGroups, targets } from './tables.ts'
import { tagsOf } from './tags.ts'
import { balancersByGroup } from './usage.ts'

const validation = (message: string) => new AwsError('ValidationError', message)

function toTargetGroup(record: TargetGroupRecord, balancers: string[]): sdk.TargetGroup {
  const check = record.healthCheck
  return {
    TargetGroupArn: record.arn,
    TargetGroupName: record.name,
    Protocol: record.protocol as sdk.ProtocolEnum,
    Port: record.port,
    VpcId: record.vpcId,
    HealthCheckProtocol: check.protocol as sdk.ProtocolEnum,
    HealthCheckPort: check.port,
    HealthCheckEnabled: check.enabled,
    HealthCheckIntervalSeconds: check.interval,
    HealthCheckTimeoutSeconds: check.timeout,
    HealthyThresholdCount: check.healthyThreshold,
    UnhealthyThresholdCount: check.unhealthyThreshold,
    ...(check.path === undefined ? {} : { HealthCheckPath: check.path }),
    ...(check.matcher === undefined ? {} : { Matcher: { HttpCode: check.matcher } }),
    LoadBalancerArns: balancers,
    TargetType: record.targetType,
    ...(record.protocolVersion === undefined ? {} : { ProtocolVersion: record.protocolVersion }),
    IpAddressType: 'ipv4',
  }
}

/**
 * Health check settings with ELB's defaults, which differ by protocol.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
 */
function healthCheckOf(
  protocol: string,
  input: Partial<sdk.CreateTargetGroupCommandInput>,
  before?: HealthCheckRecord,
): HealthCheckRecord {
  const checkProtocol = input.HealthCheckProtocol ?? before?.protocol ?? protocol
  if (!['HTTP', 'TCP'].includes(checkProtocol)) throw unsupported(`health checks by ${checkProtocol}`)
  if (protocol === 'HTTP' && checkProtocol === 'TCP')
    throw validation(`Health check protocol '${checkProtocol}' must be 'HTTP' or 'HTTPS'`)
  const http = checkProtocol === 'HTTP'
  const network = protocol === 'TCP'
  const check: HealthCheckRecord = {
    enabled: input.HealthCheckEnabled ?? before?.enabled ?? true,
    protocol: checkProtocol,
    port: input.HealthCheckPort ?? before?.port ?? 'traffic-port',
    ...(http ? { path: input.HealthCheckPath ?? before?.path ?? '/' } : {}),
    interval: input.HealthCheckIntervalSeconds ?? before?.interval ?? 30,
    timeout: input.HealthCheckTimeoutSeconds ?? before?.timeout ?? (http ? (network ? 6 : 5) : 10),
    healthyThreshold: input.HealthyThresholdCount ?? before?.healthyThreshold ?? 5,
    unhealthyThreshold: input.UnhealthyThresholdCount ?? before?.unhealthyThreshold ?? 2,
    ...(http ? { matcher: input.Matcher?.HttpCode ?? before?.matcher ?? (network ? '200-399' : '200') } : {}),
  }
  if (check.timeout >= check.interval)
    throw validation(
      `Health check timeout '${check.timeout}' must be smaller than the interval '${check.interval}'`,
    )
  if (check.port !== 'traffic-port' && !/^([1-9]\d{0,4})$/.test(check.port))
    throw validation(`Health check port '${check.port}' must be 'traffic-port' or in the range 1-65535`)
  if (!http && (input.HealthCheckPath !== undefined || input.Matcher?.HttpCode !== undefined))
    throw validation(`Health check path and matcher cannot be specified with protocol '${checkProtocol}'`)
  if (check.matcher !== undefined && !/^\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*$/.test(check.matcher))
    throw validation(`Health check matcher HTTP code '${check.matcher}' must be within '200-499' inclusive`)
  return check
}

const unsupported = (what: string) =>
  new AwsError('NotImplemented', `Drydock does not simulate ${what}. FIDELITY.md lists what is simulated.`, {
    status: 501,
  })

function checkName(name: string): void {
  if (!/^[A-Za-z0-9-]+$/.test(name))
    throw validation(
      `Target group name '${name}' can only contain characters that are alphanumeric characters and hyphens(-)`,
    )
  if (/^-|-$/.test(name)) throw validation(`Target group name '${name}' cannot begin or end with a hyphen(-)`)
}

/** By names, ARNs or load balancer. Throws TargetGroupNotFound. */
function asked(context: RequestContext, input: sdk.DescribeTargetGroupsCommandInput): TargetGroupRecord[] {
  if (input.TargetGroupArns?.length) return input.TargetGroupArns.map((arn) => targetGroups.get(context, arn))
  const all = targetGroups.list(context)
  return (
    input.Names?.map((name) => {
      const found = all.find((one) => one.name === name)
      if (!found) throw new AwsError('TargetGroupNotFound', 'One or more target groups not found')
      return found
    }) ?? all
  )
}

/** What two calls with the same name must agree in. */
const settings = ({ arn: _arn, attributes: _attributes, ...rest }: TargetGroupRecord) => JSON.stringify(rest)

export const targetGroupHandlers: Record<string, Handler> = {
  CreateTargetGroup: (input: sdk.CreateTargetGroupCommandInput, context) => {
    const name = input.Name!
    checkName(name)
    const targetType = input.TargetType ?? 'instance'
    if (targetType !== 'instance' && targetType !== 'ip')
      throw unsupported(`target groups of type '${targetType}'`)
    const protocol = input.Protocol
    if (protocol === undefined) throw validation('A protocol must be specified')
    if (protocol !== 'HTTP' && protocol !== 'TCP')
      throw unsupported(`target groups of protocol '${protocol}'`)
    if (input.Port === undefined) throw validation('A port must be specified')
    if (input.VpcId === undefined) throw validation('A VPC ID must be specified')
    if (input.IpAddressType === 'ipv6') throw unsupported('target groups of IPv6 addresses')
    const version = input.ProtocolVersion ?? 'HTTP1'
    if (protocol === 'HTTP' && version !== 'HTTP1')
      throw unsupported(`target groups of protocol version '${version}'`)
    if (!tables.vpcs.find(context, input.VpcId)) throw validation(`The VPC ID '${input.VpcId}' is not found`)
    const record: TargetGroupRecord = {
      arn: `arn:aws:elasticloadbalancing:${context.region}:${context.accountId}:targetgroup/${name}/${context.world.ids.hex(16)}`,
      name,
      protocol,
      port: input.Port,
      vpcId: input.VpcId,
      targetType,
      ...(protocol === 'HTTP' ? { protocolVersion: version } : {}),
      healthCheck: healthCheckOf(protocol, input),
      attributes: {},
      tags: tagsOf(input.Tags),
    }
    const present = targetGroups.list(context).find((one) => one.name === name)
    if (present && settings(present) !== settings(record))
      throw new AwsError(
        'DuplicateTargetGroupName',
        `A target group with the same name '${name}' exists, but with different settings`,
      )
    const kept = present ?? targetGroups.put(context, record)
    return { TargetGroups: [toTargetGroup(kept, balancersByGroup(context).get(kept.arn) ?? [])] }
  },

  DescribeTargetGroups: (input: sdk.DescribeTargetGroupsCommandInput, context) => {
    const users = balancersByGroup(context)
    const of = (arn: string) => users.get(arn) ?? []
    const balancer = input.LoadBalancerArn
    const matching = asked(context, input).filter(
      ({ arn }) => balancer === undefined || of(arn).includes(balancer),
    )
    const { items, ...rest } = page(matching, input)
    return { TargetGroups: items.map((record) => toTargetGroup(record, of(record.arn))), ...rest }
  },

  ModifyTargetGroup: (input: sdk.ModifyTargetGroupCommandInput, context) => {
    const record = targetGroups.get(context, input.TargetGroupArn!)
    const healthCheck = healthCheckOf(record.protocol, input, record.healthCheck)
    const next = targetGroups.put(context, { ...record, healthCheck })
    return { TargetGroups: [toTargetGroup(next, balancersByGroup(context).get(next.arn) ?? [])] }
  },

  DeleteTargetGroup: (input: sdk.DeleteTargetGroupCommandInput, context) => {
    const arn = input.TargetGroupArn!
    if (balancersByGroup(context).has(arn))
      throw new AwsError('ResourceInUse', `Target group '${arn}' is currently in use by a listener or a rule`)
    removeTargetGroup(context, arn)
    return {}
  },
}

function removeTargetGroup(scope: Scope, arn: string): void {
  for (const target of targets.list(scope, arn)) targets.delete(scope, target)
  targetGroups.delete(scope, arn)
}
