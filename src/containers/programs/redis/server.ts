import type { Duplex } from 'node:stream'
import { resolvePath } from '../../files/tree.ts'
import type { Process, Program } from '../../processes/process.ts'
import { DATA_COMMANDS, runDataCommand } from './commands.ts'
import { Database, WrongTypeError } from './database.ts'
import { array, bulk, bulks, encode, error, integer, ok, type Reply, RespReader } from './protocol.ts'

const DATABASES = 16
/** What the server itself holds, and what each byte of data costs, bytes. */
const RUNTIME_BYTES = 7 * 1024 ** 2
const DATA_OVERHEAD = 3
const EVERY_SECOND_MS = 1000
const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value'
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** `redis-server [FILE] [--name value …]` */
export function redisServer(version: string): Program {
  return async (process) => {
    const words = process.argv.slice(1)
    if (words[0] === '--version' || words[0] === '-v') {
      await process.print(
        `Redis server v=${version} sha=00000000:1 malloc=jemalloc-5.3.0 bits=64 build=8be1c0d5c8f3d1c9\n`,
      )
      return 0
    }
    const settings = await readSettings(process, words)
    return new RedisServer(process, version, settings).run(
      words.length > 0 && !words[0]!.startsWith('-') ? words[0] : undefined,
    )
  }
}

type Settings = Map<string, string>

