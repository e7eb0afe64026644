import type { Store } from '#world/store.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { NodeRecord } from './records.ts'

const NODE_KEY = /^aws\/\d+\/[^/]+\/eks\/nodes\//

const indexes = new WeakMap<Store, StoreIndex<NodeRecord>>()

/** A cluster's node by its name, without a search; the index lives as long as the world's store. */
export function nodeNamed(
  { store }: { store: Store },
  clusterUid: string,
  name: string,
): NodeRecord | undefined {
  let index = indexes.get(store)
  if (!index) {
    index = new StoreIndex<NodeRecord>(store, 'aws/', (node, key) =>
      NODE_KEY.test(key) ? [`${node.clusterUid} ${node.name}`] : [],
    )
    indexes.set(store, index)
  }
  return index.get(`${clusterUid} ${name}`)[0]
}
