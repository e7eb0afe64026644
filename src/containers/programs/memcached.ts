import type { Duplex } from 'node:stream'
import type { Process, Program } from '../processes/process.ts'

const DEFAULT_PORT = 11211
/** What it keeps at most by default, bytes; what is used least goes first. */
const DEFAULT_BYTES = 64 * 1024 ** 2
const MAX_KEY = 250
const MAX_VALUE = 1024 ** 2
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
    const cache = new Cache(process, version, megabytes ? Number(megabytes) * 1024 ** 2 : DEFAULT_BYTES)
    const listener = machine.network.listen(
      machine.address,
      Number(option('-p', '--port') ?? DEFAULT_PORT),
      (socket) => cache.serve(socket),
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

  serve(socket: Duplex): void {
    this.#counts.connections++
    let rest = Buffer.alloc(0)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      for (;;) {
        const end = rest.indexOf('\n')
        if (end === -1) {
          // No command is as long.
          if (rest.length > 2048) socket.destroy()
          return
        }
        const words = rest.subarray(0, end).toString().trim().split(/\s+/)
        const length = STORES.has(words[0]!) ? Number(words[4]) : undefined
        if (length === undefined) {
          rest = rest.subarray(end + 1)
          if (words[0] === 'quit') return void socket.end()
          socket.write(this.#command(words))
          continue
        }
        if (!Number.isInteger(length) || length < 0) {
          rest = rest.subarray(end + 1)
          socket.write('CLIENT_ERROR bad data chunk\r\n')
          continue
        }
        if (length > MAX_VALUE) {
          socket.end('SERVER_ERROR object too large for cache\r\n')
          return
        }
        if (rest.length < end + 1 + length + 2) return
        const bytes = Buffer.from(rest.subarray(end + 1, end + 1 + length))
        rest = rest.subarray(end + 1 + length + 2)
        const reply = this.#store(words, bytes)
        if (words.at(-1) !== 'noreply') socket.write(reply)
      }
    })
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
    this.#bytes -= this.#items.get(key)?.bytes.length ?? 0
    this.#items.delete(key)
  }

  #put(key: string, item: Omit<Item, 'unique'>): void {
    this.#drop(key)
    this.#items.set(key, { ...item, unique: ++this.#unique })
    this.#bytes += item.bytes.length
    for (const oldest of this.#items.keys()) {
      if (this.#bytes <= this.#limit) break
      this.#drop(oldest)
      this.#counts.evictions++
    }
    this.#process.holdMemory(this.#bytes)
  }

  #store([command, key = '', flags = '0', lifetime = '0', , unique]: string[], bytes: Buffer): string {
    if (key.length > MAX_KEY) return 'CLIENT_ERROR bad command line format\r\n'
    this.#counts.set++
    const known = this.#live(key)
    if (command === 'add' ? known : command !== 'set' && command !== 'cas' && !known) return 'NOT_STORED\r\n'
    if (command === 'cas') {
      if (!known) return 'NOT_FOUND\r\n'
      if (known.unique !== Number(unique)) return 'EXISTS\r\n'
    }
    const until = this.#until(Number(lifetime))
    if (command === 'append') this.#put(key, { ...known!, bytes: Buffer.concat([known!.bytes, bytes]) })
    else if (command === 'prepend') this.#put(key, { ...known!, bytes: Buffer.concat([bytes, known!.bytes]) })
    else this.#put(key, { flags, bytes, until })
    return 'STORED\r\n'
  }

  /** Lifetimes are seconds from now, or a point in time; negative ones are over. */
  #until(seconds: number): number | undefined {
    if (seconds === 0) return undefined
    const now = this.#process.machine.clock.now()
    return seconds > RELATIVE ? seconds * 1000 : now + seconds * 1000
  }

  #command([command, ...args]: string[]): string {
    const quiet = args.at(-1) === 'noreply'
    const reply = this.#reply(command!, args)
    return quiet ? '' : reply
  }

  #reply(command: string, args: string[]): string {
    const [key = ''] = args
    switch (command) {
      case 'get':
      case 'gets':
        return `${args.map((name) => this.#read(name, command === 'gets')).join('')}END\r\n`
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
        this.#items.clear()
        this.#bytes = 0
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

  #read(key: string, unique: boolean): string {
    this.#counts.get++
    const item = this.#live(key)
    if (!item) {
      this.#counts.misses++
      return ''
    }
    this.#counts.hits++
    // Used last, dropped last.
    this.#items.delete(key)
    this.#items.set(key, item)
    return `VALUE ${key} ${item.flags} ${item.bytes.length}${unique ? ` ${item.unique}` : ''}\r\n${item.bytes.toString()}\r\n`
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

const STORES = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas'])
