import type { Store, WatchHandle } from './store.ts'

const NONE: string[] = []

/**
 * A view of the objects under a prefix, grouped by what `groups` says of each and kept up to date by the store's watch:
 * "the pods of this ReplicaSet", "the pods on this node". Looking up a group costs nothing, however many objects there are.
 */
export class StoreIndex<T> {
  readonly #groups = new Map<string, Map<string, T>>()
  readonly #groupsOf: (value: T, key: string) => string[]
  readonly #watch: WatchHandle

  constructor(store: Store, prefix: string, groupsOf: (value: T, key: string) => string[]) {
    this.#groupsOf = groupsOf
    for (const { key, value } of store.list<T>(prefix).entries) {
      for (const group of groupsOf(value, key)) this.#add(key, value, group)
    }
    this.#watch = store.watch<T>(prefix, (event) => {
      const before = event.previous ? this.#groupsOf(event.previous.value, event.key) : NONE
      const after = event.type === 'put' ? this.#groupsOf(event.entry.value, event.key) : NONE
      for (const group of before) if (!after.includes(group)) this.#drop(event.key, group)
      for (const group of after) this.#add(event.key, event.entry.value, group)
    })
  }

  /** The objects of a group, as stored (do not change them). */
  get(group: string): T[] {
    return [...this.values(group)]
  }

  /** As `get`, without a copy: only good while nothing is written. */
  values(group: string): Iterable<T> {
    return this.#groups.get(group)?.values() ?? []
  }

  /** The store keys of a group's objects. */
  keys(group: string): string[] {
    return [...(this.#groups.get(group)?.keys() ?? [])]
  }

  size(group: string): number {
    return this.#groups.get(group)?.size ?? 0
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0
  }

  has(group: string): boolean {
    return this.#groups.has(group)
  }

  close(): void {
    this.#watch.close()
  }

  #add(key: string, value: T, group: string): void {
    const members = this.#groups.get(group)
    if (members) members.set(key, value)
    else this.#groups.set(group, new Map([[key, value]]))
  }

  #drop(key: string, group: string): void {
    const members = this.#groups.get(group)
    members?.delete(key)
    if (members?.size === 0) this.#groups.delete(group)
  }
}
