import type { Duplex } from 'node:stream'
import type { Process, Program } from '../processes/process.ts'

const DEFAULT_PORT = 11211
/** What it keeps at most by default, bytes; what is used least goes first. More is not kept here, whatever `-m` says. */
const MOST_BYTES = 64 * 1024 ** 2
const MAX_KEY = 250
const MAX_VALUE = 1024 ** 2
/** What an item takes beside its key and value: its header, and links to others. */
const ITEM_BYTES = 56
/** No command line is as long (a `get` of very many keys is cut off by the real one, too). */
const MAX_LINE = 2048
/** Lifetimes above this (s) are points in time: 30 days. */
const RELATIVE = 2_592_000

interface Item {
  flags: string
  bytes: Buffer
  /** ms; undefined: it stays. */
  until: number | undefined
  unique: number
}

/** `memcached`: its text protocol (https://docs.memcached.org/protocols/basic/). */
export const memcached =
  (version: string): Program =>
  async (process) => {
    const words = process.argv.slice(1)
    const option = (...names: string[]) => {
      for (const [index, word] of words.entries()) {
        const name = names.find((one) => word === one || word.startsWith(`${one}=`))
        if (name) return word === name ? words[index + 1] : word.slice(name.length + 1)
      }
      return undefined
    }
    if (words.some((word) => ['-V', '--version'].includes(word))) {
      await process.print(`memcached ${version}\n`)
      return 0
    }
    const { machine } = process
    const stopped = new Promise<void>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve())
    })
    const megabytes = option('-m', '--memory-limit')
    const limit = megabytes ? Number(megabytes) * 1024 ** 2 : MOST_BYTES
    const cache = new Cache(process, version, limit)
    const listener = machine.network.listen(
      machine.address,
      Number(option('-p', '--port') ?? DEFAULT_PORT),
      (socket) => void cache.serve(socket).catch(() => socket.destroy()),
    )
    process.signal.addEventListener('abort', () => listener.close(), { once: true })
    await process.waitFor(stopped)
    return 0
  }

class Cache {
  readonly #process: Process
  readonly #version: string
  readonly #limit: number
  readonly #items = new Map<string, Item>()
  readonly #counts = { get: 0, set: 0, hits: 0, misses: 0, connections: 0, evictions: 0 }
  #bytes = 0
  #unique = 0

  constructor(process: Process, version: string, limit: number) {
    this.#process = process
    this.#version = version
    this.#limit = limit
  }

  /** Answers what a client asks, one command after another, no faster than it reads. */
  async serve(socket: Duplex): Promise<void> {
    this.#counts.connections++
    socket.on('error', () => socket.destroy())
    let rest: Buffer = Buffer.alloc(0)
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      rest = Buffer.concat([rest, chunk])
      for (;;) {
        const end = rest.indexOf('\n')
        if (end === -1 ? rest.length > MAX_LINE : end > MAX_LINE) return void socket.destroy()
        if (end === -1) break
        const words = rest.subarray(0, end).toString().trim().split(/\s+/)
        if (!STORES.has(words[0]!)) {
          rest = rest.subarray(end + 1)
          if (words[0] === 'quit') return void socket.end()
          for (const part of this.#command(words)) await write(socket, part)
          continue
        }
        const length = Number(words[4])
        if (!Number.isInteger(length) || length < 0) {
          rest = rest.subarray(end + 1)
          await write(socket, 'CLIENT_ERROR bad data chunk\r\n')
          continue
        }
        if (length > MAX_VALUE) return void socket.end(TOO_LARGE)
        if (rest.length < end + 1 + length + 2) break
        const bytes = Buffer.from(rest.subarray(end + 1, end + 1 + length))
        rest = rest.subarray(end + 1 + length + 2)
        const reply = this.#store(words, bytes)
        if (words.at(-1) !== 'noreply') await write(socket, reply)
      }
    }
    socket.end()
  }

