import type { Pod } from '#kubernetes/objects.ts'

/** Karpenter gathers pods until none has come for this long, ms… */
const IDLE_MS = 1000
/** …but no longer than this. */
const LONGEST_MS = 10_000

/** Pods that wait, gathered so that they share machines. Models Karpenter's pkg/controllers/provisioning/batcher.go. */
export class PodBatch {
  #known = new Set<string>()
  #since = Number.NEGATIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY

  /** How long to wait for more than the pods that wait `now`, ms; 0: no longer. */
  waitFor(pods: Pod[], now: number): number {
    const uids = pods.map(({ metadata }) => metadata.uid!)
    // Counted from when a pod was seen: the times in its conditions are whole seconds.
    if (uids.some((uid) => !this.#known.has(uid))) {
      if (this.#left(now) <= 0) this.#since = now
      this.#last = now
    }
    this.#known = new Set(uids)
    return Math.max(this.#left(now), 0)
  }

  #left(now: number): number {
    return Math.min(this.#last + IDLE_MS, this.#since + LONGEST_MS) - now
  }
}
