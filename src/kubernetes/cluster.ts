import { fileURLToPath } from 'node:url'
import type { HttpHost } from '#network/hosts.ts'
import type { ClusterApi, KubeletApi } from './api.ts'
import { ApiServer } from './apiserver/apiserver.ts'
import { createControlPlane, managedBy } from './controllers/control-plane.ts'
import { type ClusterNetwork, startControllerManager, startNetwork } from './controllers/start.ts'
import { resolverFile } from './dns/resolver.ts'
import { type Kubelets, startKubelets } from './kubelet/kubelet.ts'
import type { TokenIssuer } from './kubelet/volume-content.ts'
import type { NodePlugins } from './network/plugins.ts'
import type { ClusterOptions, UserInfo } from './provider.ts'
import { startScheduler } from './scheduler/scheduler.ts'

const GENERATED = fileURLToPath(new URL('../../generated/kubernetes', import.meta.url))

const ALL = () => ({ dns: true, proxy: true, network: true })

export interface KubernetesClusterOptions extends ClusterOptions {
  /** Folder that `buildOpenApi` wrote. Default: `generated/kubernetes` of this checkout. */
  generated?: string
}

/**
 * One Kubernetes cluster whose parts all run, always: API server, controllers, scheduler, kubelets, as a cloud's managed one. All of its state is in the world's store, so a
 * new one over the same store goes on where the last one stopped.
 */
export class KubernetesCluster {
  /** What clients reach by HTTPS. */
  readonly api: HttpHost
  /** What the cluster's own components, and the cloud, use. Reads work before `start`, writes after it. */
  readonly client: ClusterApi
  /** The schemas of the kinds that it serves, custom ones included, by path (`apis/apps/v1`). */
  readonly openApi: ApiServer['openApi']
  readonly #options: KubernetesClusterOptions
  readonly #server: ApiServer
  #kubelets: Kubelets | undefined
  #network: ClusterNetwork | undefined
  #running: { stop(): void }[] = []

  constructor(options: KubernetesClusterOptions) {
    this.#options = options
    this.#server = new ApiServer(options, options.generated ?? GENERATED)
    this.api = this.#server.host
    this.client = this.#server.client
    this.openApi = this.#server.openApi
  }

  /** Makes what every cluster has, and starts its controllers. */
  async start(): Promise<void> {
    await this.#server.start()
    const { upstreamDns, nodeBrings = ALL, controllerAccounts: accounts = [] } = this.#options
    const plane = createControlPlane(this.#options, this.client)
    const network = startNetwork(plane, { upstream: upstreamDns, nodeBrings })
    const { kubeletConfiguration: configurationOf } = this.#options
    const kubelets = startKubelets(managedBy(plane, 'kubelet'), {
      ...(configurationOf && { configurationOf }),
      plugins: network.plugins,
      bringsNetwork: (node) => nodeBrings(node).network,
      authenticate: (req) => this.#server.authenticate(req),
      issueToken: this.#issueToken,
      resolve: (...asked) => network.resolver.resolve(...asked),
      records: (...asked) => network.resolver.records(...asked),
      resolver: (pod, nodeName) => resolverFile(pod, nodeName, this.#options),
    })
    const manager = startControllerManager(plane, (namespace, pod) => kubelets.usage(namespace, pod), {
      accounts,
    })
    this.#running = [
      manager,
      // Before the kubelets: what ends with them is no kube-proxy that stops.
      network,
      kubelets,
      startScheduler(managedBy(plane, 'kube-scheduler')),
      { stop: () => plane.close() },
    ]
    this.#kubelets = kubelets
    this.#network = network
    this.#server.registerKubelet(kubelets)
  }

  stop(): void {
    this.#server.stop()
    for (const part of this.#running) part.stop()
    this.#running = []
    this.#kubelets = undefined
  }

  /** The kubelets, and the way to make machines into nodes. Throws before `start`. */
  get kubelets(): Kubelets {
    if (!this.#kubelets) throw new Error('the cluster has not been started')
    return this.#kubelets
  }

  /** The daemons of the network plug-ins on its nodes; undefined before `start`. */
  get plugins(): NodePlugins | undefined {
    return this.#network?.plugins
  }

  /** Sends requests for logs, exec, attach and port-forward elsewhere. */
  registerKubelet(kubelet: KubeletApi): void {
    this.#server.registerKubelet(kubelet)
  }

  /** Whose service account token it is, if it is one for this audience. */
  authenticateAccount(token: string, audience: string): UserInfo | undefined {
    const found = this.#server.authenticateAccount(token)
    return found?.audiences.includes(audience) ? found.user : undefined
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
