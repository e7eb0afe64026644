import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { formatCidr, parseCidr } from './cidr.ts'
import { dependencyViolation, invalidParameterValue, missingParameter, required } from './errors.ts'
import { select } from './filters.ts'
import { associationId } from './make-vpc.ts'
import { networkIndex } from './network-index.ts'
import type { NetworkAclEntry, NetworkAclRecord, SubnetRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { networkAcls, subnets, vpcs } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

/** https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html (from knowledge, 2026-11) */
const RULES_EACH_WAY = 20
const HIGHEST_RULE = 32766
/** The rule that every ACL ends with and nobody can change. */
const LAST_RULE = 32767

const TCP = '6'
const UDP = '17'
const ICMP = '1'
const NAMES: Record<string, string> = { tcp: TCP, udp: UDP, icmp: ICMP, all: '-1' }

/** A subnet that was never given an ACL has an association with the default one, whose id follows from the subnet's. */
const defaultAssociation = (subnetId: string) => `aclassoc-${subnetId.slice('subnet-'.length)}`

/** The subnets that use an ACL, with the ids of their associations. */
function associationsOf(scope: Scope, acl: NetworkAclRecord) {
  const explicit = acl.associations ?? []
  if (!acl.isDefault) return explicit
  const given = new Set(explicit.map(({ subnetId }) => subnetId))
  const uses = ({ id, vpcId }: SubnetRecord) =>
    vpcId === acl.vpcId && !given.has(id) && networkIndex(scope.world).networkAcl(id, vpcId)?.id === acl.id
  const implicit = subnets.list(scope).filter(uses)
  return [...explicit, ...implicit.map(({ id }) => ({ id: defaultAssociation(id), subnetId: id }))]
}

function toEntry(entry: NetworkAclEntry): sdk.NetworkAclEntry {
  return {
    RuleNumber: entry.ruleNumber,
    Egress: entry.egress,
    RuleAction: entry.action,
    Protocol: entry.protocol,
    CidrBlock: entry.cidr,
    Ipv6CidrBlock: entry.cidr6,
    PortRange: entry.fromPort === undefined ? undefined : { From: entry.fromPort, To: entry.toPort },
    IcmpTypeCode: entry.icmp && { Type: entry.icmp.type, Code: entry.icmp.code },
  }
}

function toAcl(scope: Scope, acl: NetworkAclRecord): sdk.NetworkAcl {
  return {
    NetworkAclId: acl.id,
    VpcId: acl.vpcId,
    OwnerId: scope.accountId,
    IsDefault: acl.isDefault,
    Tags: toTags(acl.tags),
    Associations: associationsOf(scope, acl).map(({ id, subnetId }) => ({
      NetworkAclAssociationId: id,
      NetworkAclId: acl.id,
      SubnetId: subnetId,
    })),
    Entries: [...acl.entries].sort((a, b) => a.ruleNumber - b.ruleNumber).map(toEntry),
  }
}

export function createNetworkAcl(input: sdk.CreateNetworkAclCommandInput, context: RequestContext) {
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  const acl = networkAcls.put(context, {
    id: networkAcls.newId(context),
    tags: tagsFor(input.TagSpecifications, 'network-acl'),
    vpcId: vpc.id,
    isDefault: false,
    entries: [true, false].map((egress) => ({
      ruleNumber: LAST_RULE,
      egress,
      action: 'deny',
      protocol: '-1',
      cidr: '0.0.0.0/0',
    })),
  })
  return { NetworkAcl: toAcl(context, acl), ClientToken: input.ClientToken }
}

export function describeNetworkAcls(input: sdk.DescribeNetworkAclsCommandInput, context: RequestContext) {
  const { page, NextToken } = select(networkAcls.list(context, input.NetworkAclIds), input, {
    'association.association-id': (acl) => associationsOf(context, acl).map(({ id }) => id),
    'association.network-acl-id': (acl) => acl.id,
    'association.subnet-id': (acl) => associationsOf(context, acl).map(({ subnetId }) => subnetId),
    default: (acl) => acl.isDefault,
    'entry.cidr': (acl) => acl.entries.map(({ cidr }) => cidr),
    'entry.icmp.code': (acl) => acl.entries.map(({ icmp }) => icmp?.code),
    'entry.icmp.type': (acl) => acl.entries.map(({ icmp }) => icmp?.type),
    'entry.ipv6-cidr': (acl) => acl.entries.map(({ cidr6 }) => cidr6),
    'entry.egress': (acl) => acl.entries.map(({ egress }) => egress),
    'entry.port-range.from': (acl) => acl.entries.map(({ fromPort }) => fromPort),
    'entry.port-range.to': (acl) => acl.entries.map(({ toPort }) => toPort),
    'entry.protocol': (acl) => acl.entries.map(({ protocol }) => protocol),
    'entry.rule-action': (acl) => acl.entries.map(({ action }) => action),
    'entry.rule-number': (acl) => acl.entries.map(({ ruleNumber }) => ruleNumber),
    'network-acl-id': (acl) => acl.id,
    'owner-id': () => context.accountId,
    'vpc-id': (acl) => acl.vpcId,
  })
  return { NetworkAcls: page.map((acl) => toAcl(context, acl)), NextToken }
}

export function deleteNetworkAcl(input: sdk.DeleteNetworkAclCommandInput, context: RequestContext) {
  const acl = networkAcls.get(context, required(input.NetworkAclId, 'networkAclId'))
  if (acl.isDefault) throw invalidParameterValue(`cannot delete default network ACL ${acl.id}`)
  if (associationsOf(context, acl).length > 0) {
    throw dependencyViolation(`The networkAcl '${acl.id}' has dependencies and cannot be deleted.`)
  }
  networkAcls.delete(context, acl.id)
  return {}
}

type EntryInput = sdk.CreateNetworkAclEntryCommandInput

/** A rule as the request gives it. Throws EC2's errors for wrong ones. */
function entryFrom(input: EntryInput): NetworkAclEntry {
  const ruleNumber = checkedNumber(input.RuleNumber)
  const egress = required(input.Egress, 'egress')
  const action = required(input.RuleAction, 'ruleAction')
  const protocol = NAMES[required(input.Protocol, 'protocol').toLowerCase()] ?? input.Protocol!
  if (protocol !== '-1' && !/^(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])$/.test(protocol)) {
    throw invalidParameterValue(`Invalid value '${input.Protocol}' for IP protocol. Unknown protocol.`)
  }
  const cidr = input.CidrBlock === undefined ? undefined : checkedBlock(input.CidrBlock)
  if (cidr === undefined && input.Ipv6CidrBlock === undefined) throw missingParameter('cidrBlock')
  const entry = { ruleNumber, egress, action, protocol, cidr, cidr6: input.Ipv6CidrBlock }
  if (protocol === TCP || protocol === UDP) return { ...entry, ...portsOf(input) }
  if (protocol !== ICMP) return entry
  const { Type: type, Code: code } = required(input.IcmpTypeCode, 'icmpTypeCode')
  return { ...entry, icmp: { type: type ?? -1, code: code ?? -1 } }
}

