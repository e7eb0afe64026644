import { KIND_IMAGES } from '#containers/catalogue/kind.ts'
import { readContent } from '#containers/files/nodes.ts'
import { resolvePath } from '#containers/files/tree.ts'
import type { Machine } from '#containers/processes/machine.ts'
import type { ClusterApi } from '../api.ts'
import { loadSchema } from '../apiserver/schema/schema.ts'
import { EventBacklog } from '../kubelet/event-backlog.ts'
import type { Manifest } from '../kubelet/manifest.ts'
import { nodeNetworks } from '../kubelet/node-network.ts'
import type { NodeRecord } from '../kubelet/node-record.ts'
import type { PodWorker } from '../kubelet/pod-worker.ts'
import { StaticPods } from '../kubelet/static-pods.ts'
import { uplinkApi } from '../kubelet/uplink.ts'
import type { PortRules } from '../network/services.ts'
import type { CloudProvider } from '../provider.ts'
import { GENERATED, type MachineCluster } from './cluster.ts'
import { SYSTEM } from './data/node-system.ts'
import { MachineVolumes } from './host-files.ts'
import { imagesOf } from './kubeadm/manifests.ts'
import type { Kubeconfig } from './kubeconfig.ts'
import type { Machines } from './machines.ts'
import { logMounts } from './pod-logs.ts'
import type { Systemd } from './system/systemd.ts'

/** What a kubelet was started with. */
export interface KubeletSettings {
  nodeName: string
  version: string
  /** What its file says. */
  configuration: Record<string, unknown>
  /** Undefined: it runs static pods only. */
  kubeconfig: Kubeconfig | undefined
  providerId: string
  labels: Record<string, string>
  taints: NodeRecord['taints']
  log(severity: 'I' | 'W' | 'E', place: string, text: string): void
}

/** Folders whose files are read into memory when a machine comes up: its units, and what its pods mount. */
const READ_AT_BOOT = ['/etc', '/usr/lib/systemd', '/kind', '/var/lib/kubelet', '/var/lib/etcd']
/** How often a kubelet that cannot reach its API server tries, ms: only what it logs depends on it. */
const RETRY_MS = 7_000

/** A machine with a kubelet: a container that runs a service manager, with the pods that run in it. */
export class NodeMachine {
  readonly name: string
  readonly address: string
  readonly machine: Machine
  readonly machines: Machines
  systemd: Systemd | undefined
  statics: StaticPods | undefined
  /** The cluster whose API server its kubelet reaches now. */
  uplink: MachineCluster | undefined
  #kubelet: KubeletSettings | undefined
  /** How many kube-proxies run on it. */
  #proxies = 0
  #connected: MachineCluster | undefined
  readonly #observer: (path: string) => void
  #changes: { close(): void } | undefined
  #retry: { cancel(): void } | undefined
  /** What its static pods have to tell. */
  #backlog: EventBacklog | undefined

  constructor(machines: Machines, machine: Machine) {
    this.machines = machines
    this.machine = machine
    this.name = machine.hostname
    this.address = machine.address
    this.#observer = (path) => this.#fileChanged(path)
    machine.files.tree.observers.add(this.#observer)
    for (const mount of logMounts(this)) machine.files.mount(mount)
  }

  /** Reads what the machine needs at hand from its image's layers. */
  async readFiles(): Promise<void> {
    for (const folder of READ_AT_BOOT) await this.#readFolder(folder)
  }

  /** Gives the machine the images that come with it. */
  async loadImages(): Promise<void> {
    const { images } = this.machines
    const version = await this.machine.files.read('/kind/version').catch(() => undefined)
    if (!version) return
    const wanted = [
      ...Object.values(imagesOf(Buffer.from(version).toString().trim())),
      ...Object.values(KIND_IMAGES),
    ]
    for (const reference of wanted) {
      if (!images.find(this.name, reference)) await images.pull(this.name, reference, [])
    }
  }

  async #readFolder(folder: string): Promise<void> {
    const { files } = this.machine
    const node = files.find(folder)
    if (node?.kind !== 'directory') return
    for (const [name, child] of [...node.children]) {
      const path = `${folder}/${name}`
      if (child.kind === 'directory') await this.#readFolder(path)
      else if (child.kind === 'file' && !(child.content instanceof Uint8Array)) {
        files.tree.put(files.tree.realPath(path), { ...child, content: await readContent(child.content) })
      }
    }
  }

  /** Starts its service manager. */
  boot(systemd: Systemd): void {
    this.systemd = systemd
    systemd.boot()
  }

  /** What the file of its kubelet says. */
  get configuration(): Record<string, unknown> {
    return this.#kubelet?.configuration ?? {}
  }

