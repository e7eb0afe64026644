import type { Properties } from '../records.ts'
import { type Calls, changed, type Reading, type ResourceType, type Tag, tagMap, without } from './type.ts'

const eks = (call: Calls, operation: string, input: Record<string, unknown>) => call('eks', operation, input)

/** Pairs of an id such as `demo/workers` or `demo|coredns`. */
const pair = (id: string, mark: string): [string, string] => {
  const at = id.indexOf(mark)
  return [id.slice(0, at), id.slice(at + 1)]
}

interface EksStatus {
  status?: string
  health?: { issues?: { message?: string; code?: string }[] }
}

/** What an EKS status means for a stack. */
function stateOf(one: EksStatus, attributes: () => Record<string, unknown>): Reading {
  const { status = '' } = one
  if (status === 'ACTIVE' || status === 'DEGRADED') return { state: 'ready', attributes: attributes() }
  if (!/FAILED/.test(status)) return { state: 'pending' }
  const issues = one.health?.issues ?? []
  const reason = issues.map(({ code, message }) => `${code}: ${message}`).join('; ')
  return { state: 'failed', reason: reason || `Resource is in state ${status}` }
}

/** `Logging.ClusterLogging.EnabledTypes` as EKS takes it. */
function logging(p: Properties) {
  const given = p.Logging as { ClusterLogging?: { EnabledTypes?: { Type: string }[] } } | undefined
  const types = given?.ClusterLogging?.EnabledTypes?.map(({ Type }) => Type)
  return types && { clusterLogging: [{ types, enabled: true }] }
}

const cluster: ResourceType = {
  name: 'AWS::EKS::Cluster',
  lingers: true,
  properties:
    'Name* RoleArn!* ResourcesVpcConfig! Version KubernetesNetworkConfig* EncryptionConfig* Logging AccessConfig UpgradePolicy BootstrapSelfManagedAddons* DeletionProtection StorageConfig ComputeConfig ZonalShiftConfig OutpostConfig* RemoteNetworkConfig Tags',
  async create(call, p, order) {
    const name = String(p.Name ?? order.name(100))
    await eks(call, 'CreateCluster', {
      ...without(p, 'Name', 'Tags', 'Logging'),
      name,
      logging: logging(p),
      clientRequestToken: order.token,
      tags: tagMap(order.tags),
    })
    return name
  },
  async read(call, name) {
    const { cluster: found } = await eks(call, 'DescribeCluster', { name })
    return stateOf(found, () => ({
      Arn: found.arn,
      Id: name,
      Endpoint: found.endpoint,
      CertificateAuthorityData: found.certificateAuthority?.data,
      ClusterSecurityGroupId: found.resourcesVpcConfig?.clusterSecurityGroupId,
      OpenIdConnectIssuerUrl: found.identity?.oidc?.issuer,
      EncryptionConfigKeyArn: found.encryptionConfig?.[0]?.provider?.keyArn ?? '',
      'KubernetesNetworkConfig.ServiceIpv6Cidr': found.kubernetesNetworkConfig?.serviceIpv6Cidr ?? '',
    }))
  },
  async update(call, name, p, before, order) {
    if (changed('Version', p, before) && (await isNewer(call, name, p.Version)))
      await eks(call, 'UpdateClusterVersion', { name, version: p.Version })
    // EKS takes one kind of change at a time.
    else if (changed('ResourcesVpcConfig', p, before))
      await eks(call, 'UpdateClusterConfig', { name, resourcesVpcConfig: p.ResourcesVpcConfig })
    else if (changed('Logging', p, before))
      await eks(call, 'UpdateClusterConfig', { name, logging: logging(p) })
    else if (changed('AccessConfig', p, before))
      await eks(call, 'UpdateClusterConfig', {
        name,
        accessConfig: without(p.AccessConfig as Properties, 'BootstrapClusterCreatorAdminPermissions'),
      })
    else if (['ComputeConfig', 'StorageConfig'].some((name) => changed(name, p, before)))
      await eks(call, 'UpdateClusterConfig', {
        name,
        computeConfig: p.ComputeConfig,
        storageConfig: p.StorageConfig,
        kubernetesNetworkConfig: p.KubernetesNetworkConfig,
      })
    else if (changed('UpgradePolicy', p, before))
      await eks(call, 'UpdateClusterConfig', { name, upgradePolicy: p.UpgradePolicy })
    if (changed('Tags', p, before)) {
      const { cluster: found } = await eks(call, 'DescribeCluster', { name })
      await eks(call, 'TagResource', { resourceArn: found.arn, tags: tagMap(order.tags) })
    }
  },
  remove: (call, name) => eks(call, 'DeleteCluster', { name }),
}

