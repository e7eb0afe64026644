import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { BlobStore } from '#containers/blobs/store.ts'
import { proxyCredentials } from '#network/proxy.ts'
import { hostTime } from '#world/clock.ts'
import { Ids } from '#world/ids.ts'
import { body, createBody, followAwake, listener, partsOf, reply } from '../admin.ts'
import { AdminLock } from '../admin-lock.ts'
import type { ProcessInfo } from '../api.ts'
import { DockerDoors } from '../docker-doors.ts'
import { listenAsBefore } from '../proxy-port.ts'
import { memberSocket } from '../runtime-directory.ts'
import { blobsFolder, type CloudSettings, labAuthority, worldsFolder } from '../serving.ts'
import { SupervisedProcess } from '../supervised-process.ts'
import { newWorldId, tidyWorlds, worldsIn } from '../worlds.ts'
import { headOf } from './head-of.ts'
import { dial } from './inner-door.ts'
import type { MemberMessage, MemberSettings } from './member.ts'
import { type Member, Placement } from './placement.ts'
import { splice } from './splice.ts'

export interface GateOptions extends CloudSettings {
  /** How many processes the worlds are spread over. */
  processes: number
  log(message: string): void
}

/** Until a client of the proxy has said what it wants (host ms), and in how many bytes. */
const HEAD_MS = 60_000
const HEAD_BYTES = 64 * 1024

/** One of the processes, and what it has told. */
interface Guarded extends Member {
  readonly number: number
  awake: string[]
  process?: SupervisedProcess
}

/**
 * A cloud of several processes: the gate has the doors that clients know, the admin socket, the lab network's port and the worlds' Docker
 * sockets, and brings each connection to the process that has the world. It looks into none but for the world's name.
 */
export class Gate {
  readonly #directory: string
  readonly #lock: AdminLock
  readonly #members: Guarded[]
  readonly #placement: Placement
  readonly #doors: DockerDoors
  readonly #proxy: Server
  readonly #clients = new Set<Socket>()
  readonly #followers = new Set<(awake: string[]) => void>()

