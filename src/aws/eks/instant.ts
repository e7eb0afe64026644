import type { Scope } from '../ec2/index.ts'

/** How long an answer is held at most, ms of the world's time. */
const HELD_MS = 5_000

/**
 * With provisioning at `instant` nobody waits for AWS: resolves when the record at `key` has become what `isOver` asks for, and after a
 * while in any case. Undefined: nothing to wait for, since provisioning takes time here, or time stands still.
 */
export function ifInstant<T>(
  { world }: Scope,
  key: string,
  isOver: (record: T) => boolean,
): Promise<void> | undefined {
  if (world.provisioning !== 'instant' || world.clock.speed === 0) return undefined
  return new Promise((resolve) => {
    const end = () => {
      watch.close()
      speed.close()
      timer.cancel()
      resolve()
    }
    const timer = world.clock.setTimer(HELD_MS, end)
    // Nobody waits for a time that stands still.
    const speed = world.clock.observe(() => {
      if (world.clock.speed === 0) end()
    })
    const watch = world.store.watch<T>(key, (event) => {
      if (event.key === key && (event.type === 'delete' || isOver(event.entry.value))) end()
    })
  })
}
