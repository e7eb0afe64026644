import type { CloudProvider } from '#kubernetes/provider.ts'
import type { World } from '#world/world.ts'

type Addresses = Pick<CloudProvider, 'allocatePodAddress' | 'releasePodAddress' | 'keepPodAddresses'>

/** Pod addresses from 10.0.0.11 on, kept in the world's store as `addresses/<node>/<pod>`. */
export function podAddresses({ store }: World): Addresses {
  return {
    allocatePodAddress(node, uid) {
      const known = store.get<string>(`addresses/${node}/${uid}`)?.value
      if (known) return known
      const next = store.update<number>('next-address', (last) => (last ?? 10) + 1)!
      return store.put(`addresses/${node}/${uid}`, `10.${next >>> 16}.${(next >>> 8) & 255}.${next & 255}`)
        .value
    },
    releasePodAddress: (node, uid) => void store.delete(`addresses/${node}/${uid}`),
    keepPodAddresses(node, uids) {
      for (const { key } of store.list(`addresses/${node}/`).entries) {
        if (!uids.has(key.slice(key.lastIndexOf('/') + 1))) store.delete(key)
      }
    },
  }
}
