import type { ImagePuller } from '#containers/image.ts'
import type { ContainerRuntime } from '#containers/runtime.ts'
import type { ClusterApi } from '#kubernetes/api.ts'
import { KubernetesCluster } from '#kubernetes/cluster.ts'
import type { Deployment, Pod } from '#kubernetes/objects.ts'
import { isReady } from '#kubernetes/pods.ts'
import type { ClusterOptions, LoadBalancerRequest } from '#kubernetes/provider.ts'
import { createAuthority } from '#network/authority.ts'
import { VirtualNetwork } from '#network/virtual-network.ts'
import { Clock } from '#world/clock.ts'
import type { Store } from '#world/store.ts'
import { World } from '#world/world.ts'
import { podAddresses } from '../../support/pod-addresses.ts'
import { ScriptedRuntime } from './scripted-runtime.ts'

const authority = createAuthority('kubernetes', Date.parse('2026-11-21T00:00:00Z'))

/** A cluster with its controllers on a clock that tests move. */
export interface TestCluster {
  world: World
  api: ClusterApi
  network: VirtualNetwork
  runtime: ScriptedRuntime
  kubernetes: KubernetesCluster
  balancers: Map<string, LoadBalancerRequest>
  /** Moves the clock in steps of a second until `condition` holds; fails after `limitMs`. */
  until(what: string, condition: () => unknown, limitMs?: number): Promise<void>
  pods(namespace?: string): Pod[]
  pod(name: string): Pod
  events(name: string): string[]
  addNode(name: string, options?: { cpu?: string; pods?: string; address?: string; zone?: string }): void
  close(): void
}

interface TestOptions {
  /** Goes on with this store, as after a restart. */
  store?: Store
  /** Another cluster of the same world. */
  beside?: TestCluster
  nodes?: number
  now?: number
  seed?: string
  /** Whether nodes bring the network of their pods. Default: they do. */
  bringsNetwork?(): boolean
  /** How long to wait for the nodes. Default 5000. */
  settleMs?: number
  /** Runs the project's own images in the simulated runtime. */
  containers?(
    world: World,
    network: VirtualNetwork,
  ): Promise<{ runtime: ContainerRuntime; images: ImagePuller }>
}

export async function testCluster(options: TestOptions = {}): Promise<TestCluster> {
  const { beside } = options
  const clock =
    beside?.world.clock ?? new Clock({ speed: 0, now: options.now ?? Date.parse('2026-11-21T10:00:00Z') })
  const world =
    beside?.world ??
    new World({
      id: 'test',
      clock,
      seed: options.seed ?? 'kubernetes',
      ...(options.store && { store: options.store }),
      log: { error: (controller, key, error) => console.error(controller, key, error) },
    })
  const network = beside?.network ?? new VirtualNetwork()
  const runtime = beside?.runtime ?? new ScriptedRuntime(network)
  const balancers = new Map<string, LoadBalancerRequest>()
  const containers = await options.containers?.(world, network)
  const cluster: ClusterOptions = {
    uid: beside ? 'c2' : 'c1',
    gitVersion: 'v1.35.2-eks-1234567',
    world,
    network,
    runtime: containers?.runtime ?? runtime,
    images: containers?.images ?? runtime,
    provider: {
      ...podAddresses(world),
      registryCredentials: async () => undefined,
      async ensureLoadBalancer(service) {
        balancers.set(service.uid, service)
        return [{ hostname: `lb-${service.name}.us-east-1.elb.amazonaws.com` }]
      },
      async deleteLoadBalancer({ uid }) {
        balancers.delete(uid)
      },
    },
    tokens: [],
    authorizers: [],
    serviceCidr: '10.100.0.0/16',
    certificateAuthority: await authority,
    endpoint: 'https://c1.example',
    nodeBrings: () => ({ dns: true, proxy: true, network: options.bringsNetwork?.() ?? true }),
  }
  const kubernetes = new KubernetesCluster(cluster)
  await kubernetes.start()
  const api = kubernetes.client
  const self: TestCluster = {
    world,
    api,
    network,
    runtime,
    kubernetes,
    balancers,
    async until(what, condition, limitMs = 120_000) {
      const end = clock.now() + limitMs
      await world.advance(0)
      while (!condition()) {
        if (clock.now() >= end) throw new Error(`never came true: ${what}`)
        await world.advance(200)
      }
    },
    pods: (namespace = 'default') => api.list<Pod>('pods', namespace),
    pod: (name) => api.get<Pod>('pods', 'default', name)!,
    events: (name) =>
      world.store
        .list<{ involvedObject: { name: string }; reason: string; message: string }>(
          api.prefix('events', 'default'),
        )
        .entries.sort((a, b) => a.createRevision - b.createRevision)
        .filter(({ value }) => value.involvedObject.name === name)
        .map(({ value }) => `${value.reason}: ${value.message}`),
    addNode(name, { cpu = '4', pods = '110', address, zone = 'us-east-1a' } = {}) {
      const quantities = { cpu, memory: '16Gi', pods, 'ephemeral-storage': '80Gi' }
      kubernetes.kubelets.registerNode({
        name,
        providerId: `aws:///${zone}/i-${name}`,
        address: address ?? `192.168.0.${api.list('nodes').length + 1}`,
        labels: { 'topology.kubernetes.io/zone': zone },
        taints: [],
        capacity: quantities,
        allocatable: quantities,
        nodeInfo: {
          architecture: 'amd64',
          bootID: '',
          containerRuntimeVersion: 'containerd://2.1.5',
          kernelVersion: '6.12.46',
          kubeProxyVersion: '',
          kubeletVersion: 'v1.35.2-eks-1234567',
          machineID: '',
          operatingSystem: 'linux',
          osImage: 'Amazon Linux 2023',
          systemUUID: '',
        },
      })
    },
    close() {
      kubernetes.stop()
      world.close()
    },
  }
  if (!options.store) {
    for (let i = 1; i <= (options.nodes ?? 2); i++) self.addNode(`node-${i}`, { address: `192.168.0.${i}` })
  }
  await world.advance(options.settleMs ?? 5000)
  return self
}

export const deployment = (
  name: string,
  replicas: number,
  options: { image?: string; spec?: object; container?: object; pod?: object } = {},
): Deployment =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [{ name: 'web', image: options.image ?? 'web:1', ...options.container }],
          ...options.pod,
        },
      },
      ...options.spec,
    },
  }) as unknown as Deployment

export const pod = (name: string, container: object = {}, spec: object = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: { containers: [{ name: 'main', image: 'web:1', ...container }], ...spec },
  }) as unknown as Pod

export const readyPods = (cluster: TestCluster): Pod[] => cluster.pods().filter(isReady)
