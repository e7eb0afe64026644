import { createHash } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { decide } from '../iam/identity.ts'
import { cannotSign, ENVELOPE_TYPE, profileByArn, signNotation } from '../signer/index.ts'
import { denialText } from '../wire/denial.ts'
import { AwsError, type Principal, type RequestContext } from '../wire/service.ts'
import { durations } from './data/durations.ts'
import { repositoryMatches } from './filters.ts'
import { requireImage } from './find-image.ts'
import type { CatalogedManifest, ImageCatalog } from './image-catalog.ts'
import { changeImageState, imageState } from './image-state.ts'
import type { ImageState, Signing } from './records.ts'
import { requireRepository, writableRepository } from './repositories.ts'
import { setSetting, setting } from './settings.ts'

// Managed signing: https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html

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

/** By which profiles an image that somebody pushes to a repository now is to be signed. */
export function signingsOf(scope: Scope, repository: string, pusher: Principal): Signing[] {
  const startedAt = scope.world.clock.now()
  return (setting(scope, 'signing')?.rules ?? [])
    .filter(
      ({ repositoryFilters }) =>
        !repositoryFilters?.length || repositoryMatches(repositoryFilters, repository),
    )
    .map(({ signingProfileArn }) => ({ profileArn: signingProfileArn!, startedAt, pusher }))
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
      ({ profileArn, ended }): sdk.ImageSigningStatus => ({
        signingProfileArn: profileArn,
        status: ended?.status ?? 'IN_PROGRESS',
        failureCode: ended?.failureCode,
        failureReason: ended?.failureReason,
      }),
    ),
  }
}

/** Signs what is due, in the name of who pushed it. Gives after how many ms (world's time) to look again. */
export async function reconcileSigning(
  scope: Scope,
  { repository, digest, signings }: ImageState,
  images: ImageCatalog,
): Promise<number | undefined> {
  const open = signings?.filter(({ ended }) => !ended) ?? []
  if (open.length === 0) return undefined
  const due =
    Math.max(...open.map(({ startedAt }) => startedAt)) + scope.world.provisioningTime(durations.signing)
  const left = due - scope.world.clock.now()
  if (left > 0) return left
  for (const { profileArn, pusher } of open) {
    const ended = await signImage(scope, images, { repository, digest, profileArn, pusher })
    changeImageState(scope, repository, digest, (state) => ({
      ...state,
      signings: state.signings?.map((signing) =>
        signing.profileArn === profileArn && !signing.ended ? { ...signing, ended } : signing,
      ),
    }))
  }
  return undefined
}

async function signImage(
  scope: Scope,
  images: ImageCatalog,
  what: { repository: string; digest: string; profileArn: string; pusher: Principal },
): Promise<Signing['ended']> {
  const { repository, digest, profileArn, pusher } = what
  const failed = (failureCode: string, failureReason: string): Signing['ended'] => ({
    ...{ status: 'FAILED', failureCode, failureReason },
  })
  const action = 'signer:SignPayload'
  const decision = decide(scope.world, { principal: pusher, action, resource: profileArn })
  if (!decision.allowed)
    return failed('AccessDeniedException', denialText(pusher, action, profileArn, decision))
  const profile = profileByArn(scope, profileArn)
  const reason = cannotSign(profile)
  const image = images.manifests(repository).find((manifest) => manifest.digest === digest)
  if (!profile || reason) return failed('ResourceNotFoundException', reason ?? '')
  if (!image) return failed('ImageNotFoundException', 'The image was deleted before it was signed.')
  try {
    writableRepository(scope, { repositoryName: repository })
    await storeSignature(scope, images, repository, image, profile)
    return { status: 'COMPLETE' }
  } catch (error) {
    if (error instanceof AwsError) return failed(error.code, error.message)
    throw error
  }
}

const EMPTY = Buffer.from('{}')
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/** Stores a signature beside the image that it refers to, as Notation does. */
async function storeSignature(
  scope: Scope,
  images: ImageCatalog,
  repository: string,
  { mediaType, digest, size }: CatalogedManifest,
  profile: NonNullable<ReturnType<typeof profileByArn>>,
): Promise<void> {
  const subject = { mediaType, digest, size }
  const { envelope, thumbprints } = await signNotation(
    scope,
    profile,
    Buffer.from(JSON.stringify({ targetArtifact: subject })),
  )
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: 'application/vnd.cncf.notary.signature',
    config: await storeBlob(images, repository, EMPTY, 'application/vnd.oci.empty.v1+json'),
    layers: [await storeBlob(images, repository, envelope, ENVELOPE_TYPE)],
    subject,
    annotations: {
      'io.cncf.notary.x509chain.thumbprint#S256': JSON.stringify(thumbprints),
      'org.opencontainers.image.created': new Date(scope.world.clock.now()).toISOString(),
    },
  }
  await images.storeManifest(repository, Buffer.from(JSON.stringify(manifest)), MANIFEST, undefined)
}

async function storeBlob(images: ImageCatalog, repository: string, bytes: Buffer, mediaType: string) {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  if (images.blobSize(repository, digest) === undefined) {
    const upload = await images.startUpload(repository)
    await images.appendUpload(repository, upload, bytes, 0)
    await images.finishUpload(repository, upload, digest)
  }
  return { mediaType, digest, size: bytes.length }
}
