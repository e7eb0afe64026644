import { randomBytes } from 'node:crypto'
import type { World } from '#world/world.ts'

const ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const SECRET_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes */
export type IdPrefix = 'AIDA' | 'AROA' | 'AGPA' | 'AIPA' | 'ANPA' | 'AKIA' | 'ASIA'

/** A unique id of IAM: a prefix and 17 characters (16 for access keys). */
export function uniqueId(world: World, prefix: IdPrefix): string {
  const length = prefix === 'AKIA' || prefix === 'ASIA' ? 16 : 17
  return prefix + world.ids.text(length, ID_ALPHABET)
}

/** A secret access key: 40 characters, never from a seed. */
export function secretAccessKey(): string {
  return Array.from(randomBytes(40), (byte) => SECRET_ALPHABET[byte % SECRET_ALPHABET.length]).join('')
}
