import { mkdir } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { listenUnix } from './runtime-directory.ts'

/** A socket, and who came through it. */
interface Door {
  server: Server
  sockets: Set<Socket>
}

/** Where the socket of a world stands. In a folder of its own: a sandbox is given the folder, because the socket is another one after a restart. */
export const dockerSocket = (directory: string, world: string): string =>
  join(directory, world, 'docker.sock')

/** The sockets of the worlds' Docker Engines. One is there as long as its world exists, whether the world is awake or not. */
export class DockerDoors {
  readonly #directory: string
  readonly #connected: (world: string, socket: Socket) => void
  readonly #doors = new Map<string, Promise<Door>>()

  /** `directory`: where the sockets stand; `connected` is given each connection. */
  constructor(directory: string, connected: (world: string, socket: Socket) => void) {
    this.#directory = directory
    this.#connected = connected
  }

  has(world: string): boolean {
    return this.#doors.has(world)
  }

  /** Opens the socket of a world, unless it is open. */
  async open(world: string): Promise<void> {
    let door = this.#doors.get(world)
    if (!door) {
      door = this.#make(world)
      door.catch(() => this.#doors.delete(world))
      this.#doors.set(world, door)
    }
    await door
  }

  /** Ends the socket of a world and what came through it. */
  async close(world: string): Promise<void> {
    const door = await this.#doors.get(world)
    this.#doors.delete(world)
    if (!door) return
    const closed = new Promise((resolve) => door.server.close(resolve))
    for (const socket of door.sockets) socket.destroy()
    await closed
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#doors.keys()].map((world) => this.close(world)))
  }

  async #make(world: string): Promise<Door> {
    const path = dockerSocket(this.#directory, world)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const sockets = new Set<Socket>()
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.once('close', () => sockets.delete(socket))
      this.#connected(world, socket)
    })
    await listenUnix(server, path)
    return { server, sockets }
  }
}
