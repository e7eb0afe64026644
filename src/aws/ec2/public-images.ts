import { createHash } from 'node:crypto'
import { type ImageInfo, images } from './data/images.ts'

/** `ami-0` and 16 hex digits, the same for the same name and region. */
export function imageId(image: ImageInfo, region: string): string {
  return `ami-0${createHash('sha256').update(`${region}/${image.name}`).digest('hex').slice(0, 16)}`
}

/** The snapshot that a public image's root volume is made from. */
export const snapshotOf = (image: ImageInfo, region: string): string =>
  `snap${imageId(image, region).slice('ami'.length)}`

/** A public image by its id in this region. */
export const publicImage = (id: string, region: string): ImageInfo | undefined =>
  images.find((candidate) => imageId(candidate, region) === id)

/** A public image by the id of its snapshot in this region. */
export const publicImageOn = (snapshotId: string, region: string): ImageInfo | undefined =>
  publicImage(snapshotId.replace(/^snap/, 'ami'), region)

/** Id of the newest EKS-optimized image for a Kubernetes version (`1.35`). */
export function imageForEks(
  version: string,
  architecture: ImageInfo['architecture'],
  region: string,
): string {
  return imageNamed(`amazon-eks-node-al2023-${architecture}-standard-${version}-`, region)
}

/** Id of the image that EKS Auto Mode starts a machine from. */
export function imageForAutoMode(
  version: string,
  architecture: ImageInfo['architecture'],
  region: string,
): string {
  return imageNamed(`eks-auto-standard-${version}-${architecture}-`, region)
}

function imageNamed(beginning: string, region: string): string {
  return imageId(images.find(({ name }) => name.startsWith(beginning))!, region)
}
