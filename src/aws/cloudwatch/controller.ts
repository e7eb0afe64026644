import type { Controller } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { scopeOfKey } from '../ec2/index.ts'
import { setState } from './alarms.ts'
import { evaluate } from './evaluate.ts'
import { alarms } from './tables.ts'

const KEY = /^aws\/\d+\/[^/]+\/cloudwatch\/alarms\/([^/]+)$/
const MINUTE_MS = 60_000
/** How long after a minute its values are complete, ms. */
const SETTLED_MS = 2_000

/** Looks at every alarm each minute of the world's clock. */
export function alarmController(world: World): Controller {
  return {
    name: 'cloudwatch-alarms',
    sources: [{ prefix: 'aws/', keys: ({ key, type }) => (type === 'put' && KEY.test(key) ? [key] : []) }],
    reconcile(key) {
      const scope = scopeOfKey(world, key)
      const record = alarms.find(scope, decodeURIComponent(KEY.exec(key)![1]!))
      if (!record) return undefined
      const verdict = evaluate(scope, record)
      const now = world.clock.now()
      const next = MINUTE_MS - (now % MINUTE_MS) + SETTLED_MS
      // A state that was set by hand holds until the next evaluation, as on AWS.
      const held = record.byHand && now - record.stateSince < MINUTE_MS
      if (verdict && verdict.state !== record.state && !held) setState(scope, record, verdict)
      return { requeueAfterMs: next }
    },
  }
}
