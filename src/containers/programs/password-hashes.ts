import { createHash, randomInt, timingSafeEqual } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import bcrypt from 'bcryptjs'
import type { BcryptJob } from './bcrypt-worker.ts'

/** Up to this cost bcrypt takes a few milliseconds, less than to begin a thread; each further one doubles it. */
const INLINE_COST = 6

/** Whether a password is the one that `htpasswd` or `openssl passwd -apr1` has stored. */
export async function passwordFits(password: string, stored: string): Promise<boolean> {
  if (isBcrypt(stored)) {
    return Number(stored.slice(4, 6)) <= INLINE_COST
      ? bcrypt.compareSync(password, stored)
      : ((await inThread({ password, hash: stored })) as boolean)
  }
  if (stored.startsWith('$apr1$')) return same(apr1(password, stored.split('$')[2] ?? ''), stored)
  if (stored.startsWith('{SHA}')) return same(shaHash(password), stored)
  if (stored.startsWith('{SSHA}')) {
    const bytes = Buffer.from(stored.slice(6), 'base64')
    const hash = createHash('sha1').update(password).update(bytes.subarray(20)).digest()
    return hash.equals(bytes.subarray(0, 20))
  }
  if (stored.startsWith('{PLAIN}')) return same(password, stored.slice(7))
  return false
}

/** Whether a stored password is one of bcrypt, as `htpasswd -B` writes it. */
export const isBcrypt = (stored: string): boolean => /^\$2[aby]\$\d\d\$[./0-9A-Za-z]{53}$/.test(stored)

/** bcrypt's hash of a password in the form of `htpasswd -B`; it takes 2 to the power of `cost` rounds. */
export async function bcryptHash(password: string, cost: number): Promise<string> {
  const hash = cost <= INLINE_COST ? bcrypt.hashSync(password, cost) : await inThread({ password, cost })
  return `$2y${(hash as string).slice(3)}`
}

function inThread(job: BcryptJob): Promise<string | boolean> {
  return new Promise((resolve, reject) => {
    new Worker(new URL('bcrypt-worker.ts', import.meta.url), { workerData: job })
      .once('message', resolve)
      .once('error', reject)
  })
}

/** The SHA-1 form of `htpasswd -s`. */
export const shaHash = (password: string): string =>
  `{SHA}${createHash('sha1').update(password).digest('base64')}`

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A salt for `apr1`. */
export const newSalt = (): string =>
  Array.from({ length: 8 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')

/** Apache's MD5 password hash (https://httpd.apache.org/docs/2.4/misc/password_encryptions.html). */
export function apr1(password: string, salt: string): string {
  const key = Buffer.from(password)
  const salted = Buffer.from(salt.slice(0, 8))
  const md5 = (...parts: Uint8Array[]) => {
    const hash = createHash('md5')
    for (const part of parts) hash.update(part)
    return hash.digest()
  }
  const mixed = md5(key, salted, key)
  const first: Uint8Array[] = [key, Buffer.from('$apr1$'), salted]
  for (let left = key.length; left > 0; left -= 16) first.push(mixed.subarray(0, Math.min(16, left)))
  for (let bits = key.length; bits > 0; bits >>= 1)
    first.push(bits & 1 ? Buffer.from([0]) : key.subarray(0, 1))
  let sum = md5(...first)
  for (let round = 0; round < 1000; round++) {
    const parts: Uint8Array[] = [round & 1 ? key : sum]
    if (round % 3) parts.push(salted)
    if (round % 7) parts.push(key)
    parts.push(round & 1 ? sum : key)
    sum = md5(...parts)
  }
  const letters = (a: number, b: number, c: number, count: number) => {
    let value = (a << 16) | (b << 8) | c
    let text = ''
    for (let index = 0; index < count; index++, value >>= 6) text += ALPHABET[value & 63]
    return text
  }
  const order = [0, 1, 2, 3].map((i) => letters(sum[i]!, sum[i + 6]!, sum[i + 12]!, 4))
  const rest = letters(sum[4]!, sum[10]!, sum[5]!, 4) + letters(0, 0, sum[11]!, 2)
  return `$apr1$${salted}$${order.join('')}${rest}`
}
