import type { CloudClient, CloudStatus, OwnedCloud } from '#cloud/api.ts'

/** A cloud that a server is given: one that it owns, or any client (tests). */
export type GivenCloud = CloudClient & Partial<Pick<OwnedCloud, 'onStatus' | 'stop'>>

/** The cloud as the server's parts use it: perhaps not there yet, perhaps away. */
export class ServerCloud {
  readonly client: Promise<GivenCloud>
  readonly #listeners = new Set<(status: CloudStatus) => void>()
  #status: CloudStatus = 'restarting'

  constructor(client: Promise<GivenCloud>) {
    this.client = client
    client.then(
      (cloud) => {
        this.#set('up')
        cloud.onStatus?.((status) => this.#set(status))
      },
      // Whoever needs the cloud gets the error from `client`.
      () => {},
    )
  }

  get status(): CloudStatus {
    return this.#status
  }

  onStatus(listener: (status: CloudStatus) => void): void {
    this.#listeners.add(listener)
  }

  async stop(): Promise<void> {
    const cloud = await this.client.catch(() => undefined)
    if (cloud?.stop) await cloud.stop()
    else cloud?.close()
  }

  #set(status: CloudStatus): void {
    if (this.#status === status) return
    this.#status = status
    for (const listener of this.#listeners) listener(status)
  }
}
