import type { Store, WatchHandle } from '#world/store.ts'
import type { Pod } from '../objects.ts'
import { controllerOf, isActive, isReady } from '../pods.ts'

/** Pods of one controller that have the same labels. */
interface Alike {
  labels: Record<string, string> | undefined
  /** Those that count as replicas. */
  active: number
  /** Those that nobody has deleted, ended ones too. */
  kept: number
}

/** How many pods a controller has. */
export interface Counts {
  /** Neither ended nor deleted. */
  active: number
  /** Of the active ones. */
  ready: number
  alike: ReadonlyMap<string, Alike>
}

interface Tally extends Counts {
  alike: Map<string, Alike>
}

const NONE: Counts = { active: 0, ready: 0, alike: new Map() }

/** Counts the pods of each controller as they come, change and go: what a ReplicaSet needs to know of ten thousand costs what it costs of ten. */
export class ReplicaCounts {
  readonly #tallies = new Map<string, Tally>()
  readonly #watch: WatchHandle

  constructor(store: Store, pods: string) {
    for (const pod of store.values<Pod>(pods)) this.#count(pod, 1)
    this.#watch = store.watch<Pod>(pods, ({ type, entry, previous }) => {
      if (previous) this.#count(previous.value, -1)
      if (type === 'put') this.#count(entry.value, 1)
    })
  }

  /** By the controller's uid. */
  of(uid: string): Counts {
    return this.#tallies.get(uid) ?? NONE
  }

  close(): void {
    this.#watch.close()
  }

  #count(pod: Pod, change: 1 | -1): void {
    const uid = controllerOf(pod)?.uid
    if (uid === undefined || pod.metadata.deletionTimestamp) return
    const tally = this.#tallies.get(uid) ?? { active: 0, ready: 0, alike: new Map() }
    this.#tallies.set(uid, tally)
    const { labels } = pod.metadata
    const key = JSON.stringify(labels) ?? ''
    const alike = tally.alike.get(key) ?? { labels, active: 0, kept: 0 }
    tally.alike.set(key, alike)
    alike.kept += change
    if (isActive(pod)) {
      alike.active += change
      tally.active += change
      if (isReady(pod)) tally.ready += change
    }
    if (alike.kept === 0) tally.alike.delete(key)
    if (tally.alike.size === 0) this.#tallies.delete(uid)
  }
}