  #live(key: string): Item | undefined {
    const item = this.#items.get(key)
    if (item?.until !== undefined && item.until <= this.#process.machine.clock.now()) {
      this.#drop(key)
      return undefined
    }
    return item
  }

  #drop(key: string): void {
    const item = this.#items.get(key)
    if (!item) return
    this.#bytes -= sizeOf(key, item)
    this.#items.delete(key)
    this.#process.holdMemory(this.#bytes)
  }

  #put(key: string, item: Omit<Item, 'unique'>): void {
    this.#drop(key)
    this.#items.set(key, { ...item, unique: ++this.#unique })
    this.#bytes += sizeOf(key, item)
    for (const oldest of this.#items.keys()) {
      if (this.#bytes <= Math.min(this.#limit, MOST_BYTES)) break
      this.#drop(oldest)
      this.#counts.evictions++
    }
    this.#process.holdMemory(this.#bytes)
  }

  #store([command, key = '', flags = '0', lifetime = '0', , unique]: string[], bytes: Buffer): string {
    if (key.length > MAX_KEY || !/^\d{1,10}$/.test(flags) || !/^-?\d+$/.test(lifetime))
      return 'CLIENT_ERROR bad command line format\r\n'
    this.#counts.set++
    const known = this.#live(key)
    if (command === 'add' ? known : command !== 'set' && command !== 'cas' && !known) return 'NOT_STORED\r\n'
    if (command === 'cas') {
      if (!known) return 'NOT_FOUND\r\n'
      if (known.unique !== Number(unique)) return 'EXISTS\r\n'
    }
    if (command === 'append' || command === 'prepend') {
      const parts = command === 'append' ? [known!.bytes, bytes] : [bytes, known!.bytes]
      if (known!.bytes.length + bytes.length > MAX_VALUE) return TOO_LARGE
      this.#put(key, { ...known!, bytes: Buffer.concat(parts) })
    } else this.#put(key, { flags, bytes, until: this.#until(Number(lifetime)) })
    return 'STORED\r\n'
  }

  /** Lifetimes are seconds from now, or a point in time; negative ones are over. */
  #until(seconds: number): number | undefined {
    if (seconds === 0) return undefined
    const now = this.#process.machine.clock.now()
    return seconds > RELATIVE ? seconds * 1000 : now + seconds * 1000
  }

  #command([command = '', ...args]: string[]): Iterable<string | Buffer> {
    if (command === 'get' || command === 'gets') return this.#read(args, command === 'gets')
    const reply = this.#reply(command, args)
    return args.at(-1) === 'noreply' ? [] : [reply]
  }

  #reply(command: string, args: string[]): string {
    const [key = ''] = args
    switch (command) {
      case 'delete':
        if (!this.#live(key)) return 'NOT_FOUND\r\n'
        this.#drop(key)
        return 'DELETED\r\n'
      case 'incr':
      case 'decr':
        return this.#count(key, Number(args[1]) * (command === 'incr' ? 1 : -1))
      case 'touch': {
        const item = this.#live(key)
        if (!item) return 'NOT_FOUND\r\n'
        item.until = this.#until(Number(args[1]))
        return 'TOUCHED\r\n'
      }
      case 'flush_all':
        for (const name of this.#items.keys()) this.#drop(name)
        return 'OK\r\n'
      case 'version':
        return `VERSION ${this.#version}\r\n`
      case 'verbosity':
        return 'OK\r\n'
      case 'stats':
        return this.#stats()
      default:
        return 'ERROR\r\n'
    }
  }

  *#read(keys: readonly string[], unique: boolean): Iterable<string | Buffer> {
    for (const key of keys) {
      this.#counts.get++
      const item = this.#live(key)
      if (!item) {
        this.#counts.misses++
        continue
      }
      this.#counts.hits++
      // Used last, dropped last.
      this.#items.delete(key)
      this.#items.set(key, item)
      yield `VALUE ${key} ${item.flags} ${item.bytes.length}${unique ? ` ${item.unique}` : ''}\r\n`
      yield item.bytes
      yield '\r\n'
    }
    yield 'END\r\n'
  }

  #count(key: string, by: number): string {
    const item = this.#live(key)
    if (!item) return 'NOT_FOUND\r\n'
    if (!/^\d+$/.test(item.bytes.toString()) || !Number.isInteger(by))
      return 'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n'
    const value = String(Math.max(0, Number(item.bytes.toString()) + by))
    this.#put(key, { ...item, bytes: Buffer.from(value) })
    return `${value}\r\n`
  }

  #stats(): string {
    const { startedAt, pid, machine } = this.#process
    const { get, set, hits, misses, connections, evictions } = this.#counts
    const rows = {
      pid,
      uptime: Math.floor((machine.clock.now() - startedAt) / 1000),
      time: Math.floor(machine.clock.now() / 1000),
      version: this.#version,
      total_connections: connections,
      cmd_get: get,
      cmd_set: set,
      get_hits: hits,
      get_misses: misses,
      limit_maxbytes: this.#limit,
      bytes: this.#bytes,
      curr_items: this.#items.size,
      evictions,
    }
    return `${Object.entries(rows)
      .map(([name, value]) => `STAT ${name} ${value}\r\n`)
      .join('')}END\r\n`
  }
}

const TOO_LARGE = 'SERVER_ERROR object too large for cache\r\n'

const sizeOf = (key: string, { bytes }: Pick<Item, 'bytes'>): number => ITEM_BYTES + key.length + bytes.length

/** Writes, and waits while the client does not read. */
async function write(socket: Duplex, bytes: string | Buffer): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return
  await new Promise<void>((resolve) => {
    const go = () => {
      socket.off('drain', go).off('close', go)
      resolve()
    }
    socket.once('drain', go).once('close', go)
  })
}

const STORES = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas'])
