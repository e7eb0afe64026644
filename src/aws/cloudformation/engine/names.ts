import { createHash } from 'node:crypto'

const RANDOM_LENGTH = 12

/** Twelve capitals and digits that follow from what they are for, so that a second attempt makes no second thing. */
export function randomPart(seed: string): string {
  const digest = createHash('sha256').update(seed).digest('hex')
  return BigInt(`0x${digest}`).toString(36).toUpperCase().slice(0, RANDOM_LENGTH)
}

/** `stack-Logical-1A2B3C4D5E6F`, the first two cut so that it is no longer than `limit`. */
export function physicalName(stack: string, logicalId: string, seed: string, limit = 255): string {
  const room = limit - RANDOM_LENGTH - 2
  const whole = stack.length + logicalId.length <= room
  const half = Math.floor(room / 2)
  const first = whole ? stack : stack.slice(0, Math.max(half, room - logicalId.length))
  const second = whole ? logicalId : logicalId.slice(0, room - first.length)
  // Names with two hyphens in a row, or that end in one, are refused by some services.
  return [first.replace(/-+$/, ''), second, randomPart(seed)].join('-')
}
