import type * as sdk from '@aws-sdk/client-eks'
import { roleByArn } from '../iam/identity.ts'
import type { RequestContext } from '../wire/service.ts'
import { putEntry } from './access-entry-records.ts'
import { accessPolicies, POLICY_ARN_PREFIX } from './data/access-policies.ts'
import { inUse, invalidParameter, invalidRequest, notFound, requireCluster } from './errors.ts'
import { page } from './pagination.ts'
import type { AccessEntryRecord, ClusterRecord } from './records.ts'
import { accessEntries } from './tables.ts'

const TYPES = [
  'STANDARD',
  'EC2_LINUX',
  'EC2_WINDOWS',
  'FARGATE_LINUX',
  'EC2',
  'HYBRID_LINUX',
  'HYPERPOD_LINUX',
]

/** The cluster, if access entries count in it. Throws InvalidRequestException in mode CONFIG_MAP. */
function clusterWithEntries(context: RequestContext, name: string | undefined): ClusterRecord {
  const cluster = requireCluster(context, name)
  if (cluster.authenticationMode === 'CONFIG_MAP') {
    throw invalidRequest(
      "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
    )
  }
  return cluster
}

function requireEntry(
  context: RequestContext,
  clusterName: string,
  principalArn: string | undefined,
): AccessEntryRecord {
  const entry = accessEntries.find(context, clusterName, principalArn ?? '')
  if (entry) return entry
  throw notFound(
    "The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.",
  )
}

const toEntry = (entry: AccessEntryRecord): sdk.AccessEntry => ({
  clusterName: entry.clusterName,
  principalArn: entry.principalArn,
  kubernetesGroups: entry.kubernetesGroups,
  accessEntryArn: entry.arn,
  createdAt: new Date(entry.createdAt),
  modifiedAt: new Date(entry.modifiedAt),
  tags: entry.tags,
  username: entry.username,
  type: entry.type,
})

const toAssociation = (policy: AccessEntryRecord['policies'][number]): sdk.AssociatedAccessPolicy => ({
  policyArn: policy.policyArn,
  accessScope: policy.scope,
  associatedAt: new Date(policy.associatedAt),
  modifiedAt: new Date(policy.modifiedAt),
})

export function createAccessEntry(input: sdk.CreateAccessEntryCommandInput, context: RequestContext) {
  const cluster = clusterWithEntries(context, input.clusterName)
  const principalArn = input.principalArn!
  const type = input.type ?? 'STANDARD'
  if (!/^arn:aws:iam::\d{12}:(root|(user|role)\/\S+)$/.test(principalArn)) {
    throw invalidParameter('The principalArn parameter format is not valid')
  }
  if (/:role\//.test(principalArn) && !roleByArn(context.world, principalArn)) {
    throw invalidParameter('The specified principalArn is invalid: invalid principal.')
  }
  if (!TYPES.includes(type)) throw invalidParameter('The specified type is invalid.')
  if (type !== 'STANDARD' && (input.kubernetesGroups?.length || input.username)) {
    throw invalidParameter(
      `The kubernetesGroups and username parameters can't be specified for type ${type}.`,
    )
  }
  checkGroups(input.kubernetesGroups)
  if (accessEntries.find(context, cluster.name, principalArn)) {
    throw inUse('The specified access entry resource is already in use on this cluster.')
  }
  const entry = putEntry(context, {
    clusterName: cluster.name,
    principalArn,
    type,
    tags: input.tags ?? {},
    ...(input.kubernetesGroups && { kubernetesGroups: input.kubernetesGroups }),
    ...(input.username && { username: input.username }),
  })
  return { accessEntry: toEntry(entry) }
}

function checkGroups(groups: string[] | undefined): void {
  if (groups?.some((group) => /^(system:|eks:|aws:|amazon:|iam:)/.test(group))) {
    throw invalidParameter('The kubernetes group name is invalid, it cannot start with system:')
  }
}

export function describeAccessEntry(input: sdk.DescribeAccessEntryCommandInput, context: RequestContext) {
  const cluster = clusterWithEntries(context, input.clusterName)
  return { accessEntry: toEntry(requireEntry(context, cluster.name, input.principalArn)) }
}