async function readSettings(process: Process, words: string[]): Promise<Settings> {
  const settings: Settings = new Map([
    ['port', '6379'],
    ['dir', process.cwd],
    ['dbfilename', 'dump.rdb'],
    ['appendonly', 'no'],
    ['save', '3600 1 300 100 60 10000'],
    ['maxmemory', '0'],
    ['maxmemory-policy', 'noeviction'],
    ['databases', String(DATABASES)],
    ['requirepass', ''],
  ])
  const set = (line: string) => {
    const [name = '', ...values] = line.trim().split(/\s+/)
    if (name) settings.set(name.toLowerCase(), values.join(' ').replace(/^"(.*)"$/, '$1'))
  }
  if (words[0] && !words[0].startsWith('-')) {
    const path = resolvePath(process.cwd, words[0])
    if (process.machine.files.exists(path)) {
      const text = Buffer.from(await process.machine.files.read(path)).toString()
      for (const line of text.split('\n')) if (!/^\s*(?:#|$)/.test(line)) set(line)
    }
    words = words.slice(1)
  }
  const given = words
    .join(' ')
    .split(/(?:^|\s)--/)
    .filter((part) => part.trim())
  for (const part of given) set(part)
  return settings
}

interface Client {
  id: number
  name: string
  socket: Duplex
  database: number
  authenticated: boolean
  queued: string[][] | undefined
  channels: Set<string>
}

class RedisServer {
  readonly #process: Process
  readonly #version: string
  readonly #settings: Settings
  readonly #databases: Database[]
  readonly #clients = new Set<Client>()
  readonly #startedAt: number
  #nextClient = 3
  #commands = 0
  #dirty = false
  #connections = 0
  #stop!: (code: number) => void
  #savedAt: number

  constructor(process: Process, version: string, settings: Settings) {
    this.#process = process
    this.#version = version
    this.#settings = settings
    this.#startedAt = this.#savedAt = process.machine.clock.now()
    this.#databases = Array.from({ length: DATABASES }, () => new Database(() => process.machine.clock.now()))
  }

  async run(file: string | undefined): Promise<number> {
    const process = this.#process
    const stopped = new Promise<number>((resolve) => {
      this.#stop = resolve
    })
    for (const signal of ['SIGTERM', 'SIGINT'])
      process.on(signal, () => {
        void this.#shutdown(signal)
      })
    await this.#log('C', '*', 'oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo')
    await this.#log(
      'C',
      '*',
      `Redis version=${this.#version}, bits=64, commit=00000000, modified=0, pid=${process.pid}, just started`,
    )
    if (file) await this.#log('C', '*', 'Configuration loaded')
    else
      await this.#log(
        'C',
        '#',
        'Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf',
      )
    await this.#log('M', '*', 'monotonic clock: POSIX clock_gettime')
    const port = Number(this.#settings.get('port'))
    try {
      const listener = process.machine.network.listen(process.machine.address, port, (socket) =>
        this.#connect(socket),
      )
      process.signal.addEventListener('abort', () => this.#close(listener), { once: true })
    } catch {
      await this.#log(
        'M',
        '#',
        `Warning: Could not create server TCP listening socket *:${port}: bind: Address already in use`,
      )
      await this.#log('M', '#', 'Failed listening on port 6379 (tcp), aborting.')
      return 1
    }
    await this.#log('M', '*', `Running mode=standalone, port=${port}.`)
    await this.#log('M', '*', 'Server initialized')
    await this.#load()
    await this.#log('M', '*', 'Ready to accept connections tcp')
    this.#measure()
    return process.waitFor(stopped)
  }

  #close(listener: { close(): void }): void {
    listener.close()
    for (const { socket } of this.#clients) socket.destroy()
  }

  #log(role: 'C' | 'M', level: string, text: string): Promise<void> {
    const process = this.#process
    const date = new Date(process.machine.clock.now())
    const day = `${String(date.getUTCDate()).padStart(2, '0')} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`
    return process.print(
      `${process.pid}:${role} ${day} ${date.toISOString().slice(11, 23)} ${level} ${text}\n`,
    )
  }

  // --- files

  get #file(): string {
    const name =
      this.#settings.get('appendonly') === 'yes'
        ? 'appendonlydir/appendonly.aof'
        : this.#settings.get('dbfilename')!
    return resolvePath(resolvePath(this.#process.cwd, this.#settings.get('dir')!), name)
  }

  async #load(): Promise<void> {
    const { files } = this.#process.machine
    if (!files.exists(this.#file)) return
    const saved = JSON.parse(Buffer.from(await files.read(this.#file)).toString()) as unknown[][]
    for (const [index, entries] of saved.entries()) this.#databases[index]?.load(entries)
    await this.#log(
      'M',
      '*',
      `Done loading RDB, keys loaded: ${this.#databases.reduce((sum, db) => sum + db.keys().length, 0)}, keys expired: 0.`,
    )
    await this.#log('M', '*', 'DB loaded from disk: 0.000 seconds')
  }

  #save(): void {
    const { files } = this.#process.machine
    files.makeFolder(resolvePath(this.#file, '..'), { recursive: true })
    files.writeSync(this.#file, Buffer.from(JSON.stringify(this.#databases.map((db) => db.dump()))))
    this.#savedAt = this.#process.machine.clock.now()
  }

  async #shutdown(signal: string, save = true): Promise<void> {
    try {
      if (signal !== '') await this.#log('M', '#', `Received ${signal} scheduling shutdown...`)
      await this.#log('M', '*', `User requested shutdown...`)
      if (save && (this.#settings.get('save') !== '' || this.#settings.get('appendonly') === 'yes')) {
        await this.#log('M', '*', 'Saving the final RDB snapshot before exiting.')
        this.#save()
        await this.#log('M', '*', 'DB saved on disk')
      }
      await this.#log('M', '#', 'Redis is now ready to exit, bye bye...')
    } finally {
      this.#stop(0)
    }
  }

  // --- clients

  #connect(socket: Duplex): void {
    const client: Client = {
      id: this.#nextClient++,
      name: '',
      socket,
      database: 0,
      authenticated: this.#settings.get('requirepass') === '',
      queued: undefined,
      channels: new Set(),
    }
    this.#clients.add(client)
    this.#connections++
    const reader = new RespReader()
    socket.on('data', (chunk) => {
      const process = this.#process
      reader.push(chunk)
      const work = () => {
        for (let words = reader.command(); words; words = reader.command()) {
          if (words.length === 0) continue
          const reply = this.#answer(client, words)
          if (reply) socket.write(encode(reply))
        }
      }
      if (process.machine.frozen) void process.thawed().then(work, () => {})
      else work()
    })
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.end())
    socket.on('close', () => this.#clients.delete(client))
  }

  #answer(client: Client, [word = '', ...args]: string[]): Reply | undefined {
    this.#commands++
    this.#process.spend(0.05)
    const name = word.toLowerCase()
    if (!client.authenticated && !['auth', 'hello', 'quit'].includes(name))
      return error('NOAUTH Authentication required.')
    if (client.queued && !['exec', 'discard', 'multi', 'quit'].includes(name)) {
      if (!DATA_COMMANDS[name] && !this.#control(client, name, args, true)) return this.#unknown(word, args)
      client.queued.push([word, ...args])
      return { kind: 'simple', text: 'QUEUED' }
    }
    const command = Object.hasOwn(DATA_COMMANDS, name) ? DATA_COMMANDS[name] : undefined
    if (!command) return this.#control(client, name, args) ?? this.#unknown(word, args)
    const words = args.length + 1
    if (command.arity > 0 ? words !== command.arity : words < -command.arity)
      return error(`ERR wrong number of arguments for '${name}' command`)
    const db = this.#databases[client.database]!
    try {
      const reply = runDataCommand(command, args, { db, now: this.#process.machine.clock.now() })
      if (command.writes) this.#written()
      return reply
    } catch (failure) {
      if (failure instanceof WrongTypeError) return error(WRONG_TYPE)
      throw failure
    }
  }

  /** Once a second what was written is measured, and with `appendonly yes` saved. */
  #written(): void {
    if (this.#dirty) return
    this.#dirty = true
    this.#process.machine.clock.setTimer(EVERY_SECOND_MS, () => {
      this.#dirty = false
      if (this.#process.status) return
      if (this.#settings.get('appendonly') === 'yes') this.#save()
      this.#measure()
    })
  }

  #measure(): void {
    const data = this.#databases.reduce((sum, db) => sum + JSON.stringify(db.dump()).length, 0)
    this.#process.holdMemory(RUNTIME_BYTES + data * DATA_OVERHEAD)
  }

  #unknown(word: string, args: string[]): Reply {
    const beginning = args.map((arg) => `'${arg}' `).join('')
    return error(`ERR unknown command '${word}', with args beginning with: ${beginning}`)
  }

  /** Commands on the server and the connection. `dry`: only whether there is such a command. */
  #control(client: Client, name: string, args: string[], dry = false): Reply | undefined {
    const commands: Record<string, () => Reply> = {
      ping: () => (args.length > 0 ? bulk(args[0]) : { kind: 'simple', text: 'PONG' }),
      echo: () => bulk(args[0]),
      quit: () => {
        setImmediate(() => client.socket.end())
        return ok
      },
      auth: () => {
        const password = this.#settings.get('requirepass')
        if (!password)
          return error(
            'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
          )
        if (args.at(-1) !== password)
          return error('WRONGPASS invalid username-password pair or user is disabled.')
        client.authenticated = true
        return ok
      },
      hello: () =>
        args[0] === '3'
          ? error('NOPROTO unsupported protocol version')
          : bulks(['server', 'redis', 'version', this.#version, 'mode', 'standalone', 'role', 'master']),
      select: () => {
        const index = Number(args[0])
        if (!Number.isInteger(index)) return error('ERR value is not an integer or out of range')
        if (index < 0 || index >= DATABASES) return error('ERR DB index is out of range')
        client.database = index
        return ok
      },
      flushdb: () => {
        this.#databases[client.database]!.clear()
        this.#written()
        return ok
      },
      flushall: () => {
        for (const db of this.#databases) db.clear()
        this.#written()
        return ok
      },
      save: () => {
        this.#save()
        return ok
      },
      bgsave: () => {
        this.#save()
        return { kind: 'simple', text: 'Background saving started' }
      },
      lastsave: () => integer(Math.floor(this.#savedAt / 1000)),
      time: () => {
        const now = this.#process.machine.clock.now()
        return bulks([String(Math.floor(now / 1000)), String(Math.floor((now % 1000) * 1000))])
      },
      info: () => bulk(this.#info(args[0]?.toLowerCase())),
      config: () => this.#config(args),
      command: () =>
        args[0]?.toLowerCase() === 'count' ? integer(Object.keys(DATA_COMMANDS).length) : array([]),
      client: () => this.#clientCommand(client, args),
      role: () => array([bulk('master'), integer(0), array([])]),
      multi: () => {
        if (client.queued) return error('ERR MULTI calls can not be nested')
        client.queued = []
        return ok
      },
      exec: () => {
        if (!client.queued) return error('ERR EXEC without MULTI')
        const queued = client.queued
        client.queued = undefined
        return array(queued.flatMap((words) => this.#answer(client, words) ?? []))
      },
      discard: () => {
        if (!client.queued) return error('ERR DISCARD without MULTI')
        client.queued = undefined
        return ok
      },
      publish: () => {
        const [channel = '', message = ''] = args
        const listeners = [...this.#clients].filter(({ channels }) => channels.has(channel))
        for (const { socket } of listeners) socket.write(encode(bulks(['message', channel, message])))
        return integer(listeners.length)
      },
      subscribe: () => {
        const replies = args.map((channel) => {
          client.channels.add(channel)
          return array([bulk('subscribe'), bulk(channel), integer(client.channels.size)])
        })
        for (const reply of replies.slice(0, -1)) client.socket.write(encode(reply))
        return replies.at(-1) ?? error("ERR wrong number of arguments for 'subscribe' command")
      },
      shutdown: () => {
        void this.#shutdown('', args[0]?.toUpperCase() !== 'NOSAVE')
        return ok
      },
    }
    if (!Object.hasOwn(commands, name)) return undefined
    return dry ? ok : commands[name]!()
  }

  #clientCommand(client: Client, [word = '', value = '']: string[]): Reply {
    switch (word.toLowerCase()) {
      case 'id':
        return integer(client.id)
      case 'getname':
        return bulk(client.name || null)
      case 'setname':
        client.name = value
        return ok
      case 'list':
        return bulk(
          [...this.#clients]
            .map(({ id, name, database }) => `id=${id} name=${name} db=${database} flags=N\n`)
            .join(''),
        )
      default:
        return ok
    }
  }

  #config([word = '', ...args]: string[]): Reply {
    switch (word.toLowerCase()) {
      case 'get':
        return bulks(
          [...this.#settings]
            .filter(([name]) => args.some((arg) => arg === '*' || arg.toLowerCase() === name))
            .flat(),
        )
      case 'set':
        for (let index = 0; index < args.length; index += 2)
          this.#settings.set(args[index]!.toLowerCase(), args[index + 1] ?? '')
        return ok
      case 'resetstat':
      case 'rewrite':
        return ok
      default:
        return error(`ERR unknown subcommand '${word}'. Try CONFIG HELP.`)
    }
  }

  #info(section: string | undefined): string {
    const { machine, memoryBytes } = this.#process
    const uptime = Math.floor((machine.clock.now() - this.#startedAt) / 1000)
    const keyspace = this.#databases.flatMap((db, index) => {
      const keys = db.keys()
      if (keys.length === 0) return []
      const expires = keys.filter((key) => typeof db.expiry(key) === 'number').length
      return [`db${index}:keys=${keys.length},expires=${expires},avg_ttl=0,subexpiry=0`]
    })
    const sections: Record<string, string[]> = {
      Server: [
        `redis_version:${this.#version}`,
        'redis_mode:standalone',
        'os:Linux x86_64',
        'arch_bits:64',
        `process_id:${this.#process.pid}`,
        `tcp_port:${this.#settings.get('port')}`,
        `uptime_in_seconds:${uptime}`,
      ],
      Clients: [`connected_clients:${this.#clients.size}`, 'maxclients:10000', 'blocked_clients:0'],
      Memory: [
        `used_memory:${memoryBytes}`,
        `used_memory_human:${(memoryBytes / 1024 ** 2).toFixed(2)}M`,
        `maxmemory:${this.#settings.get('maxmemory')}`,
        `maxmemory_policy:${this.#settings.get('maxmemory-policy')}`,
      ],
      Persistence: [
        'loading:0',
        `rdb_last_save_time:${Math.floor(this.#savedAt / 1000)}`,
        `aof_enabled:${this.#settings.get('appendonly') === 'yes' ? 1 : 0}`,
      ],
      Stats: [
        `total_connections_received:${this.#connections}`,
        `total_commands_processed:${this.#commands}`,
      ],
      Replication: ['role:master', 'connected_slaves:0'],
      CPU: ['used_cpu_sys:0.050000', 'used_cpu_user:0.050000'],
      Keyspace: keyspace,
    }
    return Object.entries(sections)
      .filter(
        ([name]) => !section || section === 'all' || section === 'default' || name.toLowerCase() === section,
      )
      .map(([name, lines]) => `# ${name}\r\n${lines.map((line) => `${line}\r\n`).join('')}`)
      .join('\r\n')
  }
}
