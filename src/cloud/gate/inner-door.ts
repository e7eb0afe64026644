import { connect, createServer, type Server, type Socket } from 'node:net'
import { listenUnix } from '../runtime-directory.ts'
import { headOf } from './head-of.ts'

/** What a connection from the gate wants: which server behind the door, and for which world, by which grant. */
export interface Errand {
  door: 'admin' | 'proxy' | 'docker'
  world?: string
  /** The number of the grant by which the process has the world. */
  grant?: number
}

/** The line with an errand holds at most so many bytes. */
const LINE_LIMIT = 1024
const ACCEPTED = '+'

/**
 * The one socket of a process of worlds, on which the gate brings it connections: a line says what for, one byte that it is taken,
 * and what follows is between the client and the server behind. What is not taken is closed.
 */
export class InnerDoor {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
  }

  /** `enter` gives what serves a connection; undefined: it is not taken. */
  static async listen(
    path: string,
    enter: (errand: Errand, socket: Socket) => ((socket: Socket) => void) | undefined,
  ): Promise<InnerDoor> {
    const server = createServer({ allowHalfOpen: true })
    const door = new InnerDoor(server)
    server.on('connection', (socket) => {
      door.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.once('close', () => door.#sockets.delete(socket))
      headOf(socket, '\n', LINE_LIMIT)
        .then((line) => {
          const serve = enter(JSON.parse(line.toString()) as Errand, socket)
          if (!serve) return void socket.destroy()
          socket.write(ACCEPTED)
          serve(socket)
        })
        .catch(() => socket.destroy())
    })
    await listenUnix(server, path)
    return door
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

/** Brings an errand to a process: the connection to the server that it asked for; undefined when it is not taken, or nobody is there. */
export async function dial(path: string, errand: Errand): Promise<Socket | undefined> {
  const socket = connect({ path, allowHalfOpen: true })
  socket.on('error', () => socket.destroy())
  socket.write(`${JSON.stringify(errand)}\n`)
  return headOf(socket, ACCEPTED, ACCEPTED.length).then(
    () => socket,
    () => undefined,
  )
}
