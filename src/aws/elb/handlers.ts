import type * as sdk from '@aws-sdk/client-elastic-load-balancing'
import { type Scope, tables } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import {
  checkListener,
  createLoadBalancer,
  deleteLoadBalancer,
  deregisterInstances,
  registerInstances,
  setGroups,
  setSubnets,
} from './load-balancers.ts'
import type { ListenerRecord, LoadBalancerRecord } from './records.ts'
import { findLoadBalancer, getLoadBalancer, listLoadBalancers, putLoadBalancer } from './tables.ts'

/** The zone that holds ELB's names, us-east-1's: https://docs.aws.amazon.com/general/latest/gr/elb.html */
const HOSTED_ZONE = 'Z35SXDOTRQ7X7K'
const PAGE = 400

function zonesOf(scope: Scope, record: LoadBalancerRecord): string[] {
  return record.subnetIds
    .map((id) => tables.subnets.find(scope, id)?.zone)
    .filter((zone) => zone !== undefined)
}

function describe(scope: Scope, record: LoadBalancerRecord): sdk.LoadBalancerDescription {
  const { healthCheck: check } = record
  const source = tables.securityGroups.find(scope, record.groupIds[0] ?? '')
  return {
    LoadBalancerName: record.name,
    DNSName: record.dnsName,
    CanonicalHostedZoneName: record.dnsName,
    CanonicalHostedZoneNameID: HOSTED_ZONE,
    ListenerDescriptions: record.listeners.map((listener) => ({
      Listener: {
        Protocol: listener.protocol,
        LoadBalancerPort: listener.port,
        InstanceProtocol: listener.instanceProtocol,
        InstancePort: listener.instancePort,
      },
      PolicyNames: listener.policies,
    })),
    Policies: {
      AppCookieStickinessPolicies: [],
      LBCookieStickinessPolicies: record.policies
        .filter(({ type }) => type === 'LBCookieStickinessPolicyType')
        .map(({ name, attributes }) => ({
          PolicyName: name,
          CookieExpirationPeriod: Number(attributes[0]?.value ?? 0),
        })),
      OtherPolicies: record.policies
        .filter(({ type }) => type !== 'LBCookieStickinessPolicyType')
        .map(({ name }) => name),
    },
    BackendServerDescriptions: [],
    AvailabilityZones: zonesOf(scope, record),
    Subnets: record.subnetIds,
    VPCId: record.vpcId,
    Instances: record.instanceIds.map((InstanceId) => ({ InstanceId })),
    HealthCheck: {
      Target: check.target,
      Interval: check.interval,
      Timeout: check.timeout,
      UnhealthyThreshold: check.unhealthyThreshold,
      HealthyThreshold: check.healthyThreshold,
    },
    SourceSecurityGroup: { OwnerAlias: scope.accountId, GroupName: source?.name ?? '' },
    SecurityGroups: record.groupIds,
    CreatedTime: new Date(record.created),
    Scheme: record.scheme,
  }
}

function toListener(listener: sdk.Listener): ListenerRecord {
  const protocol = listener.Protocol!.toUpperCase()
  return checkListener({
    protocol,
    port: listener.LoadBalancerPort!,
    instanceProtocol: (listener.InstanceProtocol ?? protocol).toUpperCase(),
    instancePort: listener.InstancePort!,
    policies: [],
  })
}

/** The subnets asked for, or the default subnets of the zones asked for. */
function subnetsOf(scope: Scope, input: sdk.CreateLoadBalancerCommandInput): string[] {
  if (input.Subnets?.length) return input.Subnets
  return (input.AvailabilityZones ?? []).map((zone) => {
    const subnet = tables.subnets.list(scope).find((one) => one.isDefault && one.zone === zone)
    if (!subnet) throw new AwsError('ValidationError', `Invalid Availability Zone: ${zone}`)
    return subnet.id
  })
}

function tagsOf(tags: sdk.Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key!, Value ?? '']))
}

function change(
  context: RequestContext,
  name: string | undefined,
  next: (record: LoadBalancerRecord) => Partial<LoadBalancerRecord>,
): LoadBalancerRecord {
  const record = getLoadBalancer(context, name!)
  return putLoadBalancer(context, { ...record, ...next(record) })
}

