import type { World } from '#world/world.ts'
import { notFound } from './api.ts'
import type { ContainerRecord } from './container-record.ts'

/** The records of an engine's containers. */
export class ContainerStore {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Newest first. */
  all(): ContainerRecord[] {
    return this.#world.store
      .values<ContainerRecord>('docker/containers/')
      .sort((a, b) => b.createdAt - a.createdAt)
  }

  /** By full id. */
  get(id: string): ContainerRecord | undefined {
    return this.#world.store.get<ContainerRecord>(key(id))?.value
  }

  /** By id, name or the beginning of an id. */
  find(text: string): ContainerRecord | undefined {
    const name = text.replace(/^\//, '')
    const known = this.get(name)
    if (known) return known
    const all = this.all()
    const named = all.find((record) => record.name === name)
    if (named) return named
    const matches = /^[0-9a-f]+$/.test(name) ? all.filter(({ id }) => id.startsWith(name)) : []
    if (matches.length > 1) throw notFound(`multiple IDs found with provided prefix: ${name}`)
    return matches[0]
  }

  /** As `find`. Throws the engine's `No such container`. */
  require(text: string): ContainerRecord {
    const record = this.find(text)
    if (!record) throw notFound(`No such container: ${text.replace(/^\//, '')}`)
    return record
  }

  put(record: ContainerRecord): void {
    this.#world.store.put(key(record.id), record)
  }

  /** Gives the record after the change; undefined when it is gone. */
  update(id: string, change: Partial<ContainerRecord>): ContainerRecord | undefined {
    return this.#world.store.update<ContainerRecord>(key(id), (record) => record && { ...record, ...change })
  }

  /** False when it was gone already. */
  delete(id: string): boolean {
    return this.#world.store.delete(key(id)) !== undefined
  }
}

const key = (id: string) => `docker/containers/${id}`
