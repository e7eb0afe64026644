import type * as sdk from '@aws-sdk/client-eks'
import type { Scope } from '../ec2/index.ts'
import { putEntry } from './access-entry-records.ts'
import { POLICY_ARN_PREFIX } from './data/access-policies.ts'
import { invalidParameter } from './errors.ts'
import type { AutoModeRecord, ClusterRecord } from './records.ts'
import { roleTrusts } from './roles.ts'
import { accessEntries } from './tables.ts'

/** Node pools that EKS brings: https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html (read 2026-11). */
export const BUILT_IN_POOLS = ['general-purpose', 'system'] as const

type AutoModeInput = Pick<
  sdk.CreateClusterCommandInput & sdk.UpdateClusterConfigCommandInput,
  'computeConfig' | 'storageConfig' | 'kubernetesNetworkConfig'
>

/** Whether a request speaks of Auto Mode at all. */
export const speaksOfAutoMode = (input: AutoModeInput): boolean =>
  input.computeConfig !== undefined ||
  input.storageConfig !== undefined ||
  input.kubernetesNetworkConfig?.elasticLoadBalancing !== undefined

/**
 * Auto Mode as a request wants it; undefined when it does not speak of it. Compute, load balancing and block storage are on or off
 * together. Throws InvalidParameterException in the words that people report for EKS (issues of terraform-aws-eks and
 * cluster-api-provider-aws, read 2026-11).
 */
export function autoModeOf(
  scope: Scope,
  input: AutoModeInput & Pick<sdk.CreateClusterCommandInput, 'bootstrapSelfManagedAddons'>,
  authenticationMode: string,
): AutoModeRecord | undefined {
  if (!speaksOfAutoMode(input)) return undefined
  const { computeConfig = {}, storageConfig, kubernetesNetworkConfig } = input
  const enabled = computeConfig.enabled ?? false
  const others = [
    storageConfig?.blockStorage?.enabled ?? false,
    kubernetesNetworkConfig?.elasticLoadBalancing?.enabled ?? false,
  ]
  if (others.some((other) => other !== enabled)) {
    throw invalidParameter(
      'For EKS Auto Mode, please ensure that all required configs, including computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.',
    )
  }
  if (!enabled) return { enabled, nodePools: [] }
  if (input.bootstrapSelfManagedAddons) {
    throw invalidParameter('When EKS Auto Mode is enabled, bootstrapSelfManagedAddons must be set to false.')
  }
  if (authenticationMode === 'CONFIG_MAP') {
    throw invalidParameter(
      'EKS Auto Mode is only supported with the authentication modes API and API_AND_CONFIG_MAP.',
    )
  }
  return { enabled, ...checkedPools(scope, computeConfig) }
}

function checkedPools(
  scope: Scope,
  { nodePools = [], nodeRoleArn }: sdk.ComputeConfigRequest,
): Pick<AutoModeRecord, 'nodePools' | 'nodeRoleArn'> {
  const unknown = nodePools.find((name) => !BUILT_IN_POOLS.some((known) => known === name))
  if (unknown !== undefined) {
    throw invalidParameter(
      `Compute Config nodePools contains the unsupported value ${unknown}. Valid values: ${BUILT_IN_POOLS.join(', ')}`,
    )
  }
  if (nodeRoleArn && nodePools.length === 0) {
    throw invalidParameter(
      'When Compute Config nodeRoleArn is not null or empty, nodePool value(s) must be provided.',
    )
  }
  if (!nodeRoleArn && nodePools.length > 0) {
    throw invalidParameter(
      'When Compute Config nodeRoleArn is null or empty, nodePool list cannot be populated.',
    )
  }
  if (nodeRoleArn && !roleTrusts(scope, nodeRoleArn, 'ec2.amazonaws.com')) {
    throw invalidParameter(
      `Role with arn: ${nodeRoleArn}, could not be assumed because it does not exist or the trusted entity is not correct`,
    )
  }
  return { nodePools, ...(nodeRoleArn && { nodeRoleArn }) }
}

/** EKS lets the machines of its own pools in by an access entry of type EC2 with the policy for them. */
export function admitAutoNodes(scope: Scope, cluster: ClusterRecord): void {
  const principalArn = cluster.autoMode?.nodeRoleArn
  if (!principalArn || accessEntries.find(scope, cluster.name, principalArn)) return
  const now = scope.world.clock.now()
  putEntry(scope, {
    clusterName: cluster.name,
    principalArn,
    type: 'EC2',
    policies: [
      {
        policyArn: `${POLICY_ARN_PREFIX}AmazonEKSAutoNodePolicy`,
        scope: { type: 'cluster', namespaces: [] },
        associatedAt: now,
        modifiedAt: now,
      },
    ],
  })
}

/** What DescribeCluster tells of it; nothing for a cluster that never had it. */
export function toAutoMode({
  autoMode,
}: ClusterRecord): Pick<sdk.Cluster, 'computeConfig' | 'storageConfig'> {
  if (!autoMode) return {}
  const { enabled, nodePools, nodeRoleArn } = autoMode
  return {
    computeConfig: { enabled, ...(enabled && { nodePools, nodeRoleArn }) },
    storageConfig: { blockStorage: { enabled } },
  }
}

/** The parameters of its update, as ListUpdates tells them. */
export const autoModeParams = ({ enabled, nodePools, nodeRoleArn }: AutoModeRecord) => [
  { type: 'ComputeConfig', value: JSON.stringify({ enabled, nodeRoleArn, nodePools }) },
  { type: 'KubernetesNetworkConfig', value: JSON.stringify({ elasticLoadBalancing: { enabled } }) },
  { type: 'StorageConfig', value: JSON.stringify({ blockStorage: { enabled } }) },
]
