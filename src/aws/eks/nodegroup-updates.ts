import type * as sdk from '@aws-sdk/client-eks'
import type { RequestContext } from '../wire/service.ts'
import { versionInfo } from './data/versions.ts'
import { invalidParameter, requireCluster, requireNodegroup } from './errors.ts'
import { checkImage, templateChoices, templateOf, versionOfImage } from './launch-template.ts'
import { checkedScaling, updateUnderWay } from './nodegroups.ts'
import type { ClusterRecord, NodegroupRecord, Taint } from './records.ts'
import { putNodegroup } from './tables.ts'
import { beginUpdate, toUpdate } from './updates.ts'
import { rollbackVersion } from './version-rollback.ts'

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
    ...(input.updateConfig ? updateParams(input.updateConfig) : []),
    ...(input.nodeRepairConfig
      ? [{ type: 'NodeRepairEnabled', value: String(input.nodeRepairConfig.enabled ?? false) }]
      : []),
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
    nodeRepairConfig: input.nodeRepairConfig ?? nodegroup.nodeRepairConfig,
  })
}

const updateParams = (config: sdk.NodegroupUpdateConfig) =>
  Object.entries({
    MaxUnavailable: config.maxUnavailable,
    MaxUnavailablePercentage: config.maxUnavailablePercentage,
    UpdateStrategy: config.updateStrategy,
  }).flatMap(([type, value]) => (value === undefined ? [] : [{ type, value: String(value) }]))

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
  const wanted = checkedVersion(context, cluster, nodegroup, input.version ?? cluster.version)
  const params = [
    { type: 'Version', value: wanted.version },
    { type: 'ReleaseVersion', value: wanted.releaseVersion },
  ]
  const changes = { version: wanted.version, releaseVersion: wanted.releaseVersion }
  return startUpdate(context, nodegroup, 'VersionUpdate', params, changes, input.force ?? false)
}

/** Throws InvalidParameterException for a version that a node group cannot go to; back it goes before its cluster does. */
function checkedVersion(
  { world }: RequestContext,
  cluster: ClusterRecord,
  nodegroup: NodegroupRecord,
  version: string,
) {
  const wanted = versionInfo(version)
  const isBack = version === rollbackVersion(cluster, world.clock.now())
  const isOlder = version < nodegroup.version && version !== cluster.version && !isBack
  if (!wanted || wanted.version > cluster.version || isOlder) {
    throw invalidParameter(
      `Requested Nodegroup version ${version} is not supported for cluster version ${cluster.version}`,
      { clusterName: cluster.name, nodegroupName: nodegroup.name },
    )
  }
  return wanted
}

/** A node group keeps its launch template; what changes is the template's version, and with it the image or what else it says. */
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
  const { imageId, type } = templateChoices(context, launchTemplate)
  if ((imageId === undefined) !== (nodegroup.imageId === undefined))
    throw invalidParameter(
      'You cannot change between a custom AMI and an EKS optimized AMI by a new version of the launch template.',
      fields,
    )
  const instanceTypes = type ? [type] : nodegroup.instanceTypes
  if (imageId) checkImage(context, imageId, instanceTypes)
  const version = imageId
    ? versionInfo(versionOfImage(context, imageId, cluster))!
    : checkedVersion(context, cluster, nodegroup, input.version ?? nodegroup.version)
  const releaseVersion = imageId ?? version.releaseVersion
  const params = [
    { type: 'LaunchTemplateName', value: launchTemplate.name },
    { type: 'LaunchTemplateVersion', value: launchTemplate.version },
  ]
  const changes = {
    launchTemplate,
    instanceTypes,
    version: version.version,
    releaseVersion,
    ...(imageId && { imageId }),
  }
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
