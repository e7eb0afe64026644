import type { RequestContext, ResourceResolver, Service } from '../wire/service.ts'
import * as entries from './access-entries.ts'
import { describeAddonConfiguration } from './addon-configuration.ts'
import * as addons from './addons.ts'
import * as clusterUpdates from './cluster-updates.ts'
import * as clusters from './clusters.ts'
import { associateEncryptionConfig } from './encryption.ts'
import * as fargate from './fargate-profiles.ts'
import * as identityProviders from './identity-providers.ts'
import * as insights from './insights.ts'
import * as nodegroupUpdates from './nodegroup-updates.ts'
import * as nodegroups from './nodegroups.ts'
import * as podIdentity from './pod-identity.ts'
import {
  accessEntries,
  addonRecords,
  eksArn,
  fargateProfiles,
  nodegroups as nodegroupTable,
} from './tables.ts'
import * as tags from './tags.ts'
import * as updates from './updates.ts'

type Input = Record<string, string | undefined>

const cluster: ResourceResolver = (input: Input, context) =>
  eksArn(context, 'cluster', input.clusterName ?? input.name ?? '*')

const nodegroup: ResourceResolver = (input: Input, context) => {
  const { clusterName = '*', nodegroupName = '*' } = input
  const known = nodegroupTable.find(context, clusterName, nodegroupName)
  return known?.arn ?? eksArn(context, 'nodegroup', clusterName, nodegroupName, '*')
}

const accessEntry: ResourceResolver = (input: Input, context) => {
  const { clusterName = '*', principalArn = '*' } = input
  const known = accessEntries.find(context, clusterName, principalArn)
  return known?.arn ?? eksArn(context, 'access-entry', clusterName, '*', '*', '*', '*')
}

const addon: ResourceResolver = (input: Input, context) => {
  const { clusterName = '*', addonName = '*' } = input
  const known = addonRecords.find(context, clusterName, addonName)
  return known?.arn ?? eksArn(context, 'addon', clusterName, addonName, '*')
}

const fargateProfile: ResourceResolver = (input: Input, context) => {
  const { clusterName = '*', fargateProfileName = '*' } = input
  const known = fargateProfiles.find(context, clusterName, fargateProfileName)
  return known?.arn ?? eksArn(context, 'fargateprofile', clusterName, fargateProfileName, '*')
}

const association: ResourceResolver = (input: Input, context) =>
  eksArn(context, 'podidentityassociation', input.clusterName ?? '*', input.associationId ?? '*')

/** Updates are asked of the cluster, or of the node group or add-on when one is named. */
const updated: ResourceResolver = (input: Input, context: RequestContext) => {
  const named = { ...input, clusterName: input.name }
  if (input.nodegroupName) return nodegroup(named, context)
  return input.addonName ? addon(named, context) : cluster(input, context)
}

const byArn: ResourceResolver = (input: Input) => input.resourceArn ?? '*'

