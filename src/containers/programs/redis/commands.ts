import { matches } from '../../shell/pattern.ts'
import type { Database } from './database.ts'
import { array, bulk, bulks, error, integer, ok, type Reply } from './protocol.ts'

/** What a data command works on. */
export interface CommandContext {
  db: Database
  /** World's time, ms. */
  now: number
}

interface Command {
  /** Words with the command's own: exactly, or at least when negative. */
  arity: number
  writes?: boolean
  run: (args: string[], context: CommandContext) => Reply
}

const NOT_INTEGER = 'ERR value is not an integer or out of range'
const NOT_FLOAT = 'ERR value is not a valid float'
const SYNTAX = 'ERR syntax error'

class CommandError extends Error {}

function whole(text: string): number {
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(Number(text))) throw new CommandError(NOT_INTEGER)
  return Number(text)
}

/** Runs a data command. Throws WrongTypeError. */
export function runDataCommand(command: Command, args: string[], context: CommandContext): Reply {
  try {
    return command.run(args, context)
  } catch (failure) {
    if (failure instanceof CommandError) return error(failure.message)
    throw failure
  }
}

function addTo(key: string, amount: number, { db }: CommandContext): Reply {
  const value = whole(db.typed(key, 'string') ?? '0') + amount
  const expiry = db.expiry(key)
  db.set(key, { type: 'string', value: String(value) }, expiry ?? undefined)
  return integer(value)
}

function set([key = '', value = '', ...options]: string[], { db, now }: CommandContext): Reply {
  let expiresAt: number | undefined
  let get = false
  let only: 'NX' | 'XX' | undefined
  const words = options.map((word) => word.toUpperCase())
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    if (word === 'NX' || word === 'XX') only = word
    else if (word === 'GET') get = true
    else if (word === 'KEEPTTL') expiresAt = db.expiry(key) ?? undefined
    else if (word === 'EX' || word === 'PX' || word === 'EXAT' || word === 'PXAT') {
      const amount = whole(options[++index] ?? '')
      if (amount <= 0) return error("ERR invalid expire time in 'set' command")
      const ms = amount * (word.startsWith('E') ? 1000 : 1)
      expiresAt = word.endsWith('AT') ? ms : now + ms
    } else return error(SYNTAX)
  }
  const before = get ? bulk(db.typed(key, 'string')) : undefined
  const there = db.get(key) !== undefined
  if ((only === 'NX' && there) || (only === 'XX' && !there)) return before ?? bulk(null)
  db.set(key, { type: 'string', value }, expiresAt)
  return before ?? ok
}

const push =
  (end: 'left' | 'right'): Command['run'] =>
  ([key = '', ...values], { db }) => {
    const list = db.made(key, 'list')
    if (end === 'left') list.unshift(...values.reverse())
    else list.push(...values)
    return integer(list.length)
  }

const pop =
  (end: 'left' | 'right'): Command['run'] =>
  ([key = '', count], { db }) => {
    const list = db.typed(key, 'list')
    if (!list) return count === undefined ? bulk(null) : { kind: 'array', items: null }
    const taken = Array.from({ length: Math.min(count === undefined ? 1 : whole(count), list.length) }, () =>
      end === 'left' ? list.shift()! : list.pop()!,
    )
    db.tidy(key)
    return count === undefined ? bulk(taken[0]) : bulks(taken)
  }

/** `start` and `stop` as Redis counts them, negative from the end. */
function range<T>(items: readonly T[], start: string, stop: string): T[] {
  const at = (text: string) => (whole(text) < 0 ? items.length + whole(text) : whole(text))
  return items.slice(Math.max(0, at(start)), at(stop) + 1)
}

const ttl =
  (unit: number): Command['run'] =>
  ([key = ''], { db, now }) => {
    const expiry = db.expiry(key)
    if (expiry === undefined) return integer(-2)
    return integer(expiry === null ? -1 : Math.max(0, Math.round((expiry - now) / unit)))
  }

const expire =
  (unit: number): Command['run'] =>
  ([key = '', amount = ''], { db, now }) =>
    integer(db.expire(key, now + whole(amount) * unit) ? 1 : 0)

const sorted = (members: ReadonlyMap<string, number>) =>
  [...members].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))

const found = (pattern: string, keys: string[]) =>
  keys.filter((key) => matches([{ text: pattern, quoted: false }], key))

