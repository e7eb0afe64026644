import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FileTree } from '#containers/files/tree.ts'
import type { ContainerFs } from '#containers/processes/container-fs.ts'
import type { Result } from '#world/controller.ts'
import { StoreIndex } from '#world/store-index.ts'
import { type ClusterApi, type KubeletApi, StatusError } from '../api.ts'
import type { ControlPlane } from '../controllers/control-plane.ts'
import type { NodePlugins } from '../network/plugins.ts'
import type { Node, Pod, Volume } from '../objects.ts'
import { nameOf, splitName } from '../pods.ts'
import type { UserInfo } from '../provider.ts'
import { VolumeStore } from '../volumes/files.ts'
import { PodAdmission } from './admission.ts'
import { AdmittedRequests } from './admitted-requests.ts'
import { EventBacklog } from './event-backlog.ts'
import { nodeAgents } from './node-agent.ts'
import { NodeImages } from './node-images.ts'
import { NodeMemory } from './node-memory.ts'
import { NETWORK_CONFIGURATION, nodeNetworks } from './node-network.ts'
import { memoryKey, type NodeRecord, nodeRecordPrefix } from './node-record.ts'
import type { KubeletServices } from './pod-context.ts'
import { PodWorker } from './pod-worker.ts'
import { KubeletPorts } from './server/ports.ts'
import type { ServedNode } from './server/served-node.ts'
import { serveKubelet } from './server/server.ts'
import { servesTls, servingCertificates } from './serving-certificates.ts'
import { kubeletStreams } from './streams.ts'
import { apiLedger, type PodLedger, type Reaches, uplinkApi } from './uplink.ts'

/** How many pods may be between two awaits at once. */
const CONCURRENCY = 512

/** The kubelets of all nodes of a cluster. */
export interface Kubelets extends KubeletApi, NodeRegistry {
  /** The pods that a node runs, for its container runtime's own view of them. */
  workersOn(node: string): PodWorker[]
  /** The file system of a node. */
  filesOf(node: string): ContainerFs
  stop(): void
}

/** How the cloud tells which machines run a kubelet. All calls are level-triggered and remembered in the store. */
export interface NodeRegistry {
  /** A machine is up; its node joins by itself, or comes back. */
  registerNode(node: Omit<NodeRecord, 'stopped' | 'upSince'>): void
  /** The machine or its kubelet stopped: its pods' processes end, its node becomes NotReady in time. */
  stopNode(name: string): void
  /** The kubelet of a machine that is up stopped, or runs again: its pods' processes know nothing of it. */
  attendNode(name: string, attended: boolean): void
  /** The machine is gone for good, and its Node object with it. */
  removeNode(name: string): void
  /** The API server answers again: what could not be reported is reported. */
  reconnected(): void
}

/** What kubelets are told by whoever runs them; images and volumes are the cluster's own by default. */
export interface KubeletsOptions
  extends Pick<KubeletServices, 'issueToken' | 'resolve' | 'records' | 'resolver'> {
  images?: NodeImages
  volumes?: VolumeStore
  /** The daemons of network plug-ins, and the nodes that need none. */
  plugins: NodePlugins
  bringsNetwork(node: string): boolean
  /** Default: always. */
  reaches?: Reaches
  /** The worker of a static pod, by its mirror. */
  staticWorker?(mirror: Pod): PodWorker | undefined
  /** What the configuration of a node's kubelet says beside the defaults. Default: nothing. */
  configurationOf?(node: NodeRecord): Record<string, unknown>
  /** Who asks a kubelet without the API server; default: nobody is known. */
  authenticate?(req: IncomingMessage): Promise<UserInfo | undefined>
}

/** The annotation that tells a static pod's mirror: the uid of the static pod. */
export const MIRROR = 'kubernetes.io/config.mirror'

