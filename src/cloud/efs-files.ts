import { type InsideEnd, type Scope, tables } from '#aws/ec2/index.ts'
import { dataPrefix, type MountRequest, mountedFolder } from '#aws/efs/index.ts'
import type { Mount } from '#containers/runtime.ts'
import { folderOf, VolumeFiles } from '#kubernetes/volumes/files.ts'
import type { World } from '#world/world.ts'

/** The files of a world's EFS file systems, shared by all who mount them: pods of any cluster, and tasks. */
export class EfsFiles {
  readonly #world: World
  readonly #open = new Map<string, VolumeFiles>()

  constructor(world: World) {
    this.#world = world
  }

  /** What a client sees of a file system. Throws MountFailure. */
  mount(scope: Scope, request: MountRequest): Mount['files'] {
    for (const files of this.#open.values()) files.flush()
    const folder = mountedFolder(scope, request)
    const files = this.#root(scope, request.fileSystemId)
    if (folder === '') return files
    // The first client of an access point makes its folder.
    if (!files.has(`${folder}/`)) files.set(`${folder}/`, { content: new Uint8Array(), mode: 0o755 })
    return folderOf(files, folder)
  }

  #root(scope: Scope, id: string): VolumeFiles {
    const known = this.#open.get(id)
    if (known) return known
    const files = new VolumeFiles(this.#world, dataPrefix(scope, id))
    this.#open.set(id, files)
    return files
  }
}

/** The interface of an instance, as a client of the VPC. */
export function clientEnd(scope: Scope, interfaceId: string | undefined): InsideEnd | undefined {
  const eni = tables.networkInterfaces.find(scope, interfaceId ?? '')
  return eni && { eni, accountId: scope.accountId, region: scope.region, address: eni.addresses[0]! }
}
