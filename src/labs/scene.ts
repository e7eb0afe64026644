import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CloudClient, WorldInfo } from '#cloud/api.ts'
import type { Lab } from './lab.ts'
import { giveNames } from './names.ts'
import { furnishAccount } from './overlay/account.ts'
import type { PreparedWorlds, ShellEnvironment } from './starts.ts'

interface Place {
  cloud: CloudClient
  environment: ShellEnvironment
  /** A folder with the home folder, and the homes of the save points in it. */
  folder: string
}

/** A world together with the learner's home folder: what a script changes, and where one can go on from. */
export class Scene {
  readonly world: WorldInfo
  readonly home: string
  /** Of the learner's shell. */
  readonly environment: Record<string, string>
  readonly #place: Place
  #forks = 0

  private constructor(place: Place, world: WorldInfo, environment: Record<string, string>) {
    this.#place = place
    this.world = world
    this.home = join(place.folder, 'home')
    this.environment = environment
  }

  /** A fresh world and home, as a learner finds them when the lab is started. */
  static async open(lab: Lab, id: string, worlds: PreparedWorlds, place: Place): Promise<Scene> {
    const home = join(place.folder, 'home')
    const { accounts, names, account } = lab
    const region = account?.region
    const options = { id, seed: lab.id, provisioning: 'instant', home, accounts, region } as const
    const { world, files } = await worlds.create(lab.start, options)
    await furnishAccount(world, account)
    const scene = await Scene.#furnish(place, world, [files, lab.files])
    await giveNames(home, names, id)
    return scene
  }

  /** The environment writes files too; what the home holds already goes over them. */
  static async #furnish(place: Place, world: WorldInfo, folders: (string | undefined)[]): Promise<Scene> {
    const home = join(place.folder, 'home')
    await mkdir(home, { recursive: true })
    const environment = await place.environment(world, home)
    for (const folder of folders) if (folder) await cp(folder, home, { recursive: true })
    return new Scene(place, world, environment)
  }

  async save(name: string): Promise<void> {
    await this.#place.cloud.save(this.world.id, name)
    await cp(this.home, this.#savedHome(name), { recursive: true, force: true })
  }

  /** Another scene that goes on from a save point, whatever becomes of this one. */
  async fork(name: string): Promise<Scene> {
    const number = ++this.#forks
    const place = { ...this.#place, folder: join(this.#place.folder, `fork-${number}`) }
    const world = await place.cloud.createWorld({
      id: `${this.world.id}-${number}`,
      home: join(place.folder, 'home'),
      provisioning: 'instant',
      from: { world: this.world.id, save: name },
    })
    return Scene.#furnish(place, world, [this.#savedHome(name)])
  }

  /** Ends the world. */
  close(): Promise<void> {
    return this.#place.cloud.deleteWorld(this.world.id)
  }

  #savedHome(name: string): string {
    return join(this.#place.folder, 'saves', name)
  }
}
