import type * as sdk from '@aws-sdk/client-ecr'
import { isRegion, type Scope } from '../ec2/index.ts'
import type { RequestContext } from '../wire/service.ts'
import { quotas } from './data/quotas.ts'
import { invalidParameter } from './errors.ts'
import { requireImage } from './find-image.ts'
import type { ImageCatalog } from './image-catalog.ts'
import { imageState } from './image-state.ts'
import type { Replication } from './records.ts'
import { requireRepository } from './repositories.ts'
import { setSetting, setting } from './settings.ts'

export const describeRegistry = (_input: object, context: RequestContext) => ({
  registryId: context.accountId,
  replicationConfiguration: setting(context, 'replication') ?? { rules: [] },
})

export function putReplicationConfiguration(
  input: sdk.PutReplicationConfigurationCommandInput,
  context: RequestContext,
) {
  const replicationConfiguration = input.replicationConfiguration!
  const destinations = (replicationConfiguration.rules ?? []).flatMap((rule) => rule.destinations ?? [])
  const parameter = 'replicationConfiguration'
  if (
    destinations.some(
      ({ region, registryId }) => region === context.region && registryId === context.accountId,
    )
  )
    throw invalidParameter(parameter, 'Replication destination cannot be the same as the source registry')
  // That it is refused is ECR's; its words for this one are not documented.
  const unknown = destinations.find(({ region = '' }) => !isRegion(region))
  if (unknown) throw invalidParameter(parameter, `Invalid replication destination region: ${unknown.region}`)
  const unique = new Set(destinations.map(({ region, registryId }) => `${registryId}/${region}`))
  if (unique.size > quotas.replicationDestinations)
    throw invalidParameter(
      parameter,
      `Replication rules can have at most ${quotas.replicationDestinations} unique destinations`,
    )
  for (const { destinations: own = [], repositoryFilters = [] } of replicationConfiguration.rules ?? []) {
    if (own.length === 0) throw invalidParameter(parameter, 'Each rule must contain at least one destination')
    if (repositoryFilters.length > quotas.replicationFilters)
      throw invalidParameter(parameter, `A rule can have at most ${quotas.replicationFilters} filters`)
  }
  setSetting(context, 'replication', replicationConfiguration)
  return { replicationConfiguration }
}

/** The destinations of the rules that choose a repository; of all rules without one. */
function destinationsOf(scope: Scope, repository: string | undefined) {
  return (setting(scope, 'replication')?.rules ?? [])
    .filter(
      ({ repositoryFilters }) =>
        repository === undefined ||
        !repositoryFilters?.length ||
        repositoryFilters.some(({ filter }) => repository.startsWith(filter ?? '')),
    )
    .flatMap(({ destinations = [] }) => destinations)
    .map(({ region = '', registryId = '' }) => ({ region, registryId }))
}

/** Whether a repository (or, without one, any) is copied to a registry. */
export const replicatesTo = (
  scope: Scope,
  { region, registryId }: { region: string; registryId: string },
  repository: string | undefined,
): boolean =>
  destinationsOf(scope, repository).some((one) => one.region === region && one.registryId === registryId)

/** Where an image that is pushed to a repository now has to be copied. */
export function replicationsOf(scope: Scope, repository: string): Replication[] {
  const startedAt = scope.world.clock.now()
  const wanted = new Map<string, Replication>()
  for (const { region, registryId } of destinationsOf(scope, repository))
    wanted.set(`${registryId}/${region}`, { region, registryId, startedAt, status: 'IN_PROGRESS' })
  return [...wanted.values()]
}

export function describeImageReplicationStatus(
  input: sdk.DescribeImageReplicationStatusCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const { digest } = requireImage(context, images, name, input.imageId!)
  return {
    repositoryName: name,
    imageId: { imageDigest: digest, imageTag: input.imageId!.imageTag },
    replicationStatuses: (imageState(context, name, digest)?.replications ?? []).map(
      ({ region, registryId, status, failureCode }) => ({ region, registryId, status, failureCode }),
    ),
  }
}
