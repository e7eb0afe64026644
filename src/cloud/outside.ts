import { createServer, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { CertificateIssuer } from '#network/authority.ts'
import { addressRecord, decodeQuery, encodeReply, failure, noData } from '#network/dns-message.ts'
import type { HostTable, HttpHost } from '#network/hosts.ts'
import { PUBLIC_RESOLVERS } from '#network/name-servers.ts'
import { publicAddressOf } from '#network/public-address.ts'
import { ConnectError, type Peer, type Route, type VirtualNetwork } from '#network/virtual-network.ts'

/** Ports by which a name is looked for when only the name is asked. */
const HTTPS = 443
const USUAL_PORTS = [HTTPS, 80]
const DNS_PORT = 53
/** How long an answer of theirs may be kept, s. */
const RESOLVER_TTL = 60
/** First byte of a TLS handshake record (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 0x16

/**
 * The internet as a world's instances see it: the names of its host table (AWS endpoints, load balancers, registries, API
 * servers) have addresses, and a connection to one of these reaches the host. Other names do not exist.
 */
export class Outside implements Route {
  readonly #hosts: HostTable
  readonly #network: VirtualNetwork
  readonly #issuer: CertificateIssuer
  /** By address; filled as names are asked for, the same address each time. */
  readonly #names = new Map<string, string>()
  readonly #servers = new WeakMap<HttpHost, Server>()
  readonly #listeners = new Map<string, { close(): void }>()
  readonly #sockets = new Set<Duplex>()
  readonly #resolvers: { close(): void }[]
  readonly #route: { close(): void }
  readonly #isEndpoint: (address: string) => boolean

  /** `isEndpoint` tells the addresses of VPC endpoints. */
  constructor(
    hosts: HostTable,
    network: VirtualNetwork,
    issuer: CertificateIssuer,
    isEndpoint: (address: string) => boolean,
  ) {
    this.#hosts = hosts
    this.#isEndpoint = isEndpoint
    this.#network = network
    this.#issuer = issuer
    this.#route = network.addRoute(this)
    this.#resolvers = [...PUBLIC_RESOLVERS.keys()].map((address) =>
      network.receive(address, DNS_PORT, (datagram) => this.#answer(datagram)),
    )
  }

  close(): void {
    this.#route.close()
    for (const listener of [...this.#listeners.values(), ...this.#resolvers]) listener.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  /** The host name behind an address that `lookup` has given. */
  nameOf(address: string): string | undefined {
    return PUBLIC_RESOLVERS.get(address) ?? this.#names.get(address)
  }

  /** A public resolver's answer to a datagram. */
  #answer(datagram: Buffer): Buffer | undefined {
    const query = decodeQuery(datagram)
    if (!query) return undefined
    const address = this.lookup(query.name)
    const reply =
      address === undefined
        ? failure('NXDOMAIN')
        : {
            ...noData(false),
            answers: query.type === 'A' ? [addressRecord(query.name, address, RESOLVER_TTL)] : [],
          }
    return encodeReply(query, reply)
  }

  /** Whether a name exists at all. */
  knows(name: string): boolean {
    const lower = name.toLowerCase().replace(/\.$/, '')
    return USUAL_PORTS.some((port) => this.#hosts.resolve(lower, port) !== undefined)
  }

  /** The public address of a name; undefined: NXDOMAIN. */
  lookup(name: string): string | undefined {
    if (!this.knows(name)) return undefined
    const lower = name.toLowerCase().replace(/\.$/, '')
    const address = publicAddressOf(lower)
    this.#names.set(address, lower)
    return address
  }

  /** Listens at the name's address, or a VPC endpoint's, before the first connection arrives there. */
  resolve(_from: Peer, to: Peer): undefined {
    const name = this.#names.get(to.address)
    if (!name) return this.#openEndpoint(to)
    const host = this.#hosts.resolve(name, to.port)
    // Cloud endpoints drop packets to the ports that they do not serve.
    if (!host) throw new ConnectError('ETIMEDOUT', to.address, to.port)
    const key = `${to.address}:${to.port}`
    if (this.#listeners.has(key)) return
    const accept = (socket: Duplex) => this.#accept(name, to.port, socket)
    this.#listeners.set(key, this.#network.listen(to.address, to.port, accept))
  }

  /** At a VPC endpoint the client's TLS says which of the service's names is meant. */
  #openEndpoint(to: Peer): undefined {
    const key = `${to.address}:${to.port}`
    if (to.port !== HTTPS || this.#listeners.has(key) || !this.#isEndpoint(to.address)) return
    const listener = this.#network.listen(to.address, to.port, (socket) => this.#acceptAtEndpoint(socket))
    this.#listeners.set(key, listener)
  }

  #acceptAtEndpoint(socket: Duplex): void {
    this.#keep(socket)
    const contextFor = async (name: string) => {
      const host = this.#hosts.resolve(name, HTTPS)
      if (host?.kind !== 'http') throw new Error(`${name} is not served here`)
      return (await host.secureContext?.(name)) ?? this.#issuer.secureContext(name)
    }
    const secure = new TLSSocket(socket as never, {
      isServer: true,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (name, done) => void contextFor(name).then((context) => done(null, context), done),
    })
    secure.on('error', () => secure.destroy())
    secure.on('secure', () => {
      const host = this.#hosts.resolve((secure as { servername?: string }).servername ?? '', HTTPS)
      if (host?.kind === 'http') this.#serverOf(host).emit('connection', secure)
      else secure.destroy()
    })
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }

  #accept(name: string, port: number, socket: Duplex): void {
    this.#keep(socket)
    const host = this.#hosts.resolve(name, port)
    if (!host) socket.destroy()
    else if (host.kind === 'http') this.#serve(name, host, socket)
    else if (host.kind === 'tcp') splice(socket, () => host.connect())
  }

  #serve(name: string, host: HttpHost, socket: Duplex): void {
    const server = this.#serverOf(host)
    socket.once('readable', async () => {
      const first = socket.read() as Buffer | null
      if (first === null) return socket.destroy()
      socket.unshift(first)
      if (first[0] !== TLS_HANDSHAKE) return server.emit('connection', socket)
      const secureContext = await (host.secureContext?.(name) ?? this.#issuer.secureContext(name))
      const secure = new TLSSocket(socket as never, {
        isServer: true,
        secureContext,
        ALPNProtocols: ['http/1.1'],
        requestCert: host.requestsClientCertificate ?? false,
        rejectUnauthorized: false,
      })
      secure.on('error', () => secure.destroy())
      server.emit('connection', secure)
    })
  }

  #serverOf(host: HttpHost): Server {
    let server = this.#servers.get(host)
    if (!server) {
      server = createServer({ requestTimeout: 0 }, (req, res) => host.request(req, res))
      server.on('upgrade', (req, stream, head) => {
        if (host.upgrade) host.upgrade(req, stream, head)
        else stream.destroy()
      })
      this.#servers.set(host, server)
    }
    return server
  }
}

function splice(socket: Duplex, connect: () => Duplex): void {
  try {
    const stream = connect()
    socket.pipe(stream).pipe(socket)
    stream.on('error', () => socket.destroy())
    stream.on('close', () => socket.destroy())
    socket.on('close', () => stream.destroy())
  } catch {
    socket.destroy()
  }
}
