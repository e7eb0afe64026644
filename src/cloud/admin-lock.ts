import { mkdir } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { dirname } from 'node:path'
import { claimUnix, cloudSocket, untilMembersGone } from './runtime-directory.ts'

/** How long (host ms) an earlier cloud's processes may take to end that its gate has left behind. */
const MEMBERS_MS = 30_000

/** A cloud's admin socket. It is also the lock that keeps two clouds off one data folder: taken first of all, let go of last. */
export class AdminLock {
  readonly path: string
  readonly #server: Server
  readonly #listener = Promise.withResolvers<RequestListener>()

  private constructor(path: string) {
    this.path = path
    // Who asks while the cloud starts waits for that.
    this.#server = createServer({ requestTimeout: 0 }, async (req, res) => {
      const listener = await this.#listener.promise
      listener(req, res)
    })
  }

  /** Makes the data folder, if need be. Throws when another cloud serves it. */
  static async take(dataDirectory: string): Promise<AdminLock> {
    await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
    const lock = new AdminLock(await cloudSocket(dataDirectory))
    await claimUnix(lock.#server, lock.path)
    await untilMembersGone(lock.directory, MEMBERS_MS)
    return lock
  }

  /** The folder of the cloud's sockets. */
  get directory(): string {
    return dirname(this.path)
  }

  /** Who answers from now on. */
  answer(listener: RequestListener): void {
    this.#listener.resolve(listener)
  }

  /** Nobody is answered any more. */
  refuse(): void {
    this.#server.on('connection', (socket) => socket.destroy())
    this.#server.closeAllConnections()
  }

  async release(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
