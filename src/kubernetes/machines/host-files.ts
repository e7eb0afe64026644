import type { ContainerFs } from '#containers/processes/container-fs.ts'
import type { World } from '#world/world.ts'
import { VolumeStore } from '../volumes/files.ts'

/** The volumes of pods on machines: the file system of a node is its machine's own, the others are a cluster's as ever. */
export class MachineVolumes extends VolumeStore {
  readonly #filesOf: (node: string) => ContainerFs | undefined

  constructor(world: World, uid: string, filesOf: (node: string) => ContainerFs | undefined) {
    super(world, uid)
    this.#filesOf = filesOf
  }

  override hostOf(node: string): ContainerFs {
    return this.#filesOf(node) ?? super.hostOf(node)
  }
}
