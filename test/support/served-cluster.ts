import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Registries } from '#cloud/registries.ts'
import { BlobStore } from '#containers/blobs/store.ts'
import { Catalogue } from '#containers/catalogue/catalogue.ts'
import { LayerTrees } from '#containers/files/layers.ts'
import type { ImagePuller } from '#containers/image.ts'
import { createImagePuller } from '#containers/images/puller.ts'
import { createContainerRuntime } from '#containers/processes/runtime.ts'
import type { ContainerRuntime } from '#containers/runtime.ts'
import { KubernetesCluster } from '#kubernetes/cluster.ts'
import type { NodeRegistry } from '#kubernetes/kubelet/kubelet.ts'
import type { AnsweredRequest, UserInfo } from '#kubernetes/provider.ts'
import { CertificateIssuer, createAuthority } from '#network/authority.ts'
import { VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import { podAddresses } from './pod-addresses.ts'

/** A cluster with the product's own images and container runtime, behind a real HTTPS server on loopback. */
export interface ServedCluster {
  cluster: KubernetesCluster
  network: VirtualNetwork
  url: string
  /** PEM of the authority of the server's certificate. */
  authority: string
  close(): Promise<void>
}

interface Options {
  /** Where the images' blobs are. */
  folder: string
  /** Who a bearer token stands for. Default: `admin` is of group system:masters. */
  authenticate?(token: string): Promise<UserInfo | undefined>
  /** Is told of each request that was answered. */
  onAnswer?(request: AnsweredRequest): void
}

const administrator = async (token: string): Promise<UserInfo | undefined> =>
  token === 'admin' ? { username: 'admin', groups: ['system:masters'] } : undefined

/** A cluster that is started, with what it runs on. */
export interface StartedCluster {
  cluster: KubernetesCluster
  network: VirtualNetwork
  authority: { certificate: string; privateKey: string }
  /** Settles when no image is being pulled: after it nothing more is written to the blobs by a cluster that was stopped. */
  pulled(): Promise<void>
}

/** Starts a cluster over what is in the world's store. `runtime` may be wrapped, to see what goes through it. */
export async function startCluster(
  world: World,
  blobs: BlobStore,
  options: Pick<Options, 'authenticate' | 'onAnswer'> & {
    authority?: StartedCluster['authority']
    wrap?(runtime: ContainerRuntime): ContainerRuntime
  } = {},
): Promise<StartedCluster> {
  const network = new VirtualNetwork()
  const hosts = new Registries({ world, accountId: '111122223333', blobs, catalogue: new Catalogue(blobs) })
  const authority = options.authority ?? (await createAuthority('kubernetes', Date.now()))
  const runtime = createContainerRuntime({ clock: world.clock, network, trees: new LayerTrees(blobs) })
  const images = createImagePuller({ hosts, blobs })
  const pulls = new Set<Promise<unknown>>()
  const pull: ImagePuller['pull'] = (...asked) => {
    const pulling = images.pull(...asked)
    const over: Promise<unknown> = pulling.catch(() => {}).finally(() => pulls.delete(over))
    pulls.add(over)
    return pulling
  }
  const cluster = new KubernetesCluster({
    uid: 'c1',
    gitVersion: 'v1.35.2-eks-1234567',
    world,
    network,
    runtime: options.wrap?.(runtime) ?? runtime,
    images: { pull },
    provider: {
      ...podAddresses(world),
      registryCredentials: async () => undefined,
      ensureLoadBalancer: async ({ name }) => [{ hostname: `lb-${name}.us-east-1.elb.amazonaws.com` }],
      deleteLoadBalancer: async () => {},
    },
    tokens: [{ authenticate: options.authenticate ?? administrator }],
    authorizers: [],
    serviceCidr: '10.100.0.0/16',
    certificateAuthority: authority,
    endpoint: 'https://kubernetes.test',
    ...(options.onAnswer && { onAnswer: options.onAnswer }),
    controlPlaneAddresses: ['192.168.100.1', '192.168.101.1'],
  })
  await cluster.start()
  const pulled = async () => void (await Promise.all(pulls))
  return { cluster, network, authority, pulled }
}

export async function servedCluster(world: World, options: Options): Promise<ServedCluster> {
  const blobs = await BlobStore.open(join(options.folder, 'blobs'))
  const { cluster, network, authority, pulled } = await startCluster(world, blobs, options)
  const issuer = new CertificateIssuer(authority, Date.now)
  const { privateKey: key, certificate: cert } = await issuer.issue('127.0.0.1')
  const { api } = cluster
  const server = createServer({ key, cert, requestCert: true, rejectUnauthorized: false }, (req, res) =>
    api.request(req, res),
  )
  server.on('upgrade', (req, socket, head) => api.upgrade!(req, socket, head))
  // As kube-apiserver: a client's idle connection is not closed under its next request.
  server.keepAliveTimeout = 90_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    cluster,
    network,
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authority: authority.certificate,
    async close() {
      cluster.stop()
      world.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await pulled()
    },
  }
}

/** The machine of a node, as the cloud makes it known: 4 CPUs, 16 GiB, 110 pods. */
export function machine(index: number): Parameters<NodeRegistry['registerNode']>[0] {
  const quantities = { cpu: '4', memory: '16Gi', pods: '110', 'ephemeral-storage': '80Gi' }
  return {
    name: `node-${index}`,
    providerId: `aws:///us-east-1a/i-${index}`,
    address: `192.168.${index >>> 8}.${index & 255}`,
    labels: { 'topology.kubernetes.io/zone': 'us-east-1a' },
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
  }
}
