import type { World } from '#world/world.ts'
import { digestOf } from '../../blobs/digest.ts'
import type { BlobStore } from '../../blobs/store.ts'
import { changes, type LayerTrees, layerTar, packLayer } from '../../files/layers.ts'
import { directory } from '../../files/nodes.ts'
import { FileTree } from '../../files/tree.ts'
import type { ImageConfig } from '../../image.ts'
import { HERE, type Platform } from '../../images/fetch.ts'
import { type ImageRecord, type ImageStore, writeConfig } from '../image-store.ts'
import { formatPlatform } from '../platform.ts'

/** One step's work on the image before it. */
export interface StepWork {
  /** The step as the image's history shows it; with the parent's id the key of the build cache. */
  createdBy: string
  /** Changes files, and the configuration with them. */
  files?: (tree: FileTree, config: ImageConfig, containerId: string) => Promise<void>
  /** Changes the configuration. */
  configuration?: (config: ImageConfig['config'], image: ImageConfig) => void
  /** Whether its parent is its stage's base image: the triggers of that are for the images made from it, not for theirs. */
  onBase?: boolean
  /** What an image without a base is made for; default: the engine's own platform. */
  platform?: Platform | undefined
  /** Whether a layer is kept even when no file changed, as RUN does. */
  alwaysLayer?: boolean
}

const SCRATCH: Omit<ImageConfig, 'os' | 'architecture'> = {
  config: {},
  rootfs: { type: 'layers', diff_ids: [] },
  history: [],
}

/** Makes the images that a build's steps lead to, and remembers them as the build cache. */
export class StepImages {
  readonly #world: World
  readonly #blobs: BlobStore
  readonly #trees: LayerTrees
  readonly #images: ImageStore

  constructor(options: { world: World; blobs: BlobStore; trees: LayerTrees; images: ImageStore }) {
    this.#world = options.world
    this.#blobs = options.blobs
    this.#trees = options.trees
    this.#images = options.images
  }

  /** The image that an earlier build made of the same step on the same parent. */
  cached(parent: ImageRecord | undefined, step: StepWork): ImageRecord | undefined {
    const id = this.#world.store.get<string>(cacheKey(parent, step))?.value
    return id ? this.#images.get(id) : undefined
  }

  /** Runs a step on its parent's files and keeps what it changed. Throws what the work throws. */
  async make(
    parent: ImageRecord | undefined,
    step: StepWork,
    out: (text: string) => void,
    keepContainer = false,
  ): Promise<ImageRecord> {
    const { createdBy, alwaysLayer = false } = step
    const containerId = this.#world.ids.hex(64)
    const base = parent?.config ?? { ...SCRATCH, ...(step.platform ?? HERE) }
    const config: ImageConfig = {
      ...base,
      config: { ...base.config, OnBuild: step.onBase ? undefined : base.config.OnBuild },
      rootfs: { ...base.rootfs },
      history: [...(base.history ?? [])],
    }
    const before = parent ? await this.#trees.tree(parent.layers) : directory()
    const tree = new FileTree(before)
    const inContainer = !step.files || alwaysLayer
    if (inContainer) out(` ---> Running in ${containerId.slice(0, 12)}\n`)
    await step.files?.(tree, config, containerId)
    step.configuration?.(config.config, config)
    const changed = step.files ? [...changes(before, tree.snapshot())] : []
    let layers = parent?.layers ?? []
    config.created = new Date(this.#world.clock.now()).toISOString()
    const history = { created: config.created, created_by: createdBy }
    if (changed.length > 0 || alwaysLayer) {
      const layer = await packLayer(this.#blobs, this.#world.fairUse.metered(layerTar(changed)))
      layers = [...layers, layer.descriptor]
      config.rootfs = { type: 'layers', diff_ids: [...base.rootfs.diff_ids, layer.diffId] }
      config.history!.push(history)
    } else config.history!.push({ ...history, empty_layer: true })
    if (inContainer && !keepContainer)
      out(` ---> Removed intermediate container ${containerId.slice(0, 12)}\n`)
    const id = await writeConfig(this.#blobs, config)
    const record = await this.#images.add({ id, config, layers }, parent?.id)
    this.#world.store.put(cacheKey(parent, step), id)
    return record
  }
}

const cacheKey = (parent: ImageRecord | undefined, { createdBy, platform = HERE }: StepWork) =>
  `docker/build-cache/${digestOf(`${parent?.id ?? formatPlatform(platform)}\n${createdBy}`).slice(7)}`