/** Taking a template back takes no cluster back: https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html */
async function isNewer(call: Calls, name: string, version: unknown): Promise<boolean> {
  if (version === undefined) return false
  const { cluster: present } = await eks(call, 'DescribeCluster', { name })
  return String(version).localeCompare(present.version, 'en', { numeric: true }) > 0
}

const nodegroup: ResourceType = {
  name: 'AWS::EKS::Nodegroup',
  lingers: true,
  properties:
    'ClusterName!* NodegroupName* NodeRole!* Subnets!* ScalingConfig InstanceTypes* AmiType* CapacityType* DiskSize* RemoteAccess* LaunchTemplate ReleaseVersion Version Labels Taints UpdateConfig ForceUpdateEnabled NodeRepairConfig Tags',
  async create(call, p, order) {
    const nodegroupName = String(p.NodegroupName ?? order.name(63))
    await eks(call, 'CreateNodegroup', {
      ...without(p, 'NodegroupName', 'Tags', 'ForceUpdateEnabled'),
      nodegroupName,
      clientRequestToken: order.token,
      tags: { ...(p.Tags as Record<string, string>), ...tagMap(order.tags) },
    })
    return `${p.ClusterName}/${nodegroupName}`
  },
  async read(call, id) {
    const [clusterName, nodegroupName] = pair(id, '/')
    const { nodegroup: found } = await eks(call, 'DescribeNodegroup', { clusterName, nodegroupName })
    return stateOf(found, () => ({
      Arn: found.nodegroupArn,
      ClusterName: clusterName,
      NodegroupName: nodegroupName,
      Id: id,
    }))
  },
  async update(call, id, p, before) {
    const [clusterName, nodegroupName] = pair(id, '/')
    const who = { clusterName, nodegroupName }
    if (['Version', 'ReleaseVersion', 'LaunchTemplate'].some((name) => changed(name, p, before))) {
      const { Version, ReleaseVersion, LaunchTemplate, ForceUpdateEnabled } = p
      await eks(call, 'UpdateNodegroupVersion', {
        ...who,
        version: Version,
        releaseVersion: ReleaseVersion,
        launchTemplate: LaunchTemplate,
        force: ForceUpdateEnabled,
      })
    } else
      await eks(call, 'UpdateNodegroupConfig', {
        ...who,
        scalingConfig: p.ScalingConfig,
        updateConfig: p.UpdateConfig,
        labels: mapDifference(p.Labels, before.Labels),
        taints: taintDifference(p.Taints, before.Taints),
      })
  },
  remove(call, id) {
    const [clusterName, nodegroupName] = pair(id, '/')
    return eks(call, 'DeleteNodegroup', { clusterName, nodegroupName })
  },
}

function mapDifference(now: unknown, before: unknown) {
  const wanted = (now ?? {}) as Record<string, string>
  const removeLabels = Object.keys((before ?? {}) as object).filter((key) => !(key in wanted))
  return { addOrUpdateLabels: wanted, removeLabels }
}

interface Taint {
  Key?: string
  Value?: string
  Effect: string
}

