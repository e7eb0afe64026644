import type * as sdk from '@aws-sdk/client-eks'
import { type Scope, tables } from '../ec2/index.ts'
import { ensureLinkedRole } from '../iam/linked-roles.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { putEntry } from './access-entry-records.ts'
import { admitAutoNodes, autoModeOf, toAutoMode } from './auto-mode.ts'
import { createClusterAuthority } from './certificate-authority.ts'
import { clusterVpc, ensureClusterNetwork } from './cluster-network.ts'
import { POLICY_ARN_PREFIX } from './data/access-policies.ts'
import { DEFAULT_VERSION, versionInfo, versions } from './data/versions.ts'
import { checkedKey, clusterIssues } from './encryption.ts'
import { inUse, invalidParameter, invalidRequest, requireCluster } from './errors.ts'
import { page } from './pagination.ts'
import type { ClusterRecord } from './records.ts'
import { roleTrusts } from './roles.ts'
import { authorityKeys, clusters, eksArn, fargateProfiles, nodegroups, putCluster } from './tables.ts'

/** https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html */
const CLUSTER_LIMIT = 100
const LOG_TYPES = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler']
const SERVICE_CIDR = '10.100.0.0/16'

export function toCluster(scope: Scope, cluster: ClusterRecord): sdk.Cluster {
  const up = cluster.status !== 'CREATING'
  return {
    name: cluster.name,
    arn: cluster.arn,
    createdAt: new Date(cluster.createdAt),
    version: cluster.version,
    endpoint: up ? cluster.endpoint : undefined,
    roleArn: cluster.roleArn,
    resourcesVpcConfig: {
      subnetIds: cluster.subnetIds,
      securityGroupIds: cluster.securityGroupIds,
      clusterSecurityGroupId: cluster.clusterSecurityGroupId,
      vpcId: cluster.vpcId,
      endpointPublicAccess: cluster.endpointPublicAccess,
      endpointPrivateAccess: cluster.endpointPrivateAccess,
      publicAccessCidrs: cluster.publicAccessCidrs,
    },
    kubernetesNetworkConfig: {
      serviceIpv4Cidr: cluster.serviceIpv4Cidr,
      ipFamily: 'ipv4',
      elasticLoadBalancing: { enabled: cluster.autoMode?.enabled ?? false },
    },
    logging: {
      clusterLogging: [
        { types: cluster.enabledLogTypes as sdk.LogType[], enabled: true },
        {
          types: LOG_TYPES.filter((type) => !cluster.enabledLogTypes.includes(type)) as sdk.LogType[],
          enabled: false,
        },
      ].filter(({ types }) => types.length > 0),
    },
    identity: up ? { oidc: { issuer: cluster.oidcIssuer } } : undefined,
    status: cluster.status,
    certificateAuthority: up ? { data: Buffer.from(cluster.caCertificate).toString('base64') } : {},
    platformVersion: cluster.platformVersion,
    tags: cluster.tags,
    health: { issues: clusterIssues(scope, cluster) as sdk.ClusterIssue[] },
    encryptionConfig: cluster.encryptionKeyArn
      ? [{ resources: ['secrets'], provider: { keyArn: cluster.encryptionKeyArn } }]
      : undefined,
    accessConfig: {
      bootstrapClusterCreatorAdminPermissions:
        cluster.status === 'CREATING' ? cluster.bootstrapCreatorAdmin : undefined,
      authenticationMode: cluster.authenticationMode,
    },
    upgradePolicy: { supportType: cluster.supportType },
    ...toAutoMode(cluster),
    deletionProtection: cluster.deletionProtection,
    zonalShiftConfig: cluster.zonalShift === undefined ? undefined : { enabled: cluster.zonalShift },
  }
}

/** The IAM role, or user, behind a principal: what access entries are written for. */
export const principalArnOf = ({ arn, roleArn }: { arn: string; roleArn?: string }) => roleArn ?? arn

function checkRole(context: RequestContext, roleArn: string): void {
  if (!roleTrusts(context, roleArn, 'eks.amazonaws.com')) {
    throw invalidParameter(
      `Role with arn: ${roleArn}, could not be assumed because it does not exist or the trusted entity is not correct`,
    )
  }
}

