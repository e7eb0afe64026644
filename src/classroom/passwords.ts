import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** OWASP's choice for argon2id (password storage cheat sheet): memory in KiB. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 }
const TAG_LENGTH = 32
/** https://pages.nist.gov/800-63-4/sp800-63b.html: length is what counts. */
export const PASSWORD_LENGTH = { least: 12, most: 200 }

const FORMAT = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/

/** A password's hash in the PHC string format. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const { memory, passes, parallelism } = COST
  const tag = await derive(password, salt, COST)
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`
}

/** Whether a password is the hash's. Without a hash it takes as long, and is not: nobody learns which people exist. */
export async function verifyPassword(password: string, hash: string | null | undefined): Promise<boolean> {
  const [, memory, passes, parallelism, salt, tag] = FORMAT.exec(hash ?? '') ?? []
  const cost = tag
    ? { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
    : COST
  const derived = await derive(password, Buffer.from(salt ?? '', 'base64'), cost)
  return tag !== undefined && timingSafeEqual(derived, Buffer.from(tag, 'base64'))
}

function derive(password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  // A nonce has at least 8 bytes.
  const nonce = salt.length >= 8 ? salt : Buffer.alloc(16)
  return promisify(argon2)('argon2id', {
    message: password.normalize('NFKC'),
    nonce,
    ...cost,
    tagLength: TAG_LENGTH,
  }) as Promise<Buffer>
}

const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