function taintDifference(now: unknown, before: unknown) {
  const wanted = (now ?? []) as Taint[]
  const same = (a: Taint, b: Taint) => a.Key === b.Key && a.Effect === b.Effect
  const removeTaints = ((before ?? []) as Taint[]).filter((one) => !wanted.some((kept) => same(kept, one)))
  return { addOrUpdateTaints: wanted, removeTaints }
}

const addon: ResourceType = {
  name: 'AWS::EKS::Addon',
  lingers: true,
  properties:
    'ClusterName!* AddonName!* AddonVersion ConfigurationValues ResolveConflicts ServiceAccountRoleArn PodIdentityAssociations PreserveOnDelete NamespaceConfig* Tags',
  async create(call, p, order) {
    await eks(call, 'CreateAddon', {
      ...without(p, 'Tags', 'PreserveOnDelete'),
      clientRequestToken: order.token,
      tags: tagMap(order.tags),
    })
    return `${p.ClusterName}|${p.AddonName}`
  },
  async read(call, id) {
    const [clusterName, addonName] = pair(id, '|')
    const { addon: found } = await eks(call, 'DescribeAddon', { clusterName, addonName })
    return stateOf(found, () => ({ Arn: found.addonArn }))
  },
  update: (call, _, p) => eks(call, 'UpdateAddon', without(p, 'Tags', 'PreserveOnDelete', 'NamespaceConfig')),
  remove(call, id, { PreserveOnDelete }) {
    const [clusterName, addonName] = pair(id, '|')
    return eks(call, 'DeleteAddon', { clusterName, addonName, preserve: PreserveOnDelete })
  },
}

interface AccessPolicy {
  PolicyArn: string
  AccessScope: unknown
}

const accessEntry: ResourceType = {
  name: 'AWS::EKS::AccessEntry',
  properties: 'ClusterName!* PrincipalArn!* AccessPolicies KubernetesGroups Username Type* Tags',
  async create(call, p, order) {
    await eks(call, 'CreateAccessEntry', {
      ...without(p, 'Tags', 'AccessPolicies'),
      clientRequestToken: order.token,
      tags: tagMap(order.tags),
    })
    await setAccessPolicies(call, p, {})
    return `${p.PrincipalArn}|${p.ClusterName}`
  },
  async read(call, id) {
    const [principalArn, clusterName] = pair(id, '|')
    const { accessEntry: found } = await eks(call, 'DescribeAccessEntry', { clusterName, principalArn })
    return { state: 'ready', attributes: { AccessEntryArn: found.accessEntryArn } }
  },
  async update(call, _, p, before) {
    await eks(call, 'UpdateAccessEntry', without(p, 'Tags', 'AccessPolicies', 'Type'))
    await setAccessPolicies(call, p, before)
  },
  remove(call, id) {
    const [principalArn, clusterName] = pair(id, '|')
    return eks(call, 'DeleteAccessEntry', { clusterName, principalArn })
  },
}

async function setAccessPolicies(call: Calls, p: Properties, before: Properties): Promise<void> {
  const wanted = (p.AccessPolicies ?? []) as AccessPolicy[]
  const had = (before.AccessPolicies ?? []) as AccessPolicy[]
  const who = { clusterName: p.ClusterName, principalArn: p.PrincipalArn }
  for (const { PolicyArn } of had.filter((one) => !wanted.some((kept) => kept.PolicyArn === one.PolicyArn)))
    await eks(call, 'DisassociateAccessPolicy', { ...who, policyArn: PolicyArn })
  for (const { PolicyArn, AccessScope } of wanted)
    await eks(call, 'AssociateAccessPolicy', { ...who, policyArn: PolicyArn, accessScope: AccessScope })
}

interface Selector {
  Namespace: string
  Labels?: Tag[]
}

