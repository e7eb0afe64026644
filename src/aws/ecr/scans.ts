import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { durations } from './data/durations.ts'
import { VULNERABILITIES_UPDATED } from './data/vulnerabilities.ts'
import { limitExceeded, validation } from './errors.ts'
import { imageIdText, requireImage } from './find-image.ts'
import { type ImageCatalog, isImage, tagsOf } from './image-catalog.ts'
import { changeImageState, imageState, storageStatus } from './image-state.ts'
import type { ImageScan, ImageState } from './records.ts'
import { page, requireRepository } from './repositories.ts'
import { newScan, scanningOf } from './scan-configuration.ts'
import { basicFinding, enhancedFinding, findingsOf, severityCounts } from './scan-findings.ts'

const DAY = 86_400_000

/** Descriptions of scan states (https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-troubleshooting.html; from knowledge). */
const DESCRIPTIONS: Partial<Record<ImageScan['status'], string>> = {
  COMPLETE: 'The scan was completed successfully.',
  ACTIVE: 'Continuous scan is selected for image.',
  PENDING: 'Scan status pending.',
}

export const scanStatus = ({ status, description }: ImageScan): sdk.ImageScanStatus => ({
  status,
  description: description ?? DESCRIPTIONS[status],
})

export function startImageScan(
  input: sdk.StartImageScanCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const manifest = requireImage(context, images, name, input.imageId!)
  if (scanningOf(context).scanType === 'ENHANCED') throw validation('This feature is disabled')
  if (!isImage(manifest))
    throw new AwsError('UnsupportedImageTypeException', 'The image type is not supported for scanning')
  const state = imageState(context, name, manifest.digest)
  if (storageStatus(state) !== 'ACTIVE') {
    throw new AwsError(
      'ImageArchivedException',
      `The image with imageId ${imageIdText(input.imageId!)} is archived and cannot be scanned`,
    )
  }
  const now = context.world.clock.now()
  if (state?.scan && now - state.scan.startedAt < DAY)
    throw limitExceeded('The scan quota per image has been exceeded. Wait and try again.')
  const scan = newScan(context)
  changeImageState(context, name, manifest.digest, (known) => ({ ...known, scan }))
  return {
    registryId: context.accountId,
    repositoryName: name,
    imageId: { imageDigest: manifest.digest, imageTag: input.imageId!.imageTag },
    imageScanStatus: scanStatus(scan),
  }
}

export function describeImageScanFindings(
  input: sdk.DescribeImageScanFindingsCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const manifest = requireImage(context, images, name, input.imageId!)
  const { digest } = manifest
  const scan = imageState(context, name, digest)?.scan
  if (!scan) {
    throw new AwsError(
      'ScanNotFoundException',
      `Image scan does not exist for the image with '${imageIdText(input.imageId!)}' in the repository with name '${name}' in the registry with id '${context.accountId}'`,
    )
  }
  const answer = {
    registryId: context.accountId,
    repositoryName: name,
    imageId: { imageDigest: digest, imageTag: input.imageId!.imageTag },
    imageScanStatus: scanStatus(scan),
  }
  if (scan.completedAt === undefined || !scan.software) return answer
  const findings = findingsOf(scan)
  const { items, nextToken } = page(findings, input)
  const { accountId, region } = context
  const image = {
    accountId,
    region,
    repository: name,
    digest,
    tags: tagsOf(images, name, digest),
    pushedAt: manifest.pushedAt,
  }
  return {
    ...answer,
    imageScanFindings: {
      imageScanCompletedAt: new Date(scan.completedAt),
      vulnerabilitySourceUpdatedAt: new Date(VULNERABILITIES_UPDATED),
      findingSeverityCounts: severityCounts(findings),
      ...(scan.type === 'BASIC'
        ? { findings: items.map(basicFinding) }
        : { enhancedFindings: items.map((finding) => enhancedFinding(finding, image, scan)) }),
    },
    nextToken,
  }
}

/** Ends a scan when its time has come. Gives after how many ms (world's time) to look again. */
export async function reconcileScan(
  scope: Scope,
  { repository, digest, scan }: ImageState,
  images: ImageCatalog,
): Promise<number | undefined> {
  if (!scan || !['PENDING', 'IN_PROGRESS'].includes(scan.status)) return undefined
  const left = scan.startedAt + scope.world.provisioningTime(durations.scan) - scope.world.clock.now()
  if (left > 0) return left
  const software = await images.software(repository, digest)
  const supported = software !== undefined && (software.os !== undefined || scan.type === 'ENHANCED')
  const completedAt = scope.world.clock.now()
  const ended: ImageScan = supported
    ? { ...scan, status: scan.type === 'BASIC' ? 'COMPLETE' : 'ACTIVE', completedAt, software }
    : {
        ...scan,
        status: scan.type === 'BASIC' ? 'FAILED' : 'UNSUPPORTED_IMAGE',
        completedAt,
        description: "UnsupportedImageError: The operating system '' version '' is not supported.",
      }
  changeImageState(scope, repository, digest, (state) =>
    state.scan === scan ? { ...state, scan: ended } : undefined,
  )
  return undefined
}
