import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { invalidParameterValue, missingParameter, required } from './errors.ts'
import type { SecurityGroupRuleRecord } from './records.ts'
import { rulesFrom, sameRule } from './security-group-rules.ts'
import { groupFrom, notThere, rulesOf } from './security-groups.ts'
import { securityGroupRules, securityGroups } from './tables.ts'

const PEERS = ['cidr', 'cidr6', 'prefixListId', 'peerGroupId'] as const

/** A rule as a request to change it words it, in the form that a request for a new one has. */
function permissionOf(rule: sdk.SecurityGroupRuleRequest): sdk.IpPermission {
  const { CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId, Description } = rule
  return {
    IpProtocol: rule.IpProtocol,
    FromPort: rule.FromPort,
    ToPort: rule.ToPort,
    IpRanges: CidrIpv4 ? [{ CidrIp: CidrIpv4, Description }] : [],
    Ipv6Ranges: CidrIpv6 ? [{ CidrIpv6, Description }] : [],
    PrefixListIds: PrefixListId ? [{ PrefixListId, Description }] : [],
    UserIdGroupPairs: ReferencedGroupId ? [{ GroupId: ReferencedGroupId, Description }] : [],
  }
}

/** Changes rules in their place; what kind of peer a rule has stays. */
function modifyRules(input: sdk.ModifySecurityGroupRulesCommandInput, context: RequestContext) {
  const group = securityGroups.get(context, required(input.GroupId, 'groupId'))
  const changes = required(input.SecurityGroupRules, 'securityGroupRules')
  for (const { SecurityGroupRuleId: id, SecurityGroupRule: wanted } of changes) {
    const rule = rulesOf(context, group.id).find((candidate) => candidate.id === id)
    if (!rule) throw securityGroupRules.missing(id ?? '')
    const permission = permissionOf(required(wanted, 'securityGroupRule'))
    const [next] = rulesFrom({ IpPermissions: [permission] }, context, group, rule.egress)
    if (PEERS.some((peer) => (rule[peer] === undefined) !== (next![peer] === undefined)))
      throw invalidParameterValue(
        `You may not change the source type of the security group rule '${rule.id}'`,
      )
    const twin = rulesOf(context, group.id).find((other) => other.id !== rule.id && sameRule(other, next!))
    if (twin)
      throw new AwsError(
        'InvalidPermission.Duplicate',
        `The security group rule '${twin.id}' already has the specified values`,
      )
    securityGroupRules.put(context, { id: rule.id, tags: rule.tags, ...next! })
  }
  return { Return: true }
}

type DescriptionInput = sdk.UpdateSecurityGroupRuleDescriptionsIngressCommandInput

/** Gives rules, named by what they allow or by id, other descriptions. */
const describeRules =
  (egress: boolean): Handler =>
  (input: DescriptionInput, context) => {
    const group = groupFrom(input, context)
    const rules = rulesOf(context, group.id).filter((rule) => rule.egress === egress)
    const put = (rule: SecurityGroupRuleRecord, description: string | undefined) =>
      securityGroupRules.put(context, { ...rule, description: description || undefined })
    if (input.SecurityGroupRuleDescriptions?.length) {
      for (const { SecurityGroupRuleId: id, Description } of input.SecurityGroupRuleDescriptions) {
        const rule = rules.find((candidate) => candidate.id === id)
        if (!rule) throw securityGroupRules.missing(id ?? '')
        put(rule, Description)
      }
      return { Return: true }
    }
    if (!input.IpPermissions?.length) throw missingParameter('ipPermissions')
    for (const wanted of rulesFrom(input, context, group, egress)) {
      const rule = rules.find((candidate) => sameRule(candidate, wanted))
      if (!rule) throw notThere()
      put(rule, wanted.description)
    }
    return { Return: true }
  }

export const securityGroupChangeHandlers: Record<string, Handler> = {
  ModifySecurityGroupRules: modifyRules,
  UpdateSecurityGroupRuleDescriptionsIngress: describeRules(false),
  UpdateSecurityGroupRuleDescriptionsEgress: describeRules(true),
}
