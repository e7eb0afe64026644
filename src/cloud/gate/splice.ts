import type { Socket } from 'node:net'

/** Joins two connections: what one says the other hears, and when one is gone so is the other. Each may end what it says before. */
export function splice(left: Socket, right: Socket): void {
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    one.pipe(other)
    one.on('error', () => one.destroy())
    const gone = () => {
      // What came before its end still goes out.
      if (one.readableEnded) other.destroySoon()
      else other.destroy()
    }
    if (one.destroyed) gone()
    else one.once('close', gone)
  }
}
