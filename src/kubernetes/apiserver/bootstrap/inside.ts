import { createServer, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import { CertificateIssuer } from '#network/authority.ts'
import type { HttpHost } from '#network/hosts.ts'
import type { Peer, VirtualNetwork } from '#network/virtual-network.ts'
import type { ClusterOptions } from '../../provider.ts'
import { addressText, cidrRange } from '../strategies/addresses.ts'

const DEFAULT_PORT = 443

/** The names by which pods know the API server. */
const NAMES = ['', '.default', '.default.svc', '.default.svc.cluster.local'].map((end) => `kubernetes${end}`)

/**
 * Serves the API on the control plane's addresses in the world's network, with a certificate of the cluster's authority for the names
 * and the Service address that pods use. Does nothing for a cluster that has no such addresses.
 */
export async function listenInside(cluster: ClusterOptions, host: HttpHost): Promise<{ stop(): void }> {
  const { controlPlaneAddresses: addresses = [], network, apiPort = DEFAULT_PORT } = cluster
  if (addresses.length === 0) return { stop: () => {} }
  const { certificate, privateKey } = cluster.servingCertificate ?? (await certificateFor(cluster, addresses))
  const secureContext = createSecureContext({ cert: certificate, key: privateKey })
  const server = createServer({ requestTimeout: 0 }, (req, res) => host.request(req, res))
  server.on('upgrade', (req, socket, head) => host.upgrade?.(req, socket, head))
  const listeners = addresses.map((address) =>
    listenTls(network, { address, port: apiPort }, secureContext, server),
  )
  const uses = addresses.map((address) => network.addAddress(address))
  return {
    stop() {
      for (const use of [...uses, ...listeners]) use.close()
    },
  }
}

function certificateFor(
  { certificateAuthority, world, serviceCidr, endpoint }: ClusterOptions,
  addresses: string[],
) {
  const issuer = new CertificateIssuer(certificateAuthority, () => world.clock.hostNow())
  const serviceAddress = addressText(cidrRange(serviceCidr).base + 1)
  return issuer.issue('kube-apiserver', [...NAMES, new URL(endpoint).hostname, serviceAddress, ...addresses])
}

/** Lets a server take the TLS connections to an address of the world's network; `close` ends those that are open too. */
export function listenTls(
  network: VirtualNetwork,
  { address, port }: Peer,
  secureContext: SecureContext,
  server: Server,
): { close(): void } {
  const open = new Set<Duplex>()
  const accept = (socket: Duplex) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    acceptTls(socket, secureContext, server)
  }
  const listener = network.listen(address, port, accept)
  return {
    close() {
      listener.close()
      for (const socket of open) socket.destroy()
    },
  }
}

/** Gives a server a connection on which the client begins TLS, and may show a certificate. */
export function acceptTls(socket: Duplex, secureContext: SecureContext, server: Server): TLSSocket {
  const secure = new TLSSocket(socket as never, {
    isServer: true,
    secureContext,
    ALPNProtocols: ['http/1.1'],
    requestCert: true,
    rejectUnauthorized: false,
  })
  socket.on('error', () => socket.destroy())
  secure.on('error', () => secure.destroy())
  server.emit('connection', secure)
  return secure
}
