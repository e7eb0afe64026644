import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import { type LayerTrees, writeLayer } from '../files/layers.ts'
import type { SimulatedContainer } from '../processes/runtime.ts'
import { ownChanges } from './container-files.ts'
import type { ContainerRecord } from './container-record.ts'
import type { ContainerStore } from './container-store.ts'
import type { ImageStore } from './image-store.ts'
import { withInitLayer } from './init-layer.ts'
import { SaveOrder } from './save-order.ts'
import type { Session } from './session.ts'

/** What a running container writes is saved after this, ms; twice as long each time, up to the second, unless it was quiet for the third. */
const SAVE_FIRST_MS = 500
const SAVE_RARELY_MS = 60_000
const SAVE_QUIET_MS = 10_000

export interface FileKeeperOptions {
  world: World
  blobs: BlobStore
  trees: LayerTrees
  images: ImageStore
  store: ContainerStore
}

/** Keeps in their records what containers write. Those that are removed at their end keep nothing. */
export class FileKeeper {
  readonly #options: FileKeeperOptions
  /** What saves the files of containers that have written since. */
  readonly #unsaved = new Set<() => Promise<void>>()
  readonly #saving = new Set<Promise<void>>()
  readonly #saves = new SaveOrder()

  constructor(options: FileKeeperOptions) {
    this.#options = options
  }

  /** Saves what a running container writes soon after, more seldom the more it writes: a crash loses what is younger. */
  follow(id: string, session: Session, container: SimulatedContainer): void {
    const { world, store } = this.#options
    const { clock } = world
    let delay = SAVE_FIRST_MS
    let last = clock.now()
    let waiting = false
    const write = async () => {
      last = clock.now()
      const record = store.get(id)
      if (record && session.container === container)
        await this.keep(record, container, () => session.container === container)
    }
    const save = () => {
      waiting = false
      this.#unsaved.delete(save)
      const saving = write().finally(() => this.#saving.delete(saving))
      this.#saving.add(saving)
      return saving
    }
    container.machine.files.tree.observers.add((path) => {
      if (waiting || /^\/(?:dev|proc|sys|tmp|run)\//.test(path)) return
      waiting = true
      this.#unsaved.add(save)
      delay = clock.now() - last > SAVE_QUIET_MS ? SAVE_FIRST_MS : Math.min(delay * 2, SAVE_RARELY_MS)
      clock.setTimer(delay, () => void save().catch(() => {}))
    })
  }

  /** Keeps what a container has written, if it `still` matters when that is stored. */
  keep(
    record: ContainerRecord,
    container: SimulatedContainer,
    still: () => boolean = () => true,
  ): Promise<void> {
    return this.#saves.next(record.id, () => this.#keepNow(record, container, still))
  }

  async #keepNow(
    record: ContainerRecord,
    container: SimulatedContainer,
    still: () => boolean,
  ): Promise<void> {
    const { trees, images, blobs, store } = this.#options
    const image = images.get(record.imageId)
    if (!image || record.hostConfig.AutoRemove) return
    const base = withInitLayer(await trees.tree(image.layers), record.createdAt)
    const changed = [...ownChanges(base, container.machine.files.tree.snapshot())]
    if (changed.length === 0) return
    const { descriptor } = await writeLayer(blobs, changed)
    if (still()) store.update(record.id, { changes: [descriptor] })
  }

  /** Saves now what running containers have written, and what of it was yet to be saved. */
  async save(): Promise<void> {
    for (const save of this.#unsaved) save().catch(() => {})
    await Promise.allSettled(this.#saving)
  }
}
