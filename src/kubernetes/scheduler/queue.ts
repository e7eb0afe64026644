/** The pods to be scheduled: the highest priority first, and of equal ones who came first. */
export class SchedulingQueue {
  readonly #byPriority = new Map<number, Set<string>>()
  readonly #priorities = new Map<string, number>()

  add(name: string, priority: number): void {
    const known = this.#priorities.get(name)
    if (known === priority) return
    if (known !== undefined) this.#drop(name, known)
    const bucket = this.#byPriority.get(priority) ?? new Set()
    this.#byPriority.set(priority, bucket.add(name))
    this.#priorities.set(name, priority)
  }

  next(): string | undefined {
    if (this.#priorities.size === 0) return
    const highest = Math.max(...this.#byPriority.keys())
    const [name] = this.#byPriority.get(highest)!
    this.#drop(name!, highest)
    return name
  }

  #drop(name: string, priority: number): void {
    const bucket = this.#byPriority.get(priority)!
    bucket.delete(name)
    if (bucket.size === 0) this.#byPriority.delete(priority)
    this.#priorities.delete(name)
  }
}
