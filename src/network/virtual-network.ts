import { type Duplex, duplexPair } from 'node:stream'

/** Takes one connection to a listening address, as a TCP server does. */
export type Acceptor = (socket: Duplex, peer: Peer) => void

/** The far end of a connection. */
export interface Peer {
  address: string
  port: number
}

/** Why a connection could not be made, with the errno name that a client sees. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError'
  readonly code: 'ECONNREFUSED' | 'ETIMEDOUT' | 'EHOSTUNREACH' | 'ENETUNREACH'
  readonly address: string
  readonly port: number
  constructor(code: ConnectError['code'], address: string, port: number) {
    super(`connect ${code} ${address}:${port}`)
    this.code = code
    this.address = address
    this.port = port
  }
}

/** What Go programs (kubelet, containerd, kubectl) say of a connection that could not be made. */
export function dialText({ code, address, port }: ConnectError): string {
  const why = {
    ECONNREFUSED: 'connect: connection refused',
    ETIMEDOUT: 'i/o timeout',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
  }[code]
  return `dial tcp ${address}:${port}: ${why}`
}

export type Protocol = 'TCP' | 'UDP'

/** Takes a datagram and answers it at once; undefined: not at all. */
export type Responder = (datagram: Buffer, peer: Peer) => Buffer | undefined

/** Answers for an address range or a virtual address: a Service's cluster IP leads to a pod, a blocked path nowhere. */
export interface Route {
  /**
   * Where a connection to `to` really goes: the same or another address; `undefined` leaves it to the next route.
   * `dialed` is what was asked for before other routes led it on. Throw ConnectError to refuse it.
   */
  resolve(from: Peer, to: Peer, dialed: Peer, protocol: Protocol): Peer | undefined
}

/** A connection that was made: who made it, to where, and where routes led it. */
export interface Connection {
  from: Peer
  dialed: Peer
  target: Peer
}

const ephemeralPort = () => 32768 + Math.floor(Math.random() * 28232)

/**
 * The inside of a world at the level of TCP and UDP: pods, containers, instances and load balancers listen on addresses and
 * connect to each other with byte streams, or ask each other in datagrams, all in this process. (An `http.Server` takes a stream by `emit('connection', socket)`.)
 */
export class VirtualNetwork {
  readonly #listeners = new Map<string, Acceptor>()
  readonly #responders = new Map<string, Responder>()
  readonly #addresses = new Map<string, number>()
  readonly #routes: Route[] = []
  readonly #observers = new Set<(connection: Connection) => void>()

  /** Takes an address into use, so that connecting to a closed port on it is refused and not unreachable. */
  addAddress(address: string): { close(): void } {
    this.#addresses.set(address, (this.#addresses.get(address) ?? 0) + 1)
    return {
      close: () => {
        const left = (this.#addresses.get(address) ?? 1) - 1
        if (left > 0) this.#addresses.set(address, left)
        else this.#addresses.delete(address)
      },
    }
  }

  /** Listens on an address and port. Throws EADDRINUSE as an Error with that code. */
  listen(address: string, port: number, accept: Acceptor): { close(): void } {
    const key = `${address}:${port}`
    if (this.#listeners.has(key)) throw inUse(key)
    this.#listeners.set(key, accept)
    return {
      close: () => {
        if (this.#listeners.get(key) === accept) this.#listeners.delete(key)
      },
    }
  }

  /** Takes the datagrams that come to an address and port. Throws EADDRINUSE as an Error with that code. */
  receive(address: string, port: number, respond: Responder): { close(): void } {
    const key = `${address}:${port}`
    if (this.#responders.has(key)) throw inUse(key)
    this.#responders.set(key, respond)
    return {
      close: () => {
        if (this.#responders.get(key) === respond) this.#responders.delete(key)
      },
    }
  }

  /** What is in use now: listeners as `address:port`, addresses, and how many routes there are. */
  inUse(): { listeners: string[]; addresses: string[]; routes: number } {
    return {
      listeners: [...this.#listeners.keys()],
      addresses: [...this.#addresses.keys()],
      routes: this.#routes.length,
    }
  }

  /** Whether anything listens there. */
  listening(address: string, port: number): boolean {
    return this.#listeners.has(`${address}:${port}`)
  }

  /** Adds a route; later ones are asked first. */
  addRoute(route: Route): { close(): void } {
    this.#routes.unshift(route)
    return {
      close: () => {
        const index = this.#routes.indexOf(route)
        if (index !== -1) this.#routes.splice(index, 1)
      },
    }
  }

  /** Tells of each connection that is made, until closed. What load balancers make to see who is healthy is left out. */
  observe(told: (connection: Connection) => void): { close(): void } {
    this.#observers.add(told)
    return { close: () => void this.#observers.delete(told) }
  }

  /** Opens a connection; a `probe` only asks whether somebody is well. Throws ConnectError. */
  connect(
    to: Peer,
    from: Peer = { address: '10.255.255.254', port: ephemeralPort() },
    { probe = false } = {},
  ): Duplex {
    const target = this.#lead(from, to, 'TCP')
    const accept = this.#listeners.get(`${target.address}:${target.port}`)
    if (!accept) {
      throw new ConnectError(
        this.#addresses.has(target.address) ? 'ECONNREFUSED' : 'EHOSTUNREACH',
        to.address,
        to.port,
      )
    }
    if (!probe) for (const told of this.#observers) told({ from, dialed: to, target })
    const [near, far] = duplexPair()
    near.once('close', () => hangUp(far))
    far.once('close', () => hangUp(near))
    accept(far, from)
    return near
  }

  /** Sends a datagram and gives the answer; undefined: none comes. Throws ConnectError, as ICMP and routers tell. */
  exchange(to: Peer, from: Peer, datagram: Buffer): Buffer | undefined {
    const target = this.#lead(from, to, 'UDP')
    const respond = this.#responders.get(`${target.address}:${target.port}`)
    if (respond) return respond(datagram, from)
    const code = this.#addresses.has(target.address) ? 'ECONNREFUSED' : 'EHOSTUNREACH'
    throw new ConnectError(code, to.address, to.port)
  }

  #lead(from: Peer, to: Peer, protocol: Protocol): Peer {
    let target = to
    for (const route of this.#routes) target = route.resolve(from, target, to, protocol) ?? target
    return target
  }
}

const inUse = (key: string): Error =>
  Object.assign(new Error(`listen EADDRINUSE: address already in use ${key}`), { code: 'EADDRINUSE' })

/** The other end is gone for good: this one ends too, when it has read what was still sent to it. */
function hangUp(side: Duplex): void {
  if (side.destroyed) return
  if (side.readableEnded) side.destroy()
  else side.once('end', () => side.destroy())
}
