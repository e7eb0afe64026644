import type * as sdk from '@aws-sdk/client-eks'
import type { RequestContext } from '../wire/service.ts'
import { admitAutoNodes, autoModeOf, autoModeParams } from './auto-mode.ts'
import { clusterVpc, moveClusterNetwork } from './cluster-network.ts'
import { admitCreator, refuseUnsimulated } from './clusters.ts'
import { DEFAULT_VERSION, versionInfo } from './data/versions.ts'
import { inUse, invalidParameter, invalidRequest, requireActiveCluster, requireCluster } from './errors.ts'
import { blockingInsights } from './insights.ts'
import type { ClusterRecord } from './records.ts'
import { nodegroups, putCluster } from './tables.ts'
import { beginUpdate, toUpdate } from './updates.ts'
import { checkRollback } from './version-rollback.ts'

export function updateClusterVersion(input: sdk.UpdateClusterVersionCommandInput, context: RequestContext) {
  const cluster = requireActiveOrInUse(context, input.name)
  const wanted = input.version ?? DEFAULT_VERSION
  if (!versionInfo(wanted)) throw invalidParameter(`unsupported Kubernetes version ${wanted}`)
  if (wanted === cluster.version) {
    throw invalidParameter(`Cluster is already at version ${wanted}`, { clusterName: cluster.name })
  }
  const minor = (version: string) => Number(version.split('.')[1])
  const isRollback = minor(wanted) === minor(cluster.version) - 1
  if (isRollback) checkRollback(context, cluster, wanted)
  else if (minor(wanted) !== minor(cluster.version) + 1) {
    throw invalidParameter(
      `Unsupported Kubernetes minor version update from ${cluster.version} to ${wanted}`,
      { clusterName: cluster.name },
    )
  }
  const lagging = nodegroups
    .list(context, cluster.name)
    .find(({ version }) => minor(wanted) - minor(version) > 3)
  if (lagging) {
    throw invalidRequest(
      `Nodegroups ${lagging.name} must be updated to match cluster version ${cluster.version}`,
    )
  }
  const blocking = input.force ? [] : blockingInsights(context, cluster, wanted)
  if (blocking.length > 0) {
    const what = isRollback ? 'rollback' : 'upgrade'
    throw invalidRequest(
      `The ${what} of cluster ${cluster.name} to version ${wanted} is blocked by insights with status ERROR: ${blocking.join(', ')}. Resolve them, or use force to override them.`,
      { clusterName: cluster.name },
    )
  }
  return startUpdate(context, cluster, isRollback ? 'VersionRollback' : 'VersionUpdate', [
    { type: 'Version', value: wanted },
    { type: 'PlatformVersion', value: versionInfo(wanted)!.platformVersion },
  ])
}

function requireActiveOrInUse(context: RequestContext, name: string | undefined): ClusterRecord {
  const cluster = requireCluster(context, name)
  if (cluster.status === 'UPDATING') {
    throw inUse(`Cannot update because cluster ${name} currently has an update in progress`, {
      clusterName: name,
    })
  }
  return requireActiveCluster(context, name)
}

function startUpdate(
  context: RequestContext,
  cluster: ClusterRecord,
  type: sdk.UpdateType,
  params: { type: string; value: string }[],
  changes: Partial<ClusterRecord> = {},
) {
  const update = beginUpdate(context, { clusterName: cluster.name, type, params })
  putCluster(context, {
    ...cluster,
    ...changes,
    status: 'UPDATING',
    since: context.world.clock.now(),
    updateId: update.id,
  })
  return { update: toUpdate(update) }
}

