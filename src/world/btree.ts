// sorted-btree is CommonJS with its class under `default`; here it gets a plain ES name.
import module, { type default as Class } from 'sorted-btree'

export const BTree = module.default
export type BTree<K, V> = Class.default<K, V>