const fargateProfile: ResourceType = {
  name: 'AWS::EKS::FargateProfile',
  lingers: true,
  properties: 'ClusterName!* FargateProfileName* PodExecutionRoleArn!* Selectors!* Subnets* Tags',
  async create(call, p, order) {
    const fargateProfileName = String(p.FargateProfileName ?? order.name(63))
    await eks(call, 'CreateFargateProfile', {
      clusterName: p.ClusterName,
      fargateProfileName,
      podExecutionRoleArn: p.PodExecutionRoleArn,
      subnets: p.Subnets,
      selectors: (p.Selectors as Selector[]).map(({ Namespace, Labels }) => ({
        namespace: Namespace,
        labels: Labels && tagMap(Labels.map((one) => ({ Key: one.Key, Value: one.Value }))),
      })),
      clientRequestToken: order.token,
      tags: tagMap(order.tags),
    })
    return `${p.ClusterName}|${fargateProfileName}`
  },
  async read(call, id) {
    const [clusterName, fargateProfileName] = pair(id, '|')
    const { fargateProfile: found } = await eks(call, 'DescribeFargateProfile', {
      clusterName,
      fargateProfileName,
    })
    return stateOf(found, () => ({ Arn: found.fargateProfileArn }))
  },
  remove(call, id) {
    const [clusterName, fargateProfileName] = pair(id, '|')
    return eks(call, 'DeleteFargateProfile', { clusterName, fargateProfileName })
  },
}

const podIdentity: ResourceType = {
  name: 'AWS::EKS::PodIdentityAssociation',
  properties: 'ClusterName!* Namespace!* ServiceAccount!* RoleArn! TargetRoleArn DisableSessionTags Tags',
  async create(call, p, order) {
    const { association } = await eks(call, 'CreatePodIdentityAssociation', {
      ...without(p, 'Tags'),
      clientRequestToken: order.token,
      tags: tagMap(order.tags),
    })
    return association.associationId
  },
  async read(call, associationId, { ClusterName: clusterName }) {
    const { association } = await eks(call, 'DescribePodIdentityAssociation', { clusterName, associationId })
    return {
      state: 'ready',
      attributes: { AssociationId: associationId, AssociationArn: association.associationArn },
    }
  },
  update: (call, associationId, { ClusterName, RoleArn }) =>
    eks(call, 'UpdatePodIdentityAssociation', { clusterName: ClusterName, associationId, roleArn: RoleArn }),
  remove: (call, associationId, { ClusterName }) =>
    eks(call, 'DeletePodIdentityAssociation', { clusterName: ClusterName, associationId }),
}

const identityProvider: ResourceType = {
  name: 'AWS::EKS::IdentityProviderConfig',
  lingers: true,
  properties: 'ClusterName!* Type!* IdentityProviderConfigName* Oidc* Tags',
  async create(call, p, order) {
    const { RequiredClaims, ...oidc } = (p.Oidc ?? {}) as Record<string, unknown>
    const name = String(p.IdentityProviderConfigName ?? order.name(63))
    await eks(call, 'AssociateIdentityProviderConfig', {
      clusterName: p.ClusterName,
      oidc: {
        ...oidc,
        identityProviderConfigName: name,
        requiredClaims: RequiredClaims && tagMap(RequiredClaims as Tag[]),
      },
      clientRequestToken: order.token,
      tags: tagMap(order.tags),
    })
    return `${p.ClusterName}|oidc|${name}`
  },
  async read(call, id) {
    const [clusterName, type, name] = id.split('|')
    const { identityProviderConfig } = await eks(call, 'DescribeIdentityProviderConfig', {
      clusterName,
      identityProviderConfig: { type, name },
    })
    const { oidc } = identityProviderConfig
    return stateOf(oidc, () => ({ IdentityProviderConfigArn: oidc.identityProviderConfigArn }))
  },
  remove(call, id) {
    const [clusterName, type, name] = id.split('|')
    return eks(call, 'DisassociateIdentityProviderConfig', {
      clusterName,
      identityProviderConfig: { type, name },
    })
  },
}

export const eksTypes = [
  cluster,
  nodegroup,
  addon,
  accessEntry,
  fargateProfile,
  podIdentity,
  identityProvider,
]