export function updateClusterConfig(input: sdk.UpdateClusterConfigCommandInput, context: RequestContext) {
  const cluster = requireActiveOrInUse(context, input.name)
  refuseUnsimulated(input)
  if (input.deletionProtection !== undefined) {
    const deletionProtection = input.deletionProtection
    const params = [{ type: 'DeletionProtection', value: String(deletionProtection) }]
    return startUpdate(context, cluster, 'DeletionProtectionUpdate', params, { deletionProtection })
  }
  if (input.accessConfig?.authenticationMode)
    return updateMode(context, cluster, input.accessConfig.authenticationMode)
  if (input.logging) {
    const changed = input.logging.clusterLogging ?? []
    const off = changed.filter(({ enabled }) => !enabled).flatMap(({ types }) => types ?? [])
    const on = changed.filter(({ enabled }) => enabled).flatMap(({ types }) => types ?? [])
    const enabledLogTypes = [
      ...new Set([...cluster.enabledLogTypes.filter((type) => !off.includes(type as sdk.LogType)), ...on]),
    ]
    const params = [{ type: 'ClusterLogging', value: JSON.stringify(input.logging) }]
    return startUpdate(context, cluster, 'LoggingUpdate', params, { enabledLogTypes })
  }
  if (input.upgradePolicy?.supportType) {
    const { supportType } = input.upgradePolicy
    const params = [{ type: 'UpgradePolicy', value: supportType }]
    return startUpdate(context, cluster, 'UpgradePolicyUpdate', params, { supportType })
  }
  if (input.zonalShiftConfig?.enabled !== undefined) {
    const zonalShift = input.zonalShiftConfig.enabled
    const params = [{ type: 'ZonalShiftConfig', value: JSON.stringify(input.zonalShiftConfig) }]
    return startUpdate(context, cluster, 'ZonalShiftConfigUpdate', params, { zonalShift })
  }
  const autoMode = autoModeOf(context, input, cluster.authenticationMode)
  if (autoMode) {
    if (autoMode.nodeRoleArn)
      context.authorize('iam:PassRole', autoMode.nodeRoleArn, { 'iam:PassedToService': 'eks.amazonaws.com' })
    admitAutoNodes(context, { ...cluster, autoMode })
    return startUpdate(context, cluster, 'AutoModeUpdate', autoModeParams(autoMode), { autoMode })
  }
  const vpc = input.resourcesVpcConfig
  if (!vpc) throw invalidParameter('No configuration changes were requested', { clusterName: cluster.name })
  if (vpc.subnetIds?.length || vpc.securityGroupIds) return updateNetwork(context, cluster, vpc)
  const changes = {
    endpointPublicAccess: vpc.endpointPublicAccess ?? cluster.endpointPublicAccess,
    endpointPrivateAccess: vpc.endpointPrivateAccess ?? cluster.endpointPrivateAccess,
    publicAccessCidrs: vpc.publicAccessCidrs ?? cluster.publicAccessCidrs,
  }
  if (!changes.endpointPublicAccess && !changes.endpointPrivateAccess) {
    throw invalidParameter('Private and public endpoint access cannot be false', {
      clusterName: cluster.name,
    })
  }
  const params = [
    { type: 'EndpointPublicAccess', value: String(changes.endpointPublicAccess) },
    { type: 'EndpointPrivateAccess', value: String(changes.endpointPrivateAccess) },
    { type: 'PublicAccessCidrs', value: JSON.stringify(changes.publicAccessCidrs) },
  ]
  return startUpdate(context, cluster, 'EndpointAccessUpdate', params, changes)
}

/** Other subnets or security groups for the control plane's interfaces; the VPC stays. */
function updateNetwork(context: RequestContext, cluster: ClusterRecord, vpc: sdk.VpcConfigRequest) {
  const { subnetIds = cluster.subnetIds, securityGroupIds = cluster.securityGroupIds } = vpc
  if (clusterVpc(context, subnetIds, securityGroupIds) !== cluster.vpcId)
    throw invalidParameter('Provided subnets belong to a different VPC than the cluster', {
      clusterName: cluster.name,
    })
  const params = [
    ...(vpc.subnetIds ? [{ type: 'SubnetIds', value: JSON.stringify(subnetIds) }] : []),
    ...(vpc.securityGroupIds ? [{ type: 'SecurityGroups', value: JSON.stringify(securityGroupIds) }] : []),
  ]
  const moved = moveClusterNetwork(context, { ...cluster, subnetIds, securityGroupIds })
  return startUpdate(context, moved, 'VpcConfigUpdate', params)
}

/** Modes only widen towards API: https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html */
function updateMode(
  context: RequestContext,
  cluster: ClusterRecord,
  mode: ClusterRecord['authenticationMode'],
) {
  const order = ['CONFIG_MAP', 'API_AND_CONFIG_MAP', 'API']
  if (order.indexOf(mode) <= order.indexOf(cluster.authenticationMode)) {
    throw invalidParameter(
      `Unsupported authentication mode update from ${cluster.authenticationMode} to ${mode}`,
      { clusterName: cluster.name },
    )
  }
  if (cluster.authenticationMode === 'CONFIG_MAP' && cluster.bootstrapCreatorAdmin)
    admitCreator(context, cluster)
  const params = [{ type: 'AuthenticationMode', value: mode }]
  return startUpdate(context, cluster, 'AccessConfigUpdate', params, { authenticationMode: mode })
}
