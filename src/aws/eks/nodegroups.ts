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
import { checkImage, checkTemplate, templateChoices, templateOf, versionOfImage } from './launch-template.ts'
import { page } from './pagination.ts'
import type { ClusterRecord, NodegroupRecord, Taint } from './records.ts'
import { roleTrusts } from './roles.ts'
import { accessEntries, eksArn, nodegroups, putNodegroup } from './tables.ts'
import { beginUpdate, toUpdate } from './updates.ts'

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
    resources: { autoScalingGroups: [{ name: nodegroup.autoScalingGroup }] },
    diskSize: nodegroup.diskSize,
    health: { issues: nodegroup.issues as sdk.Issue[] },
    updateConfig: nodegroup.updateConfig,
    launchTemplate: nodegroup.launchTemplate,
    tags: nodegroup.tags,
  }
}

export function createNodegroup(input: sdk.CreateNodegroupCommandInput, context: RequestContext) {
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
    autoScalingGroup: `eks-${name}-${uid}`,
    issues: [],
    tags: input.tags ?? {},
  })
  admitNodes(context, cluster, nodegroup.nodeRole)
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

function checkedScaling(scaling: { minSize: number; maxSize: number; desiredSize: number }) {
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

const updateUnderWay = ({ name, clusterName, status }: NodegroupRecord): AwsError =>
  inUse(`Nodegroup cannot be updated as it is currently not in Active State (${status})`, {
    clusterName,
    nodegroupName: name,
  })

const taintsOf = (taints: sdk.Taint[] | undefined) => (taints ?? []) as Taint[]

export function updateNodegroupConfig(input: sdk.UpdateNodegroupConfigCommandInput, context: RequestContext) {
  const nodegroup = requireNodegroup(context, input.clusterName!, input.nodegroupName!)
  if (nodegroup.status !== 'ACTIVE' && nodegroup.status !== 'DEGRADED') throw updateUnderWay(nodegroup)
  const scaling = checkedScaling({ ...nodegroup.scaling, ...definedOf(input.scalingConfig ?? {}) })
  const removedLabels = input.labels?.removeLabels ?? []
  const removedTaints = taintsOf(input.taints?.removeTaints)
  const added = taintsOf(input.taints?.addOrUpdateTaints)
  const same = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect
  const labels = Object.entries(nodegroup.labels).filter(([key]) => !removedLabels.includes(key))
  const params = [
    ...scalingParams(input.scalingConfig),
    ...(input.labels?.addOrUpdateLabels
      ? [{ type: 'LabelsToAdd', value: JSON.stringify(input.labels.addOrUpdateLabels) }]
      : []),
    ...(removedLabels.length > 0 ? [{ type: 'LabelsToRemove', value: JSON.stringify(removedLabels) }] : []),
    ...(added.length > 0 ? [{ type: 'TaintsToAdd', value: JSON.stringify(added) }] : []),
    ...(removedTaints.length > 0 ? [{ type: 'TaintsToRemove', value: JSON.stringify(removedTaints) }] : []),
  ]
  return startUpdate(context, nodegroup, 'ConfigUpdate', params, {
    scaling,
    labels: { ...Object.fromEntries(labels), ...input.labels?.addOrUpdateLabels },
    taints: [
      ...nodegroup.taints.filter(
        (taint) =>
          !removedTaints.some((other) => same(other, taint)) && !added.some((other) => same(other, taint)),
      ),
      ...added,
    ],
    updateConfig: input.updateConfig ?? nodegroup.updateConfig,
  })
}

/** Only what was asked for is listed. */
function scalingParams(scaling: sdk.NodegroupScalingConfig | undefined): { type: string; value: string }[] {
  const wanted = { MinSize: scaling?.minSize, MaxSize: scaling?.maxSize, DesiredSize: scaling?.desiredSize }
  return Object.entries(wanted).flatMap(([type, size]) =>
    size === undefined ? [] : [{ type, value: String(size) }],
  )
}

function definedOf<T extends object>(input: T): { [K in keyof T]-?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as never
}

export function updateNodegroupVersion(
  input: sdk.UpdateNodegroupVersionCommandInput,
  context: RequestContext,
) {
  const nodegroup = requireNodegroup(context, input.clusterName!, input.nodegroupName!)
  if (nodegroup.status !== 'ACTIVE' && nodegroup.status !== 'DEGRADED') throw updateUnderWay(nodegroup)
  const cluster = requireCluster(context, input.clusterName)
  if (input.launchTemplate || nodegroup.imageId) return updateTemplate(input, context, cluster, nodegroup)
  const wanted = versionInfo(input.version ?? cluster.version)
  if (!wanted || wanted.version > cluster.version || wanted.version < nodegroup.version) {
    throw invalidParameter(
      `Requested Nodegroup version ${input.version} is not supported for cluster version ${cluster.version}`,
      { clusterName: cluster.name, nodegroupName: nodegroup.name },
    )
  }
  const params = [
    { type: 'Version', value: wanted.version },
    { type: 'ReleaseVersion', value: wanted.releaseVersion },
  ]
  const changes = { version: wanted.version, releaseVersion: wanted.releaseVersion }
  return startUpdate(context, nodegroup, 'VersionUpdate', params, changes, input.force ?? false)
}

/** A node group keeps its launch template; what changes is the version, and with it the image. */
function updateTemplate(
  input: sdk.UpdateNodegroupVersionCommandInput,
  context: RequestContext,
  cluster: ClusterRecord,
  nodegroup: NodegroupRecord,
) {
  const fields = { clusterName: cluster.name, nodegroupName: nodegroup.name }
  const refuse = (field: string) =>
    invalidParameter(`You cannot specify the field ${field} when using custom AMIs.`, fields)
  if (nodegroup.imageId && input.version) throw refuse('kubernetesVersion')
  if (nodegroup.imageId && input.releaseVersion) throw refuse('releaseVersion')
  const launchTemplate = templateOf(context, input.launchTemplate ?? nodegroup.launchTemplate)!
  if (launchTemplate.id !== nodegroup.launchTemplate?.id)
    throw invalidParameter('You cannot change the launch template of a node group, only its version.', fields)
  const { imageId } = templateChoices(context, launchTemplate)
  if ((imageId === undefined) !== (nodegroup.imageId === undefined))
    throw invalidParameter(
      'You cannot change between a custom AMI and an EKS optimized AMI by a new version of the launch template.',
      fields,
    )
  const version = versionInfo(
    imageId ? versionOfImage(context, imageId, cluster) : (input.version ?? nodegroup.version),
  )!
  const releaseVersion = imageId ?? version.releaseVersion
  const params = [
    { type: 'LaunchTemplateName', value: launchTemplate.name },
    { type: 'LaunchTemplateVersion', value: launchTemplate.version },
  ]
  const changes = { launchTemplate, version: version.version, releaseVersion, ...(imageId && { imageId }) }
  return startUpdate(context, nodegroup, 'VersionUpdate', params, changes, input.force ?? false)
}

function startUpdate(
  context: RequestContext,
  nodegroup: NodegroupRecord,
  type: string,
  params: { type: string; value: string }[],
  changes: Partial<NodegroupRecord>,
  force = false,
) {
  const update = beginUpdate(context, {
    force,
    clusterName: nodegroup.clusterName,
    nodegroupName: nodegroup.name,
    type,
    params,
  })
  const now = context.world.clock.now()
  putNodegroup(context, {
    ...nodegroup,
    ...changes,
    status: 'UPDATING',
    since: now,
    modifiedAt: now,
    updateId: update.id,
  })
  return { update: toUpdate(update) }
}
