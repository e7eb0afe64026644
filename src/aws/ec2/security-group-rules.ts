import type * as sdk from '@aws-sdk/client-ec2'
import type { RequestContext } from '../wire/service.ts'
import { parseCidr } from './cidr.ts'
import { invalidParameterValue, missingParameter } from './errors.ts'
import type { SecurityGroupRecord, SecurityGroupRuleRecord } from './records.ts'
import { ec2Arn, type Scope } from './scope.ts'
import { securityGroups } from './tables.ts'
import { toTags } from './tags.ts'

export type Rule = Omit<SecurityGroupRuleRecord, 'id' | 'tags'>

interface RuleInput {
  IpPermissions?: sdk.IpPermission[]
  IpProtocol?: string
  FromPort?: number
  ToPort?: number
  CidrIp?: string
  SourceSecurityGroupName?: string
}

const PROTOCOLS: Record<string, string> = { '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmpv6', all: '-1' }

/** The rules that a request names, one for each peer. Throws EC2's errors for wrong ones. */
export function rulesFrom(
  input: RuleInput,
  context: RequestContext,
  group: SecurityGroupRecord,
  egress: boolean,
): Rule[] {
  const permissions = input.IpPermissions?.length ? input.IpPermissions : [shorthand(input)]
  return permissions.flatMap((permission) => {
    const { protocol, fromPort, toPort } = portsOf(permission)
    const base = { groupId: group.id, egress, protocol, fromPort, toPort }
    const rules: Rule[] = [
      ...(permission.IpRanges ?? []).map((range) => ({
        ...base,
        cidr: checkedRange(range.CidrIp),
        description: range.Description,
      })),
      ...(permission.Ipv6Ranges ?? []).map((range) => ({
        ...base,
        cidr6: range.CidrIpv6,
        description: range.Description,
      })),
      ...(permission.PrefixListIds ?? []).map((list) => ({
        ...base,
        prefixListId: list.PrefixListId,
        description: list.Description,
      })),
      ...(permission.UserIdGroupPairs ?? []).map((pair) => ({
        ...base,
        peerGroupId: peerOf(pair, context, group).id,
        description: pair.Description,
      })),
    ]
    if (rules.length === 0) {
      throw missingParameter('CidrIp, Ipv6Ranges, PrefixListIds or UserIdGroupPairs')
    }
    return rules
  })
}

function shorthand(input: RuleInput): sdk.IpPermission {
  if (input.IpProtocol === undefined && input.CidrIp === undefined && !input.SourceSecurityGroupName) {
    throw missingParameter('ipPermissions')
  }
  return {
    IpProtocol: input.IpProtocol,
    FromPort: input.FromPort,
    ToPort: input.ToPort,
    IpRanges: input.CidrIp ? [{ CidrIp: input.CidrIp }] : [],
    UserIdGroupPairs: input.SourceSecurityGroupName ? [{ GroupName: input.SourceSecurityGroupName }] : [],
  }
}

function peerOf(pair: sdk.UserIdGroupPair, scope: Scope, group: SecurityGroupRecord): SecurityGroupRecord {
  if (pair.GroupId) return securityGroups.get(scope, pair.GroupId)
  const found = securityGroups
    .list(scope)
    .find((candidate) => candidate.vpcId === group.vpcId && candidate.name === pair.GroupName)
  if (!found) throw securityGroups.missing(pair.GroupName ?? '')
  return found
}

function checkedRange(text: string | undefined): string {
  if (!text || !parseCidr(text)) {
    throw invalidParameterValue(`CIDR block ${text ?? ''} is malformed`)
  }
  return text
}

function portsOf({ IpProtocol, FromPort, ToPort }: sdk.IpPermission) {
  if (IpProtocol === undefined) throw missingParameter('ipProtocol')
  const protocol = PROTOCOLS[IpProtocol] ?? IpProtocol.toLowerCase()
  if (protocol === '-1') return { protocol }
  if (protocol === 'tcp' || protocol === 'udp') {
    if (FromPort === undefined || ToPort === undefined) {
      throw invalidParameterValue(
        `Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.`,
      )
    }
    for (const port of [FromPort, ToPort]) {
      if (port < 0 || port > 65535) {
        throw invalidParameterValue(`Invalid value '${port}' for portRange. Must be between 0 and 65535.`)
      }
    }
    if (FromPort > ToPort) {
      throw invalidParameterValue(`Invalid TCP/UDP port range (${FromPort},${ToPort})`)
    }
    return { protocol, fromPort: FromPort, toPort: ToPort }
  }
  if (!/^(icmp|icmpv6|\d{1,3})$/.test(protocol)) {
    throw invalidParameterValue(`Invalid value '${IpProtocol}' for IP protocol. Unknown protocol.`)
  }
  return { protocol, fromPort: FromPort ?? -1, toPort: ToPort ?? -1 }
}

/** Rules are the same when everything but the description is. */
export function sameRule(a: Rule, b: Rule): boolean {
  const keys = [
    'egress',
    'protocol',
    'fromPort',
    'toPort',
    'cidr',
    'cidr6',
    'prefixListId',
    'peerGroupId',
  ] as const
  return keys.every((key) => a[key] === b[key])
}

/** Rules as DescribeSecurityGroups groups them: by protocol and ports. */
export function toPermissions(scope: Scope, rules: SecurityGroupRuleRecord[]): sdk.IpPermission[] {
  const groups = Map.groupBy(rules, (rule) => `${rule.protocol} ${rule.fromPort} ${rule.toPort}`)
  return [...groups.values()].map((group) => ({
    IpProtocol: group[0]!.protocol,
    FromPort: group[0]!.fromPort,
    ToPort: group[0]!.toPort,
    IpRanges: group
      .filter((rule) => rule.cidr)
      .map((rule) => ({ CidrIp: rule.cidr, Description: rule.description })),
    Ipv6Ranges: group
      .filter((rule) => rule.cidr6)
      .map((rule) => ({ CidrIpv6: rule.cidr6, Description: rule.description })),
    PrefixListIds: group
      .filter((rule) => rule.prefixListId)
      .map((rule) => ({ PrefixListId: rule.prefixListId, Description: rule.description })),
    UserIdGroupPairs: group
      .filter((rule) => rule.peerGroupId)
      .map((rule) => ({
        GroupId: rule.peerGroupId,
        UserId: scope.accountId,
        Description: rule.description,
      })),
  }))
}

export function toRule(scope: Scope, rule: SecurityGroupRuleRecord): sdk.SecurityGroupRule {
  return {
    SecurityGroupRuleId: rule.id,
    SecurityGroupRuleArn: ec2Arn(scope, 'security-group-rule', rule.id),
    GroupId: rule.groupId,
    GroupOwnerId: scope.accountId,
    IsEgress: rule.egress,
    IpProtocol: rule.protocol,
    FromPort: rule.fromPort ?? -1,
    ToPort: rule.toPort ?? -1,
    CidrIpv4: rule.cidr,
    CidrIpv6: rule.cidr6,
    PrefixListId: rule.prefixListId,
    ReferencedGroupInfo: rule.peerGroupId
      ? { GroupId: rule.peerGroupId, UserId: scope.accountId }
      : undefined,
    Description: rule.description,
    Tags: toTags(rule.tags),
  }
}
