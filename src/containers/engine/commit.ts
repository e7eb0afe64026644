import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import { type Change, type Layer, layerTar, packLayer } from '../files/layers.ts'
import type { ImageConfig } from '../image.ts'
import { HERE } from '../images/fetch.ts'
import { badRequest } from './api.ts'
import { configurationChange } from './build/configuration.ts'
import { parseDockerfile } from './build/dockerfile.ts'
import type { ContainerConfig, ContainerRecord } from './container-record.ts'
import { type ImageRecord, type ImageStore, writeConfig } from './image-store.ts'
import { parsePlatform } from './platform.ts'

/** Instructions that `--change` takes. */
const CHANGES = new Set(
  'CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR'.split(' '),
)

/** Applies `--change` instructions to a configuration. Throws EngineError. */
export function applyChanges(config: ImageConfig, list: readonly string[]): void {
  if (list.length === 0) return
  const lookup = (name: string) =>
    config.config.Env?.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1)
  let cmdSet = false
  for (const instruction of parseDockerfile(list.join('\n'))) {
    if (!CHANGES.has(instruction.name))
      throw badRequest(`${instruction.name.toLowerCase()} is not a valid change command`)
    configurationChange(instruction, { config: config.config, cmdSet, lookup }).apply(config.config, config)
    if (instruction.name === 'CMD') cmdSet = true
  }
}

export interface CommitRequest {
  author: string
  comment: string
  changes: string[]
  /** What the request's body says of the configuration. */
  config: Partial<ContainerConfig>
}

/** Makes an image of a container: its image's layers, and what it has changed as a further one. */
export async function commitContainer(
  parts: { world: World; blobs: BlobStore; images: ImageStore },
  record: ContainerRecord,
  list: readonly Change[],
  request: CommitRequest,
): Promise<ImageRecord> {
  const { world, blobs, images } = parts
  const base = images.require(record.imageId)
  const layer = list.length > 0 ? await packLayer(blobs, world.fairUse.metered(layerTar(list))) : undefined
  const config = withLayer(base.config, layer, {
    created: new Date(world.clock.now()).toISOString(),
    createdBy: (record.config.Cmd?.length ? record.config.Cmd : (base.config.config.Cmd ?? [])).join(' '),
    comment: request.comment,
    author: request.author,
  })
  config.config = committedConfig(base.config.config, record.config, request.config)
  applyChanges(config, request.changes)
  const id = await writeConfig(blobs, config)
  const layers = layer ? [...base.layers, layer.descriptor] : base.layers
  return images.add({ id, config, layers }, base.id)
}

/** The image's own configuration under the container's. */
function committedConfig(
  image: ImageConfig['config'],
  container: ContainerConfig,
  given: Partial<ContainerConfig>,
): ImageConfig['config'] {
  const env = new Map((image.Env ?? []).map((line) => [line.split('=', 1)[0]!, line]))
  for (const line of container.Env ?? []) env.set(line.split('=', 1)[0]!, line)
  return {
    ...image,
    Env: [...env.values()],
    User: container.User || image.User,
    WorkingDir: container.WorkingDir || image.WorkingDir,
    Cmd: given.Cmd ?? (container.Cmd?.length ? container.Cmd : image.Cmd),
    Entrypoint: given.Entrypoint ?? container.Entrypoint ?? image.Entrypoint,
    Labels: { ...image.Labels, ...container.Labels },
    ExposedPorts: {
      ...image.ExposedPorts,
      ...(container.ExposedPorts as ImageConfig['config']['ExposedPorts']),
    },
    Volumes: { ...image.Volumes, ...(container.Volumes as ImageConfig['config']['Volumes']) },
  }
}

/** A configuration with one more step, and with its layer if it has one. */
export function withLayer(
  base: ImageConfig,
  layer: Layer | undefined,
  step: { created: string; createdBy: string; comment: string; author: string },
): ImageConfig {
  return {
    ...base,
    created: step.created,
    ...(step.author ? { author: step.author } : {}),
    config: { ...base.config },
    rootfs: { type: 'layers', diff_ids: [...base.rootfs.diff_ids, ...(layer ? [layer.diffId] : [])] },
    history: [
      ...(base.history ?? []),
      {
        created: step.created,
        created_by: step.createdBy,
        ...(step.comment ? { comment: step.comment } : {}),
        ...(step.author ? { author: step.author } : {}),
        ...(layer ? {} : { empty_layer: true }),
      },
    ],
  }
}

export interface ImportRequest {
  comment: string
  changes: string[]
  platform: string
}

/** Makes an image of one layer from a plain tar, as `docker import` does. */
export async function importImage(
  parts: { world: World; blobs: BlobStore; images: ImageStore },
  layer: Layer,
  request: ImportRequest,
): Promise<ImageRecord> {
  const platform = request.platform ? parsePlatform(request.platform) : HERE
  const empty: ImageConfig = { ...platform, config: {}, rootfs: { type: 'layers', diff_ids: [] } }
  const config = withLayer(empty, layer, {
    created: new Date(parts.world.clock.now()).toISOString(),
    createdBy: '',
    comment: request.comment,
    author: '',
  })
  applyChanges(config, request.changes)
  const id = await writeConfig(parts.blobs, config)
  return parts.images.add({ id, config, layers: [layer.descriptor] })
}
