import type { World } from '#world/world.ts'
import { type ClusterApi, StatusError } from '../api.ts'
import type { Schema } from '../apiserver/schema/schema.ts'
import { equal } from '../equality.ts'
import type { Node, Pod, PodStatus } from '../objects.ts'
import { nameOf, splitName } from '../pods.ts'
import { timestamp } from '../time.ts'
import { MIRROR } from './kubelet.ts'
import { type Manifest, podOf } from './manifest.ts'
import type { NodeRecord } from './node-record.ts'
import type { KubeletServices } from './pod-context.ts'
import { PodWorker } from './pod-worker.ts'

/** How soon a mirror that the API server refused is tried again, ms. */
const MIRROR_RETRY_MS = 10_000

/** The last status of each static pod of a node, as its disk keeps it over a reboot. */
export const staticPodPrefix = (node: string): string => `kubelet/static/${node}/`

interface Kept {
  uid: string
  status: PodStatus
}

export interface StaticPodsOptions {
  world: World
  node: NodeRecord
  schema: Schema
  services: Omit<KubeletServices, 'ledger' | 'enqueue'>
  /** The files of the manifest folder as they are now. */
  manifests(): Promise<Manifest[]>
  /** Whether what ran on the node goes on, in a world that begins from a save point. */
  resumed: boolean
  /** A line of the kubelet's journal. */
  log(severity: 'I' | 'E', text: string): void
}

/**
 * The pods that a kubelet runs from the files of its node, needing no API server. While one answers, each has a mirror there, which shows
 * it and its status and cannot change it. Models pkg/kubelet/config/file.go and pkg/kubelet/pod/mirror_client.go.
 */
export class StaticPods {
  readonly #options: StaticPodsOptions
  readonly #wanted = new Map<string, Pod>()
  readonly #workers = new Map<string, PodWorker[]>()
  /** Pods that are on their way out, with the end of their grace period in them. */
  readonly #ending = new Map<string, Pod>()
  readonly #statuses = new Map<string, PodStatus>()
  readonly #runner: { enqueue(key: string): void; stop(): void }
  readonly #complaints = new Map<string, string>()
  /** Pods whose containers go on, by uid. */
  readonly #suspended = new Set<string>()
  #api: ClusterApi | undefined
  #reaches: () => boolean = () => false
  #mirrors: { close(): void } | undefined
  /** Whether the kubelet runs. */
  #attended = true
  #reading: Promise<void> | undefined
  #stale = false

