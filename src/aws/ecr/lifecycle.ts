import { wildcardMatches } from './filters.ts'
import type { CatalogedManifest } from './image-catalog.ts'
import type { LifecycleRule } from './lifecycle-policy.ts'
import type { ImageState, LifecycleAction } from './records.ts'

const DAY = 86_400_000

/** An image as a lifecycle policy sees it. */
export interface Candidate {
  manifest: CatalogedManifest
  tags: string[]
  state: ImageState | undefined
}

/**
 * What a policy does now, as ECR evaluates it: all rules look at all images; an image is taken by one rule at most, by that
 * of the highest priority whose tags it matches; parts of an index stay while the index does.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
 */
export function evaluateLifecycle(
  rules: LifecycleRule[],
  images: Candidate[],
  now: number,
): LifecycleAction[] {
  const parts = new Set(images.flatMap(({ manifest }) => (isIndex(manifest) ? manifest.references : [])))
  const present = new Set(images.map(({ manifest }) => manifest.digest))
  const free = images.filter(
    ({ manifest }) => !parts.has(manifest.digest) && !(manifest.subject && present.has(manifest.subject)),
  )
  const claimed = new Set<string>()
  const actions: LifecycleAction[] = []
  for (const rule of rules) {
    const matching = free
      .filter((image) => inStorage(rule, image) && tagsMatch(rule, image))
      .toSorted((a, b) => orderOf(b) - orderOf(a))
    for (const image of identified(rule, matching, now)) {
      const { digest, pushedAt } = image.manifest
      if (claimed.has(digest)) continue
      const action = rule.action.type === 'expire' ? 'EXPIRE' : 'TRANSITION'
      actions.push({ digest, tags: image.tags, pushedAt, rulePriority: rule.rulePriority, action })
    }
    for (const { manifest } of matching) claimed.add(manifest.digest)
  }
  return actions
}

const isIndex = ({ mediaType }: CatalogedManifest) => /image\.index|manifest\.list/.test(mediaType)

function inStorage({ selection }: LifecycleRule, { state }: Candidate): boolean {
  const status = state?.storage?.status
  return selection.storageClass === 'archive' ? status === 'ARCHIVED' : status === undefined
}

/** Every element of the list must match one of the image's tags. */
function tagsMatch({ selection }: LifecycleRule, { tags }: Candidate): boolean {
  if (selection.tagStatus === 'any') return true
  if (selection.tagStatus === 'untagged') return tags.length === 0
  const wanted = selection.tagPatternList ?? selection.tagPrefixList ?? []
  return wanted.every((element) =>
    tags.some((tag) => (selection.tagPatternList ? wildcardMatches(element, tag) : tag.startsWith(element))),
  )
}

/** The time by which images are ordered: an image restored from the archive counts from then. */
const orderOf = ({ manifest, state }: Candidate) => state?.activatedAt ?? manifest.pushedAt

/** Those of the images, newest first, that a rule means. */
function identified({ selection }: LifecycleRule, images: Candidate[], now: number): Candidate[] {
  const { countType, countNumber } = selection
  if (countType === 'imageCountMoreThan') return images.slice(countNumber)
  return images.filter((image) => {
    const { manifest, state } = image
    const since =
      countType === 'sinceImagePushed'
        ? orderOf(image)
        : countType === 'sinceImagePulled'
          ? (state?.pulledAt ?? manifest.pushedAt)
          : (state?.archivedAt ?? now)
    return now - since > countNumber * DAY
  })
}