/** The commands on keys, by their names in lower case (https://redis.io/docs/latest/commands/). */
export const DATA_COMMANDS: Readonly<Record<string, Command>> = {
  get: { arity: 2, run: ([key = ''], { db }) => bulk(db.typed(key, 'string')) },
  set: { arity: -3, writes: true, run: set },
  setnx: {
    arity: 3,
    writes: true,
    run: ([key = '', value = ''], context) => integer(set([key, value, 'NX'], context) === ok ? 1 : 0),
  },
  setex: {
    arity: 4,
    writes: true,
    run: ([key = '', seconds = '', value = ''], context) => set([key, value, 'EX', seconds], context),
  },
  psetex: {
    arity: 4,
    writes: true,
    run: ([key = '', ms = '', value = ''], context) => set([key, value, 'PX', ms], context),
  },
  getset: {
    arity: 3,
    writes: true,
    run: ([key = '', value = ''], context) => set([key, value, 'GET'], context),
  },
  getdel: {
    arity: 2,
    writes: true,
    run: ([key = ''], { db }) => {
      const value = bulk(db.typed(key, 'string'))
      db.delete(key)
      return value
    },
  },
  mget: {
    arity: -2,
    run: (keys, { db }) =>
      bulks(keys.map((key) => (db.get(key)?.type === 'string' ? db.typed(key, 'string') : null))),
  },
  mset: {
    arity: -3,
    writes: true,
    run: (words, { db }) => {
      if (words.length % 2 === 1) return error("ERR wrong number of arguments for 'mset' command")
      for (let index = 0; index < words.length; index += 2)
        db.set(words[index]!, { type: 'string', value: words[index + 1]! })
      return ok
    },
  },
  append: {
    arity: 3,
    writes: true,
    run: ([key = '', more = ''], { db }) => {
      const value = (db.typed(key, 'string') ?? '') + more
      db.set(key, { type: 'string', value }, db.expiry(key) ?? undefined)
      return integer(value.length)
    },
  },
  strlen: { arity: 2, run: ([key = ''], { db }) => integer((db.typed(key, 'string') ?? '').length) },
  getrange: {
    arity: 4,
    run: ([key = '', start = '', stop = ''], { db }) =>
      bulk(range([...(db.typed(key, 'string') ?? '')], start, stop).join('')),
  },
  incr: { arity: 2, writes: true, run: ([key = ''], context) => addTo(key, 1, context) },
  decr: { arity: 2, writes: true, run: ([key = ''], context) => addTo(key, -1, context) },
  incrby: {
    arity: 3,
    writes: true,
    run: ([key = '', amount = ''], context) => addTo(key, whole(amount), context),
  },
  decrby: {
    arity: 3,
    writes: true,
    run: ([key = '', amount = ''], context) => addTo(key, -whole(amount), context),
  },
  incrbyfloat: {
    arity: 3,
    writes: true,
    run: ([key = '', amount = ''], { db }) => {
      const value = Number(db.typed(key, 'string') ?? '0') + Number(amount)
      if (Number.isNaN(value)) return error(NOT_FLOAT)
      db.set(key, { type: 'string', value: String(value) }, db.expiry(key) ?? undefined)
      return bulk(String(value))
    },
  },
  del: {
    arity: -2,
    writes: true,
    run: (keys, { db }) => integer(keys.filter((key) => db.delete(key)).length),
  },
  unlink: {
    arity: -2,
    writes: true,
    run: (keys, { db }) => integer(keys.filter((key) => db.delete(key)).length),
  },
  exists: { arity: -2, run: (keys, { db }) => integer(keys.filter((key) => db.get(key)).length) },
  type: { arity: 2, run: ([key = ''], { db }) => ({ kind: 'simple', text: db.get(key)?.type ?? 'none' }) },
  keys: { arity: 2, run: ([pattern = '*'], { db }) => bulks(found(pattern, db.keys())) },
  scan: {
    arity: -2,
    run: ([, ...options], { db }) => {
      const at = options.findIndex((word) => word.toUpperCase() === 'MATCH')
      return array([bulk('0'), bulks(at === -1 ? db.keys() : found(options[at + 1] ?? '*', db.keys()))])
    },
  },
  randomkey: { arity: 1, run: (_args, { db }) => bulk(db.keys()[0]) },
  rename: {
    arity: 3,
    writes: true,
    run: ([from = '', to = ''], { db }) => {
      const value = db.get(from)
      if (!value) return error('ERR no such key')
      const expiry = db.expiry(from) ?? undefined
      db.delete(from)
      db.set(to, value, expiry)
      return ok
    },
  },
  expire: { arity: -3, writes: true, run: expire(1000) },
  pexpire: { arity: -3, writes: true, run: expire(1) },
  ttl: { arity: 2, run: ttl(1000) },
  pttl: { arity: 2, run: ttl(1) },
  persist: {
    arity: 2,
    writes: true,
    run: ([key = ''], { db }) =>
      integer(typeof db.expiry(key) === 'number' && db.expire(key, undefined) ? 1 : 0),
  },
  dbsize: { arity: 1, run: (_args, { db }) => integer(db.keys().length) },
  lpush: { arity: -3, writes: true, run: push('left') },
  rpush: { arity: -3, writes: true, run: push('right') },
  lpop: { arity: -2, writes: true, run: pop('left') },
  rpop: { arity: -2, writes: true, run: pop('right') },
  llen: { arity: 2, run: ([key = ''], { db }) => integer(db.typed(key, 'list')?.length ?? 0) },
  lrange: {
    arity: 4,
    run: ([key = '', start = '', stop = ''], { db }) =>
      bulks(range(db.typed(key, 'list') ?? [], start, stop)),
  },
  lindex: {
    arity: 3,
    run: ([key = '', index = ''], { db }) => bulk((db.typed(key, 'list') ?? []).at(whole(index))),
  },
  hset: {
    arity: -4,
    writes: true,
    run: ([key = '', ...pairs], { db }) => {
      if (pairs.length % 2 === 1) return error("ERR wrong number of arguments for 'hset' command")
      const hash = db.made(key, 'hash')
      const before = hash.size
      for (let index = 0; index < pairs.length; index += 2) hash.set(pairs[index]!, pairs[index + 1]!)
      return integer(hash.size - before)
    },
  },
  hget: { arity: 3, run: ([key = '', field = ''], { db }) => bulk(db.typed(key, 'hash')?.get(field)) },
  hmget: {
    arity: -3,
    run: ([key = '', ...fields], { db }) => bulks(fields.map((field) => db.typed(key, 'hash')?.get(field))),
  },
  hgetall: { arity: 2, run: ([key = ''], { db }) => bulks([...(db.typed(key, 'hash') ?? [])].flat()) },
  hdel: {
    arity: -3,
    writes: true,
    run: ([key = '', ...fields], { db }) => {
      const count = fields.filter((field) => db.typed(key, 'hash')?.delete(field)).length
      db.tidy(key)
      return integer(count)
    },
  },
  hexists: {
    arity: 3,
    run: ([key = '', field = ''], { db }) => integer(db.typed(key, 'hash')?.has(field) ? 1 : 0),
  },
  hkeys: { arity: 2, run: ([key = ''], { db }) => bulks(db.typed(key, 'hash')?.keys() ?? []) },
  hvals: { arity: 2, run: ([key = ''], { db }) => bulks(db.typed(key, 'hash')?.values() ?? []) },
  hlen: { arity: 2, run: ([key = ''], { db }) => integer(db.typed(key, 'hash')?.size ?? 0) },
  hincrby: {
    arity: 4,
    writes: true,
    run: ([key = '', field = '', amount = ''], { db }) => {
      const hash = db.made(key, 'hash')
      const value = whole(hash.get(field) ?? '0') + whole(amount)
      hash.set(field, String(value))
      return integer(value)
    },
  },
  sadd: {
    arity: -3,
    writes: true,
    run: ([key = '', ...members], { db }) => {
      const held = db.made(key, 'set')
      const before = held.size
      for (const member of members) held.add(member)
      return integer(held.size - before)
    },
  },
  srem: {
    arity: -3,
    writes: true,
    run: ([key = '', ...members], { db }) => {
      const count = members.filter((member) => db.typed(key, 'set')?.delete(member)).length
      db.tidy(key)
      return integer(count)
    },
  },
  smembers: { arity: 2, run: ([key = ''], { db }) => bulks(db.typed(key, 'set') ?? []) },
  sismember: {
    arity: 3,
    run: ([key = '', member = ''], { db }) => integer(db.typed(key, 'set')?.has(member) ? 1 : 0),
  },
  scard: { arity: 2, run: ([key = ''], { db }) => integer(db.typed(key, 'set')?.size ?? 0) },
  zadd: {
    arity: -4,
    writes: true,
    run: ([key = '', ...pairs], { db }) => {
      const held = db.made(key, 'zset')
      const before = held.size
      for (let index = 0; index < pairs.length; index += 2) {
        const score = Number(pairs[index])
        if (Number.isNaN(score)) return error(NOT_FLOAT)
        held.set(pairs[index + 1] ?? '', score)
      }
      return integer(held.size - before)
    },
  },
  zincrby: {
    arity: 4,
    writes: true,
    run: ([key = '', amount = '', member = ''], { db }) => {
      const held = db.made(key, 'zset')
      const score = (held.get(member) ?? 0) + Number(amount)
      held.set(member, score)
      return bulk(String(score))
    },
  },
  zscore: {
    arity: 3,
    run: ([key = '', member = ''], { db }) => bulk(db.typed(key, 'zset')?.get(member)?.toString()),
  },
  zcard: { arity: 2, run: ([key = ''], { db }) => integer(db.typed(key, 'zset')?.size ?? 0) },
  zrem: {
    arity: -3,
    writes: true,
    run: ([key = '', ...members], { db }) => {
      const count = members.filter((member) => db.typed(key, 'zset')?.delete(member)).length
      db.tidy(key)
      return integer(count)
    },
  },
  zrange: {
    arity: -4,
    run: ([key = '', start = '', stop = '', ...options], { db }) => {
      const words = options.map((word) => word.toUpperCase())
      const all = sorted(db.typed(key, 'zset') ?? new Map())
      if (words.includes('REV')) all.reverse()
      return bulks(
        range(all, start, stop).flatMap(([member, score]) =>
          words.includes('WITHSCORES') ? [member, String(score)] : [member],
        ),
      )
    },
  },
}