export async function createCluster(input: sdk.CreateClusterCommandInput, context: RequestContext) {
  const name = input.name!
  context.authorize('iam:PassRole', input.roleArn!, { 'iam:PassedToService': 'eks.amazonaws.com' })
  refuseUnsimulated(input)
  if (clusters.find(context, name)) {
    throw inUse(`Cluster already exists with name: ${name}`, { clusterName: name })
  }
  const { quotas } = context.world.fairUse
  if (clusters.list(context).length >= Math.min(CLUSTER_LIMIT, quotas.clusters ?? CLUSTER_LIMIT))
    throw limitExceeded()
  const version = versionInfo(input.version ?? DEFAULT_VERSION)
  if (!version)
    throw invalidParameter(`unsupported Kubernetes version ${input.version}`, { clusterName: name })
  const vpcConfig = input.resourcesVpcConfig ?? {}
  const subnetIds = vpcConfig.subnetIds ?? []
  if (subnetIds.length === 0) {
    throw invalidParameter('Subnets specified must be in at least two different AZs')
  }
  const securityGroupIds = vpcConfig.securityGroupIds ?? []
  const vpcId = clusterVpc(context, subnetIds, securityGroupIds)
  checkRole(context, input.roleArn!)
  const authenticationMode = input.accessConfig?.authenticationMode ?? 'CONFIG_MAP'
  const autoMode = autoModeOf(context, input, authenticationMode)
  const encryptionKeyArn = checkedKey(context, input.encryptionConfig)
  const authority = await createClusterAuthority(context.world.clock.hostNow(), context.world.ids.hex(16))
  // Making the keys took a moment, in which somebody else may have taken the name.
  if (clusters.find(context, name)) {
    throw inUse(`Cluster already exists with name: ${name}`, { clusterName: name })
  }
  ensureLinkedRole(context.world, context.accountId, 'eks.amazonaws.com')
  const endpointId = context.world.ids.hex(32).toUpperCase()
  const shard = `gr${1 + context.world.ids.number(9)}`
  const now = context.world.clock.now()
  const uid = context.world.ids.uuid()
  authorityKeys.put(context, authority.privateKey, uid)
  const cluster = ensureClusterNetwork(context, {
    uid,
    name,
    arn: eksArn(context, 'cluster', name),
    endpointId,
    endpoint: `https://${endpointId}.${shard}.${context.region}.eks.amazonaws.com`,
    oidcIssuer: `https://oidc.eks.${context.region}.amazonaws.com/id/${endpointId}`,
    version: version.version,
    gitVersion: version.gitVersion,
    platformVersion: version.platformVersion,
    roleArn: input.roleArn!,
    creatorArn: principalArnOf(context.principal),
    createdAt: now,
    status: 'CREATING',
    since: now,
    vpcId,
    subnetIds,
    securityGroupIds,
    networkInterfaceIds: [],
    endpointPublicAccess: vpcConfig.endpointPublicAccess ?? true,
    endpointPrivateAccess: vpcConfig.endpointPrivateAccess ?? false,
    publicAccessCidrs: vpcConfig.publicAccessCidrs?.length ? vpcConfig.publicAccessCidrs : ['0.0.0.0/0'],
    serviceIpv4Cidr: input.kubernetesNetworkConfig?.serviceIpv4Cidr ?? serviceCidrFor(context, vpcId),
    authenticationMode,
    bootstrapCreatorAdmin: input.accessConfig?.bootstrapClusterCreatorAdminPermissions ?? true,
    caCertificate: authority.certificate,
    enabledLogTypes: (input.logging?.clusterLogging ?? [])
      .filter(({ enabled }) => enabled)
      .flatMap(({ types }) => types ?? []),
    supportType: input.upgradePolicy?.supportType ?? 'EXTENDED',
    deletionProtection: input.deletionProtection ?? false,
    zonalShift: input.zonalShiftConfig?.enabled,
    encryptionKeyArn,
    ...(autoMode && { autoMode }),
    ...((autoMode?.enabled || input.bootstrapSelfManagedAddons === false) && { bootstrapAddons: false }),
    tags: input.tags ?? {},
  })
  putCluster(context, cluster)
  admitAutoNodes(context, cluster)
  if (cluster.bootstrapCreatorAdmin && cluster.authenticationMode !== 'CONFIG_MAP')
    admitCreator(context, cluster)
  return { cluster: withoutGroup(context, cluster) }
}

/** The answer to CreateCluster comes before the cluster security group exists. */
function withoutGroup(scope: Scope, cluster: ClusterRecord): sdk.Cluster {
  return toCluster(scope, { ...cluster, clusterSecurityGroupId: undefined })
}

const limitExceeded = () => new AwsError('ResourceLimitExceededException', 'Cluster limit exceeded')

