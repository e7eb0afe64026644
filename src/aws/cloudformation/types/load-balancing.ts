import { type Calls, changed, type ResourceType, without } from './type.ts'

const elb = (call: Calls, operation: string, input: Record<string, unknown>) =>
  call('elbv2', operation, input)

/** The part of an ARN behind its kind: `app/web/0123…` of a load balancer. */
const fullName = (arn: string) => arn.slice(arn.indexOf(':loadbalancer/') + ':loadbalancer/'.length)

const loadBalancer: ResourceType = {
  name: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
  properties:
    'Name* Scheme* Type* Subnets SubnetMappings SecurityGroups IpAddressType LoadBalancerAttributes Tags',
  async create(call, p, order) {
    const { LoadBalancers } = await elb(call, 'CreateLoadBalancer', {
      ...without(p, 'Name', 'LoadBalancerAttributes', 'Tags'),
      Name: p.Name ?? order.name(32),
      Tags: order.tags,
    })
    const arn = LoadBalancers[0].LoadBalancerArn
    if (p.LoadBalancerAttributes !== undefined)
      await elb(call, 'ModifyLoadBalancerAttributes', {
        LoadBalancerArn: arn,
        Attributes: p.LoadBalancerAttributes,
      })
    return arn
  },
  async read(call, arn) {
    const { LoadBalancers } = await elb(call, 'DescribeLoadBalancers', { LoadBalancerArns: [arn] })
    const one = LoadBalancers[0]
    if (one.State?.Code === 'failed') return { state: 'failed', reason: one.State.Reason ?? 'failed' }
    if (one.State?.Code === 'provisioning') return { state: 'pending' }
    return {
      state: 'ready',
      attributes: {
        LoadBalancerArn: arn,
        DNSName: one.DNSName,
        CanonicalHostedZoneID: one.CanonicalHostedZoneId,
        LoadBalancerName: one.LoadBalancerName,
        LoadBalancerFullName: fullName(arn),
        SecurityGroups: one.SecurityGroups ?? [],
      },
    }
  },
  async update(call, arn, p, before) {
    if (changed('Subnets', p, before))
      await elb(call, 'SetSubnets', { LoadBalancerArn: arn, Subnets: p.Subnets })
    if (changed('SecurityGroups', p, before))
      await elb(call, 'SetSecurityGroups', { LoadBalancerArn: arn, SecurityGroups: p.SecurityGroups })
    if (changed('LoadBalancerAttributes', p, before))
      await elb(call, 'ModifyLoadBalancerAttributes', {
        LoadBalancerArn: arn,
        Attributes: p.LoadBalancerAttributes,
      })
  },
  remove: (call, arn) => elb(call, 'DeleteLoadBalancer', { LoadBalancerArn: arn }),
}

interface Target {
  Id: string
  Port?: number
}

const targetGroup: ResourceType = {
  name: 'AWS::ElasticLoadBalancingV2::TargetGroup',
  properties:
    'Name* Port* Protocol* ProtocolVersion* VpcId* TargetType* IpAddressType* Targets TargetGroupAttributes HealthCheckEnabled HealthCheckPath HealthCheckPort HealthCheckProtocol HealthCheckIntervalSeconds HealthCheckTimeoutSeconds HealthyThresholdCount UnhealthyThresholdCount Matcher Tags',
  async create(call, p, order) {
    const { TargetGroups } = await elb(call, 'CreateTargetGroup', {
      ...without(p, 'Name', 'Targets', 'TargetGroupAttributes', 'Tags'),
      Name: p.Name ?? order.name(32),
      Tags: order.tags,
    })
    const arn = TargetGroups[0].TargetGroupArn
    if (p.TargetGroupAttributes !== undefined)
      await elb(call, 'ModifyTargetGroupAttributes', {
        TargetGroupArn: arn,
        Attributes: p.TargetGroupAttributes,
      })
    if (p.Targets !== undefined)
      await elb(call, 'RegisterTargets', { TargetGroupArn: arn, Targets: p.Targets })
    return arn
  },
  async read(call, arn) {
    const { TargetGroups } = await elb(call, 'DescribeTargetGroups', { TargetGroupArns: [arn] })
    const { TargetGroupName, LoadBalancerArns } = TargetGroups[0]
    return {
      state: 'ready',
      attributes: {
        TargetGroupArn: arn,
        TargetGroupName,
        TargetGroupFullName: arn.slice(arn.indexOf(':targetgroup/') + 1),
        LoadBalancerArns,
      },
    }
  },
  async update(call, arn, p, before) {
    const names = Object.keys(p).filter(
      (name) => name.startsWith('HealthCheck') || /Threshold|Matcher/.test(name),
    )
    const settings = Object.fromEntries(names.map((name) => [name, p[name]]))
    await elb(call, 'ModifyTargetGroup', { TargetGroupArn: arn, ...settings })
    if (changed('TargetGroupAttributes', p, before) && p.TargetGroupAttributes !== undefined)
      await elb(call, 'ModifyTargetGroupAttributes', {
        TargetGroupArn: arn,
        Attributes: p.TargetGroupAttributes,
      })
    const [now, had] = [(p.Targets ?? []) as Target[], (before.Targets ?? []) as Target[]]
    const gone = had.filter((one) => !now.some(({ Id, Port }) => Id === one.Id && Port === one.Port))
    if (gone.length > 0) await elb(call, 'DeregisterTargets', { TargetGroupArn: arn, Targets: gone })
    if (now.length > 0) await elb(call, 'RegisterTargets', { TargetGroupArn: arn, Targets: now })
  },
  remove: (call, arn) => elb(call, 'DeleteTargetGroup', { TargetGroupArn: arn }),
}

