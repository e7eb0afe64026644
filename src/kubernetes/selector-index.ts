import type { Store } from '#world/store.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { KubernetesObject } from './api.ts'
import type { LabelSelector } from './objects.ts'
import { selects } from './selectors.ts'

/** Stands for the label of selectors that name none. */
const ANY = '*'

/**
 * Objects that pick others of their namespace by label (Services, budgets, ReplicaSets), found by what they pick: each is kept under one label
 * that its picks must have, so that a pod's change costs what its labels are, however many Services there are.
 */
export class SelectorIndex<T extends KubernetesObject> {
  readonly #index: StoreIndex<T>
  readonly #selectorOf: (object: T) => LabelSelector | undefined

  constructor(store: Store, prefix: string, selectorOf: (object: T) => LabelSelector | undefined) {
    this.#selectorOf = selectorOf
    this.#index = new StoreIndex<T>(store, prefix, (object) => {
      const selector = selectorOf(object)
      if (!selector) return []
      const [label = ANY] = Object.entries(selector.matchLabels ?? {}).map((pair) => pair.join('='))
      return [`${object.metadata.namespace} ${label}`]
    })
  }

  /** The objects of a namespace whose selector picks what has these labels, as stored (do not change them). */
  selecting(namespace: string, labels: Record<string, string> | undefined): T[] {
    const found: T[] = []
    const look = (label: string) => {
      for (const object of this.#index.values(`${namespace} ${label}`)) {
        if (selects(this.#selectorOf(object), labels)) found.push(object)
      }
    }
    look(ANY)
    for (const label in labels) look(`${label}=${labels[label]}`)
    return found
  }

  close(): void {
    this.#index.close()
  }
}
