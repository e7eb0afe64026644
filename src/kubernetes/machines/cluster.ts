import { fileURLToPath } from 'node:url'
import type { KeyAndCertificate } from '#network/authority.ts'
import type { ClusterApi } from '../api.ts'
import { ApiServer } from '../apiserver/apiserver.ts'
import { type ControlPlane, createControlPlane, managedBy } from '../controllers/control-plane.ts'
import { type ClusterNetwork, startControllerManager, startNetwork } from '../controllers/start.ts'
import { localPathProvisioner } from '../controllers/volumes/local-path.ts'
import { resolverFile } from '../dns/resolver.ts'
import { type Kubelets, type KubeletsOptions, startKubelets } from '../kubelet/kubelet.ts'
import { type NodeRecord, nodeRecordPrefix } from '../kubelet/node-record.ts'
import type { TokenIssuer } from '../kubelet/volume-content.ts'
import type { ClusterOptions } from '../provider.ts'
import { startScheduler } from '../scheduler/scheduler.ts'
import { nodeIpam } from './node-ipam.ts'

export const GENERATED = fileURLToPath(new URL('../../../generated/kubernetes', import.meta.url))

/** What an API server's flags say of its cluster. */
export type ServerSettings = Pick<
  ClusterOptions,
  | 'serviceCidr'
  | 'certificateAuthority'
  | 'servingCertificate'
  | 'serviceAccountKey'
  | 'frontProxy'
  | 'controlPlaneAddresses'
  | 'hostnames'
  | 'apiPort'
  | 'authorizers'
  | 'rbac'
  | 'tokens'
  | 'endpoint'
  | 'gitVersion'
  | 'storageTrouble'
  | 'apiServers'
  | 'componentHealth'
>

type Foundation = Pick<
  ClusterOptions,
  'uid' | 'world' | 'network' | 'networks' | 'runtime' | 'images' | 'provider' | 'onAnswer'
>

interface Needs extends Pick<KubeletsOptions, 'images' | 'volumes' | 'staticWorker' | 'configurationOf'> {
  /** Whether the kubelet of a node reaches the API server of this cluster, if it serves. */
  reaches(node: string): boolean
  upstreamDns?: (name: string) => string | undefined
  /** Told when the API server begins or ends to answer. */
  changed(): void
}

/**
 * A cluster whose parts run on machines: what is here is what its data in etcd means to them. The API server, the controller manager and the
 * scheduler run while their processes say so; the kubelets, Services and names stay what they were when the API server goes.
 */
export class MachineCluster {
  readonly uid: string
  /** The API as of the latest API server: reads work while it is away. */
  readonly client: ClusterApi
  readonly #options: ClusterOptions
  readonly #needs: Needs
  /** The API servers that run, with what their flags say, the latest last. */
  readonly #servers = new Map<ApiServer, ServerSettings>()
  /** The latest of them, which answers reads when none runs. */
  #last: ApiServer | undefined
  #plane: ControlPlane | undefined
  #network: ClusterNetwork | undefined
  #kubelets: Kubelets | undefined
  #provisioner: { stop(): void } | undefined

  constructor(foundation: Foundation, needs: Needs) {
    this.uid = foundation.uid
    this.#needs = needs
    this.#options = {
      ...foundation,
      gitVersion: '',
      tokens: [],
      authorizers: [],
      serviceCidr: '10.96.0.0/16',
      certificateAuthority: { certificate: '', privateKey: '' },
      endpoint: '',
    }
    this.client = latest(() => this.#server.client)
  }

