import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { assumeRoleForPodIdentity, POD_IDENTITY_SERVICE, PodIdentityRefusal } from '#aws/eks/pod-identity.ts'
import type { ClusterApi } from '#kubernetes/api.ts'
import type { Pod } from '#kubernetes/objects.ts'
import { ConnectError, type Peer, type Route, type VirtualNetwork } from '#network/virtual-network.ts'
import type { Clusters, RunningCluster } from './clusters.ts'
import { AGENT_ADDRESS } from './pod-webhooks.ts'

const PORT = 80
const AGENT = { 'app.kubernetes.io/name': 'eks-pod-identity-agent' }

/** Whether pods of a node get credentials there: an agent runs on it. */
export function agentRuns(client: Pick<ClusterApi, 'list'>, nodeName: string | undefined): boolean {
  return client
    .list<Pod>('pods', 'kube-system')
    .some(
      ({ metadata, spec, status }) =>
        spec.nodeName === nodeName &&
        status.phase === 'Running' &&
        Object.entries(AGENT).every(([key, value]) => metadata.labels?.[key] === value),
    )
}

/**
 * The EKS Pod Identity Agent, at the same link-local address on every node: gives the pods of its node credentials of the role that
 * their service account is associated with. https://github.com/aws/eks-pod-identity-agent
 */
export class PodIdentityAgent implements Route {
  readonly #clusters: Clusters
  readonly #server = createServer((req, res) => this.#answer(req, res))
  readonly #peers = new WeakMap<Duplex, string>()
  readonly #uses: { close(): void }[]

  constructor(clusters: Clusters, network: VirtualNetwork) {
    this.#clusters = clusters
    this.#uses = [
      network.addRoute(this),
      network.listen(AGENT_ADDRESS, PORT, (socket, peer) => {
        this.#peers.set(socket, peer.address)
        socket.on('error', () => socket.destroy())
        this.#server.emit('connection', socket)
      }),
    ]
  }

  close(): void {
    for (const use of this.#uses) use.close()
  }

  /** Without an agent on the node nobody listens there. */
  resolve(from: Peer, to: Peer): undefined {
    if (to.address !== AGENT_ADDRESS) return
    const found = this.#podAt(from.address)
    if (!found || !agentRuns(found.cluster.kubernetes.client, found.pod.spec.nodeName))
      throw new ConnectError('ECONNREFUSED', to.address, to.port)
  }

  #podAt(address: string): { cluster: RunningCluster; pod: Pod } | undefined {
    for (const cluster of this.#clusters.all()) {
      const pod = cluster.kubernetes.client
        .list<Pod>('pods')
        .find(({ spec, status }) => status?.podIP === address && !spec.hostNetwork)
      if (pod) return { cluster, pod }
    }
    return undefined
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    const refuse = (status: number, message: string) =>
      res.writeHead(status, { 'content-type': 'text/plain' }).end(`${message}\n`)
    if (req.url !== '/v1/credentials') return void refuse(404, '404 page not found')
    const token = req.headers.authorization
    if (!token) return void refuse(400, 'Service account token cannot be empty')
    const found = this.#podAt(this.#peers.get(req.socket) ?? '')
    const user = found?.cluster.kubernetes.authenticateAccount(token, POD_IDENTITY_SERVICE)
    if (!found || !user) return void refuse(400, 'Service account token is not valid')
    const [, , namespace = '', serviceAccount = ''] = user.username.split(':')
    const { scope, record } = found.cluster
    const pod = user.extra?.['authentication.kubernetes.io/pod-name']?.[0] ?? found.pod.metadata.name
    try {
      const given = assumeRoleForPodIdentity(scope, {
        clusterName: record.name,
        namespace,
        serviceAccount,
        pod,
      })
      const body = {
        AccessKeyId: given.AccessKeyId,
        SecretAccessKey: given.SecretAccessKey,
        Token: given.SessionToken,
        AccountId: scope.accountId,
        Expiration: given.Expiration.toISOString(),
      }
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    } catch (error) {
      if (!(error instanceof PodIdentityRefusal)) throw error
      const status = error.code === 'ResourceNotFoundException' ? 404 : 403
      refuse(status, `[${scope.world.ids.uuid()}]: (${error.code}): ${error.message}, fault: client`)
    }
  }
}
