import type { World } from '#world/world.ts'

export type LogStream = 'stdout' | 'stderr'

export interface LogLine {
  /** ms on the world's clock */
  time: number
  stream: LogStream
  text: string
}

type Listener = (stream: LogStream, chunk: Buffer) => void

/** Lines kept of each container, and how many of them survive a restart of the process. */
const MAX_LINES = 10_000
const SAVED_LINES = 200

/** What a container has written. */
export class ContainerLog {
  readonly #world: World
  readonly #key: string
  readonly #lines: LogLine[]
  readonly #listeners = new Set<Listener>()
  readonly #partial: Record<LogStream, string> = { stdout: '', stderr: '' }

  constructor(world: World, id: string) {
    this.#world = world
    this.#key = `docker/logs/${id}`
    this.#lines = [...(world.store.get<LogLine[]>(this.#key)?.value ?? [])]
  }

  write(stream: LogStream, chunk: Buffer): void {
    for (const listener of this.#listeners) listener(stream, chunk)
    const lines = (this.#partial[stream] + chunk.toString()).split('\n')
    this.#partial[stream] = lines.pop()!
    const time = this.#world.clock.now()
    for (const line of lines) this.#lines.push({ time, stream, text: `${line}\n` })
    if (this.#lines.length > MAX_LINES) this.#lines.splice(0, this.#lines.length - MAX_LINES)
  }

  /** The lines so far, with an unfinished last one. */
  lines(): LogLine[] {
    const rest = (['stdout', 'stderr'] as const)
      .filter((stream) => this.#partial[stream] !== '')
      .map((stream) => ({ time: this.#world.clock.now(), stream, text: this.#partial[stream] }))
    return [...this.#lines, ...rest]
  }

  /** Gets what is written from now on, after what was written before if asked. Gives the function that ends it. */
  follow(listener: Listener, replay: boolean): () => void {
    if (replay) for (const { stream, text } of this.lines()) listener(stream, Buffer.from(text))
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  save(): void {
    this.#world.store.put(this.#key, this.lines().slice(-SAVED_LINES))
  }

  remove(): void {
    this.#world.store.delete(this.#key)
  }
}
