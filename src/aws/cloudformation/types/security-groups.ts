import type { Properties } from '../records.ts'
import { type Calls, type ResourceType, without } from './type.ts'

type Direction = 'Ingress' | 'Egress'

interface Rule extends Properties {
  IpProtocol?: string
  FromPort?: number
  ToPort?: number
  CidrIp?: string
  CidrIpv6?: string
  Description?: string
  SourceSecurityGroupId?: string
  DestinationSecurityGroupId?: string
  SourcePrefixListId?: string
  DestinationPrefixListId?: string
}

/** A rule of a template in the form of EC2's calls. */
function permission(rule: Rule) {
  const { IpProtocol, FromPort, ToPort, CidrIp, CidrIpv6, Description } = rule
  const GroupId = rule.SourceSecurityGroupId ?? rule.DestinationSecurityGroupId
  const PrefixListId = rule.SourcePrefixListId ?? rule.DestinationPrefixListId
  return {
    IpProtocol: String(IpProtocol),
    FromPort,
    ToPort,
    ...(CidrIp === undefined ? {} : { IpRanges: [{ CidrIp, Description }] }),
    ...(CidrIpv6 === undefined ? {} : { Ipv6Ranges: [{ CidrIpv6, Description }] }),
    ...(GroupId === undefined ? {} : { UserIdGroupPairs: [{ GroupId, Description }] }),
    ...(PrefixListId === undefined ? {} : { PrefixListIds: [{ PrefixListId, Description }] }),
  }
}

const ANYWHERE: Rule = { IpProtocol: '-1', CidrIp: '0.0.0.0/0' }

const rulesOf = (p: Properties, direction: Direction) => (p[`SecurityGroup${direction}`] ?? []) as Rule[]

/** Adds and takes away rules, so that those of the template are there. */
async function setRules(call: Calls, GroupId: string, direction: Direction, now: Rule[], before: Rule[]) {
  const key = (rule: Rule) => JSON.stringify(rule)
  const had = new Set(before.map(key))
  const wanted = new Set(now.map(key))
  const gone = before.filter((rule) => !wanted.has(key(rule)))
  const added = now.filter((rule) => !had.has(key(rule)))
  if (gone.length > 0)
    await call('ec2', `RevokeSecurityGroup${direction}`, { GroupId, IpPermissions: gone.map(permission) })
  if (added.length > 0)
    await call('ec2', `AuthorizeSecurityGroup${direction}`, { GroupId, IpPermissions: added.map(permission) })
}

const securityGroup: ResourceType = {
  name: 'AWS::EC2::SecurityGroup',
  properties: 'GroupDescription!* GroupName* VpcId* SecurityGroupIngress SecurityGroupEgress Tags',
  async create(call, p, order) {
    const { GroupId } = await call('ec2', 'CreateSecurityGroup', {
      GroupName: p.GroupName ?? order.name(255),
      Description: p.GroupDescription,
      VpcId: p.VpcId,
    })
    if (order.tags.length > 0) await call('ec2', 'CreateTags', { Resources: [GroupId], Tags: order.tags })
    await setRules(call, GroupId, 'Ingress', rulesOf(p, 'Ingress'), [])
    // A template's own egress rules stand in place of the default one.
    const egress = rulesOf(p, 'Egress')
    if (egress.length > 0) await setRules(call, GroupId, 'Egress', egress, [ANYWHERE])
    return GroupId
  },
  async read(call, id) {
    const { SecurityGroups } = await call('ec2', 'DescribeSecurityGroups', { GroupIds: [id] })
    return { state: 'ready', attributes: { GroupId: id, Id: id, VpcId: SecurityGroups[0].VpcId } }
  },
  async update(call, id, p, before, order) {
    for (const direction of ['Ingress', 'Egress'] as const)
      await setRules(call, id, direction, rulesOf(p, direction), rulesOf(before, direction))
    if (order.tags.length > 0) await call('ec2', 'CreateTags', { Resources: [id], Tags: order.tags })
  },
  remove: (call, id) => call('ec2', 'DeleteSecurityGroup', { GroupId: id }),
}

const rule = (direction: Direction): ResourceType => ({
  name: `AWS::EC2::SecurityGroup${direction}`,
  properties:
    'GroupId* GroupName* IpProtocol!* FromPort* ToPort* CidrIp* CidrIpv6* Description* ' +
    (direction === 'Ingress'
      ? 'SourceSecurityGroupId* SourceSecurityGroupName* SourceSecurityGroupOwnerId* SourcePrefixListId*'
      : 'DestinationSecurityGroupId* DestinationPrefixListId*'),
  async create(call, p) {
    const { SecurityGroupRules } = await call('ec2', `AuthorizeSecurityGroup${direction}`, {
      GroupId: p.GroupId,
      IpPermissions: [permission(without(p, 'GroupId') as Rule)],
    })
    return SecurityGroupRules[0].SecurityGroupRuleId
  },
  remove: (call, id, p) =>
    call('ec2', `RevokeSecurityGroup${direction}`, { GroupId: p.GroupId, SecurityGroupRuleIds: [id] }),
})

export const securityGroupTypes = [securityGroup, rule('Ingress'), rule('Egress')]
