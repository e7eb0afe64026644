import { fileURLToPath } from 'node:url'
import type { HttpHost } from '#network/hosts.ts'
import type { ClusterApi, KubeletApi } from './api.ts'
import { ApiServer } from './apiserver/apiserver.ts'
import { type RunningControllers, startControllers } from './controllers/start.ts'
import type { Kubelets } from './kubelet/kubelet.ts'
import type { TokenIssuer } from './kubelet/volumes.ts'
import type { ClusterOptions } from './provider.ts'

const GENERATED = fileURLToPath(new URL('../../generated/kubernetes', import.meta.url))

export interface KubernetesClusterOptions extends ClusterOptions {
  /** Names outside the cluster, as the nodes resolve them; undefined: NXDOMAIN. */
  upstreamDns?(name: string): string | undefined
  /** Folder that `buildOpenApi` wrote. Default: `generated/kubernetes` of this checkout. */
  generated?: string
}

/**
 * One Kubernetes cluster: API server, controllers, scheduler, kubelets. All of its state is in the world's store, so a
 * new one over the same store goes on where the last one stopped.
 */
export class KubernetesCluster {
  /** What clients reach by HTTPS. */
  readonly api: HttpHost
  /** What the cluster's own components, and the cloud, use. Reads work before `start`, writes after it. */
  readonly client: ClusterApi
  readonly #options: KubernetesClusterOptions
  readonly #server: ApiServer
  #running: RunningControllers | undefined

  constructor(options: KubernetesClusterOptions) {
    this.#options = options
    this.#server = new ApiServer(options, options.generated ?? GENERATED)
    this.api = this.#server.host
    this.client = this.#server.client
  }

  /** Makes what every cluster has, and starts its controllers. */
  async start(): Promise<void> {
    await this.#server.start()
    const { upstreamDns } = this.#options
    this.#running = startControllers(this.#options, this.client, {
      issueToken: this.#issueToken,
      ...(upstreamDns && { upstreamDns }),
    })
    this.#server.registerKubelet(this.#running.kubelets)
  }

  stop(): void {
    this.#server.stop()
    this.#running?.stop()
    this.#running = undefined
  }

  /** The kubelets, and the way to make machines into nodes. Throws before `start`. */
  get kubelets(): Kubelets {
    if (!this.#running) throw new Error('the cluster has not been started')
    return this.#running.kubelets
  }

  /** Sends requests for logs, exec, attach and port-forward elsewhere. */
  registerKubelet(kubelet: KubeletApi): void {
    this.#server.registerKubelet(kubelet)
  }

  readonly #issueToken: TokenIssuer = ({ namespace, serviceAccount, pod, audience, expirationSeconds }) => {
    const account = this.client.get('serviceaccounts', namespace, serviceAccount)
    return this.#server.issueToken({
      namespace,
      name: serviceAccount,
      uid: account?.metadata.uid ?? '',
      audiences: audience ? [audience] : [],
      expirationSeconds,
      bound: { kind: 'Pod', ...pod },
    })
  }
}