  constructor(options: StaticPodsOptions) {
    this.#options = options
    const kept = options.world.store.values<Kept>(staticPodPrefix(options.node.name))
    if (options.resumed) for (const { uid } of kept) this.#suspended.add(uid)
    this.#runner = options.world.controllers.start({
      name: `kubelet-static-${options.node.name}`,
      sources: [],
      concurrency: 16,
      reconcile: (key) => this.#reconcile(key),
    })
  }

  /** Reads the manifest folder again. */
  changed(): void {
    this.#stale = true
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
  }

  /** The API server that the node's mirrors belong to; `reaches` tells whether it answers now. */
  connect(api: ClusterApi, reaches: () => boolean): void {
    if (this.#api !== api) {
      this.#mirrors?.close()
      this.#api = api
      const { world, node } = this.#options
      this.#mirrors = world.store.watch<Pod>(api.prefix('pods'), ({ entry: { value } }) => {
        if (value.spec.nodeName === node.name && value.metadata.annotations?.[MIRROR])
          this.#runner.enqueue(nameOf(value))
      })
    }
    this.#reaches = reaches
    this.reconnected()
  }

  /** The API server answers again. */
  reconnected(): void {
    if (!this.#api) return
    for (const key of this.#wanted.keys()) this.#runner.enqueue(key)
    for (const pod of this.#api.list<Pod>('pods')) {
      if (pod.spec.nodeName === this.#options.node.name && pod.metadata.annotations?.[MIRROR])
        this.#runner.enqueue(nameOf(pod))
    }
  }

  /** The kubelet stopped, or runs again; the containers know nothing of it. */
  attend(attended: boolean): void {
    this.#attended = attended
    if (!attended) return
    this.changed()
    for (const key of [...this.#wanted.keys(), ...this.#workers.keys()]) this.#runner.enqueue(key)
  }

  workers(): PodWorker[] {
    return [...this.#workers.values()].flat()
  }

  /** The worker behind a mirror. */
  workerOf(mirror: Pod): PodWorker | undefined {
    const uid = mirror.metadata.annotations?.[MIRROR]
    return this.#workers.get(nameOf(mirror))?.find((worker) => worker.uid === uid)
  }

  /** The pod of a worker with its status. */
  podOf({ key, uid }: PodWorker): Pod | undefined {
    const pod = this.#wanted.get(key)?.metadata.uid === uid ? this.#wanted.get(key) : this.#ending.get(uid)
    return pod && { ...pod, status: this.#statuses.get(uid) ?? pod.status }
  }

  enqueue(key: string): void {
    this.#runner.enqueue(key)
  }

  /** The machine went down. */
  stop(): void {
    this.#mirrors?.close()
    this.#runner.stop()
    for (const worker of this.workers()) worker.crash()
    this.#workers.clear()
  }

  async #read(): Promise<void> {
    const { node, schema, world, log } = this.#options
    while (this.#stale) {
      this.#stale = false
      const pods = new Map<string, Pod>()
      const seen = new Set<string>()
      for (const manifest of await this.#options.manifests()) {
        seen.add(manifest.path)
        try {
          const pod = podOf(manifest, node.name, schema, world.clock.now())
          pods.set(nameOf(pod), pod)
          this.#complaints.delete(manifest.path)
        } catch (error) {
          const text = `"Could not process manifest file" err=${JSON.stringify((error as Error).message)} path="${manifest.path}"`
          if (this.#complaints.get(manifest.path) !== text) log('E', `file.go:188] ${text}`)
          this.#complaints.set(manifest.path, text)
        }
      }
      const keys = new Set([...pods.keys(), ...this.#wanted.keys()])
      for (const key of keys) {
        const [before, after] = [this.#wanted.get(key), pods.get(key)]
        if (before?.metadata.uid === after?.metadata.uid) continue
        if (after) this.#wanted.set(key, this.#restored(key, after))
        else this.#wanted.delete(key)
        const operation = before ? (after ? 'UPDATE' : 'REMOVE') : 'ADD'
        log('I', `kubelet.go:2537] "SyncLoop ${operation}" source="file" pods=["${key}"]`)
        this.#runner.enqueue(key)
      }
    }
  }

  /** With what the node's disk remembers of it. */
  #restored(key: string, pod: Pod): Pod {
    const kept = this.#options.world.store.get<Kept>(staticPodPrefix(this.#options.node.name) + key)?.value
    if (kept?.uid !== pod.metadata.uid) return pod
    this.#statuses.set(pod.metadata.uid!, kept!.status)
    return { ...pod, status: kept!.status }
  }

  async #reconcile(key: string) {
    if (!this.#attended) return
    const wanted = this.#wanted.get(key)
    let wake: number | undefined
    for (const worker of this.#workers.get(key) ?? []) {
      if (worker.uid === wanted?.metadata.uid) continue
      const result = await worker.sync(this.#doomed(worker))
      wake = result?.requeueAfterMs
    }
    const leaving = (this.#workers.get(key) ?? []).some(({ uid }) => uid !== wanted?.metadata.uid)
    if (wanted && !leaving) {
      let worker = this.#workers.get(key)?.[0]
      if (!worker) {
        const services = {
          ...this.#options.services,
          ledger: this.#ledger,
          enqueue: (name: string) => this.enqueue(name),
        }
        worker = new PodWorker(
          services,
          this.#options.node,
          wanted,
          this.#suspended.delete(wanted.metadata.uid!),
        )
        this.#workers.set(key, [worker])
      }
      wake = (await worker.sync(this.podOf(worker)!))?.requeueAfterMs
    }
    if (!leaving) {
      const retry = this.#mirror(key, wanted)
      wake = Math.min(wake ?? Number.POSITIVE_INFINITY, retry ?? Number.POSITIVE_INFINITY)
    }
    return wake === undefined || !Number.isFinite(wake) ? undefined : { requeueAfterMs: wake }
  }

  /** The pod of a worker that must end, with its grace period begun. */
  #doomed(worker: PodWorker): Pod {
    const known = this.#ending.get(worker.uid)
    if (known) return known
    const [namespace, name] = splitName(worker.key)
    const seconds = worker.graceSeconds
    const deletionTimestamp = timestamp(this.#options.world.clock.now() + seconds * 1000)
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name, uid: worker.uid, deletionTimestamp },
      spec: { containers: worker.containers.map(({ spec }) => spec), nodeName: this.#options.node.name },
      status: this.#statuses.get(worker.uid) ?? {},
    } as unknown as Pod
    this.#ending.set(worker.uid, pod)
    return pod
  }

  readonly #ledger = {
    find: (key: string, uid: string): Pod | undefined => {
      const worker = this.#workers.get(key)?.find((candidate) => candidate.uid === uid)
      return worker && this.podOf(worker)
    },
    report: (pod: Pod, status: PodStatus): void => {
      const key = nameOf(pod)
      const { uid } = pod.metadata
      this.#statuses.set(uid!, status)
      const { world, node } = this.#options
      world.store.put<Kept>(staticPodPrefix(node.name) + key, { uid: uid!, status })
    },
    ended: (pod: Pod): void => {
      const key = nameOf(pod)
      const { uid } = pod.metadata
      const [gone, rest] = partition(this.#workers.get(key) ?? [], (worker) => worker.uid === uid)
      if (rest.length > 0) this.#workers.set(key, rest)
      else this.#workers.delete(key)
      for (const worker of gone) void worker.remove()
      this.#ending.delete(uid!)
      this.#statuses.delete(uid!)
      if (!this.#wanted.has(key))
        this.#options.world.store.delete(staticPodPrefix(this.#options.node.name) + key)
      this.#runner.enqueue(key)
    },
  }

  /** Brings the mirror in line; gives when to try again, ms. */
  #mirror(key: string, wanted: Pod | undefined): number | undefined {
    const api = this.#api
    if (!api || !this.#reaches()) return
    const [namespace, name] = splitName(key)
    const { node, log } = this.#options
    try {
      let mirror = api.get<Pod>('pods', namespace, name)
      if (mirror && !mirror.metadata.annotations?.[MIRROR]) return
      const stale =
        mirror &&
        (mirror.metadata.annotations![MIRROR] !== wanted?.metadata.uid || mirror.metadata.deletionTimestamp)
      if (mirror && stale) {
        const preconditions = { uid: mirror.metadata.uid! }
        api.delete('pods', namespace, name, { gracePeriodSeconds: 0, preconditions })
        mirror = undefined
      }
      if (!wanted) return
      const owner = api.get<Node>('nodes', '', node.name)
      if (!owner) return MIRROR_RETRY_MS
      mirror ??= api.create('pods', mirrorOf(wanted, owner))
      const { qosClass, ...status } = this.#statuses.get(wanted.metadata.uid!) ?? wanted.status
      const shown = { ...mirror.status, ...status, qosClass: mirror.status.qosClass ?? qosClass }
      if (!equal(shown, mirror.status)) api.updateStatus('pods', { ...mirror, status: shown as PodStatus })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      log(
        'E',
        `kubelet.go:3333] "Failed creating a mirror pod" err=${JSON.stringify(error.message)} pod="${key}"`,
      )
      return MIRROR_RETRY_MS
    }
  }
}

function mirrorOf({ metadata, spec }: Pod, node: Node): Pod {
  const { name, namespace, labels, annotations, uid } = metadata
  const owner = {
    apiVersion: 'v1',
    kind: 'Node',
    name: node.metadata.name,
    uid: node.metadata.uid!,
    controller: true,
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      ...(labels && { labels }),
      annotations: { ...annotations, [MIRROR]: uid },
      ownerReferences: [owner],
    },
    spec,
  } as unknown as Pod
}

function partition<T>(items: T[], matches: (item: T) => boolean): [T[], T[]] {
  return [items.filter(matches), items.filter((item) => !matches(item))]
}
