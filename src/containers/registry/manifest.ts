import { isRegisteredDigest } from '../blobs/digest.ts'
import type { Descriptor } from '../image.ts'
import { RegistryError } from './policy.ts'

export const MANIFEST_TYPES = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const

/** An image manifest (OCI or Docker schema 2). */
export interface ImageManifest {
  schemaVersion: number
  mediaType?: string
  artifactType?: string
  config: Descriptor
  layers: Descriptor[]
  subject?: Descriptor
  annotations?: Record<string, string>
}

/** An index of manifests, one a platform. */
export interface IndexManifest {
  schemaVersion: number
  mediaType?: string
  artifactType?: string
  manifests: Descriptor[]
  subject?: Descriptor
  annotations?: Record<string, string>
}

/** Layers that the registry need not hold: their bytes come from elsewhere. */
const NOT_DISTRIBUTED = /nondistributable|rootfs\.foreign/

/** The blobs of an image, or manifests of an index, that must be there before it. */
export function requiredParts({ kind, value }: ParsedManifest): Descriptor[] {
  if (kind === 'index') return value.manifests
  return [value.config, ...value.layers.filter(({ mediaType }) => !NOT_DISTRIBUTED.test(mediaType ?? ''))]
}

export const isIndexType = (mediaType: string): boolean =>
  mediaType === MANIFEST_TYPES.ociIndex || mediaType === MANIFEST_TYPES.dockerList

/** Parses a pushed manifest. Throws MANIFEST_INVALID. */
export function parseManifest(bytes: Buffer, contentType: string | undefined): ParsedManifest {
  let value: Partial<ImageManifest & IndexManifest>
  try {
    value = JSON.parse(bytes.toString())
  } catch {
    throw invalid('manifest is not valid JSON')
  }
  if (typeof value !== 'object' || value === null) throw invalid('manifest is not a JSON object')
  const declared = contentType?.split(';')[0]?.trim() || undefined
  const mediaType = value.mediaType ?? declared
  if (!mediaType) throw invalid('manifest has no media type')
  if (value.mediaType && declared && value.mediaType !== declared) {
    throw invalid(`mediaType in manifest should be '${declared}' not '${value.mediaType}'`)
  }
  if (!(Object.values(MANIFEST_TYPES) as string[]).includes(mediaType)) {
    throw invalid(`unsupported manifest media type ${mediaType}`)
  }
  if (value.subject !== undefined && !isSubject(value.subject)) throw invalid('subject is no descriptor')
  if (value.schemaVersion !== 2) throw invalid('unsupported schema version')
  if (isIndexType(mediaType)) {
    if (!Array.isArray(value.manifests) || !value.manifests.every(isDescriptor))
      throw invalid('index has no manifests')
    return { mediaType, kind: 'index', value: value as IndexManifest }
  }
  if (!isDescriptor(value.config)) throw invalid('manifest has no config')
  if (!Array.isArray(value.layers) || !value.layers.every(isDescriptor))
    throw invalid('manifest has no layers')
  return { mediaType, kind: 'image', value: value as ImageManifest }
}

export type ParsedManifest =
  | { mediaType: string; kind: 'image'; value: ImageManifest }
  | { mediaType: string; kind: 'index'; value: IndexManifest }

const isDescriptor = (value: unknown): value is Descriptor =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Descriptor).digest === 'string' &&
  Number.isSafeInteger((value as Descriptor).size) &&
  (value as Descriptor).size >= 0

const isSubject = (value: unknown) => isDescriptor(value) && isRegisteredDigest(value.digest)

const invalid = (detail: string) => new RegistryError(400, 'MANIFEST_INVALID', 'manifest invalid', { detail })
