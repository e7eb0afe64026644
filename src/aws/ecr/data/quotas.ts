/**
 * Quotas of ECR in a region (https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html, read 2026-11 as far
 * as images, layers, parts and replication go; the others from knowledge).
 */
export const quotas = {
  repositories: 100_000,
  imagesPerRepository: 100_000,
  tagsPerImage: 1000,
  resourceTags: 50,
  lifecycleRules: 50,
  layerParts: 4200,
  /** Bytes. The last part may be smaller. */
  minimumLayerPart: 5 * 1024 * 1024,
  /** Bytes: 52,000 MiB. */
  maximumLayer: 52_000 * 1024 * 1024,
  replicationDestinations: 25,
  replicationFilters: 100,
  pullThroughCacheRules: 50,
  creationTemplates: 50,
  pullTimeExclusions: 100,
  /** Scans of one image in 24 hours, basic scanning. */
  scansPerDay: 1,
} as const
