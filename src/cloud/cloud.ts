import { AdminLock } from './admin-lock.ts'
import { DockerDoors, dockerSocket } from './docker-doors.ts'
import { listenAsBefore } from './proxy-port.ts'
import { type CloudSettings, Serving, worldsFolder } from './serving.ts'
import { tidyWorlds, type Worlds, worldsIn } from './worlds.ts'

export interface CloudOptions extends CloudSettings {
  log?(message: string): void
}

/** All of a cloud that is one process: its worlds, the lab network's door, the worlds' Docker sockets, and the admin socket. */
export class Cloud {
  readonly worlds: Worlds
  readonly socketPath: string
  readonly #serving: Serving
  readonly #doors: DockerDoors
  readonly #lock: AdminLock

  private constructor(serving: Serving, doors: DockerDoors, lock: AdminLock) {
    this.worlds = serving.worlds
    this.socketPath = lock.path
    this.#serving = serving
    this.#doors = doors
    this.#lock = lock
  }

  /** Starts everything and makes the worlds on disk known. Throws when another process serves the same folder. */
  static async start({ log = () => {}, ...settings }: CloudOptions): Promise<Cloud> {
    const { directory } = settings
    const lock = await AdminLock.take(directory)
    await tidyWorlds(worldsFolder(directory))
    const doors = new DockerDoors(lock.directory, (world, socket) => {
      serving.worlds.uses.connected(world, socket)
      serving.docker.accept(world, socket)
    })
    let port = 0
    const serving = await Serving.open({
      ...settings,
      log,
      proxyPort: () => port,
      dockerSocket: (id) => dockerSocket(lock.directory, id),
      onMade: (id) => doors.open(id),
      onGone: (id) => doors.close(id),
    })
    port = await listenAsBefore((wanted) => serving.proxy.listen(wanted), directory)
    for (const world of await worldsIn(worldsFolder(directory))) await doors.open(world)
    lock.answer(serving.admin)
    return new Cloud(serving, doors, lock)
  }

  async close(): Promise<void> {
    this.#lock.refuse()
    await this.#doors.closeAll()
    await this.#serving.close()
    await this.#lock.release()
  }
}
