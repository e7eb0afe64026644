/** Lines that a machine's journal keeps. */
const LIMIT = 5000

export interface JournalEntry {
  /** ms since the epoch. */
  at: number
  unit: string
  /** `kubelet[712]`, `systemd[1]` */
  source: string
  text: string
}

/** The journal of a machine: what its units have written since it came up. */
export class Journal {
  readonly #entries: JournalEntry[] = []
  readonly #listeners = new Set<(entry: JournalEntry) => void>()

  write(entry: JournalEntry): void {
    this.#entries.push(entry)
    if (this.#entries.length > LIMIT) this.#entries.splice(0, this.#entries.length - LIMIT)
    for (const listener of this.#listeners) listener(entry)
  }

  entries(unit?: string): JournalEntry[] {
    return this.#entries.filter((entry) => unit === undefined || entry.unit === unit)
  }

  follow(listener: (entry: JournalEntry) => void): { close(): void } {
    this.#listeners.add(listener)
    return { close: () => this.#listeners.delete(listener) }
  }
}
