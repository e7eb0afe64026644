/** Does something at once, and again each time so long (ms) after it was done, until closed. */
export class Repeated {
  readonly #task: (signal: AbortSignal) => Promise<void>
  readonly #interval: number
  readonly #onError: (error: unknown) => void
  readonly #end = new AbortController()
  #running: Promise<void>
  #timer: NodeJS.Timeout | undefined

  constructor(
    task: (signal: AbortSignal) => Promise<void>,
    interval: number,
    onError: (error: unknown) => void,
  ) {
    this.#task = task
    this.#interval = interval
    this.#onError = onError
    this.#running = this.#run()
  }

  /** Tells what is under way to end, by its signal; settles when it has. */
  async close(): Promise<void> {
    this.#end.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#end
    await this.#task(signal).catch((error: Error) => {
      // What ends because it is told to has not failed.
      if (error !== signal.reason && error.cause !== signal.reason) this.#onError(error)
    })
    if (signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#running = this.#run()
    }, this.#interval)
    this.#timer.unref()
  }
}
