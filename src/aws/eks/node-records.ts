import { createHash } from 'node:crypto'
import type { InstanceRecord, Scope } from '../ec2/index.ts'
import { instanceTypes, isEksSystem, systemOf, tables } from '../ec2/index.ts'
import { roleMay } from '../iam/identity.ts'
import { versionInfo } from './data/versions.ts'
import { type AwsAuth, roleMapping } from './kubernetes-access.ts'
import { bootOf } from './node-boot.ts'
import { nodeResources } from './node-capacity.ts'
import { subnetsWithoutPublicAddress } from './node-subnets.ts'
import type { ClusterRecord, Issue, NodegroupRecord, NodeRecord, Taint } from './records.ts'
import { accessEntries } from './tables.ts'

/** Tags by which an instance is known to belong to a node group. */
export const CLUSTER_TAG = 'eks:cluster-name'
export const NODEGROUP_TAG = 'eks:nodegroup-name'

/** The living instances of a node group, oldest first. */
export function instancesOf(scope: Scope, nodegroup: NodegroupRecord): InstanceRecord[] {
  return tables.instances
    .list(scope)
    .filter(
      ({ tags, state }) =>
        tags[CLUSTER_TAG] === nodegroup.clusterName &&
        tags[NODEGROUP_TAG] === nodegroup.name &&
        state !== 'shutting-down' &&
        state !== 'terminated',
    )
    .sort((a, b) => a.launchedAt - b.launchedAt)
}

const may = (scope: Scope, { nodeRole }: NodegroupRecord, action: string, resource = '*') =>
  roleMay(scope.world, nodeRole, action, resource).allowed

/**
 * Why the machines of a node group cannot become nodes of the cluster; undefined when they can.
 * A kubelet needs a way to the API server, what AmazonEKSWorkerNodePolicy gives (its instance for its name, the cluster for
 * where to join), and the cluster's consent.
 */
export function joinBlocker(
  scope: Scope,
  cluster: ClusterRecord,
  nodegroup: NodegroupRecord,
  awsAuth: AwsAuth | undefined,
): Issue | undefined {
  const resourceIds = instancesOf(scope, nodegroup).map(({ id }) => id)
  const addressless = subnetsWithoutPublicAddress(scope, nodegroup.subnetIds)
  if (addressless.length > 0) {
    return {
      code: 'Ec2SubnetInvalidConfiguration',
      message: `One or more Amazon EC2 Subnets of [${addressless.join(', ')}] for node group ${nodegroup.name} does not automatically assign public IP addresses to instances launched into it. If you want your instances to be assigned a public IP address, then you need to enable auto-assign public IP address for the subnet. See IP addressing in VPC guide: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html#subnet-public-ip`,
      resourceIds: addressless,
    }
  }
  if (nodegroup.imageId && !instancesOf(scope, nodegroup).every((one) => startsNode(scope, cluster, one))) {
    return {
      code: 'NodeCreationFailure',
      message: 'Instances failed to join the kubernetes cluster',
      resourceIds,
    }
  }
  const finds =
    may(scope, nodegroup, 'ec2:DescribeInstances') &&
    may(scope, nodegroup, 'eks:DescribeCluster', cluster.arn)
  if (finds && isAdmitted(scope, cluster, nodegroup.nodeRole, awsAuth)) return undefined
  return {
    code: 'NodeCreationFailure',
    message: 'Instances failed to join the kubernetes cluster',
    resourceIds,
  }
}

/** Whether a machine of a custom image is told to join this cluster by its user data; EKS adds nothing to that of one's own image. */
function startsNode(scope: Scope, cluster: ClusterRecord, instance: InstanceRecord): boolean {
  if (!isEksSystem(systemOf(scope, instance))) return false
  if (instance.state !== 'running') return true
  const boot = bootOf(scope, instance)
  return boot?.cluster.uid === cluster.uid && boot.config.name === cluster.name
}

/** Whether the cluster takes machines with this role for nodes: by an access entry, or by `aws-auth` where that counts. */
export function isAdmitted(
  scope: Scope,
  cluster: ClusterRecord,
  roleArn: string,
  awsAuth: AwsAuth | undefined,
): boolean {
  if (cluster.authenticationMode !== 'CONFIG_MAP') {
    const entry = accessEntries.find(scope, cluster.name, roleArn)
    if (entry || cluster.authenticationMode === 'API') return entry?.type === 'EC2_LINUX'
  }
  return roleMapping(awsAuth, roleArn)?.groups?.includes('system:nodes') ?? false
}

