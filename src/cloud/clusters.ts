import type { SecureContext } from 'node:tls'
import type { Scope } from '#aws/ec2/index.ts'
import { dhcpNames, privateDnsName, scopeOfKey, tables } from '#aws/ec2/index.ts'
import { accessPolicyDecision, kubernetesUser } from '#aws/eks/kubernetes-access.ts'
import type { ClusterRecord } from '#aws/eks/records.ts'
import { authorityKeys, clusters } from '#aws/eks/tables.ts'
import { verifyEksToken } from '#aws/sts/token.ts'
import { SignatureFault } from '#aws/wire/sigv4.ts'
import type { ImagePuller } from '#containers/image.ts'
import type { ContainerRuntime } from '#containers/runtime.ts'
import type { KubernetesObject } from '#kubernetes/api.ts'
import { KubernetesCluster } from '#kubernetes/cluster.ts'
import { EKS_ACCOUNTS } from '#kubernetes/controllers/controller-accounts.ts'
import type { ClusterNetworks } from '#kubernetes/network/networks.ts'
import type { Node } from '#kubernetes/objects.ts'
import type {
  AnsweredRequest,
  CloudProvider,
  NodeServices,
  TokenAuthenticator,
} from '#kubernetes/provider.ts'
import { CertificateIssuer } from '#network/authority.ts'
import type { HostTable, HttpHost } from '#network/hosts.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { StoreEvent } from '#world/store.ts'
import type { World } from '#world/world.ts'
import { adoptNetwork } from './adopted-network.ts'
import { ControlPlaneLogs } from './control-plane-logs.ts'
import { nodeadmConfiguration } from './data/kubelet-configuration.ts'
import { forgetInstalledAddons } from './installed-addons.ts'
import { forgetSystemAddons, installSystemAddons } from './system-addons.ts'

export interface ClustersOptions {
  world: World
  network: VirtualNetwork
  networks: ClusterNetworks
  runtime: ContainerRuntime
  images: ImagePuller
  provider(scope: Scope, cluster: ClusterRecord): CloudProvider
  /** Addresses of names outside the clusters, as a machine of the VPC finds them; undefined: NXDOMAIN. */
  lookup(name: string, scope: Scope, vpcId: string): string | undefined
  /** See `ClusterOptions.onAnswer`; with the cluster's name. */
  onAnswer?(cluster: string, request: AnsweredRequest): void
}

/** A cluster whose control plane runs. */
export interface RunningCluster {
  record: ClusterRecord
  scope: Scope
  kubernetes: KubernetesCluster
  host: HttpHost
  logs: ControlPlaneLogs
}

/** Auto Mode's nodes run their own network, name server and proxy, Fargate's all but the name server; on others these are the add-ons' work. */
function servicesOf(node: Node | undefined): NodeServices {
  const type = node?.metadata.labels?.['eks.amazonaws.com/compute-type']
  const isManaged = type === 'auto' || type === 'fargate'
  return { dns: type === 'auto', proxy: isManaged, network: isManaged }
}

/**
 * The signers whose approved requests EKS signs: it gives no client certificates.
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/cert-signing.html, read 2026-11.
 */
const EKS_SIGNERS = ['beta.eks.amazonaws.com/app-serving', 'kubernetes.io/kubelet-serving']

/**
 * The Kubernetes behind the EKS clusters of a world: a control plane runs for each cluster record that is past its creation,
 * and is gone with it. A table of their API servers' host names for the proxy.
 */
export class Clusters implements HostTable {
  readonly #options: ClustersOptions
  readonly #running = new Map<string, RunningCluster>()
  readonly #byHost = new Map<string, RunningCluster>()
  readonly #listeners = new Set<(cluster: RunningCluster) => void>()
  #controller: { stop(): void } | undefined

  constructor(options: ClustersOptions) {
    this.#options = options
  }

