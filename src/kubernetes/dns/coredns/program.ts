import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { isInMemory } from '#containers/files/nodes.ts'
import { wholeOf } from '#containers/files/pieces.ts'
import type { Process, Program } from '#containers/processes/process.ts'
import { listenHttp } from '#containers/programs/http-listener.ts'
import {
  decodeQuery,
  decodeReply,
  encodeQuery,
  encodeReply,
  failure,
  type Query,
  type Reply,
} from '#network/dns-message.ts'
import type { Peer } from '#network/virtual-network.ts'
import type { ClusterNetworks } from '../../network/networks.ts'
import type { UserInfo } from '../../provider.ts'
import { CorefileError, type Directive } from './corefile.ts'
import { targetsOf } from './forward.ts'
import { isIn, type Surroundings, zoneOf } from './plugin.ts'
import { type Answered, DnsServers } from './server.ts'

/** How often the Corefile is looked at, ms: `reload 30s`, and up to half as much again. */
const RELOAD_MS = 30_000
/** How long a server waits for the API before it starts without it, ms. */
const SYNC_WAIT_MS = 5_000
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'
/** A chain of forwards that is longer goes in a circle. */
const MAX_DEPTH = 8

/** CoreDNS: answers at its pod's address by its Corefile, with the names of the cluster that the pod is in. */
export const coreDns =
  (networks: ClusterNetworks, version: string): Program =>
  async (process) => {
    const server = new CoreDns(process, networks, version)
    return server.run()
  }

class CoreDns {
  readonly #process: Process
  readonly #networks: ClusterNetworks
  readonly #version: string
  readonly #path: string
  #servers!: DnsServers
  #hash = ''
  #listeners: { close(): void }[] = []
  #answered = 0
  #depth = 0
  #hasSynced = false

  constructor(process: Process, networks: ClusterNetworks, version: string) {
    this.#process = process
    this.#networks = networks
    this.#version = version
    const at = process.argv.indexOf('-conf')
    this.#path = at === -1 ? 'Corefile' : (process.argv[at + 1] ?? 'Corefile')
  }

