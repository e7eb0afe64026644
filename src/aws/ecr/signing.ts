import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { durations } from './data/durations.ts'
import { repositoryMatches } from './filters.ts'
import { requireImage } from './find-image.ts'
import type { ImageCatalog } from './image-catalog.ts'
import { changeImageState, imageState } from './image-state.ts'
import type { ImageState } from './records.ts'
import { requireRepository } from './repositories.ts'
import { setSetting, setting } from './settings.ts'

export function putSigningConfiguration(
  input: sdk.PutSigningConfigurationCommandInput,
  context: RequestContext,
) {
  setSetting(context, 'signing', input.signingConfiguration)
  return { signingConfiguration: input.signingConfiguration }
}

export function getSigningConfiguration(_input: object, context: RequestContext) {
  const signingConfiguration = setting(context, 'signing')
  if (signingConfiguration) return { registryId: context.accountId, signingConfiguration }
  throw new AwsError(
    'SigningConfigurationNotFoundException',
    `Signing configuration does not exist in the registry with id '${context.accountId}'`,
  )
}

export function deleteSigningConfiguration(input: object, context: RequestContext) {
  const answer = getSigningConfiguration(input, context)
  setSetting(context, 'signing', undefined)
  return answer
}

/** By which profiles an image that is pushed to a repository now is to be signed. */
export function signingsOf(scope: Scope, repository: string): NonNullable<ImageState['signings']> {
  const startedAt = scope.world.clock.now()
  return (setting(scope, 'signing')?.rules ?? [])
    .filter(
      ({ repositoryFilters }) =>
        !repositoryFilters?.length || repositoryMatches(repositoryFilters, repository),
    )
    .map(({ signingProfileArn }) => ({ profileArn: signingProfileArn!, startedAt }))
}

export function describeImageSigningStatus(
  input: sdk.DescribeImageSigningStatusCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const { digest } = requireImage(context, images, name, input.imageId!)
  return {
    repositoryName: name,
    registryId: context.accountId,
    imageId: { imageDigest: digest, imageTag: input.imageId!.imageTag },
    signingStatuses: (imageState(context, name, digest)?.signings ?? []).map(
      ({ profileArn, failed }): sdk.ImageSigningStatus => ({
        signingProfileArn: profileArn,
        status: failed ? 'FAILED' : 'IN_PROGRESS',
        ...(failed && {
          failureCode: 'SigningProfileNotFound',
          failureReason:
            'Drydock does not simulate AWS Signer: there is no such signing profile, and nothing was signed.',
        }),
      }),
    ),
  }
}

/** Ends signings: without AWS Signer none can succeed. Gives after how many ms (world's time) to look again. */
export function reconcileSigning(
  scope: Scope,
  { repository, digest, signings }: ImageState,
): number | undefined {
  const open = signings?.filter(({ failed }) => !failed) ?? []
  if (open.length === 0) return undefined
  const due =
    Math.max(...open.map(({ startedAt }) => startedAt)) + scope.world.provisioningTime(durations.signing)
  const left = due - scope.world.clock.now()
  if (left > 0) return left
  changeImageState(scope, repository, digest, (state) => ({
    ...state,
    signings: state.signings?.map((signing) => ({ ...signing, failed: true as const })),
  }))
  return undefined
}
