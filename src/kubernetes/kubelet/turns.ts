import { turn } from '#world/turns.ts'

/**
 * Waits for `promise`, but at most `count` turns of the event loop. A process inside the simulation that can answer at once
 * does so before the world's clock moves on; one that waits for the clock is not waited for.
 */
export async function turns(promise: Promise<unknown>, count = 50): Promise<void> {
  let settled = false
  const done = () => {
    settled = true
  }
  promise.then(done, done)
  for (let i = 0; i < count && !settled; i++) await turn()
}