  /** Whether an API server answers, with its storage behind it. */
  get serving(): boolean {
    return [...this.#servers.values()].some(answers)
  }

  /** An API server that answers, else the one that did last. */
  get #server(): ApiServer {
    for (const [server, settings] of this.#servers) if (answers(settings)) return server
    return this.#last!
  }

  get options(): Readonly<ClusterOptions> {
    return this.#options
  }

  /** Undefined before the first API server. */
  get kubelets(): Kubelets | undefined {
    return this.#kubelets
  }

  get network(): ClusterNetwork | undefined {
    return this.#network
  }

  get plane(): ControlPlane {
    if (!this.#plane) throw new Error('the cluster never had an API server')
    return this.#plane
  }

  /** Runs an API server until it is stopped. Throws what its listener throws (EADDRINUSE). */
  async serve(settings: ServerSettings): Promise<{ stop(): void }> {
    const own = { rbac: true, servingCertificate: undefined, ...settings, apiServers: this.#addresses }
    Object.assign(this.#options, own)
    const server = new ApiServer({ ...this.#options, ...own } as ClusterOptions, GENERATED)
    this.#last ??= server
    this.#open()
    await server.start()
    server.registerKubelet(this.#kubelets!)
    this.#last = server
    this.#servers.set(server, settings)
    this.#serversChanged()
    return {
      stop: () => {
        server.stop()
        this.#servers.delete(server)
        this.#serversChanged()
      },
    }
  }

  readonly #addresses = (): string[] =>
    [...this.#servers.values()].flatMap(({ controlPlaneAddresses = [] }) => controlPlaneAddresses).sort()

  #serversChanged(): void {
    for (const server of this.#servers.keys()) server.apiServersChanged()
    this.#needs.changed()
  }

  /** The controllers of a kube-controller-manager that leads; without `signing` nobody signs certificates. */
  startControllerManager(
    podCidr: string | undefined,
    signing: KeyAndCertificate | undefined,
    accounts: readonly string[],
  ): { stop(): void } {
    if (signing) this.#options.signingAuthority = signing
    else delete this.#options.signingAuthority
    const parts = [
      startControllerManager(this.plane, (namespace, pod) => this.#kubelets!.usage(namespace, pod), {
        cloud: false,
        accounts,
      }),
      this.#options.world.controllers.start(
        nodeIpam(managedBy(this.plane, 'kube-controller-manager'), podCidr),
      ),
    ]
    return {
      stop: () => {
        for (const part of parts) part.stop()
      },
    }
  }

  startScheduler(): { stop(): void } {
    return startScheduler(managedBy(this.plane, 'kube-scheduler'))
  }

  /** The API server answers again, or stopped to. */
  reconnected(): void {
    if (this.serving) this.#kubelets?.reconnected()
  }

  stop(): void {
    for (const server of this.#servers.keys()) server.stop()
    this.#servers.clear()
    this.#kubelets?.stop()
    this.#provisioner?.stop()
    this.#network?.stop()
    this.#plane?.close()
  }

  /** What nodes have of a cluster, from its first API server on. */
  #open(): void {
    if (this.#plane) return
    const { images, volumes, staticWorker, configurationOf, reaches, upstreamDns } = this.#needs
    const plane = createControlPlane(this.#options, this.client)
    const network = startNetwork(plane, {
      upstream: upstreamDns,
      // Its machines see to their kube-proxies.
      nodeBrings: () => ({ dns: false, proxy: true, network: false }),
    })
    const { world, uid } = this.#options
    // Each machine says itself that it is up.
    for (const { key, value } of world.store.list<NodeRecord>(nodeRecordPrefix(uid)).entries)
      if (!value.stopped) world.store.put(key, { ...value, stopped: true })
    this.#plane = plane
    this.#network = network
    if (volumes)
      this.#provisioner = world.controllers.start(
        localPathProvisioner(
          plane,
          (node) => volumes.hostOf(node),
          () => this.serving,
        ),
      )
    this.#kubelets = startKubelets(managedBy(plane, 'kubelet'), {
      ...(images && { images }),
      ...(volumes && { volumes }),
      ...(staticWorker && { staticWorker }),
      ...(configurationOf && { configurationOf }),
      plugins: network.plugins,
      bringsNetwork: () => false,
      authenticate: (req) => this.#server.authenticate(req),
      reaches: (node) => this.serving && reaches(node),
      issueToken: this.#issueToken,
      resolve: (...asked) => network.resolver.resolve(...asked),
      records: (...asked) => network.resolver.records(...asked),
      resolver: (pod, nodeName) => resolverFile(pod, nodeName, this.#options),
    })
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

const answers = ({ storageTrouble }: ServerSettings): boolean => storageTrouble?.() === undefined

/** A client that is always the present one. */
function latest(current: () => ClusterApi): ClusterApi {
  return {
    get: (...args) => current().get(...args),
    list: (...args) => current().list(...args),
    prefix: (...args) => current().prefix(...args),
    parseKey: (...args) => current().parseKey(...args),
    mayAccess: (...args) => current().mayAccess(...args),
    resources: () => current().resources(),
    resourceNamed: (...args) => current().resourceNamed(...args),
    create: (...args) => current().create(...args),
    update: (...args) => current().update(...args),
    updateStatus: (...args) => current().updateStatus(...args),
    apply: (...args) => current().apply(...args),
    delete: (...args) => current().delete(...args),
    evict: (...args) => current().evict(...args),
    bind: (...args) => current().bind(...args),
    event: (...args) => current().event(...args),
    occurrence: (...args) => current().occurrence(...args),
    as: (manager) => latest(() => current().as(manager)),
  }
}
