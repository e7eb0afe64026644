import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError } from '../wire/service.ts'
import type * as r from './records.ts'
import type { Scope } from './scope.ts'

interface TableOptions {
  /** Store folder: `vpcs`. */
  folder: string
  /** Of ids: `vpc` → `vpc-0123456789abcdef0`. */
  idPrefix: string
  /** What tags and ARNs call the resource: `vpc`. */
  resourceType: string
  notFound: string
  notFoundText(id: string): string
}

/** The records of one kind of EC2 resource, per account and region. */
export class Table<T extends { id: string; tags: r.Tags }> {
  readonly options: TableOptions

  constructor(options: TableOptions) {
    this.options = options
  }

  newId(scope: Scope): string {
    return `${this.options.idPrefix}-0${scope.world.ids.hex(16)}`
  }

  key(scope: Scope, id: string): string {
    return awsKey(scope.accountId, scope.region, 'ec2', this.options.folder, id)
  }

  find(scope: Scope, id: string): T | undefined {
    return scope.world.store.get<T>(this.key(scope, id))?.value
  }

  /** Throws the resource's NotFound error. */
  get(scope: Scope, id: string): T {
    const record = this.find(scope, id)
    if (!record) throw this.missing(id)
    return record
  }

  /** All records in the order of their ids, or those asked for by id. Throws NotFound. */
  list(scope: Scope, ids?: string[]): T[] {
    if (ids?.length) return ids.map((id) => this.get(scope, id))
    return scope.world.store.values<T>(awsPrefix(scope.accountId, scope.region, 'ec2', this.options.folder))
  }

  put(scope: Scope, record: T): T {
    scope.world.store.put(this.key(scope, record.id), record)
    return record
  }

  /** Changes some fields of an existing record. Throws NotFound. */
  patch(scope: Scope, id: string, fields: Partial<T>): T {
    return this.put(scope, { ...this.get(scope, id), ...fields })
  }

  delete(scope: Scope, id: string): void {
    scope.world.store.delete(this.key(scope, id))
  }

  missing(id: string): AwsError {
    return new AwsError(this.options.notFound, this.options.notFoundText(id))
  }
}

const doesNotExist = (noun: string) => (id: string) => `The ${noun} ID '${id}' does not exist`

