import { createHash, randomBytes, randomInt } from 'node:crypto'

/** Without letters that are read as others. */
const LETTERS = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789'

/** A code that people read and type: `ABCD-EFGH` for 2 groups. Each group has 19.8 bits. */
export function readableCode(groups: number): string {
  const group = () => Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('')
  return Array.from({ length: groups }, group).join('-')
}

/** A code as it was typed, in the form in which it was made. */
export function normalizeCode(typed: string): string {
  const letters = typed.toUpperCase().replace(/[^A-Z0-9]/g, '')
  return letters.match(/.{1,4}/g)?.join('-') ?? ''
}

/** 128 random bits for an address. */
export function token(): string {
  return randomBytes(16).toString('base64url')
}

/** What is kept of a secret: whoever reads the database must not be able to use it. */
export function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
