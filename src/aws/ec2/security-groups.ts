import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { dependencyViolation, invalidParameterValue, missingParameter, required } from './errors.ts'
import { type FilterFields, select } from './filters.ts'
import { makeSecurityGroup } from './make-vpc.ts'
import { networkIndex } from './network-index.ts'
import type { SecurityGroupRecord, SecurityGroupRuleRecord } from './records.ts'
import { ec2Arn, type Scope } from './scope.ts'
import { rulesFrom, sameRule, toPermissions, toRule } from './security-group-rules.ts'
import { networkInterfaces, securityGroupRules, securityGroups, vpcs } from './tables.ts'
import { tagList, tagsFor } from './tags.ts'

/** The rules of one group. */
export function rulesOf(scope: Scope, groupId: string): SecurityGroupRuleRecord[] {
  return networkIndex(scope.world).rules(groupId)
}

function toGroup(scope: Scope, group: SecurityGroupRecord): sdk.SecurityGroup {
  const rules = rulesOf(scope, group.id)
  const permissions = (egress: boolean) =>
    toPermissions(
      scope,
      rules.filter((rule) => rule.egress === egress),
    )
  return {
    GroupId: group.id,
    GroupName: group.name,
    Description: group.description,
    OwnerId: scope.accountId,
    VpcId: group.vpcId,
    SecurityGroupArn: ec2Arn(scope, 'security-group', group.id),
    Tags: tagList(group.tags),
    IpPermissions: permissions(false),
    IpPermissionsEgress: permissions(true),
  }
}

const defaultVpcId = (scope: Scope) => vpcs.list(scope).find((vpc) => vpc.isDefault)?.id

/** A group by id, or by name in the default VPC. */
export function groupFrom(input: { GroupId?: string; GroupName?: string }, context: RequestContext) {
  if (input.GroupId) return checkedGroup(context, input.GroupId)
  if (!input.GroupName) throw missingParameter('groupName or groupId')
  const vpcId = defaultVpcId(context)
  const group = vpcId ? networkIndex(context.world).groupNamed(vpcId, input.GroupName) : undefined
  if (group) return group
  throw new AwsError(
    'InvalidGroup.NotFound',
    `The security group '${input.GroupName}' does not exist in default VPC '${vpcId}'`,
  )
}

function checkedGroup(scope: Scope, id: string): SecurityGroupRecord {
  if (!/^sg-[0-9a-f]+$/.test(id)) {
    throw new AwsError('InvalidGroupId.Malformed', `Invalid id: "${id}" (expecting "sg-...")`)
  }
  return securityGroups.get(scope, id)
}

export function createSecurityGroup(input: sdk.CreateSecurityGroupCommandInput, context: RequestContext) {
  const name = required(input.GroupName, 'groupName')
  const description = required(input.Description, 'groupDescription')
  const vpcId = input.VpcId ? vpcs.get(context, input.VpcId).id : defaultVpcId(context)
  if (!vpcId) throw new AwsError('VPCIdNotSpecified', 'No default VPC for this user')
  if (name.startsWith('sg-')) {
    throw invalidParameterValue(
      `Value (${name}) for parameter groupName is invalid. Group names may not be in the format sg-*.`,
    )
  }
  if (networkIndex(context.world).groupNamed(vpcId, name)) {
    throw new AwsError(
      'InvalidGroup.Duplicate',
      `The security group '${name}' already exists for VPC '${vpcId}'`,
    )
  }
  const tags = tagsFor(input.TagSpecifications, 'security-group')
  const group = makeSecurityGroup(context, { name, description, vpcId, tags })
  return {
    GroupId: group.id,
    SecurityGroupArn: ec2Arn(context, 'security-group', group.id),
    Tags: tagList(tags),
  }
}

/** Filters on the rules of a group in one direction. */
function permissionFilters(
  scope: Scope,
  prefix: string,
  rulesOf: (group: SecurityGroupRecord) => SecurityGroupRuleRecord[],
): FilterFields<SecurityGroupRecord> {
  const read: Record<string, (rule: SecurityGroupRuleRecord) => string | number | undefined> = {
    cidr: ({ cidr }) => cidr,
    'from-port': ({ fromPort }) => fromPort,
    'group-id': ({ peerGroupId }) => peerGroupId,
    'group-name': ({ peerGroupId }) => securityGroups.find(scope, peerGroupId ?? '')?.name,
    'ipv6-cidr': ({ cidr6 }) => cidr6,
    'prefix-list-id': ({ prefixListId }) => prefixListId,
    protocol: ({ protocol }) => protocol,
    'to-port': ({ toPort }) => toPort,
    'user-id': ({ peerGroupId }) => peerGroupId && scope.accountId,
  }
  return Object.fromEntries(
    Object.entries(read).map(([name, of]) => [`${prefix}.${name}`, (group) => rulesOf(group).map(of)]),
  )
}

export function describeSecurityGroups(
  input: sdk.DescribeSecurityGroupsCommandInput,
  context: RequestContext,
) {
  const byName = (input.GroupNames ?? []).map((GroupName) => groupFrom({ GroupName }, context))
  const byId = (input.GroupIds ?? []).map((id) => checkedGroup(context, id))
  const asked = byName.length + byId.length > 0 ? [...byId, ...byName] : securityGroups.list(context)
  const rules = (group: SecurityGroupRecord, egress: boolean) =>
    rulesOf(context, group.id).filter((rule) => rule.egress === egress)
  const { page, NextToken } = select(asked, input, {
    description: (group) => group.description,
    'group-id': (group) => group.id,
    'group-name': (group) => group.name,
    'owner-id': () => context.accountId,
    'vpc-id': (group) => group.vpcId,
    ...permissionFilters(context, 'ip-permission', (group) => rules(group, false)),
    ...permissionFilters(context, 'egress.ip-permission', (group) => rules(group, true)),
  })
  return { SecurityGroups: page.map((group) => toGroup(context, group)), NextToken }
}

