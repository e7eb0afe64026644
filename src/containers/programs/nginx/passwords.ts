import { createHash, timingSafeEqual } from 'node:crypto'
import { readContent } from '../../files/nodes.ts'
import { resolvePath } from '../../files/tree.ts'
import { type Exchange, setting } from './exchange.ts'
import { errorLog } from './logs.ts'
import { variables } from './variables.ts'

/** Puts the user of `auth_basic` into the exchange. `unreadable`: the password file cannot be read, as nginx answers 403 to. */
export async function knownUser(exchange: Exchange): Promise<'known' | 'unknown' | 'unreadable'> {
  const { process } = exchange.site
  const given = /^Basic\s+(\S+)$/i.exec(exchange.req.headers.authorization ?? '')?.[1]
  const text = given ? Buffer.from(given, 'base64').toString() : ''
  const colon = text.indexOf(':')
  if (colon === -1) {
    errorLog(exchange, 'no user/password was provided for basic authentication')
    return 'unknown'
  }
  const [user, password] = [text.slice(0, colon), text.slice(colon + 1)]
  const path = resolvePath(
    '/etc/nginx',
    variables(exchange, setting(exchange, 'auth_basic_user_file')?.args[0] ?? ''),
  )
  const node = process.machine.files.find(path)
  if (node?.kind !== 'file') {
    errorLog(exchange, `open() "${path}" failed (2: No such file or directory)`)
    return 'unreadable'
  }
  const line = Buffer.from(await readContent(node.content))
    .toString()
    .split(/\r?\n/)
    .find((candidate) => candidate.startsWith(`${user}:`))
  if (line === undefined) {
    errorLog(exchange, `user "${user}" was not found in "${path}"`)
    return 'unknown'
  }
  const stored = line.slice(user.length + 1).split(':')[0]!
  if (!fits(password, stored)) {
    errorLog(exchange, `user "${user}": password mismatch`)
    return 'unknown'
  }
  exchange.user = user
  return 'known'
}

/** Whether a password is the one that `htpasswd` or `openssl passwd -apr1` has stored. */
function fits(password: string, stored: string): boolean {
  if (stored.startsWith('$apr1$')) return same(apr1(password, stored.split('$')[2] ?? ''), stored)
  if (stored.startsWith('{SHA}'))
    return same(createHash('sha1').update(password).digest('base64'), stored.slice(5))
  if (stored.startsWith('{SSHA}')) {
    const bytes = Buffer.from(stored.slice(6), 'base64')
    const hash = createHash('sha1').update(password).update(bytes.subarray(20)).digest()
    return hash.equals(bytes.subarray(0, 20))
  }
  if (stored.startsWith('{PLAIN}')) return same(password, stored.slice(7))
  return false
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

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
