import type * as sdk from '@aws-sdk/client-eks'
import type { Scope } from '../ec2/index.ts'
import type { RequestContext } from '../wire/service.ts'
import { checkConfiguration } from './addon-configuration.ts'
import { type AddonInfo, addons } from './data/addons.ts'
import { inUse, invalidParameter, notFound, requireActiveCluster, requireCluster } from './errors.ts'
import { page } from './pagination.ts'
import { associateAddon, associationsOfAddon } from './pod-identity.ts'
import type { AddonRecord, ClusterRecord } from './records.ts'
import { addonRecords, eksArn } from './tables.ts'
import { beginUpdate, toUpdate } from './updates.ts'

const toAddon = (scope: Scope, addon: AddonRecord): sdk.Addon => ({
  ...podIdentityArns(scope, addon),
  addonName: addon.name,
  clusterName: addon.clusterName,
  status: addon.status,
  addonVersion: addon.version,
  health: { issues: (addon.issues ?? []) as sdk.AddonIssue[] },
  addonArn: addon.arn,
  createdAt: new Date(addon.createdAt),
  modifiedAt: new Date(addon.modifiedAt),
  serviceAccountRoleArn: addon.serviceAccountRoleArn,
  configurationValues: addon.configurationValues,
  tags: addon.tags,
})

function podIdentityArns(scope: Scope, addon: AddonRecord): Pick<sdk.Addon, 'podIdentityAssociations'> {
  const arns = associationsOfAddon(scope, addon).map(({ arn }) => arn)
  return arns.length > 0 ? { podIdentityAssociations: arns } : {}
}

function requireAddon(scope: Scope, clusterName: string, name: string | undefined): AddonRecord {
  requireCluster(scope, clusterName)
  const addon = addonRecords.find(scope, clusterName, name ?? '')
  if (addon) return addon
  throw notFound(`No addon: ${name} found in cluster: ${clusterName}`, { clusterName, addonName: name })
}

function infoFor(cluster: ClusterRecord, name: string): AddonInfo {
  const info = addons.find((candidate) => candidate.name === name)
  if (info) return info
  throw invalidParameter(
    `Addon ${name} specified is not supported in ${cluster.version} kubernetes version`,
    { clusterName: cluster.name, addonName: name },
  )
}

function versionFor(info: AddonInfo, cluster: ClusterRecord, wanted: string | undefined): string {
  const offered = info.versions[cluster.version] ?? []
  const version = wanted ?? offered[0]
  if (version && offered.includes(version)) return version
  throw invalidParameter('Addon version specified is not supported', {
    clusterName: cluster.name,
    addonName: info.name,
  })
}

export function createAddon(input: sdk.CreateAddonCommandInput, context: RequestContext) {
  const cluster = requireActiveCluster(context, input.clusterName)
  const info = infoFor(cluster, input.addonName!)
  const version = versionFor(info, cluster, input.addonVersion)
  if (addonRecords.find(context, cluster.name, info.name)) {
    throw inUse('Addon already exists.', { clusterName: cluster.name, addonName: info.name })
  }
  if (input.resolveConflicts === 'PRESERVE') {
    throw invalidParameter('Resolve conflicts option preserve is not supported for operation CreateAddon', {
      clusterName: cluster.name,
      addonName: info.name,
    })
  }
  checkConfiguration(cluster.name, info.name, input.configurationValues)
  if (input.serviceAccountRoleArn) context.authorize('iam:PassRole', input.serviceAccountRoleArn)
  const now = context.world.clock.now()
  const uid = context.world.ids.uuid()
  const addon: AddonRecord = {
    uid,
    name: info.name,
    clusterName: cluster.name,
    arn: eksArn(context, 'addon', cluster.name, info.name, uid),
    version,
    status: 'CREATING',
    since: now,
    createdAt: now,
    modifiedAt: now,
    serviceAccountRoleArn: input.serviceAccountRoleArn,
    configurationValues: input.configurationValues,
    resolveConflicts: input.resolveConflicts,
    tags: input.tags ?? {},
  }
  associateAddon(context, addon, input.podIdentityAssociations ?? [])
  addonRecords.put(context, addon, cluster.name, info.name)
  return { addon: toAddon(context, addon) }
}

export function describeAddon(input: sdk.DescribeAddonCommandInput, context: RequestContext) {
  return { addon: toAddon(context, requireAddon(context, input.clusterName!, input.addonName)) }
}

