import { X509Certificate } from 'node:crypto'
import type { Image, ImagePuller } from '#containers/image.ts'
import type { Machine } from '#containers/processes/machine.ts'
import type { ContainerRuntime } from '#containers/runtime.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import { NodeImages } from '../kubelet/node-images.ts'
import { nodeRecordPrefix } from '../kubelet/node-record.ts'
import { staticPodPrefix } from '../kubelet/static-pods.ts'
import type { ClusterNetworks } from '../network/networks.ts'
import type { AnsweredRequest, CloudProvider } from '../provider.ts'
import { MachineCluster } from './cluster.ts'
import { Ensemble, ensembleIds } from './etcd/ensemble.ts'
import { MachineVolumes } from './host-files.ts'
import type { Kubeconfig } from './kubeconfig.ts'
import { NodeMachine } from './machine.ts'
import {
  type ControlPlanePart,
  type ControlPlaneState,
  controlPlaneParts,
  controlPlaneState,
} from './parts.ts'

export interface MachinesOptions {
  world: World
  network: VirtualNetwork
  /** Where the programs of its clusters find them. */
  networks: ClusterNetworks
  runtime: ContainerRuntime
  images: ImagePuller
  /** An image of the world's Docker Engine; undefined: there is none. */
  engineImage?: (name: string) => Image | undefined
  /** Names outside the machines; undefined: NXDOMAIN. */
  lookup?: (name: string) => string | undefined
  /** See `ClusterOptions.onAnswer`; with the cluster's id. */
  onAnswer?: (cluster: string, request: AnsweredRequest) => void
}

/** Folders of the store that hold what belongs to a cluster, by the id of its data. */
const KEPT = [
  'kubernetes',
  'kubelet',
  'volume-data',
  'provisioning',
  'pod-addresses',
  'etcd-keys',
  'etcd-parked',
]

/** An etcd that listens for clients in the world's network. */
export interface EtcdServer {
  ensemble: Ensemble
  /** Id of the member that it is. */
  member: string
  /** `3.6.6` */
  version: string
  /** PEM of the authority that its clients' certificates must be of; undefined: it asks for none. */
  clientAuthority: string | undefined
}

/** An API server that listens in the world's network. */
interface Listening {
  cluster: MachineCluster
  /** PEM of the authority that its clients' certificates must be of, and of the one that its own is of. */
  clientAuthority: string
  servingAuthority: string
  /** Why it cannot reach its storage now; undefined: it can. */
  trouble(): string | undefined
}

/**
 * The machines of a world that are containers of its Docker Engine, and the clusters that run on them: who listens where, and who
 * reaches whom. The parts of a cluster are processes in containers; here they find each other.
 */
export class Machines {
  readonly options: MachinesOptions
  readonly images: NodeImages
  readonly #byContainer = new WeakMap<Machine, NodeMachine>()
  readonly #byName = new Map<string, NodeMachine>()
  readonly #clusters = new Map<string, MachineCluster>()
  /** By `address:port`. */
  readonly #etcds = new Map<string, EtcdServer>()
  readonly #ensembles = new Map<string, Ensemble>()
  /** Where TCP load balancers lead to, by the `address:port` on which they listen. */
  readonly #balancers = new Map<string, () => string | undefined>()
  readonly #apiServers = new Map<string, Listening>()
  readonly #listeners = new Set<() => void>()
  /** How many processes are each part of a control plane, by its key. */
  readonly #parts = new Map<string, number>()
  #watch: { close(): void } | undefined

  constructor(options: MachinesOptions) {
    this.options = options
    this.images = new NodeImages({
      ...options,
      uid: 'machines',
      provider: { registryCredentials: async () => undefined },
    })
  }