export function deleteSecurityGroup(input: sdk.DeleteSecurityGroupCommandInput, context: RequestContext) {
  const group = groupFrom(input, context)
  if (group.name === 'default') {
    throw new AwsError(
      'CannotDelete',
      `the specified group: "${group.id}" name: "default" cannot be deleted by a user`,
    )
  }
  const inUse =
    networkInterfaces.list(context).some((eni) => eni.groupIds.includes(group.id)) ||
    securityGroupRules
      .list(context)
      .some((rule) => rule.peerGroupId === group.id && rule.groupId !== group.id)
  if (inUse) throw dependencyViolation(`resource ${group.id} has a dependent object`)
  for (const rule of rulesOf(context, group.id)) securityGroupRules.delete(context, rule.id)
  securityGroups.delete(context, group.id)
  return { Return: true, GroupId: group.id }
}

type RuleInput = sdk.AuthorizeSecurityGroupIngressCommandInput & sdk.AuthorizeSecurityGroupEgressCommandInput

/** Puts rules on a group. Throws InvalidPermission.Duplicate. */
function authorize(input: RuleInput, context: RequestContext, egress: boolean) {
  const group = groupFrom(input, context)
  const wanted = rulesFrom(input, context, group, egress)
  const existing = rulesOf(context, group.id)
  for (const rule of wanted) {
    if (existing.some((other) => sameRule(other, rule))) {
      throw new AwsError(
        'InvalidPermission.Duplicate',
        `the specified rule "${describeRule(rule)}" already exists`,
      )
    }
  }
  const tags = tagsFor(input.TagSpecifications, 'security-group-rule')
  const rules = wanted.map((rule) =>
    securityGroupRules.put(context, { ...rule, id: securityGroupRules.newId(context), tags }),
  )
  return { Return: true, SecurityGroupRules: rules.map((rule) => toRule(context, rule)) }
}

function describeRule(rule: Omit<SecurityGroupRuleRecord, 'id' | 'tags'>): string {
  const peer = rule.cidr ?? rule.cidr6 ?? rule.prefixListId ?? rule.peerGroupId
  if (rule.protocol === '-1') return `peer: ${peer}, ALL, ALLOW`
  return `peer: ${peer}, ${rule.protocol.toUpperCase()}, from port: ${rule.fromPort}, to port: ${rule.toPort}, ALLOW`
}

export const notThere = () =>
  new AwsError('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.')

function revoke(
  input: RuleInput & { SecurityGroupRuleIds?: string[] },
  context: RequestContext,
  egress: boolean,
) {
  const group = groupFrom(input, context)
  const existing = rulesOf(context, group.id).filter((rule) => rule.egress === egress)
  const found = input.SecurityGroupRuleIds?.length
    ? input.SecurityGroupRuleIds.map((id) => {
        const rule = existing.find((candidate) => candidate.id === id)
        if (!rule) throw securityGroupRules.missing(id)
        return rule
      })
    : rulesFrom(input, context, group, egress).map((wanted) => {
        const rule = existing.find((candidate) => sameRule(candidate, wanted))
        if (!rule) throw notThere()
        return rule
      })
  for (const rule of found) securityGroupRules.delete(context, rule.id)
  return {
    Return: true,
    RevokedSecurityGroupRules: found.map((rule) => ({
      SecurityGroupRuleId: rule.id,
      GroupId: rule.groupId,
      IsEgress: rule.egress,
      IpProtocol: rule.protocol,
      FromPort: rule.fromPort ?? -1,
      ToPort: rule.toPort ?? -1,
      CidrIpv4: rule.cidr,
      CidrIpv6: rule.cidr6,
      PrefixListId: rule.prefixListId,
      ReferencedGroupId: rule.peerGroupId,
      Description: rule.description,
    })),
  }
}

export const authorizeSecurityGroupIngress = (input: RuleInput, context: RequestContext) =>
  authorize(input, context, false)
export const authorizeSecurityGroupEgress = (input: RuleInput, context: RequestContext) =>
  authorize(input, context, true)
export const revokeSecurityGroupIngress = (input: RuleInput, context: RequestContext) =>
  revoke(input, context, false)
export const revokeSecurityGroupEgress = (input: RuleInput, context: RequestContext) =>
  revoke(input, context, true)

export function describeSecurityGroupRules(
  input: sdk.DescribeSecurityGroupRulesCommandInput,
  context: RequestContext,
) {
  const { page, NextToken } = select(securityGroupRules.list(context, input.SecurityGroupRuleIds), input, {
    'group-id': (rule) => rule.groupId,
    'security-group-rule-id': (rule) => rule.id,
  })
  return { SecurityGroupRules: page.map((rule) => toRule(context, rule)), NextToken }
}

/** Groups of other VPCs whose rules name these: with a peering connection they may. */
export function describeSecurityGroupReferences(
  input: sdk.DescribeSecurityGroupReferencesCommandInput,
  context: RequestContext,
) {
  const asked = required(input.GroupId, 'groupId').map((id) => checkedGroup(context, id))
  return {
    SecurityGroupReferenceSet: asked.flatMap(({ id, vpcId }) =>
      securityGroupRules
        .list(context)
        .filter(({ peerGroupId }) => peerGroupId === id)
        .map(({ groupId }) => securityGroups.get(context, groupId).vpcId)
        .filter((other) => other !== vpcId)
        .map((ReferencingVpcId) => ({ GroupId: id, ReferencingVpcId })),
    ),
  }
}