export function listAccessEntries(input: sdk.ListAccessEntriesCommandInput, context: RequestContext) {
  const cluster = clusterWithEntries(context, input.clusterName)
  const wanted = accessEntries
    .list(context, cluster.name)
    .filter(
      ({ policies }) =>
        !input.associatedPolicyArn ||
        policies.some(({ policyArn }) => policyArn === input.associatedPolicyArn),
    )
  const { items, nextToken } = page(wanted, input)
  return { accessEntries: items.map(({ principalArn }) => principalArn), nextToken }
}

export function updateAccessEntry(input: sdk.UpdateAccessEntryCommandInput, context: RequestContext) {
  const cluster = clusterWithEntries(context, input.clusterName)
  const entry = requireEntry(context, cluster.name, input.principalArn)
  checkGroups(input.kubernetesGroups)
  const next = putEntry(context, {
    ...entry,
    kubernetesGroups: input.kubernetesGroups ?? entry.kubernetesGroups,
    username: input.username ?? entry.username,
  })
  return { accessEntry: toEntry(next) }
}

export function deleteAccessEntry(input: sdk.DeleteAccessEntryCommandInput, context: RequestContext) {
  const cluster = clusterWithEntries(context, input.clusterName)
  requireEntry(context, cluster.name, input.principalArn)
  accessEntries.delete(context, cluster.name, input.principalArn!)
  return {}
}

export function listAccessPolicies(input: sdk.ListAccessPoliciesCommandInput, _context: RequestContext) {
  const { items, nextToken } = page(accessPolicies, input)
  return {
    accessPolicies: items.map(({ name }) => ({ name, arn: `${POLICY_ARN_PREFIX}${name}` })),
    nextToken,
  }
}

export function associateAccessPolicy(input: sdk.AssociateAccessPolicyCommandInput, context: RequestContext) {
  const cluster = clusterWithEntries(context, input.clusterName)
  const entry = requireEntry(context, cluster.name, input.principalArn)
  const policyArn = input.policyArn!
  if (!policyArn.startsWith(POLICY_ARN_PREFIX)) {
    throw invalidParameter('The policyArn parameter format is not valid')
  }
  if (!accessPolicies.some(({ name }) => policyArn === `${POLICY_ARN_PREFIX}${name}`)) {
    throw notFound('The specified policyArn could not be found.')
  }
  if (entry.type !== 'STANDARD') {
    throw invalidRequest(`Access policies can't be associated with access entries of type ${entry.type}.`)
  }
  const type = input.accessScope?.type ?? 'cluster'
  const namespaces = input.accessScope?.namespaces ?? []
  if (type === 'namespace' && namespaces.length === 0) {
    throw invalidParameter('The namespaces parameter is required when the accessScope type is namespace.')
  }
  if (type === 'cluster' && namespaces.length > 0) {
    throw invalidParameter(
      "The namespaces parameter can't be specified when the accessScope type is cluster.",
    )
  }
  const now = context.world.clock.now()
  const old = entry.policies.find((policy) => policy.policyArn === policyArn)
  const policy = {
    policyArn,
    scope: { type, namespaces },
    associatedAt: old?.associatedAt ?? now,
    modifiedAt: now,
  }
  putEntry(context, { ...entry, policies: [...entry.policies.filter((other) => other !== old), policy] })
  return {
    clusterName: cluster.name,
    principalArn: entry.principalArn,
    associatedAccessPolicy: toAssociation(policy),
  }
}

export function disassociateAccessPolicy(
  input: sdk.DisassociateAccessPolicyCommandInput,
  context: RequestContext,
) {
  const cluster = clusterWithEntries(context, input.clusterName)
  const entry = requireEntry(context, cluster.name, input.principalArn)
  const policies = entry.policies.filter(({ policyArn }) => policyArn !== input.policyArn)
  if (policies.length === entry.policies.length) {
    throw notFound('The specified policyArn is not associated with the specified access entry.')
  }
  putEntry(context, { ...entry, policies })
  return {}
}

export function listAssociatedAccessPolicies(
  input: sdk.ListAssociatedAccessPoliciesCommandInput,
  context: RequestContext,
) {
  const cluster = clusterWithEntries(context, input.clusterName)
  const entry = requireEntry(context, cluster.name, input.principalArn)
  const { items, nextToken } = page(entry.policies, input)
  return {
    clusterName: cluster.name,
    principalArn: entry.principalArn,
    associatedAccessPolicies: items.map(toAssociation),
    nextToken,
  }
}
