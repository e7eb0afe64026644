import type * as sdk from '@aws-sdk/client-eks'
import type { RequestContext } from '../wire/service.ts'
import { inUse, invalidParameter, notFound, requireActiveCluster, requireCluster } from './errors.ts'
import { page } from './pagination.ts'
import type { ClusterRecord } from './records.ts'
import { eksArn, putCluster } from './tables.ts'
import { beginUpdate, toUpdate } from './updates.ts'

// A cluster has one OIDC provider at most: https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html

export function associateIdentityProviderConfig(
  input: sdk.AssociateIdentityProviderConfigCommandInput,
  context: RequestContext,
) {
  const cluster = requireActiveCluster(context, input.clusterName)
  const { oidc } = input
  if (!oidc) throw invalidParameter('oidc must be specified')
  if (cluster.identityProvider) {
    throw inUse(`Cluster ${cluster.name} already has an identity provider config`, {
      clusterName: cluster.name,
    })
  }
  if (!/^https:\/\/[^?#]+$/.test(oidc.issuerUrl ?? '')) {
    throw invalidParameter('issuerUrl must begin with https:// and must not contain query parameters')
  }
  const uid = context.world.ids.uuid()
  const identityProvider = {
    name: oidc.identityProviderConfigName!,
    arn: eksArn(
      context,
      'identityproviderconfig',
      cluster.name,
      'oidc',
      oidc.identityProviderConfigName!,
      uid,
    ),
    config: { ...oidc },
    tags: input.tags ?? {},
  }
  return {
    update: change(context, cluster, 'AssociateIdentityProviderConfig', identityProvider),
    tags: input.tags,
  }
}

function change(
  context: RequestContext,
  cluster: ClusterRecord,
  type: sdk.UpdateType,
  identityProvider: ClusterRecord['identityProvider'],
) {
  const config = identityProvider ?? cluster.identityProvider!
  const params = [
    { type: 'IdentityProviderConfig', value: JSON.stringify([{ type: 'oidc', name: config.name }]) },
  ]
  const update = beginUpdate(context, { clusterName: cluster.name, type, params })
  putCluster(context, {
    ...cluster,
    identityProvider,
    status: 'UPDATING',
    since: context.world.clock.now(),
    updateId: update.id,
  })
  return toUpdate(update)
}

function requireConfig(cluster: ClusterRecord, wanted: sdk.IdentityProviderConfig | undefined) {
  const found = cluster.identityProvider
  if (found && wanted?.type === 'oidc' && wanted.name === found.name) return found
  throw notFound(`Identity provider config not found: ${wanted?.type}/${wanted?.name}`, {
    clusterName: cluster.name,
  })
}

export function disassociateIdentityProviderConfig(
  input: sdk.DisassociateIdentityProviderConfigCommandInput,
  context: RequestContext,
) {
  const cluster = requireActiveCluster(context, input.clusterName)
  requireConfig(cluster, input.identityProviderConfig)
  return { update: change(context, cluster, 'DisassociateIdentityProviderConfig', undefined) }
}

export function describeIdentityProviderConfig(
  input: sdk.DescribeIdentityProviderConfigCommandInput,
  context: RequestContext,
) {
  const cluster = requireCluster(context, input.clusterName)
  const found = requireConfig(cluster, input.identityProviderConfig)
  return {
    identityProviderConfig: {
      oidc: {
        ...found.config,
        identityProviderConfigArn: found.arn,
        clusterName: cluster.name,
        status: cluster.status === 'UPDATING' ? ('CREATING' as const) : ('ACTIVE' as const),
        tags: found.tags,
      },
    },
  }
}

export function listIdentityProviderConfigs(
  input: sdk.ListIdentityProviderConfigsCommandInput,
  context: RequestContext,
) {
  const { identityProvider } = requireCluster(context, input.clusterName)
  const { items, nextToken } = page(identityProvider ? [identityProvider] : [], input)
  return { identityProviderConfigs: items.map(({ name }) => ({ type: 'oidc', name })), nextToken }
}
