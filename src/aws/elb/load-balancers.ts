import { createInterface, removeInterface, type Scope, tables } from '../ec2/index.ts'
import { AwsError } from '../wire/service.ts'
import type { HealthCheckRecord, ListenerRecord, LoadBalancerRecord } from './records.ts'
import {
  findLoadBalancer,
  getLoadBalancer,
  healthOf,
  listLoadBalancers,
  putHealth,
  putLoadBalancer,
  removeHealth,
  removeLoadBalancer,
} from './tables.ts'

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-limits.html (read 2026-11-21). */
export const LIMITS = { loadBalancers: 20, listeners: 100, registeredInstances: 1000 }

/** Who owns a load balancer's network interfaces. */
const REQUESTER = 'amazon-elb'

export interface LoadBalancerOptions {
  name: string
  listeners: Pick<ListenerRecord, 'protocol' | 'port' | 'instanceProtocol' | 'instancePort'>[]
  subnetIds: string[]
  /** Default: the VPC's default security group. */
  groupIds?: string[]
  scheme?: LoadBalancerRecord['scheme']
  tags?: Record<string, string>
}

/** Makes a load balancer with a network interface in each subnet. Throws ELB's errors. */
export function createLoadBalancer(scope: Scope, options: LoadBalancerOptions): LoadBalancerRecord {
  const { name, subnetIds, scheme = 'internet-facing', tags = {} } = options
  if (subnetIds.length === 0)
    throw new AwsError('ValidationError', 'Either AvailabilityZones or SubnetIds must be specified')
  const subnets = subnetIds.map((id) => subnetOf(scope, id))
  const vpcId = subnets[0]!.vpcId
  if (subnets.some((subnet) => subnet.vpcId !== vpcId))
    throw new AwsError('InvalidConfigurationRequest', 'All subnets must belong to the same VPC')
  if (new Set(subnets.map(({ zone }) => zone)).size < subnets.length)
    throw new AwsError(
      'InvalidConfigurationRequest',
      'ELB cannot be attached to multiple subnets in the same AZ.',
    )
  if (listLoadBalancers(scope).length >= LIMITS.loadBalancers)
    throw new AwsError('TooManyLoadBalancers', 'The quota for the number of load balancers has been reached')
  const groupIds = options.groupIds?.length ? options.groupIds : [defaultGroup(scope, vpcId)]
  for (const id of groupIds) checkGroup(scope, id)
  const first = options.listeners[0]
  const record: LoadBalancerRecord = {
    name,
    dnsName: dnsName(scope, name, scheme),
    scheme,
    vpcId,
    subnetIds,
    groupIds,
    listeners: options.listeners.map((listener) => ({ ...checkListener(listener), policies: [] })),
    instanceIds: [],
    healthCheck: {
      target: `TCP:${first?.instancePort ?? 80}`,
      interval: 30,
      timeout: 5,
      unhealthyThreshold: 2,
      healthyThreshold: 10,
    },
    attributes: {
      crossZone: false,
      accessLog: { enabled: false },
      connectionDraining: { enabled: false, timeout: 300 },
      idleTimeout: 60,
      desyncMitigationMode: 'defensive',
    },
    policies: [],
    tags,
    networkInterfaceIds: subnets.map((subnet) => attach(scope, name, subnet.id, groupIds, scheme)),
    created: Math.floor(scope.world.clock.now() / 10) * 10,
  }
  return putLoadBalancer(scope, record)
}

/** Removes a load balancer and its network interfaces; nothing happens when there is none, as on AWS. */
export function deleteLoadBalancer(scope: Scope, name: string): void {
  const record = findLoadBalancer(scope, name)
  if (!record) return
  for (const id of record.networkInterfaceIds) removeInterface(scope, id)
  removeLoadBalancer(scope, name)
}

/** Puts a load balancer into further subnets, or takes it out of some. */
export function setSubnets(scope: Scope, name: string, subnetIds: string[]): LoadBalancerRecord {
  const record = getLoadBalancer(scope, name)
  const kept: string[] = []
  for (const id of record.networkInterfaceIds) {
    const eni = tables.networkInterfaces.find(scope, id)
    if (eni && subnetIds.includes(eni.subnetId)) kept.push(id)
    else removeInterface(scope, id)
  }
  const added = subnetIds
    .filter((id) => !record.subnetIds.includes(id))
    .map((id) => attach(scope, name, subnetOf(scope, id).id, record.groupIds, record.scheme))
  return putLoadBalancer(scope, { ...record, subnetIds, networkInterfaceIds: [...kept, ...added] })
}

/** Replaces the security groups. Throws InvalidSecurityGroup. */
export function setGroups(scope: Scope, name: string, groupIds: string[]): LoadBalancerRecord {
  const record = getLoadBalancer(scope, name)
  for (const id of groupIds) checkGroup(scope, id)
  for (const id of record.networkInterfaceIds)
    if (tables.networkInterfaces.find(scope, id)) tables.networkInterfaces.patch(scope, id, { groupIds })
  return putLoadBalancer(scope, { ...record, groupIds })
}

