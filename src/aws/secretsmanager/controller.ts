import type { Controller } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { scopeOfKey } from '../ec2/index.ts'
import { secrets } from './tables.ts'

const KEY = /^aws\/\d+\/[^/]+\/secretsmanager\/secrets\/([^/]+)$/

/** Removes secrets when their recovery window is over. */
export function secretsController(world: World): Controller {
  return {
    name: 'secretsmanager',
    sources: [{ prefix: 'aws/', keys: ({ key }) => (KEY.test(key) ? [key] : []) }],
    reconcile(key) {
      const scope = scopeOfKey(world, key)
      const record = secrets.find(scope, decodeURIComponent(KEY.exec(key)![1]!))
      if (record?.goes === undefined) return undefined
      const left = record.goes - world.clock.now()
      if (left > 0) return { requeueAfterMs: left }
      secrets.delete(scope, record)
      return undefined
    },
  }
}
