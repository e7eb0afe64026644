import { bootstrapRegion, createInterface, removeInterface, type Scope, tables } from '../ec2/index.ts'
import { AwsError } from '../wire/service.ts'
import { invalidParameter } from './errors.ts'
import type { ClusterRecord } from './records.ts'

/** Which EKS's own account holds the attachment of a control plane's interfaces. */
const EKS_ACCOUNT = '602401143452'

/** Runs a look-up in EC2; its error becomes EKS's, which quotes it. */
function quotingEc2<T>(requestId: string, lookUp: () => T): T {
  try {
    return lookUp()
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    throw invalidParameter(
      `${error.message} (Service: Ec2, Status Code: ${error.status}, Request ID: ${requestId})`,
    )
  }
}

/** Checks subnets and security groups of a new cluster; gives the VPC. Throws InvalidParameterException. */
export function clusterVpc(
  scope: Scope & { requestId: string },
  subnetIds: string[],
  securityGroupIds: string[],
): string {
  bootstrapRegion(scope)
  const found = quotingEc2(scope.requestId, () => tables.subnets.list(scope, subnetIds))
  quotingEc2(scope.requestId, () => tables.securityGroups.list(scope, securityGroupIds))
  if (new Set(found.map(({ vpcId }) => vpcId)).size > 1) {
    throw invalidParameter('Subnets are not in the same VPC')
  }
  if (new Set(found.map(({ zone }) => zone)).size < 2) {
    throw invalidParameter('Subnets specified must be in at least two different AZs')
  }
  return found[0]!.vpcId
}

/** Makes the cluster security group and the control plane's interfaces in the customer's subnets; once. */
export function ensureClusterNetwork(scope: Scope, cluster: ClusterRecord): ClusterRecord {
  if (cluster.clusterSecurityGroupId) return cluster
  const name = `eks-cluster-sg-${cluster.name}-${scope.world.ids.text(9, '0123456789')}`
  const group = tables.securityGroups.put(scope, {
    id: tables.securityGroups.newId(scope),
    name,
    description:
      'EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.',
    vpcId: cluster.vpcId,
    tags: {
      Name: name,
      [`kubernetes.io/cluster/${cluster.name}`]: 'owned',
      'aws:eks:cluster-name': cluster.name,
    },
  })
  const rule = { tags: {}, groupId: group.id, protocol: '-1' }
  tables.securityGroupRules.put(scope, {
    ...rule,
    id: tables.securityGroupRules.newId(scope),
    egress: false,
    peerGroupId: group.id,
  })
  tables.securityGroupRules.put(scope, {
    ...rule,
    id: tables.securityGroupRules.newId(scope),
    egress: true,
    cidr: '0.0.0.0/0',
  })
  return {
    ...cluster,
    clusterSecurityGroupId: group.id,
    networkInterfaceIds: controlPlaneInterfaces(scope, cluster, group.id),
  }
}

/** The control plane's interfaces, one in each of two zones; gives their ids. */
function controlPlaneInterfaces(scope: Scope, cluster: ClusterRecord, clusterGroupId: string): string[] {
  const zones = new Map(tables.subnets.list(scope, cluster.subnetIds).map((subnet) => [subnet.zone, subnet]))
  return [...zones.values()].slice(0, 2).map(
    (subnet) =>
      createInterface(scope, {
        subnet,
        groupIds: [clusterGroupId, ...cluster.securityGroupIds],
        description: `Amazon EKS ${cluster.name}`,
        requesterId: EKS_ACCOUNT,
        attachment: { instanceOwnerId: EKS_ACCOUNT, deviceIndex: 1, deleteOnTermination: false },
      }).id,
  )
}

/** Puts the control plane's interfaces where the cluster's subnets and security groups now say. */
export function moveClusterNetwork(scope: Scope, cluster: ClusterRecord): ClusterRecord {
  for (const id of cluster.networkInterfaceIds) removeInterface(scope, id)
  const networkInterfaceIds = controlPlaneInterfaces(scope, cluster, cluster.clusterSecurityGroupId!)
  return { ...cluster, networkInterfaceIds }
}

/** Takes away what ensureClusterNetwork made; the group stays while something else uses it, as on AWS. */
export function removeClusterNetwork(scope: Scope, cluster: ClusterRecord): void {
  for (const id of cluster.networkInterfaceIds) removeInterface(scope, id)
  const groupId = cluster.clusterSecurityGroupId
  if (!groupId) return
  const used = tables.networkInterfaces.list(scope).some((eni) => eni.groupIds.includes(groupId))
  const referenced = tables.securityGroupRules
    .list(scope)
    .some((rule) => rule.peerGroupId === groupId && rule.groupId !== groupId)
  if (used || referenced) return
  for (const rule of tables.securityGroupRules.list(scope)) {
    if (rule.groupId === groupId) tables.securityGroupRules.delete(scope, rule.id)
  }
  tables.securityGroups.delete(scope, groupId)
}