export function listAddons(input: sdk.ListAddonsCommandInput, context: RequestContext) {
  const cluster = requireCluster(context, input.clusterName)
  const { items, nextToken } = page(addonRecords.list(context, cluster.name), input)
  return { addons: items.map(({ name }) => name), nextToken }
}

export function updateAddon(input: sdk.UpdateAddonCommandInput, context: RequestContext) {
  const cluster = requireActiveCluster(context, input.clusterName)
  const addon = requireAddon(context, cluster.name, input.addonName)
  const version = versionFor(infoFor(cluster, addon.name), cluster, input.addonVersion ?? addon.version)
  if (['CREATING', 'UPDATING', 'DELETING'].includes(addon.status)) {
    throw inUse(`Addon cannot be updated as it is currently in ${addon.status} State`, {
      clusterName: cluster.name,
      addonName: addon.name,
    })
  }
  checkConfiguration(cluster.name, addon.name, input.configurationValues)
  if (input.serviceAccountRoleArn) context.authorize('iam:PassRole', input.serviceAccountRoleArn)
  const { resolveConflicts = 'NONE', configurationValues } = input
  const update = beginUpdate(context, {
    clusterName: cluster.name,
    addonName: addon.name,
    type: 'AddonUpdate',
    params: [
      { type: 'AddonVersion', value: version },
      { type: 'ResolveConflicts', value: resolveConflicts },
      ...(configurationValues === undefined
        ? []
        : [{ type: 'ConfigurationValues', value: configurationValues }]),
    ],
  })
  const now = context.world.clock.now()
  const next: AddonRecord = {
    ...addon,
    version,
    status: 'UPDATING',
    since: now,
    modifiedAt: now,
    updateId: update.id,
    resolveConflicts,
    before: {
      version: addon.version,
      serviceAccountRoleArn: addon.serviceAccountRoleArn,
      configurationValues: addon.configurationValues,
    },
    configurationValues: input.configurationValues ?? addon.configurationValues,
    serviceAccountRoleArn: input.serviceAccountRoleArn ?? addon.serviceAccountRoleArn,
  }
  addonRecords.put(context, next, cluster.name, addon.name)
  if (input.podIdentityAssociations) associateAddon(context, next, input.podIdentityAssociations)
  return { update: toUpdate(update) }
}

export function deleteAddon(input: sdk.DeleteAddonCommandInput, context: RequestContext) {
  const addon = requireAddon(context, input.clusterName!, input.addonName)
  const next: AddonRecord = {
    ...addon,
    status: 'DELETING',
    since: context.world.clock.now(),
    preserve: input.preserve ?? false,
  }
  addonRecords.put(context, next, addon.clusterName, addon.name)
  const deleted = toAddon(context, next)
  associateAddon(context, next, [])
  return { addon: deleted }
}

export function describeAddonVersions(
  input: sdk.DescribeAddonVersionsCommandInput,
  _context: RequestContext,
) {
  const wanted = addons.filter(({ name }) => !input.addonName || name === input.addonName)
  if (input.addonName && wanted.length === 0) {
    throw notFound(`Addon ${input.addonName} specified is not supported`, { addonName: input.addonName })
  }
  const { items, nextToken } = page(wanted, input)
  return { addons: items.map((info) => toInfo(info, input.kubernetesVersion)), nextToken }
}

function toInfo(info: AddonInfo, kubernetesVersion: string | undefined): sdk.AddonInfo {
  const clusters = Object.entries(info.versions).filter(
    ([version]) => !kubernetesVersion || version === kubernetesVersion,
  )
  const all = [...new Set(clusters.flatMap(([, list]) => list))]
  return {
    addonName: info.name,
    type: info.type,
    owner: info.owner,
    publisher: info.owner === 'aws' ? 'eks' : info.owner,
    addonVersions: all.map((addonVersion) => ({
      addonVersion,
      architecture: ['amd64', 'arm64'],
      computeTypes: ['ec2', 'auto', 'hybrid'],
      compatibilities: clusters
        .filter(([, list]) => list.includes(addonVersion))
        .map(([clusterVersion, list]) => ({
          clusterVersion,
          platformVersions: ['*'],
          defaultVersion: list[0] === addonVersion,
        })),
      requiresConfiguration: false,
      requiresIamPermissions: info.name === 'vpc-cni',
    })),
  }
}
