import { familiarName, parseReference } from '../images/reference.ts'
import type { ImageRecord, ImageStore } from './image-store.ts'
import { imageDriver } from './overlay.ts'

/** A name of the store as people write it. */
export const familiarTagged = (name: string) => {
  const reference = parseReference(name)
  return familiarName(reference) + (reference.digest ? `@${reference.digest}` : `:${reference.tag}`)
}

const created = (image: ImageRecord) => Math.floor(Date.parse(image.config.created ?? '1970-01-01') / 1000)

/** An entry of `GET /images/json`. */
export function imageSummary(images: ImageStore, image: ImageRecord, containers: number) {
  return {
    Id: image.id,
    ParentId: image.parent ?? '',
    RepoTags: images.tags(image.id).map(({ name }) => familiarTagged(name)),
    RepoDigests: images.digests(image.id).map(({ name }) => familiarTagged(name)),
    Created: created(image),
    Size: image.size,
    SharedSize: -1,
    Labels: image.config.config.Labels ?? null,
    Containers: containers,
  }
}

/** `GET /images/{name}/json` */
export function imageDetails(images: ImageStore, image: ImageRecord) {
  const { config } = image
  return {
    Id: image.id,
    RepoTags: images.tags(image.id).map(({ name }) => familiarTagged(name)),
    RepoDigests: images.digests(image.id).map(({ name }) => familiarTagged(name)),
    Parent: image.parent ?? '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: config.created,
    DockerVersion: image.parent ? '28.2.2' : '',
    Author: config.author ?? '',
    Config: {
      ...config.config,
      Cmd: config.config.Cmd ?? null,
      Entrypoint: config.config.Entrypoint ?? null,
    },
    Architecture: config.architecture,
    ...(config.variant && { Variant: config.variant }),
    Os: config.os,
    Size: image.size,
    GraphDriver: imageDriver(config.rootfs.diff_ids),
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Metadata: {
      LastTagTime: image.taggedAt ? new Date(image.taggedAt).toISOString() : '0001-01-01T00:00:00Z',
    },
  }
}

/** `GET /images/{name}/history`, newest first. */
export function imageHistory(images: ImageStore, image: ImageRecord) {
  const history = image.config.history ?? []
  const layers = images.layerSizes(image)
  let layer = 0
  const sizes = history.map((entry) => (entry.empty_layer ? 0 : (layers[layer++]?.[1] ?? 0)))
  let owner: ImageRecord | undefined = image
  return history
    .map((entry, index) => ({ entry, size: sizes[index]! }))
    .reverse()
    .map(({ entry, size }, index) => {
      const id = index === 0 ? image.id : owner ? owner.id : '<missing>'
      const tags = owner ? images.tags(owner.id).map(({ name }) => familiarTagged(name)) : null
      owner = owner?.parent ? images.get(owner.parent) : undefined
      return {
        Id: id,
        Created: Math.floor(Date.parse(entry.created ?? '1970-01-01') / 1000),
        CreatedBy: entry.created_by ?? '',
        Tags: tags && tags.length > 0 ? tags : null,
        Size: size,
        Comment: entry.comment ?? '',
      }
    })
}
