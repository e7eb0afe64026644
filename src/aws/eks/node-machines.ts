import { createGroup, deleteGroup, findGroup, type GroupRecord } from '../autoscaling/index.ts'
import { activitiesOf, putGroup } from '../autoscaling/tables.ts'
import { imageForEks, ROOT_DEVICE, type Scope } from '../ec2/index.ts'
import { Entities } from '../iam/entities.ts'
import { iamArn } from '../iam/find.ts'
import { templateChoices } from './launch-template.ts'
import { CLUSTER_TAG, NODEGROUP_TAG } from './node-records.ts'
import type { ClusterRecord, Issue, NodegroupRecord } from './records.ts'
import { putNodegroup } from './tables.ts'

/**
 * Keeps the Auto Scaling group of a node group: makes it, carries an update's sizes into it, and otherwise takes over
 * what others (the cluster autoscaler) have set there. Gives what is wrong with it, if anything.
 */
export function reconcileGroup(
  scope: Scope,
  cluster: ClusterRecord,
  nodegroup: NodegroupRecord,
): Issue | undefined {
  const group = findGroup(scope, nodegroup.autoScalingGroup)
  if (!group || group.deleting) {
    if (nodegroup.status === 'CREATING' && !group) makeGroup(scope, cluster, nodegroup)
    else return groupMissing(nodegroup)
    return undefined
  }
  ensureNodegroupProfile(scope, nodegroup)
  const { minSize, maxSize, desired } = group
  const { scaling } = nodegroup
  if (minSize !== scaling.minSize || maxSize !== scaling.maxSize || desired !== scaling.desiredSize) {
    if (nodegroup.status === 'UPDATING') setSizes(scope, group, nodegroup)
    else putNodegroup(scope, { ...nodegroup, scaling: { minSize, maxSize, desiredSize: desired } })
  }
  const last = activitiesOf(scope, group.name).at(-1)
  if (last?.status !== 'Failed') return undefined
  return {
    code: 'AsgInstanceLaunchFailures',
    message: `Could not launch On-Demand Instances. ${last.message}`,
    resourceIds: [group.name],
  }
}

const groupMissing = (nodegroup: NodegroupRecord): Issue => ({
  code: 'AutoScalingGroupNotFound',
  message:
    "We couldn't find the Auto Scaling group associated with the managed node group. You may be able to recreate an Auto Scaling group with the same settings to recover.",
  resourceIds: [nodegroup.autoScalingGroup],
})

function setSizes(scope: Scope, group: GroupRecord, { scaling }: NodegroupRecord): void {
  const { minSize, maxSize, desiredSize: desired } = scaling
  const cause = `a user request update of AutoScalingGroup constraints to min: ${minSize}, max: ${maxSize}, desired: ${desired} changing the desired capacity from ${group.desired} to ${desired}.`
  putGroup(scope, { ...group, minSize, maxSize, desired, cause })
}

function makeGroup(scope: Scope, cluster: ClusterRecord, nodegroup: NodegroupRecord): void {
  const { scaling } = nodegroup
  const tags = {
    [CLUSTER_TAG]: cluster.name,
    [NODEGROUP_TAG]: nodegroup.name,
    'k8s.io/cluster-autoscaler/enabled': 'true',
    [`k8s.io/cluster-autoscaler/${cluster.name}`]: 'owned',
    [`kubernetes.io/cluster/${cluster.name}`]: 'owned',
  }
  createGroup(scope, {
    name: nodegroup.autoScalingGroup,
    minSize: scaling.minSize,
    maxSize: scaling.maxSize,
    desired: scaling.desiredSize,
    subnetIds: nodegroup.subnetIds,
    healthCheckGracePeriod: 15,
    terminationPolicies: ['AllocationStrategy', 'OldestLaunchTemplate', 'OldestInstance'],
    tags: Object.entries(tags).map(([key, value]) => ({ key, value, propagate: true })),
    launch: launchOf(scope, cluster, nodegroup),
  })
}

/** What the machines of a node group start from, by the group's own settings and what its launch template says now. */
export function launchOf(
  scope: Scope,
  cluster: ClusterRecord,
  nodegroup: NodegroupRecord,
): GroupRecord['launch'] {
  const { launchTemplate, imageId, version, amiType } = nodegroup
  const choices = templateChoices(scope, launchTemplate)
  const architecture = amiType.includes('ARM_64') ? 'arm64' : 'x86_64'
  return {
    kind: 'spec',
    spec: {
      ...choices,
      imageId: imageId ?? imageForEks(version, architecture, scope.region),
      type: nodegroup.instanceTypes[0]!,
      groupIds: choices.groupIds?.length ? choices.groupIds : [cluster.clusterSecurityGroupId!],
      keyName: choices.keyName ?? nodegroup.remoteAccess?.ec2SshKey,
      profile: ensureNodegroupProfile(scope, nodegroup),
      volumes: choices.volumes ?? [{ device: ROOT_DEVICE, sizeGiB: nodegroup.diskSize ?? 20 }],
      lifecycle: nodegroup.capacityType === 'SPOT' ? 'spot' : undefined,
    },
    template: launchTemplate,
  }
}

const profileName = ({ uid }: NodegroupRecord) => `eks-${uid}`

/** The instance profile that EKS keeps for a node group, by which its machines have the node role. */
const ensureNodegroupProfile = (scope: Scope, nodegroup: NodegroupRecord) =>
  ensureProfile(scope, { name: profileName(nodegroup), uid: nodegroup.uid, roleArn: nodegroup.nodeRole })

/** An instance profile of EKS's own making, with one role; `uid` makes its id. */
export function ensureProfile(
  scope: Scope,
  { name, uid, roleArn }: { name: string; uid: string; roleArn: string },
): { arn: string; id: string } {
  const entities = new Entities(scope.world, scope.accountId)
  const known = entities.get('instance-profile', name)
  if (known) return { arn: known.arn, id: known.id }
  const arn = iamArn(scope.accountId, 'instance-profile', '/', name)
  const id = `AIPA${uid.replaceAll('-', '').slice(0, 17).toUpperCase()}`
  const roles = [roleArn.split('/').at(-1)!]
  const created = Math.floor(scope.world.clock.now() / 1000) * 1000
  entities.put('instance-profile', name, { name, path: '/', id, arn, created, roles, tags: [] })
  return { arn, id }
}

/** Starts the end of a node group's machines; gives whether all are gone. */
export function endGroup(scope: Scope, nodegroup: NodegroupRecord): boolean {
  const group = findGroup(scope, nodegroup.autoScalingGroup)
  if (group && !group.deleting) deleteGroup(scope, group.name, true)
  if (!group) new Entities(scope.world, scope.accountId).delete('instance-profile', profileName(nodegroup))
  return group === undefined
}
