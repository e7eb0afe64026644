import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext } from 'node:tls'
import { CertificateIssuer, createAuthority } from '#network/authority.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import { acceptTls } from '../../apiserver/bootstrap/inside.ts'
import type { ClusterOptions, UserInfo } from '../../provider.ts'
import type { NodeRecord } from '../node-record.ts'
import { kubeletSubresources } from './server.ts'

/** Where a kubelet listens on its node. */
const PORT = 10250

/** The verb of an access review by a request's method. */
const VERBS: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

export interface PortsOptions {
  network: VirtualNetwork
  cluster: Pick<ClusterOptions, 'certificateAuthority' | 'signedKubelets'>
  /** Host time, for certificates. */
  now(): number
  /** Whether the kubelet of a node has a certificate to show. */
  servesTls(node: string): boolean
  /** Who makes a request, as TokenReview and the cluster's authority tell; undefined: nobody that is known. */
  authenticate(req: IncomingMessage): Promise<UserInfo | undefined>
  authorize(user: UserInfo, verb: string, node: string, subresource: string): boolean
  serve(node: string, req: IncomingMessage, res: ServerResponse, target: string): Promise<void>
}

/** The HTTPS ports of a cluster's kubelets, for whoever asks them without the API server: who asks, and may they. */
export class KubeletPorts {
  readonly #options: PortsOptions
  readonly #open = new Map<string, { address: string; attended: boolean; close(): void }>()
  readonly #contexts = new Map<string, Promise<SecureContext>>()
  /** Whose port a connection came to. */
  readonly #nodes = new WeakMap<Duplex, string>()
  readonly #server = createServer({ requestTimeout: 0 }, (req, res) => void this.#answer(req, res))

  constructor(options: PortsOptions) {
    this.#options = options
  }

  /** The machine of a node is up with its kubelet or without, or it is down. */
  set(name: string, record: NodeRecord | undefined): void {
    const known = this.#open.get(name)
    const attended = record?.kubeletStopped !== true
    if (known && record && known.address === record.address && known.attended === attended) return
    known?.close()
    this.#open.delete(name)
    if (!record) return void this.#contexts.delete(name)
    const { address } = record
    const { network } = this.#options
    const listens = attended && !network.listening(address, PORT)
    const uses = [
      network.addAddress(address),
      ...(listens ? [network.listen(address, PORT, (socket) => void this.#accept(record, socket))] : []),
    ]
    this.#open.set(name, { address, attended, close: () => uses.forEach((use) => void use.close()) })
  }

  stop(): void {
    for (const { close } of this.#open.values()) close()
    this.#open.clear()
  }

  async #accept(record: NodeRecord, socket: Duplex): Promise<void> {
    const { name } = record
    if (!this.#options.servesTls(name)) return void socket.destroy()
    const context = this.#contexts.get(name) ?? this.#certify(record)
    this.#contexts.set(name, context)
    this.#nodes.set(acceptTls(socket, await context, this.#server), name)
  }

  /** Its certificate: of the cluster's authority where it asks for one, else of its own making. */
  async #certify({ name, address }: NodeRecord): Promise<SecureContext> {
    const { cluster, now } = this.#options
    const own = async () => createAuthority(`${name}-ca@${Math.floor(now() / 1000)}`, now())
    const authority = cluster.signedKubelets ? cluster.certificateAuthority : await own()
    const subject = cluster.signedKubelets ? `system:node:${name}` : name
    const issued = await new CertificateIssuer(authority, now).issue(subject, [name, address])
    return createSecureContext({ cert: issued.certificate, key: issued.privateKey })
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { authenticate, authorize, serve } = this.#options
    const node = this.#nodes.get(req.socket)
    if (node === undefined) return void res.destroy()
    const refuse = (code: number, text: string) =>
      res.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
    try {
      const user = await authenticate(req)
      if (!user) return void refuse(401, 'Unauthorized')
      const verb = VERBS[req.method ?? 'GET'] ?? 'get'
      const target = req.url ?? '/'
      const subresources = kubeletSubresources(target.split('?', 1)[0]!)
      if (!subresources.some((subresource) => authorize(user, verb, node, subresource)))
        return void refuse(
          403,
          `Forbidden (user=${user.username}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}])\n`,
        )
      await serve(node, req, res, target)
    } catch (error) {
      if (res.headersSent) res.destroy()
      else refuse(500, error instanceof Error ? error.message : String(error))
    }
  }
}