const listener: ResourceType = {
  name: 'AWS::ElasticLoadBalancingV2::Listener',
  properties:
    'LoadBalancerArn!* DefaultActions! Port Protocol Certificates SslPolicy AlpnPolicy MutualAuthentication ListenerAttributes',
  create: async (call, p) =>
    (await elb(call, 'CreateListener', without(p, 'ListenerAttributes'))).Listeners[0].ListenerArn,
  async read(call, arn) {
    await elb(call, 'DescribeListeners', { ListenerArns: [arn] })
    return { state: 'ready', attributes: { ListenerArn: arn } }
  },
  update: (call, arn, p) =>
    elb(call, 'ModifyListener', { ...without(p, 'LoadBalancerArn', 'ListenerAttributes'), ListenerArn: arn }),
  remove: (call, arn) => elb(call, 'DeleteListener', { ListenerArn: arn }),
}

const listenerRule: ResourceType = {
  name: 'AWS::ElasticLoadBalancingV2::ListenerRule',
  properties: 'ListenerArn!* Actions! Conditions! Priority!',
  create: async (call, p) => (await elb(call, 'CreateRule', p)).Rules[0].RuleArn,
  async read(call, arn) {
    const { Rules } = await elb(call, 'DescribeRules', { RuleArns: [arn] })
    return { state: 'ready', attributes: { RuleArn: arn, IsDefault: Rules[0].IsDefault } }
  },
  async update(call, arn, p, before) {
    if (changed('Priority', p, before))
      await elb(call, 'SetRulePriorities', { RulePriorities: [{ RuleArn: arn, Priority: p.Priority }] })
    await elb(call, 'ModifyRule', { RuleArn: arn, Actions: p.Actions, Conditions: p.Conditions })
  },
  remove: (call, arn) => elb(call, 'DeleteRule', { RuleArn: arn }),
}

interface ListenerCertificate {
  CertificateArn: string
}

const listenerCertificate: ResourceType = {
  name: 'AWS::ElasticLoadBalancingV2::ListenerCertificate',
  properties: 'ListenerArn!* Certificates!',
  async create(call, p, order) {
    await elb(call, 'AddListenerCertificates', p)
    return order.name()
  },
  async update(call, _, p, before) {
    const { ListenerArn } = p
    const wanted = p.Certificates as ListenerCertificate[]
    const gone = (before.Certificates as ListenerCertificate[]).filter(
      (one) => !wanted.some(({ CertificateArn }) => CertificateArn === one.CertificateArn),
    )
    await elb(call, 'AddListenerCertificates', { ListenerArn, Certificates: wanted })
    if (gone.length > 0) await elb(call, 'RemoveListenerCertificates', { ListenerArn, Certificates: gone })
  },
  remove: (call, _, p) => elb(call, 'RemoveListenerCertificates', p),
}

export const loadBalancingTypes = [loadBalancer, targetGroup, listener, listenerRule, listenerCertificate]