/** Adds instances; each is checked before it gets traffic. Throws InvalidInstance. */
export function registerInstances(scope: Scope, name: string, instanceIds: string[]): LoadBalancerRecord {
  const record = getLoadBalancer(scope, name)
  for (const id of instanceIds) {
    if (tables.instances.find(scope, id)?.vpcId !== record.vpcId)
      throw new AwsError('InvalidInstance', `Could not find EC2 instance ${id}.`)
  }
  for (const instanceId of instanceIds)
    if (!healthOf(scope, name, instanceId))
      putHealth(scope, { loadBalancer: name, instanceId, state: 'registering' })
  return putLoadBalancer(scope, {
    ...record,
    instanceIds: [...new Set([...record.instanceIds, ...instanceIds])],
  })
}

export function deregisterInstances(scope: Scope, name: string, instanceIds: string[]): LoadBalancerRecord {
  const record = getLoadBalancer(scope, name)
  for (const id of instanceIds) removeHealth(scope, name, id)
  return putLoadBalancer(scope, {
    ...record,
    instanceIds: record.instanceIds.filter((id) => !instanceIds.includes(id)),
  })
}

/** What a load balancer should be; see `ensureLoadBalancer`. */
export interface WantedLoadBalancer extends LoadBalancerOptions {
  instanceIds: string[]
  healthCheck: HealthCheckRecord
}

/** Makes a load balancer or brings it to the wanted state; changes nothing when it is there already. */
export function ensureLoadBalancer(scope: Scope, wanted: WantedLoadBalancer): LoadBalancerRecord {
  const { name } = wanted
  let record = findLoadBalancer(scope, name) ?? createLoadBalancer(scope, wanted)
  if (!sameSet(record.subnetIds, wanted.subnetIds)) record = setSubnets(scope, name, wanted.subnetIds)
  if (wanted.groupIds && !sameSet(record.groupIds, wanted.groupIds))
    record = setGroups(scope, name, wanted.groupIds)
  const listeners = wanted.listeners.map((listener) => ({ ...listener, policies: [] }))
  const next = { ...record, listeners, healthCheck: wanted.healthCheck }
  if (!same(next.listeners, record.listeners) || !same(next.healthCheck, record.healthCheck))
    record = putLoadBalancer(scope, next)
  const added = wanted.instanceIds.filter((id) => !record.instanceIds.includes(id))
  const gone = record.instanceIds.filter((id) => !wanted.instanceIds.includes(id))
  if (added.length > 0) record = registerInstances(scope, name, added)
  if (gone.length > 0) record = deregisterInstances(scope, name, gone)
  return record
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
const sameSet = (a: string[], b: string[]) => same([...a].sort(), [...b].sort())

/** Throws for a protocol that is none, and for those with certificates, which are not simulated. */
export function checkListener<T extends { protocol: string; port: number }>(listener: T): T {
  const protocol = listener.protocol.toUpperCase()
  if (!['HTTP', 'HTTPS', 'TCP', 'SSL'].includes(protocol))
    throw new AwsError('UnsupportedProtocol', `${listener.protocol} is not a supported protocol.`)
  if (protocol === 'HTTPS' || protocol === 'SSL')
    throw new AwsError(
      'NotImplemented',
      `Drydock does not simulate ${protocol} listeners of classic load balancers. FIDELITY.md lists what is simulated.`,
      { status: 501 },
    )
  return { ...listener, protocol }
}

function attach(scope: Scope, name: string, subnetId: string, groupIds: string[], scheme: string): string {
  const octet = () => scope.world.ids.number(254) + 1
  return createInterface(scope, {
    subnet: subnetOf(scope, subnetId),
    groupIds,
    description: `ELB ${name}`,
    requesterId: REQUESTER,
    publicIp: scheme === 'internet-facing' ? `54.${octet()}.${octet()}.${octet()}` : undefined,
    attachment: { instanceOwnerId: REQUESTER, deviceIndex: 1, deleteOnTermination: false },
  }).id
}

function subnetOf(scope: Scope, id: string) {
  const subnet = tables.subnets.find(scope, id)
  if (!subnet) throw new AwsError('SubnetNotFound', `The subnet ID '${id}' does not exist`)
  return subnet
}

function checkGroup(scope: Scope, id: string): void {
  if (!tables.securityGroups.find(scope, id))
    throw new AwsError('InvalidSecurityGroup', `One or more of the specified security groups do not exist.`)
}

function defaultGroup(scope: Scope, vpcId: string): string {
  return tables.securityGroups.list(scope).find((group) => group.vpcId === vpcId && group.name === 'default')!
    .id
}

/** `<name>-<number>.<region>.elb.amazonaws.com`; internal ones begin with `internal-`. */
function dnsName({ world, region }: Scope, name: string, scheme: string): string {
  const prefix = scheme === 'internal' ? 'internal-' : ''
  return `${prefix}${name}-${world.ids.number(1_999_999_999) + 1}.${region}.elb.amazonaws.com`.toLowerCase()
}