export const vpcs = new Table<r.VpcRecord>({
  folder: 'vpcs',
  idPrefix: 'vpc',
  resourceType: 'vpc',
  notFound: 'InvalidVpcID.NotFound',
  notFoundText: doesNotExist('vpc'),
})
export const subnets = new Table<r.SubnetRecord>({
  folder: 'subnets',
  idPrefix: 'subnet',
  resourceType: 'subnet',
  notFound: 'InvalidSubnetID.NotFound',
  notFoundText: doesNotExist('subnet'),
})
export const routeTables = new Table<r.RouteTableRecord>({
  folder: 'route-tables',
  idPrefix: 'rtb',
  resourceType: 'route-table',
  notFound: 'InvalidRouteTableID.NotFound',
  notFoundText: doesNotExist('routeTable'),
})
export const internetGateways = new Table<r.InternetGatewayRecord>({
  folder: 'internet-gateways',
  idPrefix: 'igw',
  resourceType: 'internet-gateway',
  notFound: 'InvalidInternetGatewayID.NotFound',
  notFoundText: doesNotExist('internetGateway'),
})
export const natGateways = new Table<r.NatGatewayRecord>({
  folder: 'nat-gateways',
  idPrefix: 'nat',
  resourceType: 'natgateway',
  notFound: 'NatGatewayNotFound',
  notFoundText: (id) => `NatGateway ${id} was not found`,
})
export const networkAcls = new Table<r.NetworkAclRecord>({
  folder: 'network-acls',
  idPrefix: 'acl',
  resourceType: 'network-acl',
  notFound: 'InvalidNetworkAclID.NotFound',
  notFoundText: doesNotExist('networkAcl'),
})
export const dhcpOptions = new Table<r.DhcpOptionsRecord>({
  folder: 'dhcp-options',
  idPrefix: 'dopt',
  resourceType: 'dhcp-options',
  notFound: 'InvalidDhcpOptionID.NotFound',
  notFoundText: doesNotExist('dhcpOption'),
})
export const securityGroups = new Table<r.SecurityGroupRecord>({
  folder: 'security-groups',
  idPrefix: 'sg',
  resourceType: 'security-group',
  notFound: 'InvalidGroup.NotFound',
  notFoundText: (id) => `The security group '${id}' does not exist`,
})
export const securityGroupRules = new Table<r.SecurityGroupRuleRecord>({
  folder: 'security-group-rules',
  idPrefix: 'sgr',
  resourceType: 'security-group-rule',
  notFound: 'InvalidSecurityGroupRuleId.NotFound',
  notFoundText: (id) => `The security group rule ID '${id}' does not exist`,
})
export const networkInterfaces = new Table<r.NetworkInterfaceRecord>({
  folder: 'network-interfaces',
  idPrefix: 'eni',
  resourceType: 'network-interface',
  notFound: 'InvalidNetworkInterfaceID.NotFound',
  notFoundText: doesNotExist('networkInterface'),
})
export const elasticIps = new Table<r.AddressRecord>({
  folder: 'elastic-ips',
  idPrefix: 'eipalloc',
  resourceType: 'elastic-ip',
  notFound: 'InvalidAllocationID.NotFound',
  notFoundText: doesNotExist('allocation'),
})
export const instances = new Table<r.InstanceRecord>({
  folder: 'instances',
  idPrefix: 'i',
  resourceType: 'instance',
  notFound: 'InvalidInstanceID.NotFound',
  notFoundText: doesNotExist('instance'),
})
export const keyPairs = new Table<r.KeyPairRecord>({
  folder: 'key-pairs',
  idPrefix: 'key',
  resourceType: 'key-pair',
  notFound: 'InvalidKeyPair.NotFound',
  notFoundText: (id) => `The key pair '${id}' does not exist`,
})
export const volumes = new Table<r.VolumeRecord>({
  folder: 'volumes',
  idPrefix: 'vol',
  resourceType: 'volume',
  notFound: 'InvalidVolume.NotFound',
  notFoundText: (id) => `The volume '${id}' does not exist.`,
})
export const snapshots = new Table<r.SnapshotRecord>({
  folder: 'snapshots',
  idPrefix: 'snap',
  resourceType: 'snapshot',
  notFound: 'InvalidSnapshot.NotFound',
  notFoundText: (id) => `The snapshot '${id}' does not exist.`,
})
export const images = new Table<r.ImageRecord>({
  folder: 'images',
  idPrefix: 'ami',
  resourceType: 'image',
  notFound: 'InvalidAMIID.NotFound',
  notFoundText: (id) => `The image id '[${id}]' does not exist`,
})
export const flowLogs = new Table<r.FlowLogRecord>({
  folder: 'flow-logs',
  idPrefix: 'fl',
  resourceType: 'vpc-flow-log',
  notFound: 'InvalidFlowLogId.NotFound',
  notFoundText: (id) => `These flow log ids in the input list are not found: [TotalCount: 1] ${id}`,
})
export const vpcEndpoints = new Table<r.VpcEndpointRecord>({
  folder: 'vpc-endpoints',
  idPrefix: 'vpce',
  resourceType: 'vpc-endpoint',
  notFound: 'InvalidVpcEndpointId.NotFound',
  notFoundText: (id) => `The Vpc Endpoint Id '${id}' does not exist`,
})
export const peerings = new Table<r.PeeringRecord>({
  folder: 'vpc-peerings',
  idPrefix: 'pcx',
  resourceType: 'vpc-peering-connection',
  notFound: 'InvalidVpcPeeringConnectionID.NotFound',
  notFoundText: doesNotExist('vpcPeeringConnection'),
})
export const launchTemplates = new Table<r.LaunchTemplateRecord>({
  folder: 'launch-templates',
  idPrefix: 'lt',
  resourceType: 'launch-template',
  notFound: 'InvalidLaunchTemplateId.NotFound',
  notFoundText: (id) => `The specified launch template, with template ID ${id}, does not exist.`,
})

/** Every table whose resources take tags. */
export const taggable = [
  vpcs,
  subnets,
  routeTables,
  internetGateways,
  natGateways,
  networkAcls,
  dhcpOptions,
  securityGroups,
  securityGroupRules,
  networkInterfaces,
  elasticIps,
  instances,
  keyPairs,
  launchTemplates,
  vpcEndpoints,
  peerings,
  volumes,
  snapshots,
  images,
  flowLogs,
] as unknown as Table<{ id: string; tags: r.Tags }>[]
