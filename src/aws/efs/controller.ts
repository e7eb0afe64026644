import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type Scope, scopeOfKey } from '../ec2/index.ts'
import { removeInterface } from '../ec2/interfaces.ts'
import type { Table } from '../table.ts'
import { durations } from './data/durations.ts'
import type { LifeCycleState } from './records.ts'
import { accessPoints, dataPrefix, fileSystems, mountTargets } from './tables.ts'

const KEY = /^aws\/\d+\/[^/]+\/efs\/(file-systems|mount-targets|access-points)\/([^/]+)$/

interface Living {
  state: LifeCycleState
  since: number
}

/** Moves file systems, mount targets and access points through their states as time passes. */
export function efsController(world: World): Controller {
  /** What `duration` after its state began becomes available, or goes. */
  function advance<T extends Living>(
    scope: Scope,
    table: Table<T>,
    record: T | undefined,
    takes: { creating: number; deleting: number },
    gone: (record: T) => void = () => {},
  ): Result | undefined {
    if (record?.state !== 'creating' && record?.state !== 'deleting') return undefined
    const left = record.since + world.provisioningTime(takes[record.state]) - world.clock.now()
    if (left > 0) return { requeueAfterMs: left }
    if (record.state === 'creating') {
      table.put(scope, { ...record, state: 'available', since: world.clock.now() })
      return undefined
    }
    gone(record)
    table.delete(scope, record)
    return undefined
  }

  return {
    name: 'efs',
    sources: [{ prefix: 'aws/', keys: ({ key }) => (KEY.test(key) ? [key] : []) }],
    reconcile(key) {
      const [, folder, id = ''] = KEY.exec(key)!
      const scope = scopeOfKey(world, key)
      if (folder === 'file-systems')
        return advance(
          scope,
          fileSystems,
          fileSystems.find(scope, id),
          { creating: durations.fileSystem, deleting: durations.fileSystemDeletion },
          () => forgetData(scope, id),
        )
      if (folder === 'mount-targets')
        return advance(
          scope,
          mountTargets,
          mountTargets.find(scope, id),
          { creating: durations.mountTarget, deleting: durations.mountTargetDeletion },
          ({ networkInterfaceId }) => removeInterface(scope, networkInterfaceId),
        )
      return advance(scope, accessPoints, accessPoints.find(scope, id), {
        creating: durations.accessPoint,
        deleting: 0,
      })
    },
  }
}

function forgetData(scope: Scope, fileSystemId: string): void {
  const { store } = scope.world
  const { entries } = store.list(dataPrefix(scope, fileSystemId))
  store.commit(entries.map(({ key }) => ({ key, value: undefined })))
}
