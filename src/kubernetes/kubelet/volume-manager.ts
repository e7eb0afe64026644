import { equal } from '../equality.ts'
import type { Pod } from '../objects.ts'
import type { PodContext } from './pod-context.ts'
import { RETRY_MS, VOLUME_SYNC_MS } from './timings.ts'
import { MountError } from './volumes.ts'

/** When a pod's volumes are mounted and brought up to date. Models pkg/kubelet/volumemanager. */
export class VolumeManager {
  readonly #context: PodContext
  /** When the volumes want the next look, ms; 0 before the first, infinite when only a change brings it. */
  #due = 0
  /** The pod's labels and annotations as of the last look. */
  #seen: Pick<Pod['metadata'], 'labels' | 'annotations'> | undefined
  /** Since when a mount gets no answer. */
  #hangsSince: number | undefined

  constructor(context: PodContext) {
    this.#context = context
  }

  /** Mounts the pod's volumes, or renews what is due. Whether all are as they should be; if not, wakes the pod. */
  mount(pod: Pod): boolean {
    this.#look(pod)
    if (this.#context.now() >= this.#due) return this.renew(pod)
    if (Number.isFinite(this.#due)) this.#context.wakeAt(this.#due)
    return true
  }

  /** Somebody changed the pod: the kubelet renews all volumes that are made from the API then, not only what shows labels. */
  #look({ metadata: { labels, annotations } }: Pod): void {
    if (this.#seen && (!equal(labels, this.#seen.labels) || !equal(annotations, this.#seen.annotations)))
      this.#due = 0
    this.#seen = { labels, annotations }
  }

  /** As `mount`, whether or not anything is due. */
  renew(pod: Pod): boolean {
    const context = this.#context
    if ((pod.spec.volumes ?? []).length === 0) return true
    try {
      context.volumes.sync(context.source(pod))
      this.#due = context.volumes.renewAt
      this.#hangsSince = undefined
      return true
    } catch (error) {
      if (!(error instanceof MountError)) throw error
      this.#hangsSince ??= context.now()
      if (context.now() - this.#hangsSince >= error.takesMs) {
        context.event(pod, 'Warning', error.reason, error.message)
        this.#hangsSince = undefined
      }
      context.wakeAt(context.now() + RETRY_MS)
      return false
    }
  }

  /** A ConfigMap or Secret that the pod mounts changed: shown at the next periodic sync. */
  changed(): void {
    this.#due = Math.min(this.#due, this.#context.now() + VOLUME_SYNC_MS)
  }
}
