/** Saves of a thing follow each other: one that began earlier must not end later, with what was there then. */
export class SaveOrder {
  /** By thing: its last save, while it is under way. */
  readonly #last = new Map<string, Promise<void>>()

  /** Saves a thing when its saves before are done, whether they succeeded or not. */
  next(thing: string, save: () => Promise<void>): Promise<void> {
    const before = this.#last.get(thing) ?? Promise.resolve()
    const saving = before
      .catch(() => {})
      .then(save)
      .finally(() => {
        if (this.#last.get(thing) === saving) this.#last.delete(thing)
      })
    this.#last.set(thing, saving)
    return saving
  }
}
