import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket } from 'node:tls'
import { CertificateIssuer } from '#network/authority.ts'
import type { HttpHost } from '#network/hosts.ts'
import type { ClusterOptions } from '../../provider.ts'
import { addressText, cidrRange } from '../strategies/addresses.ts'

const PORT = 443

/** The names by which pods know the API server. */
const NAMES = ['', '.default', '.default.svc', '.default.svc.cluster.local'].map((end) => `kubernetes${end}`)

/**
 * Serves the API on the control plane's addresses in the world's network, with a certificate of the cluster's authority for the names
 * and the Service address that pods use. Does nothing for a cluster that has no such addresses.
 */
export async function listenInside(cluster: ClusterOptions, host: HttpHost): Promise<{ stop(): void }> {
  const { controlPlaneAddresses: addresses = [], network, world, serviceCidr } = cluster
  if (addresses.length === 0) return { stop: () => {} }
  const issuer = new CertificateIssuer(cluster.certificateAuthority, () => world.clock.hostNow())
  const serviceAddress = addressText(cidrRange(serviceCidr).base + 1)
  const { certificate, privateKey } = await issuer.issue('kube-apiserver', [
    ...NAMES,
    new URL(cluster.endpoint).hostname,
    serviceAddress,
    ...addresses,
  ])
  const secureContext = createSecureContext({ cert: certificate, key: privateKey })
  const server = createServer({ requestTimeout: 0 }, (req, res) => host.request(req, res))
  server.on('upgrade', (req, socket, head) => host.upgrade?.(req, socket, head))
  const open = new Set<Duplex>()
  const accept = (socket: Duplex) => {
    const secure = new TLSSocket(socket as never, {
      isServer: true,
      secureContext,
      ALPNProtocols: ['http/1.1'],
      requestCert: true,
      rejectUnauthorized: false,
    })
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    secure.on('error', () => secure.destroy())
    server.emit('connection', secure)
  }
  const uses = addresses.flatMap((address) => [
    network.addAddress(address),
    network.listen(address, PORT, accept),
  ])
  return {
    stop() {
      for (const use of uses) use.close()
      for (const socket of open) socket.destroy()
    },
  }
}
