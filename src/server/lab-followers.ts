import type { LabEvent } from './api.ts'

export type LabListener = (event: LabEvent) => void

/** Who follows what a lab says: pages of its learner, and those who overhear without being there. */
export class LabFollowers {
  readonly #pages = new Set<LabListener>()
  readonly #overhearing = new Set<LabListener>()

  /** Whether a page of the learner's is open. */
  get watched(): boolean {
    return this.#pages.size > 0
  }

  add(page: LabListener): void {
    this.#pages.add(page)
  }

  /** False when it followed no longer. */
  remove(page: LabListener): boolean {
    return this.#pages.delete(page)
  }

  overhear(listener: LabListener): { close(): void } {
    this.#overhearing.add(listener)
    return { close: () => this.#overhearing.delete(listener) }
  }

  emit(event: LabEvent): void {
    for (const listener of this.#pages) listener(event)
    for (const listener of this.#overhearing) listener(event)
  }

  clear(): void {
    this.#pages.clear()
    this.#overhearing.clear()
  }
}
