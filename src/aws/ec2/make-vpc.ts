import { parseCidr } from './cidr.ts'
import { invalidParameterValue } from './errors.ts'
import type { NetworkAclRecord, SecurityGroupRecord, Tags, VpcRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { dhcpOptions, networkAcls, routeTables, securityGroupRules, securityGroups, vpcs } from './tables.ts'

export const associationId = (scope: Scope, kind: string) => `${kind}-0${scope.world.ids.hex(16)}`

/** The rules that every new network ACL of a VPC's default starts with: allow all, then the catch-all deny. */
const OPEN_ACL: NetworkAclRecord['entries'] = [true, false].flatMap((egress) => [
  { ruleNumber: 100, egress, action: 'allow' as const, protocol: '-1', cidr: '0.0.0.0/0' },
  { ruleNumber: 32767, egress, action: 'deny' as const, protocol: '-1', cidr: '0.0.0.0/0' },
])

/** The region's default DHCP options, made when first needed. */
function defaultDhcpOptions(scope: Scope): string {
  const domain = scope.region === 'us-east-1' ? 'ec2.internal' : `${scope.region}.compute.internal`
  const existing = dhcpOptions
    .list(scope)
    .find(
      ({ configurations: [name, servers] }) =>
        name?.values[0] === domain && servers?.values[0] === 'AmazonProvidedDNS',
    )
  if (existing) return existing.id
  return dhcpOptions.put(scope, {
    id: dhcpOptions.newId(scope),
    tags: {},
    configurations: [
      { key: 'domain-name', values: [domain] },
      { key: 'domain-name-servers', values: ['AmazonProvidedDNS'] },
    ],
  }).id
}

/**
 * Makes a VPC with what AWS makes along with it: main route table, default network ACL, default security group.
 * `cidr` must be valid (see checkVpcCidr).
 */
export function makeVpc(
  scope: Scope,
  options: { cidr: string; isDefault?: boolean; tags?: Tags; tenancy?: VpcRecord['tenancy'] },
): VpcRecord {
  const vpc = vpcs.put(scope, {
    id: vpcs.newId(scope),
    tags: options.tags ?? {},
    cidr: options.cidr,
    associations: [{ id: associationId(scope, 'vpc-cidr-assoc'), cidr: options.cidr }],
    dhcpOptionsId: defaultDhcpOptions(scope),
    isDefault: options.isDefault ?? false,
    tenancy: options.tenancy ?? 'default',
    enableDnsSupport: true,
    enableDnsHostnames: options.isDefault ?? false,
  })
  routeTables.put(scope, {
    id: routeTables.newId(scope),
    tags: {},
    vpcId: vpc.id,
    routes: [{ destination: vpc.cidr, target: 'local', origin: 'CreateRouteTable' }],
    associations: [{ id: associationId(scope, 'rtbassoc') }],
  })
  networkAcls.put(scope, {
    id: networkAcls.newId(scope),
    tags: {},
    vpcId: vpc.id,
    isDefault: true,
    entries: OPEN_ACL,
  })
  const group = makeSecurityGroup(scope, {
    name: 'default',
    description: 'default VPC security group',
    vpcId: vpc.id,
  })
  securityGroupRules.put(scope, {
    id: securityGroupRules.newId(scope),
    tags: {},
    groupId: group.id,
    egress: false,
    protocol: '-1',
    peerGroupId: group.id,
  })
  return vpc
}

/** Makes a security group with the rule that lets everything out. */
export function makeSecurityGroup(
  scope: Scope,
  options: { name: string; description: string; vpcId: string; tags?: Tags },
): SecurityGroupRecord {
  const group = securityGroups.put(scope, {
    id: securityGroups.newId(scope),
    tags: options.tags ?? {},
    name: options.name,
    description: options.description,
    vpcId: options.vpcId,
  })
  securityGroupRules.put(scope, {
    id: securityGroupRules.newId(scope),
    tags: {},
    groupId: group.id,
    egress: true,
    protocol: '-1',
    cidr: '0.0.0.0/0',
  })
  return group
}

/** Between /16 and /28, as for every VPC and subnet block. Gives the block in canonical form. */
export function checkedCidr(text: string, code: () => Error) {
  const cidr = parseCidr(text)
  if (!cidr) {
    throw invalidParameterValue(
      `Value (${text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
    )
  }
  if (cidr.bits < 16 || cidr.bits > 28) throw code()
  return cidr
}
