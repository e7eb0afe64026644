import type * as sdk from '@aws-sdk/client-eks'
import { instanceTypes, tables } from '../ec2/index.ts'
import { ensureLinkedRole } from '../iam/linked-roles.ts'
import type { AwsError, RequestContext } from '../wire/service.ts'
import { putEntry } from './access-entry-records.ts'
import { versionInfo } from './data/versions.ts'
import {
  inUse,
  invalidParameter,
  invalidRequest,
  requireActiveCluster,
  requireCluster,
  requireNodegroup,
} from './errors.ts'
import { ifInstant } from './instant.ts'
import { checkImage, checkTemplate, templateChoices, templateOf, versionOfImage } from './launch-template.ts'
import { page } from './pagination.ts'
import type { ClusterRecord, NodegroupRecord, Taint } from './records.ts'
import { roleTrusts } from './roles.ts'
import { accessEntries, eksArn, nodegroups, putNodegroup } from './tables.ts'

/** AMI families that are simulated, by architecture. */
const AMI_TYPES: Record<string, 'x86_64' | 'arm64'> = {
  AL2023_x86_64_STANDARD: 'x86_64',
  AL2023_ARM_64_STANDARD: 'arm64',
}

export function toNodegroup(nodegroup: NodegroupRecord): sdk.Nodegroup {
  return {
    nodegroupName: nodegroup.name,
    nodegroupArn: nodegroup.arn,
    clusterName: nodegroup.clusterName,
    version: nodegroup.version,
    releaseVersion: nodegroup.releaseVersion,
    createdAt: new Date(nodegroup.createdAt),
    modifiedAt: new Date(nodegroup.modifiedAt),
    status: nodegroup.status,
    capacityType: nodegroup.capacityType,
    scalingConfig: nodegroup.scaling,
    instanceTypes: nodegroup.imageId ? undefined : nodegroup.instanceTypes,
    subnets: nodegroup.subnetIds,
    remoteAccess: nodegroup.remoteAccess,
    amiType: nodegroup.amiType as sdk.AMITypes,
    nodeRole: nodegroup.nodeRole,
    labels: nodegroup.labels,
    taints: nodegroup.taints.length > 0 ? nodegroup.taints : undefined,
    // The group is made in the course of the creation.
    resources:
      nodegroup.status === 'CREATING'
        ? undefined
        : { autoScalingGroups: [{ name: nodegroup.autoScalingGroup }] },
    diskSize: nodegroup.diskSize,
    health: { issues: nodegroup.issues as sdk.Issue[] },
    updateConfig: nodegroup.updateConfig,
    nodeRepairConfig: nodegroup.nodeRepairConfig,
    launchTemplate: nodegroup.launchTemplate,
    tags: nodegroup.tags,
  }
}

export async function createNodegroup(input: sdk.CreateNodegroupCommandInput, context: RequestContext) {
  const name = input.nodegroupName!
  const cluster = requireActiveCluster(context, input.clusterName)
  const fields = { clusterName: cluster.name, nodegroupName: name }
  context.authorize('iam:PassRole', input.nodeRole!, { 'iam:PassedToService': 'eks.amazonaws.com' })
  if (nodegroups.find(context, cluster.name, name)) {
    throw inUse(`NodeGroup already exists with name ${name} and cluster name ${cluster.name}`, fields)
  }
  checkNodeRole(context, input.nodeRole!)
  const subnetIds = checkedSubnets(context, cluster, input.subnets ?? [])
  const launchTemplate = templateOf(context, input.launchTemplate)
  const choices = templateChoices(context, launchTemplate)
  checkTemplate(input, choices)
  const { imageId, type = 't3.medium' } = choices
  const instances = input.instanceTypes?.length ? input.instanceTypes : [type]
  const amiType = imageId ? 'CUSTOM' : checkedAmiType(input, instances)
  if (imageId) checkImage(context, imageId, instances)
  const version = versionInfo(
    imageId ? versionOfImage(context, imageId, cluster) : (input.version ?? cluster.version),
  )
  if (!version || Number(version.version.split('.')[1]) > Number(cluster.version.split('.')[1])) {
    throw invalidParameter(
      `Requested Nodegroup release version is invalid. Allowed release version is ${versionInfo(cluster.version)?.releaseVersion}`,
      fields,
    )
  }
  ensureLinkedRole(context.world, context.accountId, 'eks-nodegroup.amazonaws.com')
  const now = context.world.clock.now()
  const uid = context.world.ids.uuid()
  const nodegroup = putNodegroup(context, {
    uid,
    name,
    clusterName: cluster.name,
    arn: eksArn(context, 'nodegroup', cluster.name, name, uid),
    version: version.version,
    releaseVersion: imageId ?? version.releaseVersion,
    createdAt: now,
    modifiedAt: now,
    status: 'CREATING',
    since: now,
    capacityType: input.capacityType === 'SPOT' ? 'SPOT' : 'ON_DEMAND',
    scaling: checkedScaling({ minSize: 1, maxSize: 2, desiredSize: 2, ...input.scalingConfig }),
    instanceTypes: instances,
    ...(imageId && { imageId }),
    subnetIds,
    amiType,
    nodeRole: input.nodeRole!,
    labels: input.labels ?? {},
    taints: (input.taints ?? []) as Taint[],
    diskSize: launchTemplate ? undefined : (input.diskSize ?? 20),
    remoteAccess: input.remoteAccess,
    launchTemplate,
    updateConfig: input.updateConfig ?? { maxUnavailable: 1 },
    nodeRepairConfig: input.nodeRepairConfig,
    autoScalingGroup: `eks-${name}-${uid}`,
    issues: [],
    tags: input.tags ?? {},
  })
  admitNodes(context, cluster, nodegroup.nodeRole)
  await ifInstant<NodegroupRecord>(
    context,
    nodegroups.key(context, cluster.name, name),
    ({ status }) => status !== 'CREATING',
  )
  return { nodegroup: toNodegroup(nodegroup) }
}