function checkedNumber(number: number | undefined): number {
  const ruleNumber = required(number, 'ruleNumber')
  if (ruleNumber >= 1 && ruleNumber <= HIGHEST_RULE) return ruleNumber
  throw invalidParameterValue(
    `Value (${ruleNumber}) for parameter ruleNumber is invalid. Rule number must be between 1 and ${HIGHEST_RULE}`,
  )
}

function checkedBlock(text: string): string {
  const block = parseCidr(text)
  if (block) return formatCidr(block)
  throw invalidParameterValue(
    `Value (${text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
  )
}

function portsOf({ PortRange: range }: EntryInput): { fromPort: number; toPort: number } {
  if (range?.From === undefined || range.To === undefined) throw missingParameter('portRange')
  const { From: fromPort, To: toPort } = range
  if (fromPort < 0 || toPort > 65535 || fromPort > toPort) {
    throw invalidParameterValue(`Invalid TCP/UDP port range (${fromPort},${toPort})`)
  }
  return { fromPort, toPort }
}

const sameEntry = (a: NetworkAclEntry, ruleNumber: number, egress: boolean) =>
  a.ruleNumber === ruleNumber && a.egress === egress

export function createNetworkAclEntry(input: EntryInput, context: RequestContext) {
  const acl = networkAcls.get(context, required(input.NetworkAclId, 'networkAclId'))
  const entry = entryFrom(input)
  if (acl.entries.some((other) => sameEntry(other, entry.ruleNumber, entry.egress))) {
    throw new AwsError(
      'NetworkAclEntryAlreadyExists',
      `The network acl entry identified by ${entry.ruleNumber} already exists.`,
    )
  }
  const already = acl.entries.filter(
    ({ egress, ruleNumber }) => egress === entry.egress && ruleNumber !== LAST_RULE,
  )
  if (already.length >= RULES_EACH_WAY) {
    throw new AwsError(
      'NetworkAclEntryLimitExceeded',
      'The maximum number of network acl entries has been reached.',
    )
  }
  networkAcls.patch(context, acl.id, { entries: [...acl.entries, entry] })
  return {}
}

const noEntry = (ruleNumber: number, aclId: string) =>
  new AwsError(
    'InvalidNetworkAclEntry.NotFound',
    `The network acl entry identified by ${ruleNumber} in ${aclId} does not exist`,
  )

export function replaceNetworkAclEntry(input: EntryInput, context: RequestContext) {
  const acl = networkAcls.get(context, required(input.NetworkAclId, 'networkAclId'))
  const entry = entryFrom(input)
  const isIt = (other: NetworkAclEntry) => sameEntry(other, entry.ruleNumber, entry.egress)
  if (!acl.entries.some(isIt)) throw noEntry(entry.ruleNumber, acl.id)
  networkAcls.patch(context, acl.id, { entries: acl.entries.map((other) => (isIt(other) ? entry : other)) })
  return {}
}

export function deleteNetworkAclEntry(input: sdk.DeleteNetworkAclEntryCommandInput, context: RequestContext) {
  const acl = networkAcls.get(context, required(input.NetworkAclId, 'networkAclId'))
  const ruleNumber = checkedNumber(input.RuleNumber)
  const egress = required(input.Egress, 'egress')
  const kept = acl.entries.filter((other) => !sameEntry(other, ruleNumber, egress))
  if (kept.length === acl.entries.length) throw noEntry(ruleNumber, acl.id)
  networkAcls.patch(context, acl.id, { entries: kept })
  return {}
}

export function replaceNetworkAclAssociation(
  input: sdk.ReplaceNetworkAclAssociationCommandInput,
  context: RequestContext,
) {
  const id = required(input.AssociationId, 'associationId')
  const next = networkAcls.get(context, required(input.NetworkAclId, 'networkAclId'))
  const found = networkAcls
    .list(context)
    .flatMap((acl) => associationsOf(context, acl).map((association) => ({ acl, association })))
    .find(({ association }) => association.id === id)
  if (!found) {
    throw new AwsError('InvalidAssociationID.NotFound', `The association ID '${id}' does not exist`)
  }
  const { acl, association } = found
  if (acl.vpcId !== next.vpcId) {
    throw invalidParameterValue(
      `Network ACL ${next.id} and subnet ${association.subnetId} belong to different networks`,
    )
  }
  const without = (acl.associations ?? []).filter((one) => one.id !== id)
  networkAcls.patch(context, acl.id, { associations: without })
  const newId = associationId(context, 'aclassoc')
  const { associations = [] } = networkAcls.get(context, next.id)
  networkAcls.patch(context, next.id, {
    associations: [...associations, { id: newId, subnetId: association.subnetId }],
  })
  return { NewAssociationId: newId }
}

/** Forgets a subnet that is deleted. */
export function leaveNetworkAcl(scope: Scope, subnet: SubnetRecord): void {
  const acl = networkIndex(scope.world).networkAcl(subnet.id, subnet.vpcId)
  if (!acl?.associations) return
  networkAcls.patch(scope, acl.id, {
    associations: acl.associations.filter(({ subnetId }) => subnetId !== subnet.id),
  })
}