  /** Resolves when the control planes of the clusters that are there already run: nobody must find a name of theirs unknown. */
  async start(): Promise<void> {
    const { world } = this.#options
    const prefix = 'aws/'
    for (const { key } of world.store.list(prefix).entries) {
      // The controller tries again what fails here, and logs it.
      if (isCluster(key)) await this.#reconcile(key).catch(() => {})
    }
    this.#controller = world.controllers.start({
      name: 'eks-control-plane',
      sources: [{ prefix, keys: ({ key }) => (isCluster(key) ? [key] : []) }],
      reconcile: (key) => this.#reconcile(key),
    })
  }

  stop(): void {
    this.#controller?.stop()
    for (const { kubernetes, logs } of this.#running.values()) {
      logs.stop()
      kubernetes.stop()
    }
  }

  /** The running control plane of a cluster, by the cluster's uid. */
  find(uid: string): RunningCluster | undefined {
    return this.#running.get(uid)
  }

  /** All running control planes. */
  all(): RunningCluster[] {
    return [...this.#running.values()]
  }

  /** The running control planes of a name: one in each account and region at most. */
  named(name: string): RunningCluster[] {
    return [...this.#running.values()].filter(({ record }) => record.name === name)
  }

  /** Calls `listener` whenever a control plane has come up. */
  onRunning(listener: (cluster: RunningCluster) => void): void {
    this.#listeners.add(listener)
  }

  resolve(host: string, port: number): HttpHost | undefined {
    return port === 443 ? this.#byHost.get(host)?.host : undefined
  }

  async #reconcile(key: string): Promise<void> {
    const { world } = this.#options
    const record = world.store.get<ClusterRecord>(key)?.value
    const serves = record && record.status !== 'CREATING' && record.status !== 'FAILED'
    for (const running of this.#running.values()) {
      if (clusterKey(running) === key && (!serves || running.record.uid !== record.uid)) this.#end(running)
    }
    if (!serves) return
    const running = this.#running.get(record.uid)
    if (running) running.record = record
    else await this.#begin(scopeOfKey(world, key), record)
  }

  async #begin(scope: Scope, record: ClusterRecord): Promise<void> {
    const { world, network, networks, runtime, images, provider, lookup, onAnswer } = this.#options
    const authority = {
      certificate: record.caCertificate,
      privateKey: authorityKeys.find(scope, record.uid)!,
    }
    const issuer = new CertificateIssuer(authority, () => world.clock.hostNow())
    const current = () => this.#running.get(record.uid)?.record ?? record
    const tokens: TokenAuthenticator = {
      authenticate: async (token) => {
        const principal = principalOf(world, token, record.name)
        if (!principal && token.startsWith('k8s-aws-v1.')) logs.tokenRefused(current())
        const awsAuth = kubernetes.client.get<KubernetesObject & { data?: Record<string, string> }>(
          'configmaps',
          'kube-system',
          'aws-auth',
        )
        const user = principal && kubernetesUser(scope, current(), principal, awsAuth?.data)
        if (principal) logs.loggedIn(current(), token, principal, user)
        return user
      },
    }
    const logs = new ControlPlaneLogs(scope, record.uid)
    const addresses = tables.networkInterfaces
      .list(scope)
      .filter(({ id }) => record.networkInterfaceIds.includes(id))
      .map(({ addresses }) => addresses[0]!)
    const kubernetes = new KubernetesCluster({
      uid: record.uid,
      gitVersion: record.gitVersion,
      world,
      network,
      networks,
      nodeBrings: (node) => servicesOf(kubernetes.client.get<Node>('nodes', '', node)),
      runtime,
      images,
      provider: provider(scope, record),
      tokens: [tokens],
      authorizers: [{ authorize: (attributes) => accessPolicyDecision(scope, current(), attributes) }],
      serviceCidr: record.serviceIpv4Cidr,
      certificateAuthority: authority,
      certificateSigners: EKS_SIGNERS,
      signedKubelets: true,
      kubeletConfiguration: (node) => nodeadmConfiguration(node, record.serviceIpv4Cidr),
      controllerAccounts: EKS_ACCOUNTS,
      endpoint: record.endpoint,
      tokenIssuer: record.oidcIssuer,
      controlPlaneAddresses: addresses,
      hostnames: addresses.map((address) => privateDnsName(scope.region, address)),
      upstreamDns: (name) => lookup(name, scope, record.vpcId),
      nodeNames: () => dhcpNames(scope, record.vpcId),
      onAnswer: (request) => {
        logs.answered(current(), request)
        onAnswer?.(record.name, request)
      },
    })
    const { api } = kubernetes
    const host: HttpHost = {
      kind: 'http',
      request: (req, res) => api.request(req, res),
      ...(api.upgrade && { upgrade: (req, socket, head) => api.upgrade!(req, socket, head) }),
      secureContext: (name): Promise<SecureContext> => issuer.secureContext(name),
      requestsClientCertificate: true,
    }
    const running = { record, scope, kubernetes, host, logs }
    await kubernetes.start()
    logs.start(kubernetes.client, current)
    if (installSystemAddons(world, running)) adoptNetwork(world, running)
    this.#running.set(record.uid, running)
    this.#byHost.set(new URL(record.endpoint).hostname.toLowerCase(), running)
    for (const listener of this.#listeners) listener(running)
  }

  /** Stops a control plane whose cluster was deleted, and forgets its objects. */
  #end({ record, kubernetes, logs }: RunningCluster): void {
    const { store } = this.#options.world
    logs.stop()
    kubernetes.stop()
    forgetSystemAddons(this.#options.world, record.uid)
    forgetInstalledAddons(this.#options.world, record.uid)
    this.#running.delete(record.uid)
    this.#byHost.delete(new URL(record.endpoint).hostname.toLowerCase())
    for (const folder of KEPT) {
      const prefix = `${folder}/${record.uid}/`
      store.commit(store.list(prefix).entries.map(({ key }) => ({ key, value: undefined })))
    }
  }
}

/** Folders of the store that hold what belongs to a cluster, by its uid. */
const KEPT = ['kubernetes', 'kubelet', 'volume-data', 'provisioning', 'node-drains']

const CLUSTER_KEY = /^aws\/\d+\/[a-z0-9-]+\/eks\/clusters\/[^/]+$/
const isCluster = (key: StoreEvent['key']) => CLUSTER_KEY.test(key)
const clusterKey = ({ scope, record }: RunningCluster) => clusters.key(scope, record.name)

/** A token that is wrong in any way is nobody's: the API server answers 401. */
function principalOf(world: World, token: string, cluster: string) {
  try {
    return verifyEksToken(world, token, cluster)
  } catch (error) {
    if (error instanceof SignatureFault) return undefined
    throw error
  }
}