/** EKS lets the nodes of a managed node group in by an access entry of its own making. */
function admitNodes(context: RequestContext, cluster: ClusterRecord, nodeRole: string): void {
  if (cluster.authenticationMode === 'CONFIG_MAP') return
  if (accessEntries.find(context, cluster.name, nodeRole)) return
  putEntry(context, { clusterName: cluster.name, principalArn: nodeRole, type: 'EC2_LINUX' })
}

function checkNodeRole(context: RequestContext, roleArn: string): void {
  const trusted = roleTrusts(context, roleArn, 'ec2.amazonaws.com')
  if (trusted === undefined) {
    const name = roleArn.slice(roleArn.lastIndexOf('/') + 1)
    throw invalidParameter(
      `The role with name ${name} cannot be found. (Service: Iam, Status Code: 404, Request ID: ${context.requestId})`,
    )
  }
  if (!trusted) {
    throw invalidParameter(
      `Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of nodeRole ${roleArn}`,
    )
  }
}

function checkedSubnets(context: RequestContext, cluster: ClusterRecord, ids: string[]): string[] {
  if (ids.length === 0) throw invalidParameter('Subnets cannot be empty')
  const missing = ids.filter((id) => !tables.subnets.find(context, id))
  if (missing.length > 0) {
    throw invalidParameter(
      `The subnet ID '${missing[0]}' does not exist (Service: Ec2, Status Code: 400, Request ID: ${context.requestId})`,
    )
  }
  const foreign = tables.subnets.list(context, ids).filter(({ vpcId }) => vpcId !== cluster.vpcId)
  if (foreign.length > 0) {
    throw invalidParameter(
      `Subnets [${foreign.map(({ id }) => id).join(', ')}] are not in the VPC of the cluster (${cluster.vpcId})`,
    )
  }
  return ids
}

function checkedAmiType(input: sdk.CreateNodegroupCommandInput, types: string[]): string {
  const unknown = types.find((type) => !instanceTypes.has(type))
  if (unknown) throw invalidParameter(`The requested instance type ${unknown} is not supported`)
  const architectures = [...new Set(types.map((type) => instanceTypes.get(type)!.architecture))]
  const natural = architectures[0] === 'arm64' ? 'AL2023_ARM_64_STANDARD' : 'AL2023_x86_64_STANDARD'
  const amiType = input.amiType ?? natural
  const architecture = AMI_TYPES[amiType]
  if (!architecture) {
    throw invalidRequest(
      `Drydock does not simulate nodes of AMI type ${amiType}. Use one of: ${Object.keys(AMI_TYPES).join(', ')}.`,
    )
  }
  const wrong = types.filter((type) => instanceTypes.get(type)!.architecture !== architecture)
  if (wrong.length > 0) {
    throw invalidParameter(
      `[${wrong.join(', ')}] is not a valid instance type for requested amiType ${amiType}`,
    )
  }
  return amiType
}

/** Throws InvalidParameterException for sizes that do not fit together. */
export function checkedScaling(scaling: { minSize: number; maxSize: number; desiredSize: number }) {
  const { minSize, maxSize, desiredSize } = scaling
  if (minSize > maxSize) throw invalidParameter('Minimum capacity cannot be greater than maximum capacity')
  if (desiredSize < minSize) {
    throw invalidParameter(`Minimum capacity ${minSize} can't be greater than desired size ${desiredSize}`)
  }
  if (desiredSize > maxSize) {
    throw invalidParameter(`Desired capacity ${desiredSize} can't be greater than max size ${maxSize}`)
  }
  return { minSize, maxSize, desiredSize }
}

export function describeNodegroup(input: sdk.DescribeNodegroupCommandInput, context: RequestContext) {
  return { nodegroup: toNodegroup(requireNodegroup(context, input.clusterName!, input.nodegroupName!)) }
}

export function listNodegroups(input: sdk.ListNodegroupsCommandInput, context: RequestContext) {
  const cluster = requireCluster(context, input.clusterName)
  const { items, nextToken } = page(nodegroups.list(context, cluster.name), input)
  return { nodegroups: items.map(({ name }) => name), nextToken }
}

export function deleteNodegroup(input: sdk.DeleteNodegroupCommandInput, context: RequestContext) {
  const nodegroup = requireNodegroup(context, input.clusterName!, input.nodegroupName!)
  if (nodegroup.status === 'UPDATING') throw updateUnderWay(nodegroup)
  if (nodegroup.status === 'DELETING') return { nodegroup: toNodegroup(nodegroup) }
  const next = putNodegroup(context, { ...nodegroup, status: 'DELETING', since: context.world.clock.now() })
  return { nodegroup: toNodegroup(next) }
}
/** A node group takes one change at a time. */
export const updateUnderWay = ({ name, clusterName, status }: NodegroupRecord): AwsError =>
  inUse(`Nodegroup cannot be updated as it is currently not in Active State (${status})`, {
    clusterName,
    nodegroupName: name,
  })