  get #staticPodPath(): string | undefined {
    const path = this.configuration.staticPodPath
    return typeof path === 'string' && path !== '' ? path : undefined
  }

  get runtimeUp(): boolean {
    return this.systemd?.status('containerd.service').process !== undefined
  }

  /** The container ended: everything in it is gone at once. */
  down(): void {
    this.machine.files.tree.observers.delete(this.#observer)
    this.#changes?.close()
    this.#retry?.cancel()
    this.statics?.stop()
    this.statics = undefined
    this.#kubelet = undefined
    this.uplink = undefined
    this.#backlog?.forget()
    this.#connected?.kubelets?.stopNode(this.name)
  }

  /** All pods that its container runtime has, static ones too. */
  workers(): PodWorker[] {
    return [...(this.statics?.workers() ?? []), ...(this.#connected?.kubelets?.workersOn(this.name) ?? [])]
  }

  /** The client of the cluster that it belongs to, and whether it answers. */
  get api(): ClusterApi | undefined {
    return this.#connected?.client
  }

  /** Its kubelet runs from now on. */
  async startKubelet(settings: KubeletSettings): Promise<void> {
    this.#kubelet = settings
    this.statics ??= await this.#makeStatics()
    if (this.#kubelet !== settings) return
    this.statics.attend(true)
    this.#changes ??= this.machines.onChange(() => this.#reach())
    this.#reach()
  }

  stopKubelet(): void {
    this.#kubelet = undefined
    this.uplink = undefined
    this.#retry?.cancel()
    this.#backlog?.forget()
    this.statics?.attend(false)
    this.#connected?.kubelets?.attendNode(this.name, false)
  }

  /** The rules for Services that its kube-proxy has written. */
  serviceRules(): PortRules[] {
    return this.#connected?.network?.services.rulesOn(this.name) ?? []
  }

  /** Its kube-proxy runs until it is closed. */
  proxy(): { close(): void } {
    this.#proxies++
    this.#connected?.network?.services.follow(this.name)
    return {
      close: () => {
        if (--this.#proxies === 0) this.#connected?.network?.services.freeze(this.name)
      },
    }
  }

  /** The container runtime stopped or runs again. */
  runtimeChanged(): void {
    if (this.uplink) this.#register()
  }

  async #makeStatics(): Promise<StaticPods> {
    const { machines, machine } = this
    const { world, network, runtime } = machines.options
    const client = offline(() => this.uplink?.client)
    const reaches = () => this.uplink !== undefined
    this.#backlog = new EventBacklog(world.clock, reaches, (...event) => client.event(...event))
    const api = uplinkApi(client, reaches, this.#backlog)
    const provider: CloudProvider = {
      allocatePodAddress: (node, uid) => {
        if (!this.#connected) throw new Error('cni plugin not initialized')
        return this.#connected.options.provider.allocatePodAddress(node, uid)
      },
      releasePodAddress: (node, uid) => this.#connected?.options.provider.releasePodAddress(node, uid),
      keepPodAddresses: () => {},
      registryCredentials: async () => undefined,
      ensureLoadBalancer: async () => undefined,
      deleteLoadBalancer: async () => {},
    }
    const now = () => world.clock.now()
    const gitVersion = this.#kubelet?.version ?? 'v1.35.0'
    return new StaticPods({
      world,
      node: this.#record(),
      schema: await loadSchema(GENERATED),
      resumed: world.resumes(`machine ${this.name}`),
      services: {
        plane: { world, now, podAddresses: new Map(), options: { network, runtime, provider, gitVersion } },
        apiOf: () => api,
        podsOn: () => this.workers().flatMap((worker) => this.statics?.podOf(worker) ?? []),
        // A static pod names no object of the API.
        podsWith: () => [],
        images: machines.images,
        networks: nodeNetworks(
          () => false,
          () => machine.files,
          { serves: () => false },
        ),
        volumes: new MachineVolumes(world, `machine-${this.name}`, () => machine.files),
        issueToken: () => {
          throw new Error('static pods have no service account')
        },
        resolve: (_pod, _address, name) => machine.lookUp(name),
        records: (_pod, _address, ...asked) => machine.askNames(...asked),
        resolver: () => 'search .\nnameserver 172.17.0.1\noptions edns0 trust-ad ndots:0\n',
      },
      manifests: () => this.#manifests(),
      log: (severity, text) => {
        const [, place = '', message = text] = /^(\S+\.go:\d+)\] (.*)$/s.exec(text) ?? []
        this.#kubelet?.log(severity, place, message)
      },
    })
  }

  async #manifests(): Promise<Manifest[]> {
    const { files } = this.machine
    const folder = this.#staticPodPath
    const node = folder ? files.find(folder) : undefined
    if (node?.kind !== 'directory') return []
    const names = [...node.children.keys()].filter((name) => !name.startsWith('.')).sort()
    const texts = await Promise.all(
      names.map(async (name) => {
        const path = `${folder}/${name}`
        const bytes = await files.read(path).catch(() => undefined)
        return bytes ? [{ path, text: Buffer.from(bytes).toString() }] : []
      }),
    )
    return texts.flat()
  }

  #fileChanged(path: string): void {
    const folder = this.#staticPodPath
    if (folder && path.startsWith(`${resolvePath('/', folder)}/`)) this.statics?.changed()
  }

  /** Finds the API server that the kubelet is configured for; what hangs on it follows. */
  #reach(): void {
    const kubelet = this.#kubelet
    if (!kubelet?.kubeconfig) return
    const found = this.machines.connect(kubelet.kubeconfig, this.machine)
    if ('trouble' in found) {
      this.uplink = undefined
      this.#complain(kubelet, found.trouble)
      return
    }
    this.#retry?.cancel()
    this.#retry = undefined
    const { cluster } = found
    const fresh = this.uplink !== cluster
    this.uplink = cluster
    if (!fresh) return
    // Until a kube-proxy runs here the machine has no rules for Services.
    if (this.#connected !== cluster && this.#proxies === 0) cluster.network!.services.freeze(this.name, true)
    this.#connected = cluster
    // First, while the record still says that the kubelet stood still: one that starts anew registers its node again.
    cluster.kubelets!.attendNode(this.name, true)
    this.#register()
    cluster.kubelets!.reconnected()
    this.statics!.connect(cluster.client, () => this.uplink === cluster)
  }

  /** Says now and then that the API server does not answer. */
  #complain(kubelet: KubeletSettings, trouble: string): void {
    if (this.#retry) return
    const { server } = kubelet.kubeconfig!
    const url = `${server}/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${kubelet.nodeName}?timeout=10s`
    const text = `"Failed to ensure lease exists, will retry" err="Get \\"${url}\\": ${trouble.replaceAll('"', '\\"')}" interval="7s"`
    kubelet.log('E', 'controller.go:145', text)
    this.#retry = this.machines.options.world.clock.setTimer(RETRY_MS, () => {
      this.#retry = undefined
      if (this.#kubelet === kubelet && !this.uplink) this.#reach()
    })
  }

  #register(): void {
    const { stopped: _, upSince: __, ...record } = this.#record()
    this.#connected?.kubelets?.registerNode(record)
  }

  #record(): NodeRecord {
    const { address } = this.machine
    const kubelet = this.#kubelet
    const quantities = {
      cpu: '8',
      memory: '16393152Ki',
      'ephemeral-storage': '263174212Ki',
      'hugepages-1Gi': '0',
      'hugepages-2Mi': '0',
      pods: '110',
    }
    return {
      name: this.name,
      providerId: kubelet?.providerId ?? '',
      address,
      labels: kubelet?.labels ?? {},
      taints: kubelet?.taints ?? [],
      capacity: quantities,
      allocatable: quantities,
      nodeInfo: { ...SYSTEM, kubeletVersion: kubelet?.version ?? '' },
      ...(!this.runtimeUp && { runtimeTrouble: 'container runtime is down' }),
      upSince: 0,
    }
  }
}

/** The API of a node that may know none. */
function offline(current: () => ClusterApi | undefined): ClusterApi {
  const away = () => {
    throw new Error('the API server is not known')
  }
  return {
    get: (...args) => current()?.get(...args),
    list: (...args) => current()?.list(...args) ?? [],
    prefix: (...args) => current()?.prefix(...args) ?? away(),
    parseKey: (...args) => current()?.parseKey(...args) ?? away(),
    mayAccess: (...args) => current()?.mayAccess(...args) ?? false,
    resources: () => current()?.resources() ?? [],
    resourceNamed: (...args) => current()?.resourceNamed(...args),
    create: (resource, object, as) => current()?.create(resource, object, as) ?? object,
    update: (resource, object) => current()?.update(resource, object) ?? object,
    updateStatus: (resource, object) => current()?.updateStatus(resource, object) ?? object,
    apply: (resource, object, options) => current()?.apply(resource, object, options) ?? object,
    delete: (...args) => current()?.delete(...args),
    evict: (...args) => current()?.evict(...args),
    bind: (...args) => current()?.bind(...args),
    event: (...args) => current()?.event(...args),
    occurrence: (...args) => current()?.occurrence(...args),
    as: (manager) => offline(() => current()?.as(manager)),
  }
}