export const eksService: Service = {
  name: 'eks',
  sdk: () => import('@aws-sdk/client-eks'),
  actionPrefix: 'eks',
  endpoints: [{ prefix: 'eks' }],
  botocoreName: 'eks',
  resourceTags: (arn, context) => tags.tagsOfArn(context, arn),
  handlers: {
    CreateCluster: clusters.createCluster,
    DescribeCluster: clusters.describeCluster,
    ListClusters: clusters.listClusters,
    DeleteCluster: clusters.deleteCluster,
    UpdateClusterConfig: clusterUpdates.updateClusterConfig,
    UpdateClusterVersion: clusterUpdates.updateClusterVersion,
    DescribeClusterVersions: clusters.describeClusterVersions,
    DescribeUpdate: updates.describeUpdate,
    ListUpdates: updates.listUpdates,
    CreateNodegroup: nodegroups.createNodegroup,
    DescribeNodegroup: nodegroups.describeNodegroup,
    ListNodegroups: nodegroups.listNodegroups,
    DeleteNodegroup: nodegroups.deleteNodegroup,
    UpdateNodegroupConfig: nodegroupUpdates.updateNodegroupConfig,
    UpdateNodegroupVersion: nodegroupUpdates.updateNodegroupVersion,
    CreateAccessEntry: entries.createAccessEntry,
    DescribeAccessEntry: entries.describeAccessEntry,
    ListAccessEntries: entries.listAccessEntries,
    UpdateAccessEntry: entries.updateAccessEntry,
    DeleteAccessEntry: entries.deleteAccessEntry,
    ListAccessPolicies: entries.listAccessPolicies,
    AssociateAccessPolicy: entries.associateAccessPolicy,
    DisassociateAccessPolicy: entries.disassociateAccessPolicy,
    ListAssociatedAccessPolicies: entries.listAssociatedAccessPolicies,
    CreateAddon: addons.createAddon,
    DescribeAddon: addons.describeAddon,
    ListAddons: addons.listAddons,
    UpdateAddon: addons.updateAddon,
    DeleteAddon: addons.deleteAddon,
    DescribeAddonVersions: addons.describeAddonVersions,
    DescribeAddonConfiguration: describeAddonConfiguration,
    AssociateEncryptionConfig: associateEncryptionConfig,
    AssociateIdentityProviderConfig: identityProviders.associateIdentityProviderConfig,
    DescribeIdentityProviderConfig: identityProviders.describeIdentityProviderConfig,
    ListIdentityProviderConfigs: identityProviders.listIdentityProviderConfigs,
    DisassociateIdentityProviderConfig: identityProviders.disassociateIdentityProviderConfig,
    ListInsights: insights.listInsights,
    DescribeInsight: insights.describeInsight,
    StartInsightsRefresh: insights.startInsightsRefresh,
    DescribeInsightsRefresh: insights.describeInsightsRefresh,
    CreateFargateProfile: fargate.createFargateProfile,
    DescribeFargateProfile: fargate.describeFargateProfile,
    ListFargateProfiles: fargate.listFargateProfiles,
    DeleteFargateProfile: fargate.deleteFargateProfile,
    CreatePodIdentityAssociation: podIdentity.createPodIdentityAssociation,
    DescribePodIdentityAssociation: podIdentity.describePodIdentityAssociation,
    ListPodIdentityAssociations: podIdentity.listPodIdentityAssociations,
    UpdatePodIdentityAssociation: podIdentity.updatePodIdentityAssociation,
    DeletePodIdentityAssociation: podIdentity.deletePodIdentityAssociation,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    ListTagsForResource: tags.listTagsForResource,
  },
  resources: {
    CreateCluster: cluster,
    DescribeCluster: cluster,
    ListClusters: cluster,
    DeleteCluster: cluster,
    UpdateClusterConfig: cluster,
    UpdateClusterVersion: cluster,
    DescribeUpdate: updated,
    ListUpdates: updated,
    CreateNodegroup: cluster,
    ListNodegroups: cluster,
    DescribeNodegroup: nodegroup,
    DeleteNodegroup: nodegroup,
    UpdateNodegroupConfig: nodegroup,
    UpdateNodegroupVersion: nodegroup,
    CreateAccessEntry: cluster,
    ListAccessEntries: cluster,
    DescribeAccessEntry: accessEntry,
    UpdateAccessEntry: accessEntry,
    DeleteAccessEntry: accessEntry,
    AssociateAccessPolicy: accessEntry,
    DisassociateAccessPolicy: accessEntry,
    ListAssociatedAccessPolicies: accessEntry,
    CreateAddon: cluster,
    ListAddons: cluster,
    DescribeAddon: addon,
    UpdateAddon: addon,
    DeleteAddon: addon,
    AssociateEncryptionConfig: cluster,
    AssociateIdentityProviderConfig: cluster,
    DescribeIdentityProviderConfig: cluster,
    ListIdentityProviderConfigs: cluster,
    DisassociateIdentityProviderConfig: cluster,
    ListInsights: cluster,
    DescribeInsight: cluster,
    StartInsightsRefresh: cluster,
    DescribeInsightsRefresh: cluster,
    CreateFargateProfile: cluster,
    ListFargateProfiles: cluster,
    DescribeFargateProfile: fargateProfile,
    DeleteFargateProfile: fargateProfile,
    CreatePodIdentityAssociation: cluster,
    ListPodIdentityAssociations: cluster,
    DescribePodIdentityAssociation: association,
    UpdatePodIdentityAssociation: association,
    DeletePodIdentityAssociation: association,
    TagResource: byArn,
    UntagResource: byArn,
    ListTagsForResource: byArn,
  },
}
