import type { World } from '#world/world.ts'
import type { Part, PictureChange } from './picture/part.ts'
import type { Picture } from './picture/picture.ts'

/** Steps (virtual ms) between two looks. */
const STEP_MS = 5000

/**
 * Moves a world's clock forward until nothing in it is on its way any more, at most so many virtual ms. Gives how far it moved.
 */
export async function untilReady(world: World, picture: Picture, limitMs: number): Promise<number> {
  const waiting = new Set<string>()
  const look = (part: Part) => (part.state === 'waiting' ? waiting.add(part.id) : waiting.delete(part.id))
  let begun = () => {}
  const known = new Promise<void>((resolve) => {
    begun = resolve
  })
  const change = ({ put, gone }: PictureChange) => {
    for (const part of put) look(part)
    for (const id of gone) waiting.delete(id)
    begun()
  }
  const subscription = picture.subscribe({ change, end: begun })
  try {
    await known
    let moved = 0
    while (waiting.size > 0 && moved < limitMs) {
      await world.advance(STEP_MS)
      moved += STEP_MS
      // The picture follows in turns of its own.
      await picture.settled()
    }
    return moved
  } finally {
    subscription.close()
  }
}