  /** Begins to notice containers that are removed. What ran when the world was last awake says itself that it runs again. */
  start(): void {
    const { store } = this.options.world
    for (const { key, value } of store.list<ControlPlanePart>(controlPlaneParts()).entries)
      if (!this.#parts.has(key)) this.#tellPart(key, { ...value, running: false })
    for (const id of ensembleIds(this.options.world))
      if (!this.#clusters.has(id) && store.get(controlPlaneState(id))) this.#tellState(id, false)
    this.#watch = store.watch<{ config: { Hostname?: string } }>(
      'docker/containers/',
      ({ type, entry, previous }) => {
        const name = (previous ?? entry).value.config.Hostname
        if (type === 'delete' && name) this.#forget(name)
      },
    )
  }

  stop(): void {
    this.#watch?.close()
    for (const machine of this.#byName.values()) machine.down()
    for (const cluster of this.#clusters.values()) cluster.stop()
  }

  /** A container that has come up as a machine. */
  up(machine: Machine): NodeMachine {
    const node = new NodeMachine(this, machine)
    this.#byContainer.set(machine, node)
    this.#byName.set(node.name, node)
    return node
  }

  /** The container of a machine ended. */
  down(node: NodeMachine): void {
    if (this.#byName.get(node.name) === node) this.#byName.delete(node.name)
    node.down()
  }

  of(machine: Machine): NodeMachine | undefined {
    return this.#byContainer.get(machine)
  }

  named(name: string): NodeMachine | undefined {
    return this.#byName.get(name)
  }

  /** The machine whose network a process is in (`hostNetwork`). */
  at(address: string): NodeMachine | undefined {
    return [...this.#byName.values()].find((node) => node.address === address)
  }

  /** Calls `listener` when an API server or an etcd begins or ends to answer. */
  onChange(listener: () => void): { close(): void } {
    this.#listeners.add(listener)
    return { close: () => this.#listeners.delete(listener) }
  }

  changed(): void {
    for (const cluster of this.#clusters.values()) this.#tellState(cluster.uid, cluster.serving)
    for (const listener of [...this.#listeners]) listener()
  }

  /** The members of an etcd cluster, by the id of its data. */
  ensemble(id: string): Ensemble {
    const known = this.#ensembles.get(id)
    if (known) return known
    const made = new Ensemble(this.options.world, id, () => {
      for (const cluster of this.#clusters.values()) if (cluster.uid === id) cluster.reconnected()
      this.changed()
    })
    this.#ensembles.set(id, made)
    return made
  }

  ensembles(): Ensemble[] {
    return ensembleIds(this.options.world).map((id) => this.ensemble(id))
  }

  /** An etcd answers at addresses (`10.0.0.2:2379`) until it is closed. */
  etcdUp(addresses: string[], server: EtcdServer): { close(): void } {
    for (const address of addresses) this.#etcds.set(address, server)
    const membership = server.ensemble.up(server.member, addresses)
    return {
      close: () => {
        for (const address of addresses) this.#etcds.delete(address)
        membership.close()
      },
    }
  }

  /** The etcd at `address:port`. */
  etcdAt(address: string): EtcdServer | undefined {
    return this.#etcds.get(address)
  }

  /** A load balancer at `address:port` leads to where `pick` says, until it is closed. */
  balancerUp(address: string, pick: () => string | undefined): { close(): void } {
    this.#balancers.set(address, pick)
    this.changed()
    return {
      close: () => {
        this.#balancers.delete(address)
        this.changed()
      },
    }
  }

  /** The cluster whose data an etcd has. */
  cluster(id: string): MachineCluster {
    const known = this.#clusters.get(id)
    if (known) return known
    const { world, network, networks, runtime, images, lookup, onAnswer } = this.options
    const filesOf = (node: string) => this.#byName.get(node)?.machine.files
    const made: MachineCluster = new MachineCluster(
      {
        uid: id,
        world,
        network,
        networks,
        runtime,
        images,
        provider: this.#provider(id),
        ...(onAnswer && { onAnswer: (request) => onAnswer(id, request) }),
      },
      {
        images: this.images,
        volumes: new MachineVolumes(world, id, filesOf),
        configurationOf: ({ name }) => this.#byName.get(name)?.configuration ?? {},
        staticWorker: (mirror) => this.#byName.get(mirror.spec.nodeName!)?.statics?.workerOf(mirror),
        reaches: (node) => this.#byName.get(node)?.uplink === made,
        ...(lookup && { upstreamDns: lookup }),
        changed: () => {
          made.reconnected()
          this.changed()
        },
      },
    )
    this.#clusters.set(id, made)
    return made
  }

  /** A part of a control plane runs on a machine until what this gives is called. */
  partUp(machine: string, name: string): () => void {
    const { store } = this.options.world
    const key = `${controlPlaneParts(machine)}${name}`
    const container = store
      .list<{ id: string; config: { Hostname?: string } }>('docker/containers/')
      .entries.find(({ value }) => value.config.Hostname === machine)?.value.id
    if (container === undefined) return () => {}
    const part = { name, machine, container }
    const count = (by: number) => {
      const running = (this.#parts.get(key) ?? 0) + by
      this.#parts.set(key, running)
      // What went with its machine is not there any more.
      if (by > 0 || store.get(key)) this.#tellPart(key, { ...part, running: running > 0 })
    }
    count(1)
    return () => count(-1)
  }

  #tellPart(key: string, part: ControlPlanePart): void {
    const { store } = this.options.world
    if (store.get<ControlPlanePart>(key)?.value.running !== part.running) store.put(key, part)
  }

  #tellState(cluster: string, answers: boolean): void {
    const { store } = this.options.world
    const key = controlPlaneState(cluster)
    if (store.get<ControlPlaneState>(key)?.value.answers !== answers) store.put(key, { answers })
  }

  apiServerUp(address: string, listening: Listening): { close(): void } {
    this.#apiServers.set(address, listening)
    this.changed()
    return {
      close: () => {
        this.#apiServers.delete(address)
        this.changed()
      },
    }
  }

  /** The cluster that a kubeconfig leads to, or in client-go's words why it leads nowhere now. */
  connect(
    { server, authority, user }: Kubeconfig,
    client: Pick<Machine, 'resolveName' | 'noSuchHost'>,
  ): { cluster: MachineCluster } | { trouble: string } {
    const url = URL.parse(server)
    if (!url) return { trouble: `parse ${JSON.stringify(server)}: invalid URL` }
    const address = client.resolveName(url.hostname)
    if (!address) return { trouble: `dial tcp: ${client.noSuchHost(url.hostname)}` }
    const target = `${address}:${url.port || 443}`
    const found = this.listeningAt(target)
    if (!found) {
      if (this.#balancers.has(target)) return { trouble: 'EOF' }
      const why = this.at(address) ? 'connect: connection refused' : 'connect: no route to host'
      return { trouble: `dial tcp ${target}: ${why}` }
    }
    if (authority.trim() !== found.servingAuthority.trim())
      return { trouble: 'tls: failed to verify certificate: x509: certificate signed by unknown authority' }
    if (user.certificate && !issuedBy(user.certificate, found.clientAuthority))
      return { trouble: 'Unauthorized' }
    const trouble = found.trouble()
    return trouble ? { trouble } : { cluster: found.cluster }
  }

  /** The API server that listens at `address:port`, or to which a load balancer there leads. */
  listeningAt(address: string): Listening | undefined {
    const pick = this.#balancers.get(address)
    return this.#apiServers.get((pick ? pick() : address) ?? '')
  }

  #provider(id: string): CloudProvider {
    const { store } = this.options.world
    const folder = (node: string) => `pod-addresses/${id}/${node}/`
    return {
      allocatePodAddress: (node, podUid) => {
        const key = `${folder(node)}${podUid}`
        const known = store.get<string>(key)?.value
        if (known) return known
        const cidr = this.#clusters
          .get(id)
          ?.client.get<{ spec: { podCIDR?: string } } & import('../api.ts').KubernetesObject>(
            'nodes',
            '',
            node,
          )?.spec.podCIDR
        if (!cidr) throw new Error(`node ${node} has no pod CIDR`)
        const used = new Set(store.values<string>(folder(node)))
        const base = cidr.replace(/\d+\/\d+$/, '')
        for (let host = 2; host < 255; host++) {
          const address = `${base}${host}`
          if (used.has(address)) continue
          store.put(key, address)
          return address
        }
        throw new Error(`no IP addresses available in range set: ${base}1-${base}254`)
      },
      releasePodAddress: (node, podUid) => void store.delete(`${folder(node)}${podUid}`),
      keepPodAddresses: (node, podUids) => {
        const prefix = folder(node)
        const gone = store.list(prefix).entries.filter(({ key }) => !podUids.has(key.slice(prefix.length)))
        store.commit(gone.map(({ key }) => ({ key, value: undefined })))
      },
      registryCredentials: async () => undefined,
      ensureLoadBalancer: async () => undefined,
      deleteLoadBalancer: async () => {},
    }
  }

  /** A machine is gone for good: its images, its part in clusters, and the clusters whose data it held. */
  #forget(name: string): void {
    const { store } = this.options.world
    const drop = (prefix: string) =>
      store.commit(store.list(prefix).entries.map(({ key }) => ({ key, value: undefined })))
    this.images.forget(name)
    drop(staticPodPrefix(name))
    drop(controlPlaneParts(name))
    for (const ensemble of this.ensembles()) {
      const { id } = ensemble
      store.delete(`${nodeRecordPrefix(id)}${name}`)
      const own = ensemble.members.filter(({ machine }) => machine === name)
      for (const { id: member } of own) ensemble.change(member, { lost: true })
      if (own.length === 0 || !ensemble.lost) continue
      this.#clusters.get(id)?.stop()
      this.#clusters.delete(id)
      this.#ensembles.delete(id)
      for (const part of KEPT) drop(`${part}/${id}/`)
      store.delete(controlPlaneState(id))
      ensemble.forget()
    }
  }
}

/** Whether a certificate (PEM) is signed by an authority. */
export function issuedBy(certificate: string, authority: string): boolean {
  try {
    const issuer = new X509Certificate(authority)
    const leaf = new X509Certificate(certificate)
    return leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey)
  } catch {
    return false
  }
}
