import { canonicalName, familiarName, parseReference } from '../images/reference.ts'
import { matches } from '../shell/pattern.ts'
import { badRequest, isTrue } from './api.ts'
import type { ImageRecord, ImageStore } from './image-store.ts'
import { familiarTagged } from './image-views.ts'
import { hasLabel, untilTime } from './labels.ts'

const KNOWN = new Set(['before', 'dangling', 'label', 'reference', 'since', 'until'])

const createdAt = (image: ImageRecord) => Date.parse(image.config.created ?? '1970-01-01')

/** An image, and when `reference` filters them, only those of its names. */
export interface ListedImage {
  image: ImageRecord
  names?: { RepoTags: string[]; RepoDigests: string[] }
}

/**
 * The images that `docker images` shows, newest first. Throws EngineError for an unknown filter.
 */
export function listImages(
  images: ImageStore,
  filters: Record<string, string[]>,
  options: { all: boolean; now: number },
): ListedImage[] {
  for (const name of Object.keys(filters)) if (!KNOWN.has(name)) throw badRequest(`invalid filter '${name}'`)
  const edge = (name: 'before' | 'since') => filters[name]?.map((text) => createdAt(images.require(text)))
  const before = edge('before')
  const since = edge('since')
  const dangling = filters.dangling?.[0]
  return images
    .all()
    .filter((image) => {
      const untagged = images.tags(image.id).length === 0
      if (untagged && !options.all && images.hasChildren(image.id)) return false
      if (dangling !== undefined && isTrue(dangling) !== untagged) return false
      const labels = image.config.config.Labels ?? {}
      if (!(filters.label ?? []).every((label) => hasLabel(labels, label))) return false
      if (before && !before.some((time) => createdAt(image) < time)) return false
      if (since && !since.some((time) => createdAt(image) > time)) return false
      return !filters.until || createdAt(image) < untilTime(filters.until[0]!, options.now)
    })
    .flatMap((image) => {
      if (!filters.reference) return [{ image }]
      const wanted = ({ name }: { name: string }) =>
        filters.reference!.some((pattern) => nameMatches(name, pattern))
      const shown = (list: { name: string }[]) => list.filter(wanted).map(({ name }) => familiarTagged(name))
      const names = { RepoTags: shown(images.tags(image.id)), RepoDigests: shown(images.digests(image.id)) }
      return names.RepoTags.length + names.RepoDigests.length > 0 ? [{ image, names }] : []
    })
    .sort((a, b) => createdAt(b.image) - createdAt(a.image))
}

/** A pattern without a tag finds all tags; `*` stops at a slash, as in Go's path.Match. */
function nameMatches(name: string, pattern: string): boolean {
  const reference = parseReference(name)
  const candidates = [familiarTagged(name), familiarName(reference), name, canonicalName(reference)]
  return candidates.some(
    (text) =>
      text.split('/').length === pattern.split('/').length &&
      text
        .split('/')
        .every((part, index) => matches([{ text: pattern.split('/')[index]!, quoted: false }], part)),
  )
}
