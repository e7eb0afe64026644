/** A value of a key. Sorted sets map members to scores. */
export type Value =
  | { type: 'string'; value: string }
  | { type: 'list'; value: string[] }
  | { type: 'hash'; value: Map<string, string> }
  | { type: 'set'; value: Set<string> }
  | { type: 'zset'; value: Map<string, number> }

interface Entry {
  value: Value
  /** World's time at which it goes, ms. */
  expiresAt?: number
}

type ValueOf<T extends Value['type']> = Extract<Value, { type: T }>['value']

/** The command asked for another type than the key has. */
export class WrongTypeError extends Error {
  override readonly name = 'WrongTypeError'
}

/** One of a server's numbered databases. */
export class Database {
  readonly #entries = new Map<string, Entry>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    if (entry.expiresAt !== undefined && entry.expiresAt <= this.#now()) {
      this.#entries.delete(key)
      return undefined
    }
    return entry.value
  }

  /** The value of a type; undefined when there is no such key. Throws WrongTypeError. */
  typed<T extends Value['type']>(key: string, type: T): ValueOf<T> | undefined {
    const value = this.get(key)
    if (!value) return undefined
    if (value.type !== type) throw new WrongTypeError()
    return value.value as never
  }

  /** As `typed`, made empty if missing. */
  made<T extends 'list' | 'hash' | 'set' | 'zset'>(key: string, type: T): ValueOf<T> {
    const known = this.typed(key, type)
    if (known) return known
    const value = {
      type,
      value: type === 'list' ? [] : type === 'set' ? new Set() : new Map(),
    } as unknown as Value
    this.set(key, value)
    return value.value as ValueOf<T>
  }

  set(key: string, value: Value, expiresAt?: number): void {
    this.#entries.set(key, { value, expiresAt })
  }

  delete(key: string): boolean {
    return this.get(key) !== undefined && this.#entries.delete(key)
  }

  /** Deletes a collection that has become empty. */
  tidy(key: string): void {
    const value = this.get(key)
    if (!value || value.type === 'string') return
    const size = Array.isArray(value.value) ? value.value.length : value.value.size
    if (size === 0) this.#entries.delete(key)
  }

  /** ms of the world's time; undefined: no such key; null: never. */
  expiry(key: string): number | null | undefined {
    if (!this.get(key)) return undefined
    return this.#entries.get(key)!.expiresAt ?? null
  }

  expire(key: string, at: number | undefined): boolean {
    if (!this.get(key)) return false
    this.#entries.get(key)!.expiresAt = at
    return true
  }

  keys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.get(key) !== undefined)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** A form for a file. */
  dump(): unknown[] {
    return this.keys().map((key) => {
      const { value, expiresAt } = this.#entries.get(key)!
      const plain = value.type === 'string' || value.type === 'list' ? value.value : [...value.value]
      return [key, value.type, plain, expiresAt]
    })
  }

  // biome-ignore lint/suspicious/noExplicitAny: what `dump` wrote.
  load(entries: any[]): void {
    for (const [key, type, plain, expiresAt] of entries) {
      const value =
        type === 'set' ? new Set(plain) : type === 'hash' || type === 'zset' ? new Map(plain) : plain
      this.#entries.set(key, { value: { type, value } as Value, expiresAt: expiresAt ?? undefined })
    }
  }
}
