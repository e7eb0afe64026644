import type { Store } from '#world/store.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { VolumeRecord } from './records.ts'
import type { Scope } from './scope.ts'

const FOLDER = /^aws\/[^/]+\/[^/]+\/ec2\/volumes\//

const indexes = new WeakMap<Store, StoreIndex<VolumeRecord>>()

/** The volumes that are attached to an instance, in the order of their devices. */
export function volumesOf({ world: { store } }: Scope, instanceId: string): VolumeRecord[] {
  let index = indexes.get(store)
  if (!index) {
    index = new StoreIndex<VolumeRecord>(store, 'aws/', (volume, key) =>
      FOLDER.test(key) && volume.attachment ? [volume.attachment.instanceId] : [],
    )
    indexes.set(store, index)
  }
  return index.get(instanceId).sort((a, b) => a.attachment!.device.localeCompare(b.attachment!.device, 'en'))
}