/** Starts one kubelet controller for all nodes. Models pkg/kubelet. */
export function startKubelets(plane: ControlPlane, given: KubeletsOptions): Kubelets {
  const { api, world, options, podsByNode, podsByClaim } = plane
  const { reaches = () => true, staticWorker, configurationOf, authenticate, plugins, ...rest } = given
  const { bringsNetwork, ...services } = rest
  const images = given.images ?? new NodeImages(options)
  const volumes = given.volumes ?? new VolumeStore(world, options.uid)
  const networks = nodeNetworks(bringsNetwork, (node) => volumes.hostOf(node), plugins)
  const records = nodeRecordPrefix(options.uid)
  /** Workers by pod; more than one while a predecessor of the same name ends. */
  const workers = new Map<string, PodWorker[]>()
  const admission = new PodAdmission()
  const admitted = new AdmittedRequests(world.store, api.prefix('pods'))
  const apis = new Map<string, ClusterApi>()
  const backlogs = new Map<string, EventBacklog>()
  const apiOf = (node: string): ClusterApi => {
    const known = apis.get(node)
    if (known) return known
    const reached = () => reaches(node)
    const backlog = new EventBacklog(world.clock, reached, (...event) => api.event(...event))
    const made = uplinkApi(api, reached, backlog)
    // What ends on a node that has been removed tells of it once more.
    if (!world.store.get(`${records}${node}`)) return made
    backlogs.set(node, backlog)
    apis.set(node, made)
    return made
  }
  const ledger: PodLedger = {
    find: (key, uid) => apiLedger(api).find(key, uid),
    report: (pod, status) => apiLedger(apiOf(pod.spec.nodeName!)).report(pod, status),
    ended: (pod) => apiLedger(apiOf(pod.spec.nodeName!)).ended(pod),
  }
  const kubelet: KubeletServices = {
    plane,
    apiOf,
    ledger,
    podsOn: (node) => podsByNode.get(node),
    podsWith: (claim) => podsByClaim.get(claim),
    ...services,
    images,
    volumes,
    networks,
    memory: new NodeMemory(apiOf),
    enqueue: (key) => runner.enqueue(key),
  }
  const podsByMount = new StoreIndex<Pod>(world.store, api.prefix('pods'), (pod) =>
    pod.spec.nodeName ? mountedOf(pod) : [],
  )

  /** Pods whose containers go on in a world that begins from a save point, by uid: until their node looks at them, or goes down. */
  const suspended = new Set(
    world.resumes(`kubelets ${options.uid}`)
      ? api.list<Pod>('pods').map(({ metadata }) => metadata.uid!)
      : [],
  )

  const recordOf = (name: string) => world.store.get<NodeRecord>(`${records}${name}`)?.value
  /** Whether a kubelet looks after the pods of a node. */
  const attended = (node: NodeRecord | undefined) => node && !node.stopped && !node.kubeletStopped

  async function reconcile(key: string) {
    const pod = api.get<Pod>('pods', ...splitName(key))
    for (const worker of workers.get(key) ?? []) {
      if (worker.uid === pod?.metadata.uid || recordOf(worker.nodeName)?.kubeletStopped) continue
      if (!(await worker.vanish(undefined))) return { requeueAfterMs: 1000 }
      await drop(worker)
    }
    if (!pod) admission.forget(key)
    if (!pod?.spec.nodeName || pod.metadata.annotations?.[MIRROR]) return
    const node = recordOf(pod.spec.nodeName)
    if (!node || !attended(node)) return
    const known = workers.get(key)?.find(({ uid }) => uid === pod.metadata.uid)
    const refused = known ? undefined : refuse(key, pod)
    if (refused) return refused
    const worker = known ?? new PodWorker(kubelet, node, pod, suspended.delete(pod.metadata.uid!))
    if (!known) workers.set(key, [...(workers.get(key) ?? []), worker])
    return worker.sync(pod)
  }

  /** Refuses a pod that came to a node which cannot have it: gives undefined when it may start. */
  function refuse(key: string, pod: Pod): Result | undefined {
    const nodeName = pod.spec.nodeName!
    const node = api.get<Node>('nodes', '', nodeName)
    if (!node || pod.metadata.deletionTimestamp || !reaches(nodeName)) return
    const at = { node, used: admitted.on(nodeName), pods: () => podsByNode.get(nodeName) }
    const refusal = admission.admit(key, pod, at, plane.now())
    if (!refusal) return
    if ('waitMs' in refusal) return { requeueAfterMs: refusal.waitMs }
    const { reason, message } = refusal
    apiOf(nodeName).event(pod, 'Warning', reason, message, { component: 'kubelet', host: nodeName })
    ledger.report(pod, {
      ...pod.status,
      phase: 'Failed',
      reason,
      message: `Pod was rejected: ${message}`,
      startTime: plane.timestamp(),
      ...(pod.metadata.generation && { observedGeneration: pod.metadata.generation }),
    })
    return {}
  }

  function forget(worker: PodWorker): void {
    const left = (workers.get(worker.key) ?? []).filter((other) => other !== worker)
    if (left.length > 0) workers.set(worker.key, left)
    else workers.delete(worker.key)
  }

  async function drop(worker: PodWorker): Promise<void> {
    forget(worker)
    await worker.remove()
  }

  /** A node went down or came up: its pods lose their processes, or are looked at again. */
  function nodeChanged(record: NodeRecord, up: boolean): void {
    for (const pod of podsByNode.get(record.name)) {
      const key = nameOf(pod)
      if (!up) {
        suspended.delete(pod.metadata.uid!)
        for (const worker of workers.get(key) ?? []) {
          worker.crash()
          forget(worker)
        }
      }
      runner.enqueue(key)
    }
  }

  const runner = world.controllers.start({
    name: 'kubelet',
    concurrency: CONCURRENCY,
    sources: [
      {
        prefix: api.prefix('pods'),
        keys({ entry }: { entry: { value: Pod } }) {
          return entry.value.spec.nodeName ? [nameOf(entry.value)] : []
        },
      },
      ...(['configmaps', 'secrets'] as const).map((resource) => ({
        prefix: api.prefix(resource),
        keys({ entry }: { entry: { value: Pod } }) {
          const pods = podsByMount.get(`${resource}/${nameOf(entry.value)}`).map(nameOf)
          for (const key of pods) for (const worker of workers.get(key) ?? []) worker.volumesChanged()
          return pods
        },
      })),
    ],
    reconcile,
  })
  const agents = world.controllers.start(nodeAgents(plane, images, networks, reaches))
  const serving = options.signedKubelets
    ? world.controllers.start(servingCertificates(plane, reaches))
    : undefined
  const nodes = world.store.watch<NodeRecord>(records, ({ type, entry, previous }) => {
    listen(entry.value.name)
    if (type === 'put') watchNetwork(entry.value.name)
    const up = type === 'put' && !entry.value.stopped
    const wasUp = previous !== undefined && !previous.value.stopped
    const rebooted = up && wasUp && entry.value.upSince !== previous.value.upSince
    if (rebooted || (wasUp && !up)) nodeChanged(entry.value, false)
    else if (up && !wasUp) nodeChanged(entry.value, true)
    else if (previous?.value.kubeletStopped && !entry.value.kubeletStopped) resync(entry.value.name)
  })

  const watched = new WeakSet<FileTree>()
  /** A node is ready, or no longer, with the configuration of its network plug-in: a file. */
  function watchNetwork(node: string): void {
    const { tree } = volumes.hostOf(node)
    if (watched.has(tree)) return
    watched.add(tree)
    tree.observers.add((path) => {
      if (path.startsWith(NETWORK_CONFIGURATION)) agents.enqueue(node)
    })
  }
  // Pods that waited for an address get it.
  plugins.onServe((node) => {
    agents.enqueue(node)
    for (const pod of podsByNode.get(node)) runner.enqueue(nameOf(pod))
  })

  /** Looks at every pod of a node again, those included that are gone from the API and still run. */
  function resync(node: string): void {
    for (const pod of podsByNode.get(node)) runner.enqueue(nameOf(pod))
    for (const [key, list] of workers) if (list.some(({ nodeName }) => nodeName === node)) runner.enqueue(key)
  }

  const workerOf = (pod: Pod) =>
    workers.get(nameOf(pod))?.find(({ uid }) => uid === pod.metadata.uid) ?? staticWorker?.(pod)
  const unreachable = (name: string) => {
    const node = recordOf(name)
    if (!node) return
    const { address } = node
    if (!attended(node)) return { address, why: `dial tcp ${address}:10250: connect: connection refused` }
    return servesTls(plane, name) ? undefined : { address, why: 'remote error: tls: internal error' }
  }
  const streams = kubeletStreams({
    api,
    network: options.network,
    workerOf,
    unreachable: (pod) => unreachable(pod.spec.nodeName!),
    newId: () => world.ids.hex(64),
  })

  async function serve(name: string, req: IncomingMessage, res: ServerResponse, target: string) {
    const record = recordOf(name)
    const trouble = record ? unreachable(name)?.why : `dial tcp: lookup ${name} on 10.0.0.2:53: no such host`
    if (trouble) throw new StatusError(503, 'ServiceUnavailable', `error trying to reach service: ${trouble}`)
    const node: ServedNode = {
      record: record!,
      version: record!.nodeInfo.kubeletVersion,
      now: plane.now(),
      pods: podsByNode.get(name),
      workerOf,
      images: images.list(name),
      files: volumes.hostOf(name),
      configuration: configurationOf?.(record!) ?? {},
      logs: ({ metadata }, asked) => streams.logs(metadata.namespace!, metadata.name, asked),
      exec: ({ metadata }, container, command) =>
        streams.exec(metadata.namespace!, metadata.name, { container, command, tty: false, stdin: false }),
    }
    await serveKubelet(node, req, res, target)
  }

  const ports = new KubeletPorts({
    network: options.network,
    cluster: options,
    now: () => world.clock.hostNow(),
    servesTls: (name) => servesTls(plane, name),
    authenticate: authenticate ?? (async () => undefined),
    authorize: (user, verb, name, subresource) =>
      api.mayAccess({
        user,
        verb,
        group: '',
        version: 'v1',
        resource: 'nodes',
        subresource,
        namespace: '',
        name,
      }),
    serve,
  })
  const listen = (name: string) => {
    const record = recordOf(name)
    ports.set(name, record?.stopped ? undefined : record)
  }
  for (const { name } of world.store.values<NodeRecord>(records)) {
    listen(name)
    watchNetwork(name)
  }
  return {
    ...streams,
    serve,
    filesOf: (node) => volumes.hostOf(node),
    workersOn: (node) => [...workers.values()].flat().filter(({ nodeName }) => nodeName === node),
    reconnected() {
      for (const { name } of world.store.values<NodeRecord>(records)) {
        if (!reaches(name)) continue
        resync(name)
        agents.enqueue(name)
        serving?.enqueue(name)
      }
    },
    registerNode(node) {
      world.store.update<NodeRecord>(`${records}${node.name}`, (old) => ({
        ...node,
        upSince: old && !old.stopped && old.rebootedAt === node.rebootedAt ? old.upSince : plane.now(),
      }))
    },
    stopNode(name) {
      backlogs.get(name)?.forget()
      world.store.update<NodeRecord>(`${records}${name}`, (old) =>
        !old || old.stopped ? old : { ...old, stopped: true },
      )
    },
    attendNode(name, attended) {
      if (!attended) backlogs.get(name)?.forget()
      world.store.update<NodeRecord>(`${records}${name}`, (old) => {
        if (!old || attended === !old.kubeletStopped) return old
        const { kubeletStopped: _, ...rest } = old
        // It registers when it starts.
        if (attended) world.store.delete(memoryKey(options.uid, name))
        return attended ? rest : { ...rest, kubeletStopped: true }
      })
    },
    removeNode(name) {
      world.store.delete(`${records}${name}`)
      world.store.delete(memoryKey(options.uid, name))
      images.forget(name)
      volumes.forgetHost(name)
      plugins.forget(name)
      backlogs.get(name)?.forget()
      backlogs.delete(name)
      apis.delete(name)
      if (api.get('nodes', '', name)) api.delete('nodes', '', name)
    },
    stop() {
      nodes.close()
      ports.stop()
      runner.stop()
      agents.stop()
      serving?.stop()
      podsByMount.close()
      admitted.close()
      for (const backlog of backlogs.values()) backlog.forget()
      for (const list of workers.values()) for (const worker of list) worker.crash()
      workers.clear()
      volumes.flush()
    },
  }
}

/** The ConfigMaps and Secrets that a pod mounts: `configmaps/default/web`. */
function mountedOf(pod: Pod): string[] {
  const { namespace } = pod.metadata
  const sourcesOf = (volume: Volume) => [volume, ...(volume.projected?.sources ?? [])]
  return (pod.spec.volumes ?? []).flatMap(sourcesOf).flatMap((source) => {
    const map = source.configMap?.name
    const secret =
      source.secret &&
      ('secretName' in source.secret
        ? source.secret.secretName
        : 'name' in source.secret
          ? source.secret.name
          : undefined)
    return [
      ...(map ? [`configmaps/${namespace}/${map}`] : []),
      ...(secret ? [`secrets/${namespace}/${secret}`] : []),
    ]
  })
}
