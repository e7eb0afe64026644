import { internetPath, rulesOf, type Scope, tables } from '#aws/ec2/index.ts'
import { makeSecurityGroup } from '#aws/ec2/make-vpc.ts'
import type { SecurityGroupRecord, SubnetRecord } from '#aws/ec2/records.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'

/** The subnets of a cluster's VPC that may hold a load balancer, one for each zone: those tagged for it first, then by id. */
export function balancerSubnets(scope: Scope, cluster: ClusterRecord, internal: boolean): SubnetRecord[] {
  const role = internal ? 'kubernetes.io/role/internal-elb' : 'kubernetes.io/role/elb'
  const tagged = (subnet: SubnetRecord) => role in subnet.tags
  const candidates = tables.subnets
    .list(scope)
    .filter(({ vpcId }) => vpcId === cluster.vpcId)
    .filter((subnet) => tagged(subnet) || cluster.subnetIds.includes(subnet.id))
    .filter((subnet) => internal || internetPath(scope, subnet) === 'internet-gateway')
    .sort((a, b) => Number(tagged(b)) - Number(tagged(a)) || (a.id < b.id ? -1 : 1))
  const byZone = new Map<string, SubnetRecord>()
  for (const subnet of candidates) if (!byZone.has(subnet.zone)) byZone.set(subnet.zone, subnet)
  return [...byZone.values()]
}

export const groupNamed = (
  scope: Scope,
  { vpcId }: ClusterRecord,
  name: string,
): SecurityGroupRecord | undefined =>
  tables.securityGroups.list(scope).find((group) => group.name === name && group.vpcId === vpcId)

/** A load balancer's own security group, letting `cidrs` in to its ports; gives its id. */
export function ensureBalancerGroup(
  scope: Scope,
  cluster: ClusterRecord,
  group: { name: string; description: string; tags: Record<string, string> },
  ports: number[],
  cidrs: string[],
): string {
  const { id } =
    groupNamed(scope, cluster, group.name) ?? makeSecurityGroup(scope, { ...group, vpcId: cluster.vpcId })
  const sources = cidrs.length > 0 ? cidrs : ['0.0.0.0/0']
  const wanted = new Set(ports.flatMap((port) => sources.map((cidr) => `${port} ${cidr}`)))
  for (const rule of rulesOf(scope, id)) {
    if (rule.egress) continue
    const key = `${rule.fromPort} ${rule.cidr}`
    if (!wanted.delete(key)) tables.securityGroupRules.delete(scope, rule.id)
  }
  for (const key of wanted) {
    const [port, cidr] = key.split(' ') as [string, string]
    tables.securityGroupRules.put(scope, {
      id: tables.securityGroupRules.newId(scope),
      tags: {},
      groupId: id,
      egress: false,
      protocol: 'tcp',
      fromPort: Number(port),
      toPort: Number(port),
      cidr,
    })
  }
  return id
}

/** A rule in the nodes' security group that admits all traffic of the load balancer's. */
export function admitToNodes(scope: Scope, cluster: ClusterRecord, groupId: string): void {
  const nodesGroup = cluster.clusterSecurityGroupId
  if (!nodesGroup || rulesOf(scope, nodesGroup).some(({ peerGroupId }) => peerGroupId === groupId)) return
  tables.securityGroupRules.put(scope, {
    id: tables.securityGroupRules.newId(scope),
    tags: {},
    groupId: nodesGroup,
    egress: false,
    protocol: '-1',
    peerGroupId: groupId,
  })
}

/** Takes a load balancer's own security group away, and the rules that name it. */
export function removeBalancerGroup(scope: Scope, cluster: ClusterRecord, name: string): void {
  const group = groupNamed(scope, cluster, name)
  if (!group) return
  for (const rule of tables.securityGroupRules.list(scope)) {
    if (rule.groupId === group.id || rule.peerGroupId === group.id)
      tables.securityGroupRules.delete(scope, rule.id)
  }
  tables.securityGroups.delete(scope, group.id)
}