export const loadBalancerHandlers: Record<string, Handler> = {
  CreateLoadBalancer: (input: sdk.CreateLoadBalancerCommandInput, context) => {
    const name = input.LoadBalancerName!
    if (!/^(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/.test(name))
      throw new AwsError(
        'ValidationError',
        'LoadBalancer name cannot be longer than 32 characters, can only contain alphanumeric characters and hyphens, must not begin or end with a hyphen, and must not begin with "internal-".',
      )
    const present = findLoadBalancer(context, name)
    if (present)
      throw new AwsError(
        'DuplicateLoadBalancerName',
        `Load Balancer named ${name} already exists and it is configured with different parameters.`,
      )
    const scheme = input.Scheme ?? 'internet-facing'
    if (scheme !== 'internet-facing' && scheme !== 'internal')
      throw new AwsError('InvalidScheme', `Invalid scheme: ${scheme}`)
    const record = createLoadBalancer(context, {
      name,
      listeners: (input.Listeners ?? []).map(toListener),
      subnetIds: subnetsOf(context, input),
      groupIds: input.SecurityGroups,
      scheme,
      tags: tagsOf(input.Tags),
    })
    return { DNSName: record.dnsName }
  },

  DeleteLoadBalancer: (input: sdk.DeleteLoadBalancerCommandInput, context) => {
    deleteLoadBalancer(context, input.LoadBalancerName!)
    return {}
  },

  DescribeLoadBalancers: (input: sdk.DescribeLoadBalancersCommandInput, context) => {
    const names = input.LoadBalancerNames
    const all = names?.length
      ? names.map((name) => getLoadBalancer(context, name))
      : listLoadBalancers(context)
    const start = input.Marker === undefined ? 0 : all.findIndex(({ name }) => name > input.Marker!)
    const end = start + (input.PageSize ?? PAGE)
    const items = start < 0 ? [] : all.slice(start, end)
    return {
      LoadBalancerDescriptions: items.map((record) => describe(context, record)),
      ...(end < all.length ? { NextMarker: items.at(-1)!.name } : {}),
    }
  },

  CreateLoadBalancerListeners: (input: sdk.CreateLoadBalancerListenersCommandInput, context) => {
    change(context, input.LoadBalancerName, ({ listeners }) => {
      const added = (input.Listeners ?? []).map(toListener)
      for (const { port } of added)
        if (listeners.some((one) => one.port === port))
          throw new AwsError(
            'DuplicateListener',
            `A listener already exists for ${input.LoadBalancerName} with LoadBalancerPort ${port}`,
          )
      return { listeners: [...listeners, ...added] }
    })
    return {}
  },

  DeleteLoadBalancerListeners: (input: sdk.DeleteLoadBalancerListenersCommandInput, context) => {
    change(context, input.LoadBalancerName, ({ listeners }) => ({
      listeners: listeners.filter(({ port }) => !input.LoadBalancerPorts?.includes(port)),
    }))
    return {}
  },

  ConfigureHealthCheck: (input: sdk.ConfigureHealthCheckCommandInput, context) => {
    const check = input.HealthCheck!
    if (!/^((TCP|SSL):\d+|HTTPS?:\d+\/.*)$/i.test(check.Target!))
      throw new AwsError(
        'ValidationError',
        `HealthCheck target must specify a port and protocol: ${check.Target}`,
      )
    if (check.Timeout! >= check.Interval!)
      throw new AwsError('ValidationError', 'HealthCheck timeout must be less than interval')
    change(context, input.LoadBalancerName, () => ({
      healthCheck: {
        target: check.Target!,
        interval: check.Interval!,
        timeout: check.Timeout!,
        unhealthyThreshold: check.UnhealthyThreshold!,
        healthyThreshold: check.HealthyThreshold!,
      },
    }))
    return { HealthCheck: check }
  },

  RegisterInstancesWithLoadBalancer: (input: sdk.RegisterInstancesWithLoadBalancerCommandInput, context) => {
    const ids = (input.Instances ?? []).map(({ InstanceId }) => InstanceId!)
    const { instanceIds } = registerInstances(context, input.LoadBalancerName!, ids)
    return { Instances: instanceIds.map((InstanceId) => ({ InstanceId })) }
  },

  DeregisterInstancesFromLoadBalancer: (
    input: sdk.DeregisterInstancesFromLoadBalancerCommandInput,
    context,
  ) => {
    const ids = (input.Instances ?? []).map(({ InstanceId }) => InstanceId!)
    const { instanceIds } = deregisterInstances(context, input.LoadBalancerName!, ids)
    return { Instances: instanceIds.map((InstanceId) => ({ InstanceId })) }
  },

  AttachLoadBalancerToSubnets: (input: sdk.AttachLoadBalancerToSubnetsCommandInput, context) => {
    const { subnetIds } = getLoadBalancer(context, input.LoadBalancerName!)
    return {
      Subnets: setSubnets(context, input.LoadBalancerName!, [
        ...new Set([...subnetIds, ...(input.Subnets ?? [])]),
      ]).subnetIds,
    }
  },

  DetachLoadBalancerFromSubnets: (input: sdk.DetachLoadBalancerFromSubnetsCommandInput, context) => {
    const { subnetIds } = getLoadBalancer(context, input.LoadBalancerName!)
    const left = subnetIds.filter((id) => !input.Subnets?.includes(id))
    if (left.length === 0)
      throw new AwsError(
        'InvalidConfigurationRequest',
        'The load balancer must be attached to at least one subnet',
      )
    return { Subnets: setSubnets(context, input.LoadBalancerName!, left).subnetIds }
  },

  ApplySecurityGroupsToLoadBalancer: (input: sdk.ApplySecurityGroupsToLoadBalancerCommandInput, context) => ({
    SecurityGroups: setGroups(context, input.LoadBalancerName!, input.SecurityGroups ?? []).groupIds,
  }),

  AddTags: (input: sdk.AddTagsCommandInput, context) => {
    for (const name of input.LoadBalancerNames ?? [])
      change(context, name, ({ tags }) => ({ tags: { ...tags, ...tagsOf(input.Tags) } }))
    return {}
  },

  RemoveTags: (input: sdk.RemoveTagsCommandInput, context) => {
    const keys = (input.Tags ?? []).map(({ Key }) => Key)
    for (const name of input.LoadBalancerNames ?? []) {
      change(context, name, ({ tags }) => ({
        tags: Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key))),
      }))
    }
    return {}
  },

  DescribeTags: (input: sdk.DescribeTagsCommandInput, context) => ({
    TagDescriptions: (input.LoadBalancerNames ?? []).map((name) => ({
      LoadBalancerName: name,
      Tags: Object.entries(getLoadBalancer(context, name).tags).map(([Key, Value]) => ({ Key, Value })),
    })),
  }),
}