  async run(): Promise<number> {
    const process = this.#process
    const stop = new Promise<'stop'>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve('stop'))
    })
    try {
      await this.#load()
    } catch (error) {
      if (!(error instanceof CorefileError)) throw error
      await process.print(`${error.message}\n`)
      return 1
    }
    await process.print('maxprocs: Leaving GOMAXPROCS=8: CPU quota undefined\n')
    if (this.#servers.find('kubernetes') && !this.#synced()) await this.#waitForApi(stop)
    this.#listen()
    for (const { labels } of this.#servers.blocks)
      for (const label of labels) await process.print(`${label}\n`)
    await this.#sayConfiguration()
    await process.print(`CoreDNS-${this.#version}\nlinux/amd64, go1.25.2, \n`)
    const circle = this.#circle()
    if (circle) {
      await process.print(circle)
      return 1
    }
    while ((await process.waitFor(Promise.race([stop, process.sleep(this.#reloadMs())]))) !== 'stop')
      if (this.#servers.find('reload')) await this.#reload()
    await this.#lameDuck()
    return 0
  }

  async #load(): Promise<void> {
    const process = this.#process
    const bytes = await process.files.read(this.#path).catch(() => undefined)
    if (bytes === undefined) throw new CorefileError(`open ${this.#path}: no such file or directory`)
    const text = Buffer.from(bytes).toString()
    const servers = new DnsServers(text, this.#path, process.env, this.#surroundings())
    this.#servers = servers
    this.#hash = createHash('sha512').update(text).digest('hex')
  }

  #surroundings(): Surroundings {
    const { machine } = this.#process
    const network = this.#networks.at(machine.address)
    return {
      records: network?.records,
      synced: () => this.#synced(),
      upstream: (name) => network?.upstream(name) ?? undefined,
      exchange: (server, question) => this.#exchange(server, question),
      read: (path) => this.#read(path),
      pick: (count) => network?.pick(count) ?? 0,
      address: machine.address,
    }
  }

  #exchange(server: Peer, question: Pick<Query, 'name' | 'type'>): Reply | undefined {
    if (this.#depth >= MAX_DEPTH) return undefined
    const { machine } = this.#process
    this.#depth++
    try {
      const from = { address: machine.address, port: 32768 + (this.#answered % 28232) }
      const reply = machine.network.exchange(server, from, encodeQuery(question, this.#answered & 0xffff))
      return reply && decodeReply(reply)
    } finally {
      this.#depth--
    }
  }

  /** Whether it has read what its names are made of: once it has, it goes on with that. */
  #synced(): boolean {
    const network = this.#networks.at(this.#process.machine.address)
    const user = this.#user()
    this.#hasSynced ||= network !== undefined && user !== undefined && network.records.isReadableBy(user)
    return this.#hasSynced
  }

  /** Whose token its pod has. */
  #user(): UserInfo | undefined {
    const [, body] = this.#read(TOKEN)?.split('.') ?? []
    if (!body) return undefined
    const { sub: username } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { sub: string }
    const [, , namespace] = username.split(':')
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated']
    return { username, groups }
  }

  /** A small file, at once. */
  #read(path: string): string | undefined {
    const node = this.#process.machine.files.find(path)
    if (node?.kind !== 'file' || !isInMemory(node.content)) return undefined
    return Buffer.from(wholeOf(node.content)).toString()
  }

  async #waitForApi(stop: Promise<unknown>): Promise<void> {
    const process = this.#process
    await process.print('[INFO] plugin/kubernetes: waiting for Kubernetes API before starting server\n')
    const user = this.#user()?.username ?? 'system:anonymous'
    for (const kind of ['Service', 'Namespace'])
      await process.print(
        `[ERROR] plugin/kubernetes: Failed to watch: failed to list *v1.${kind}: ${kind.toLowerCase()}s is forbidden: User "${user}" cannot list resource "${kind.toLowerCase()}s" in API group "" at the cluster scope\n`,
      )
    await process.waitFor(Promise.race([stop, process.sleep(SYNC_WAIT_MS)]))
    await process.print('[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API\n')
  }

  #listen(): void {
    const { machine } = this.#process
    for (const listener of this.#listeners) listener.close()
    this.#listeners = []
    for (const port of this.#servers.ports) {
      const answer = (datagram: Buffer, from: Peer, way: 'udp' | 'tcp') =>
        this.#answer(datagram, from, port, way)
      this.#listeners.push(
        machine.network.receive(machine.address, port, (datagram, from) => answer(datagram, from, 'udp')),
        machine.network.listen(machine.address, port, (socket, from) =>
          streamed(socket, (datagram) => answer(datagram, from, 'tcp')),
        ),
      )
    }
    this.#serve('health', 8080, (res) => res.end('OK'))
    this.#serve('ready', 8181, (res) => {
      if (this.#servers.find('kubernetes') && !this.#synced()) res.writeHead(503).end('kubernetes')
      else res.end('OK')
    })
    this.#serve('prometheus', 9153, (res) => {
      res.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
      res.end(
        `# HELP coredns_build_info A metric with a constant '1' value labeled by version, revision, and goversion from which CoreDNS was built.\n# TYPE coredns_build_info gauge\ncoredns_build_info{goversion="go1.25.2",revision="",version="${this.#version}"} 1\n# HELP coredns_dns_requests_total Counter of DNS requests made per zone, protocol and family.\n# TYPE coredns_dns_requests_total counter\ncoredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="A",view="",zone="."} ${this.#answered}\n`,
      )
    })
    this.#process.signal.addEventListener('abort', () => this.#close(), { once: true })
    void this.#process.exited.then(() => this.#close())
  }

  #close(): void {
    for (const listener of this.#listeners) listener.close()
    this.#listeners = []
  }

  /** The HTTP port of a plugin, if the Corefile has it. */
  #serve(name: string, usual: number, answer: (res: ServerResponse) => void): void {
    const directive = this.#servers.find(name)
    if (!directive) return
    const port = Number(/:(\d+)$/.exec(directive.args[0] ?? '')?.[1] ?? usual)
    this.#listeners.push(listenHttp(this.#process, port, (_req, res) => answer(res)))
  }

  #answer(datagram: Buffer, from: Peer, port: number, way: 'udp' | 'tcp'): Buffer | undefined {
    const query = decodeQuery(datagram)
    if (!query) return undefined
    this.#answered++
    const answered = this.#servers.answer(query, port)
    const reply = answered?.reply ?? failure('REFUSED')
    const bytes = encodeReply(query, this.#shuffled(reply))
    if (answered) this.#tell(answered, from, way, bytes.length)
    return bytes
  }

  /** Addresses come in an order by chance (`loadbalance`). */
  #shuffled(reply: Reply): Reply {
    const network = this.#networks.at(this.#process.machine.address)
    const addresses = reply.answers.filter(({ type }) => type === 'A')
    if (!network || addresses.length < 2) return reply
    const first = network.pick(addresses.length)
    const rest = reply.answers.filter(({ type }) => type !== 'A')
    return { ...reply, answers: [...rest, ...addresses.slice(first), ...addresses.slice(0, first)] }
  }

  /** What the log and errors plugins write of a query. */
  #tell({ query, reply, error, block }: Answered, from: Peer, way: string, size: number): void {
    const { name, type } = query
    const say = (line: string) => void this.#process.print(line).catch(() => {})
    const log = block.directives.find((directive) => directive.name === 'log')
    if (log && isLogged(log, name, reply)) {
      const flags = ['qr', ...(reply.authoritative ? ['aa', 'rd'] : ['rd', 'ra'])].join(',')
      say(
        `[INFO] ${from.address}:${from.port} - ${query.id} "${type} IN ${name}. ${way} ${query.size} false 512" ${reply.code} ${flags} ${size} 0.000${100 + (size % 900)}s\n`,
      )
    }
    if (error && block.directives.some((directive) => directive.name === 'errors'))
      say(`[ERROR] plugin/errors: 2 ${name}. ${type}: ${error}\n`)
  }

  async #sayConfiguration(): Promise<void> {
    if (this.#servers.find('reload'))
      await this.#process.print(`[INFO] plugin/reload: Running configuration SHA512 = ${this.#hash}\n`)
  }

  #reloadMs(): number {
    const [, count, unit] = /^(\d+)(s|m)$/.exec(this.#servers.find('reload')?.args[0] ?? '') ?? []
    const base = count ? Number(count) * (unit === 'm' ? 60_000 : 1000) : RELOAD_MS
    const network = this.#networks.at(this.#process.machine.address)
    return base + (network?.pick(base / 2) ?? 0)
  }

  /** Takes over a Corefile that has changed; one with a mistake leaves the old one as it is. */
  async #reload(): Promise<void> {
    const process = this.#process
    const bytes = await process.files.read(this.#path).catch(() => undefined)
    const hash = bytes && createHash('sha512').update(Buffer.from(bytes).toString()).digest('hex')
    if (!bytes || hash === this.#hash) return
    await process.print('[INFO] Reloading\n')
    try {
      await this.#load()
    } catch (error) {
      if (!(error instanceof CorefileError)) throw error
      await process.print(
        `[ERROR] Restart failed: ${error.message}\n[ERROR] plugin/reload: Corefile changed but reload failed: starting with listener file descriptors: ${error.message}\n`,
      )
      return
    }
    this.#listen()
    await this.#sayConfiguration()
    await process.print('[INFO] Reloading complete\n')
  }

  /** A server that forwards to itself notices when it starts (`loop`). */
  #circle(): string | undefined {
    if (!this.#servers.find('loop')) return undefined
    const own = this.#process.machine.address
    for (const block of this.#servers.blocks) {
      for (const { name, args } of block.directives) {
        if (name !== 'forward' || !isIn('', zoneOf(args[0] ?? '.'))) continue
        if (!targetsOf(args).some((target) => target.startsWith('127.') || target === own)) continue
        return `[FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :${block.port}) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 4547991504243258144.3688648895315093531."\n`
      }
    }
  }

  /** Answers for a while after it was told to stop (`health { lameduck 5s }`). */
  async #lameDuck(): Promise<void> {
    const process = this.#process
    await process.print('[INFO] SIGTERM: Shutting down servers then terminating\n')
    const line = this.#servers.find('health')?.body.find(([word]) => word === 'lameduck')
    const [, seconds] = /^(\d+)s$/.exec(line?.[1] ?? '') ?? []
    if (!seconds) return
    await process.print(`[INFO] plugin/health: Going into lameduck mode for ${seconds}s\n`)
    await process.sleep(Number(seconds) * 1000)
  }
}

/** `log [NAMES…] { class … }`. */
function isLogged({ args, body }: Directive, name: string, { code, answers }: Reply): boolean {
  const names = args.filter((word) => !word.startsWith('{') && !word.includes(' ')).map(zoneOf)
  if (names.length > 0 && !names.some((zone) => isIn(name, zone))) return false
  const classes = body.find(([word]) => word === 'class')?.slice(1) ?? ['all']
  const denied = code === 'NXDOMAIN' || (code === 'NOERROR' && answers.length === 0)
  const kind = denied ? 'denial' : code === 'NOERROR' ? 'success' : 'error'
  return classes.includes('all') || classes.includes(kind)
}

/** DNS over TCP: each message after its length in two bytes. */
function streamed(socket: Duplex, answer: (datagram: Buffer) => Buffer | undefined): void {
  let held = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('end', () => socket.end())
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const size = held.readUInt16BE(0)
      const reply = answer(held.subarray(2, 2 + size))
      held = held.subarray(2 + size)
      if (!reply) continue
      const length = Buffer.alloc(2)
      length.writeUInt16BE(reply.length)
      socket.write(Buffer.concat([length, reply]))
    }
  })
}
