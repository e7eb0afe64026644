import type { Store, WatchHandle } from '#world/store.ts'
import type { Pod } from '../objects.ts'
import { isFinished, podCondition } from '../pods.ts'
import { type Amounts, requestsOf } from '../scheduler/requests.ts'

const NONE: Readonly<Amounts> = {}

/** Whether a pod has been taken by its kubelet and uses what it asked for. */
export const isAdmitted = (pod: Pod): boolean =>
  pod.spec.nodeName !== undefined && pod.status.startTime !== undefined && !isFinished(pod)

/**
 * What the pods that a node's kubelet has taken ask for together, and under `pods` how many they are: counted as they come, change
 * and go, so that one more costs the same on a full node.
 */
export class AdmittedRequests {
  readonly #used = new Map<string, Amounts>()
  readonly #watch: WatchHandle

  constructor(store: Store, pods: string) {
    for (const pod of store.values<Pod>(pods)) this.#count(pod, 1)
    this.#watch = store.watch<Pod>(pods, ({ type, entry, previous }) => {
      if (type === 'put' && previous && asksAlike(entry.value, previous.value)) return
      if (previous) this.#count(previous.value, -1)
      if (type === 'put') this.#count(entry.value, 1)
    })
  }

  on(node: string): Readonly<Amounts> {
    return this.#used.get(node) ?? NONE
  }

  close(): void {
    this.#watch.close()
  }

  #count(pod: Pod, sign: 1 | -1): void {
    if (!isAdmitted(pod)) return
    const node = pod.spec.nodeName!
    const used = this.#used.get(node) ?? {}
    for (const [name, amount] of Object.entries({ pods: 1, ...requestsOf(pod) })) {
      used[name] = (used[name] ?? 0) + sign * amount
    }
    if (used.pods === 0) this.#used.delete(node)
    else this.#used.set(node, used)
  }
}

/** Whether a pod counts for what it counted for before; while a resize waits, that is in its status too. */
const asksAlike = (next: Pod, previous: Pod): boolean =>
  next.spec === previous.spec &&
  isAdmitted(next) === isAdmitted(previous) &&
  !podCondition(next, 'PodResizePending') &&
  !podCondition(previous, 'PodResizePending')