/** Throws for what a request asks of a cluster that the simulation has not. */
export function refuseUnsimulated(
  input: Partial<sdk.CreateClusterCommandInput & sdk.UpdateClusterConfigCommandInput>,
): void {
  const features: Record<string, unknown> = {
    'Provisioned Control Plane (controlPlaneScalingConfig)':
      (input.controlPlaneScalingConfig?.tier ?? 'standard') !== 'standard',
    'IPv6 clusters': input.kubernetesNetworkConfig?.ipFamily === 'ipv6',
    'Outposts (outpostConfig)': input.outpostConfig,
    'Hybrid nodes (remoteNetworkConfig)': input.remoteNetworkConfig?.remoteNodeNetworks?.length,
  }
  for (const [feature, asked] of Object.entries(features)) {
    if (asked) {
      throw invalidRequest(`Drydock does not simulate ${feature}. Leave it out of the request.`)
    }
  }
}

/** 10.100.0.0/16, or 172.20.0.0/16 when the VPC is in 10.0.0.0/8: docs of KubernetesNetworkConfigRequest. */
function serviceCidrFor(scope: Scope, vpcId: string): string {
  const { cidr } = tables.vpcs.get(scope, vpcId)
  return cidr.startsWith('10.') ? '172.20.0.0/16' : SERVICE_CIDR
}

/** Gives the creator the entry and policy that make them administrator. */
export function admitCreator(scope: Scope, cluster: ClusterRecord): void {
  const now = scope.world.clock.now()
  putEntry(scope, {
    clusterName: cluster.name,
    principalArn: cluster.creatorArn,
    type: 'STANDARD',
    policies: [
      {
        policyArn: `${POLICY_ARN_PREFIX}AmazonEKSClusterAdminPolicy`,
        scope: { type: 'cluster', namespaces: [] },
        associatedAt: now,
        modifiedAt: now,
      },
    ],
  })
}

export function describeCluster(input: sdk.DescribeClusterCommandInput, context: RequestContext) {
  return { cluster: toCluster(context, requireCluster(context, input.name)) }
}

export function listClusters(input: sdk.ListClustersCommandInput, context: RequestContext) {
  const { items, nextToken } = page(
    clusters.list(context).map(({ name }) => name),
    input,
  )
  return { clusters: items, nextToken }
}

export function deleteCluster(input: sdk.DeleteClusterCommandInput, context: RequestContext) {
  const cluster = requireCluster(context, input.name)
  const clusterName = cluster.name
  if (cluster.deletionProtection) {
    throw invalidRequest(
      `Cluster ${clusterName} has deletion protection enabled. To delete, disable it first.`,
      {
        clusterName,
      },
    )
  }
  if (nodegroups.list(context, clusterName).length > 0) {
    throw inUse('Cluster has nodegroups attached', { clusterName })
  }
  if (fargateProfiles.list(context, clusterName).length > 0) {
    throw inUse('Cluster has Fargate profiles attached', { clusterName })
  }
  if (cluster.status === 'CREATING' || cluster.status === 'UPDATING') {
    throw inUse(`Cannot delete because cluster ${clusterName} currently has an update in progress`, {
      clusterName,
    })
  }
  if (cluster.status === 'DELETING') return { cluster: toCluster(context, cluster) }
  const next = putCluster(context, { ...cluster, status: 'DELETING', since: context.world.clock.now() })
  return { cluster: toCluster(context, next) }
}

export function describeClusterVersions(
  input: sdk.DescribeClusterVersionsCommandInput,
  context: RequestContext,
) {
  const now = context.world.clock.date().toISOString()
  const all = versions.map((version) => {
    const standard = now < version.endOfStandardSupport
    return {
      clusterVersion: version.version,
      clusterType: 'eks',
      defaultPlatformVersion: version.platformVersion,
      defaultVersion: version.version === DEFAULT_VERSION,
      releaseDate: new Date(version.released),
      endOfStandardSupportDate: new Date(version.endOfStandardSupport),
      endOfExtendedSupportDate: new Date(version.endOfExtendedSupport),
      status: (standard ? 'standard-support' : 'extended-support') as sdk.ClusterVersionStatus,
      versionStatus: (standard ? 'STANDARD_SUPPORT' : 'EXTENDED_SUPPORT') as sdk.VersionStatus,
      kubernetesPatchVersion: version.patchVersion,
    }
  })
  const wanted = all.filter(
    (version) =>
      (!input.clusterVersions?.length || input.clusterVersions.includes(version.clusterVersion)) &&
      (!input.defaultOnly || version.defaultVersion) &&
      (!input.versionStatus || input.versionStatus === version.versionStatus) &&
      (!input.status || input.status === version.status),
  )
  const { items, nextToken } = page(wanted, input)
  return { clusterVersions: items, nextToken }
}
