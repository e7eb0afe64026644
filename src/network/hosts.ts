import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'

/** A server inside the lab network, reached by a real host name through the forward proxy. */
export type Host = HttpHost | TcpHost | SilentHost

/** A host that speaks HTTP; the proxy has already taken off TLS and parsed the request. */
export interface HttpHost {
  kind: 'http'
  /** `req.url` is a path; `req.headers.host` names the host; `encrypted` on the socket tells https. */
  request(req: IncomingMessage, res: ServerResponse): void
  /** A protocol upgrade (WebSocket, SPDY). Without it upgrades are refused with 400. */
  upgrade?(req: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Certificate for https; default: one made for the name by the lab's CA. */
  secureContext?(servername: string): SecureContext | Promise<SecureContext>
  /** Whether https asks the client for a certificate; it is then at `(req.socket as TLSSocket).getPeerCertificate()`, unverified. */
  requestsClientCertificate?: boolean
}

/** A host that is a byte stream: a load balancer's TCP listener, a published port. */
export interface TcpHost {
  kind: 'tcp'
  /** Opens a connection to it. Throws ConnectError. */
  connect(): Duplex
}

/** A host whose packets are dropped on the way: a client waits until it gives up. */
export interface SilentHost {
  kind: 'silent'
  /** The address that the name leads to. */
  address: string
  port: number
  /** Resolves when a client of the usual patience has given up. */
  givesUp(): Promise<void>
}

/** The names of one world. Asked in order; the first that gives a host answers. */
export interface HostTable {
  /** `host` is in lower case without port. `undefined`: not mine. */
  resolve(host: string, port: number): Host | undefined
}
