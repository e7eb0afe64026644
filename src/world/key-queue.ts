/**
 * Keys in the order in which they came, each once. Taking one costs the same however many came and went: a Set read from its beginning
 * passes by the places of all that have been deleted, so this reads on from where it was.
 */
export class KeyQueue {
  readonly #keys = new Set<string>()
  /** Everything that is queued is ahead of it. */
  #reader = this.#keys.values()
  /** Read and not yet taken. */
  #first: string | undefined

  get size(): number {
    return this.#keys.size
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  add(key: string): void {
    this.#keys.add(key)
  }

  /** The key that has waited longest; undefined when there is none. */
  first(): string | undefined {
    if (this.#first === undefined && this.#keys.size > 0) this.#first = this.#read()
    return this.#first
  }

  /** As `first`, and it is queued no more. */
  take(): string | undefined {
    const key = this.first()
    if (key === undefined) return undefined
    this.#first = undefined
    this.#keys.delete(key)
    return key
  }

  clear(): void {
    this.#keys.clear()
    this.#first = undefined
  }

  #read(): string | undefined {
    const { value, done } = this.#reader.next()
    if (!done) return value
    // A reader that has come to the end sees nothing of what comes later.
    this.#reader = this.#keys.values()
    return this.#reader.next().value
  }
}
