import type { Store } from '#world/store.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { KubernetesObject } from './api.ts'
import type { LabelSelector } from './objects.ts'
import { selects } from './selectors.ts'

/** The group of a label's bearers; a namespace's name, which has no blank, is the group of all of its objects. */
const labelled = (namespace: string, [label, value]: [string, string]): string =>
  `${namespace} ${label}=${value}`

/**
 * Namespaced objects by their labels, so that a selector need not look at all of them: only at those that bear one of its labels,
 * the rarest.
 */
export class LabelIndex<T extends KubernetesObject> {
  readonly #index: StoreIndex<T>

  /** `takes`: which objects under the prefix are of interest. Default: all. */
  constructor(store: Store, prefix: string, takes: (object: T) => boolean = () => true) {
    this.#index = new StoreIndex<T>(store, prefix, (object) => {
      if (!takes(object)) return []
      const { namespace = '', labels } = object.metadata
      const groups = [namespace]
      for (const label in labels) groups.push(labelled(namespace, [label, labels[label]!]))
      return groups
    })
  }

  /** All objects of a namespace, as stored (do not change them). */
  get(namespace: string): T[] {
    return this.#index.get(namespace)
  }

  /** The objects of a namespace that a selector picks, as stored (do not change them). */
  select(namespace: string, selector: LabelSelector | undefined): T[] {
    if (!selector) return []
    let smallest = namespace
    for (const label of Object.entries(selector.matchLabels ?? {})) {
      const group = labelled(namespace, label)
      if (this.#index.size(group) < this.#index.size(smallest)) smallest = group
    }
    const picked: T[] = []
    for (const object of this.#index.values(smallest)) {
      if (selects(selector, object.metadata.labels)) picked.push(object)
    }
    return picked
  }

  close(): void {
    this.#index.close()
  }
}
