import type { KubeletApi } from '../api.ts'
import type { ControlPlane } from '../controllers/control-plane.ts'
import type { Pod, Volume } from '../objects.ts'
import { nameOf, splitName } from '../pods.ts'
import { StoreIndex } from '../store-index.ts'
import { VolumeStore } from '../volumes/files.ts'
import { nodeAgents } from './node-agent.ts'
import { NodeImages } from './node-images.ts'
import { type NodeRecord, nodeRecordPrefix } from './node-record.ts'
import { type KubeletServices, PodWorker } from './pod-worker.ts'
import { kubeletStreams } from './streams.ts'

/** How many pods may be between two awaits at once. */
const CONCURRENCY = 512

/** The kubelets of all nodes of a cluster. */
export interface Kubelets extends KubeletApi, NodeRegistry {
  stop(): void
}

/** How the cloud tells which machines run a kubelet. All calls are level-triggered and remembered in the store. */
export interface NodeRegistry {
  /** A machine is up; its node joins by itself, or comes back. */
  registerNode(node: Omit<NodeRecord, 'stopped' | 'upSince'>): void
  /** The machine or its kubelet stopped: its pods' processes end, its node becomes NotReady in time. */
  stopNode(name: string): void
  /** The machine is gone for good, and its Node object with it. */
  removeNode(name: string): void
}

/** Starts one kubelet controller for all nodes. Models pkg/kubelet. */
export function startKubelets(
  plane: ControlPlane,
  services: Pick<KubeletServices, 'issueToken' | 'resolve' | 'resolver'>,
): Kubelets {
  const { api, world, options, podsByNode } = plane
  const images = new NodeImages(options)
  const volumes = new VolumeStore(world, options.uid)
  const records = nodeRecordPrefix(options.uid)
  /** Workers by pod; more than one while a predecessor of the same name ends. */
  const workers = new Map<string, PodWorker[]>()
  const kubelet: KubeletServices = {
    plane,
    images,
    volumes,
    ...services,
    enqueue: (key) => runner.enqueue(key),
  }
  const podsByMount = new StoreIndex<Pod>(world.store, api.prefix('pods'), (pod) =>
    pod.spec.nodeName ? mountedOf(pod) : [],
  )

  const recordOf = (name: string) => world.store.get<NodeRecord>(`${records}${name}`)?.value

  async function reconcile(key: string) {
    const pod = api.get<Pod>('pods', ...splitName(key))
    for (const worker of workers.get(key) ?? []) {
      if (worker.uid === pod?.metadata.uid) continue
      if (!(await worker.vanish(undefined))) return { requeueAfterMs: 1000 }
      await drop(worker)
    }
    if (!pod?.spec.nodeName) return
    const node = recordOf(pod.spec.nodeName)
    if (!node || node.stopped) return
    const known = workers.get(key)?.find(({ uid }) => uid === pod.metadata.uid)
    const worker = known ?? new PodWorker(kubelet, node, pod)
    if (!known) workers.set(key, [...(workers.get(key) ?? []), worker])
    return worker.sync(pod)
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
  const agents = world.controllers.start(nodeAgents(plane, images))
  const nodes = world.store.watch<NodeRecord>(records, ({ type, entry, previous }) => {
    const up = type === 'put' && !entry.value.stopped
    const wasUp = previous !== undefined && !previous.value.stopped
    const rebooted = up && wasUp && entry.value.upSince !== previous.value.upSince
    if (rebooted || (wasUp && !up)) nodeChanged(entry.value, false)
    else if (up && !wasUp) nodeChanged(entry.value, true)
  })

  const workerOf = (pod: Pod) => workers.get(nameOf(pod))?.find(({ uid }) => uid === pod.metadata.uid)
  return {
    ...kubeletStreams({ api, network: options.network, workerOf }),
    registerNode(node) {
      world.store.update<NodeRecord>(`${records}${node.name}`, (old) => ({
        ...node,
        upSince: old && !old.stopped ? old.upSince : plane.now(),
      }))
    },
    stopNode(name) {
      world.store.update<NodeRecord>(`${records}${name}`, (old) =>
        !old || old.stopped ? old : { ...old, stopped: true },
      )
    },
    removeNode(name) {
      world.store.delete(`${records}${name}`)
      images.forget(name)
      if (api.get('nodes', '', name)) api.delete('nodes', '', name)
    },
    stop() {
      nodes.close()
      runner.stop()
      agents.stop()
      podsByMount.close()
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