const EFFECTS: Record<Taint['effect'], NodeRecord['taints'][number]['effect']> = {
  NO_SCHEDULE: 'NoSchedule',
  NO_EXECUTE: 'NoExecute',
  PREFER_NO_SCHEDULE: 'PreferNoSchedule',
}

/** What decides how a machine looks as a node, beside the machine itself. */
export interface NodeSettings {
  /** Default: a node that no node group manages. */
  nodegroupName?: string
  roleArn: string
  labels: Record<string, string>
  taints: NodeRecord['taints']
  /** Kubernetes version of the machine's image. */
  version: string
  draining?: boolean
  maxPods?: number
  /** Default: the machine's private DNS name. */
  name?: string
  nodeClaim?: string
}

/** How the machines of a node group look as nodes. */
export function nodegroupSettings(
  scope: Scope,
  nodegroup: NodegroupRecord,
  instance: InstanceRecord,
): NodeSettings {
  const own = nodegroup.imageId ? bootOf(scope, instance)?.config : undefined
  return {
    nodegroupName: nodegroup.name,
    roleArn: nodegroup.nodeRole,
    ...(own?.maxPods !== undefined && { maxPods: own.maxPods }),
    labels: {
      ...own?.labels,
      ...nodegroup.labels,
      'eks.amazonaws.com/capacityType': nodegroup.capacityType,
      'eks.amazonaws.com/nodegroup': nodegroup.name,
      'eks.amazonaws.com/nodegroup-image': instance.imageId,
    },
    taints: nodegroup.taints.map(({ key, value, effect }) => ({
      key,
      effect: EFFECTS[effect],
      ...(value && { value }),
    })),
    version: nodegroup.version,
    draining: nodegroup.status === 'DELETING',
  }
}

/** What a machine looks like as a node. */
export function nodeRecord(
  scope: Scope,
  cluster: ClusterRecord,
  instance: InstanceRecord,
  before: NodeRecord | undefined,
  settings: NodeSettings,
): NodeRecord {
  const type = instanceTypes.get(instance.type)!
  const subnet = tables.subnets.get(scope, instance.subnetId)
  const architecture = type.architecture === 'arm64' ? 'arm64' : 'amd64'
  const name = settings.name ?? instance.privateDnsName
  return {
    clusterName: cluster.name,
    clusterUid: cluster.uid,
    nodegroupName: settings.nodegroupName ?? '',
    roleArn: settings.roleArn,
    ...(settings.nodeClaim !== undefined && { nodeClaim: settings.nodeClaim }),
    instanceId: instance.id,
    name,
    providerId: `aws:///${instance.zone}/${instance.id}`,
    internalIp: instance.privateIp,
    externalIp: instance.publicIp,
    labels: {
      ...settings.labels,
      'beta.kubernetes.io/arch': architecture,
      'beta.kubernetes.io/instance-type': instance.type,
      'beta.kubernetes.io/os': 'linux',
      'failure-domain.beta.kubernetes.io/region': scope.region,
      'failure-domain.beta.kubernetes.io/zone': instance.zone,
      'k8s.io/cloud-provider-aws': createHash('md5').update(cluster.uid).digest('hex'),
      'kubernetes.io/arch': architecture,
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'node.kubernetes.io/instance-type': instance.type,
      'topology.k8s.aws/zone-id': subnet.zoneId,
      'topology.kubernetes.io/region': scope.region,
      'topology.kubernetes.io/zone': instance.zone,
    },
    taints: settings.taints,
    ...nodeResources(type, instance.volumeSizeGiB, settings.maxPods),
    kubeletVersion: before?.kubeletVersion ?? versionInfo(settings.version)!.kubeletVersion,
    architecture,
    draining: (settings.draining ?? false) || before?.drainingSince !== undefined,
    ...(before?.drainingSince !== undefined && {
      drainingSince: before.drainingSince,
      keepBudgets: before.keepBudgets,
    }),
    joinedAt: before?.joinedAt ?? scope.world.clock.now(),
    ...(instance.rebootedAt !== undefined && { rebootedAt: instance.rebootedAt }),
  }
}