  private constructor(lock: AdminLock, { directory, processes }: GateOptions) {
    this.#directory = directory
    this.#lock = lock
    this.#members = Array.from({ length: processes }, (_, number) => ({
      number,
      socketPath: memberSocket(lock.directory, number),
      up: false,
      busy: 0,
      awake: [],
    }))
    this.#placement = new Placement(this.#members)
    this.#doors = new DockerDoors(lock.directory, (world, socket) => this.#bring(socket, 'docker', world))
    this.#proxy = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#clients.add(socket)
      socket.on('error', () => socket.destroy())
      socket.once('close', () => this.#clients.delete(socket))
      void this.#proxied(socket)
    })
  }

  /** Starts everything and makes the worlds on disk known. Throws when another cloud serves the same folder. */
  static async start(options: GateOptions): Promise<Gate> {
    const { directory } = options
    const gate = new Gate(await AdminLock.take(directory), options)
    await tidyWorlds(worldsFolder(directory))
    // Made, and cleared of what an earlier cloud left half written, before several use it.
    await BlobStore.open(blobsFolder(directory))
    await labAuthority(directory)
    const proxyPort = await listenAsBefore((port) => gate.#listen(port), directory)
    await Promise.all(gate.#members.map((member) => gate.#startMember(member, options, proxyPort)))
    for (const world of await worldsIn(worldsFolder(directory))) await gate.#doors.open(world)
    gate.#lock.answer(listener((req, res) => gate.#handle(req, res)))
    return gate
  }

  async close(): Promise<void> {
    this.#lock.refuse()
    const closed = new Promise((resolve) => this.#proxy.close(resolve))
    for (const socket of this.#clients) socket.destroy()
    await closed
    await this.#doors.closeAll()
    await Promise.all(this.#members.map(({ process }) => process?.stop()))
    await this.#lock.release()
  }

  #known(): Promise<string[]> {
    return worldsIn(worldsFolder(this.#directory))
  }

  #listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#proxy.once('error', reject)
      this.#proxy.listen(port, '127.0.0.1', () => {
        this.#proxy.off('error', reject)
        resolve((this.#proxy.address() as AddressInfo).port)
      })
    })
  }

  async #startMember(member: Guarded, options: GateOptions, proxyPort: number): Promise<void> {
    const { log, processes: _, ...settings } = options
    const { number } = member
    const told: MemberSettings = {
      ...settings,
      member: { number, sockets: this.#lock.directory, proxyPort },
    }
    member.process = await SupervisedProcess.start({
      settings: told,
      name: `cloud process ${number}`,
      log,
      onStatus: (status) => {
        member.up = status === 'up'
        member.busy = 0
        if (member.up) return
        this.#placement.lost(member)
        member.awake = []
        this.#tellAwake()
      },
      onMessage: (message) => this.#told(member, message as MemberMessage),
    })
  }

  #told(member: Guarded, message: MemberMessage): void {
    if (message.type === 'released') this.#placement.released(message.world, message.grant)
    else if (message.type === 'busy') member.busy = message.share
    else if (message.type === 'awake') {
      member.awake = message.worlds
      this.#tellAwake()
    } else {
      for (const other of this.#members) if (other !== member) other.process?.send(message)
    }
  }

  get #awake(): string[] {
    return this.#members.flatMap(({ awake }) => awake)
  }

  #tellAwake(): void {
    for (const follower of this.#followers) follower(this.#awake)
  }

  followAwake(follower: (awake: string[]) => void): { close(): void } {
    this.#followers.add(follower)
    follower(this.#awake)
    return { close: () => this.#followers.delete(follower) }
  }

  /** Brings a client of the lab network to the world that its first request names; who names none hears so from any process. */
  async #proxied(socket: Socket): Promise<void> {
    const late = hostTime.setTimer(HEAD_MS, () => socket.destroy())
    const head = await headOf(socket, '\r\n\r\n', HEAD_BYTES).catch(() => undefined)
    late.cancel()
    if (!head) return void socket.destroy()
    socket.unshift(head)
    const named = /^proxy-authorization:\s*(.*?)\s*$/im.exec(head.toString('latin1'))?.[1]
    const world = proxyCredentials(named)?.world
    await this.#bring(socket, 'proxy', world !== undefined && this.#doors.has(world) ? world : undefined)
  }

  async #bring(socket: Socket, door: 'proxy' | 'docker', world: string | undefined): Promise<void> {
    const inner = await this.#placement.connect(door, world).catch(() => undefined)
    if (inner) splice(socket, inner)
    else socket.destroy()
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url!, 'http://cloud')
    const [kind, id, ...rest] = partsOf(url)
    const whole = `${req.method} ${[kind, id && ':id', ...rest].filter(Boolean).join('/')}`
    if (whole === 'GET awake') return followAwake(this, res)
    if (whole === 'GET processes') return reply(res, 200, await this.#processes())
    if (whole === 'GET worlds') {
      const awake = new Set(this.#awake)
      const known = await this.#known()
      return reply(
        res,
        200,
        known.map((world) => ({ id: world, awake: awake.has(world) })),
      )
    }
    if (whole === 'POST worlds') {
      const wanted = createBody.parse(await body(req))
      const world = wanted.id ?? newWorldId(new Ids(wanted.seed))
      await this.#doors.open(world)
      await this.#forward(world, req, res, JSON.stringify({ ...wanted, id: world }))
      if (res.statusCode !== 200 && !(await this.#known()).includes(world)) await this.#doors.close(world)
      return
    }
    if (kind === 'worlds' && id) await this.#forward(id, req, res)
    else await this.#forward(undefined, req, res)
    if (whole === 'DELETE worlds/:id' && res.statusCode === 204) await this.#doors.close(id!)
  }

  /** Has a request answered by the process that has the world. */
  async #forward(
    world: string | undefined,
    req: IncomingMessage,
    res: ServerResponse,
    content?: string,
  ): Promise<void> {
    const socket = await this.#placement.connect('admin', world)
    const { connection: _, 'content-length': length, ...headers } = req.headers
    const asked = request({
      method: req.method,
      path: req.url,
      headers: {
        ...headers,
        ...(content === undefined
          ? length && { 'content-length': length }
          : { 'content-length': Buffer.byteLength(content) }),
      },
      createConnection: () => socket,
    })
    res.once('close', () => asked.destroy())
    const answered = new Promise<void>((resolve) => {
      asked.once('response', (answer) => {
        const { connection: __, 'keep-alive': ___, 'transfer-encoding': ____, ...told } = answer.headers
        res.writeHead(answer.statusCode!, told)
        answer.pipe(res)
        answer.once('error', () => res.destroy())
        resolve()
      })
      // As if the one who asks were connected with the process.
      asked.once('error', () => {
        res.destroy()
        resolve()
      })
    })
    if (content === undefined) req.pipe(asked)
    else asked.end(content)
    await answered
  }

  async #processes(): Promise<ProcessInfo[]> {
    const asked = this.#members.map(async ({ up, socketPath }) => {
      if (!up) return []
      const socket = await dial(socketPath, { door: 'admin' })
      if (!socket) return []
      const answer = await new Promise<IncomingMessage>((resolve, reject) =>
        request({ path: '/processes', createConnection: () => socket }, resolve)
          .once('error', reject)
          .end(),
      )
      return JSON.parse(await text(answer)) as ProcessInfo[]
    })
    return (await Promise.all(asked.map((one) => one.catch(() => [])))).flat()
  }
}
