import { resolvePath } from '#containers/files/tree.ts'
import type { Process, Program } from '#containers/processes/process.ts'
import { type EtcdServer, issuedBy, type Machines } from '../machines.ts'
import {
  type CommandLine,
  EtcdError,
  logLine,
  megabytes,
  readCommandLine,
  runCommand,
  table,
} from './commands.ts'
import { EtcdData, type KeyValue } from './data.ts'
import type { Member } from './ensemble.ts'

// etcdctl 3.6 against the etcds of the world. Source: etcdctl/ctlv3/command of etcd-io/etcd, read 2026-11 in older versions; what 3.6 added is from knowledge.

const KNOWN = new Set([
  'cacert',
  'cert',
  'command-timeout',
  'consistency',
  'dial-timeout',
  'discovery-srv',
  'endpoints',
  'from-rev',
  'initial-cluster',
  'keepalive-time',
  'keepalive-timeout',
  'key',
  'limit',
  'order',
  'password',
  'peer-urls',
  'rev',
  'sort-by',
  'user',
  'write-out',
])
const BARE = new Set([
  'cluster',
  'count-only',
  'debug',
  'from-key',
  'help',
  'hex',
  'insecure-skip-tls-verify',
  'insecure-transport',
  'keys-only',
  'learner',
  'prefix',
  'prev-kv',
  'print-value-only',
])
const REFUSED = ['auth', 'check', 'elect', 'lease', 'lock', 'make-mirror', 'role', 'txn', 'user', 'watch']

/** `--command-timeout` */
const TIMEOUT_MS = 5_000
const DEADLINE = 'context deadline exceeded'
/** `--quota-backend-bytes` when it is not set. */
const QUOTA_BYTES = 2 * 1024 ** 3
const PAGE_BYTES = 4096
/** What bbolt takes for an empty database, pages. */
const EMPTY_PAGES = 5

const HELP = `NAME:
	etcdctl - A simple command line client for etcd3.

USAGE:
	etcdctl [flags]

COMMANDS:
	alarm disarm		Disarms all alarms
	alarm list		Lists all alarms
	compaction		Compacts the event history in etcd
	defrag			Defragments the storage of the etcd members with given endpoints
	del			Removes the specified key or range of keys [key, range_end)
	endpoint hashkv		Prints the KV history hash for each endpoint in --endpoints
	endpoint health		Checks the healthiness of endpoints specified in \`--endpoints\` flag
	endpoint status		Prints out the status of endpoints specified in \`--endpoints\` flag
	get			Gets the key or a range of keys
	help			Help about any command
	member add		Adds a member into the cluster
	member list		Lists all members in the cluster
	member promote		Promotes a non-voting member in the cluster
	member remove		Removes a member from the cluster
	member update		Updates a member in the cluster
	move-leader		Transfers leadership to another etcd cluster member.
	put			Puts the given key into the store
	snapshot save		Stores an etcd node backend snapshot to a given file
	version			Prints the version of etcdctl
`

/** What a command works with. */
class Client {
  readonly process: Process
  readonly machines: Machines
  readonly words: string[]
  readonly flags: Map<string, string>

  constructor(process: Process, machines: Machines, { words, flags }: CommandLine) {
    this.process = process
    this.machines = machines
    this.words = words
    this.flags = flags
  }

  get endpoints(): string[] {
    return (this.flags.get('endpoints') ?? '127.0.0.1:2379').split(',').filter(Boolean)
  }

  /** `--endpoints`, or with `--cluster` those of all members. */
  async allEndpoints(): Promise<string[]> {
    if (!this.flags.has('cluster')) return this.endpoints
    return (await this.any()).ensemble.members.flatMap(({ clientUrls }) => clientUrls)
  }

  /** The etcd at one endpoint, or why it does not answer. */
  async dial(endpoint: string): Promise<EtcdServer | { trouble: string }> {
    const { files, address } = this.process.machine
    const read = async (flag: string) => {
      const path = this.flags.get(flag)
      if (path === undefined) return undefined
      const bytes = await files.read(path).catch(() => undefined)
      if (!bytes) throw new EtcdError(`open ${path}: no such file or directory`, 128)
      return Buffer.from(bytes).toString()
    }
    const certificate = await read('cert')
    await read('cacert')
    await read('key')
    if ((certificate === undefined) !== (this.flags.get('key') === undefined))
      throw new EtcdError('KeyFile and CertFile must both be present[key: , cert: ]', 128)
    const url = URL.parse(endpoint.includes('://') ? endpoint : `tcp://${endpoint}`)
    const host = url?.hostname ?? ''
    const own = host === 'localhost' || host.startsWith('127.')
    const to = own ? address : (this.process.machine.resolveName(host) ?? host)
    const place = `${own ? '127.0.0.1' : host}:${url?.port || 2379}`
    const found = this.machines.etcdAt(`${to}:${url?.port || 2379}`)
    if (!found)
      return {
        trouble: `connection error: desc = "transport: Error while dialing: dial tcp ${place}: connect: connection refused"`,
      }
    if (found.clientAuthority === undefined) return found
    if (url?.protocol === 'http:' || (url?.protocol === 'tcp:' && !this.flags.has('cacert') && !certificate))
      return {
        trouble: `connection error: desc = "error reading server preface: read tcp ${place}: read: connection reset by peer"`,
      }
    if (!certificate || !issuedBy(certificate, found.clientAuthority))
      return {
        trouble: `connection error: desc = "error reading server preface: remote error: tls: ${certificate ? 'bad certificate' : 'certificate required'}"`,
      }
    return found
  }

  /** An etcd of the endpoints that answers. Waits for its time-out and throws EtcdError when none does. */
  async any(): Promise<EtcdServer> {
    let trouble = ''
    for (const endpoint of this.endpoints) {
      const found = await this.dial(endpoint)
      if (!('trouble' in found)) return found
      trouble ||= found.trouble
    }
    await this.#timeOut(trouble)
    throw new EtcdError(DEADLINE)
  }

  /** As `any`, for what all members must agree on. */
  async agreed(): Promise<EtcdServer> {
    const found = await this.any()
    if (found.ensemble.leader !== undefined) return found
    await this.#timeOut('etcdserver: request timed out')
    throw new EtcdError(DEADLINE)
  }

  data({ ensemble }: EtcdServer): EtcdData {
    return new EtcdData(this.machines.options.world, ensemble.id)
  }

  print(text: string): Promise<void> {
    return this.process.print(text)
  }

  async #timeOut(trouble: string): Promise<void> {
    await this.process.sleep(TIMEOUT_MS)
    await this.process.complain(
      `${JSON.stringify({ level: 'warn', ts: new Date(this.process.machine.clock.now()).toISOString().replace(/(\d+)Z$/, '$1000Z'), logger: 'etcd-client', caller: 'v3@v3.6.6/retry_interceptor.go:65', msg: 'retrying of unary invoker failed', target: `etcd-endpoints://0xc000022000/${this.endpoints[0]}`, attempt: 0, error: `rpc error: code = DeadlineExceeded desc = latest balancer error: ${trouble}` })}\n`,
    )
  }
}

type Command = (client: Client, args: string[]) => Promise<void | number>

const COMMANDS: Record<string, Command> = {
  get,
  put,
  del,
  version: async (client) => client.print('etcdctl version: 3.6.6\nAPI version: 3.6\n'),
  'member list': memberList,
  'member add': memberAdd,
  'member remove': memberRemove,
  'member promote': memberPromote,
  'member update': memberUpdate,
  'endpoint health': endpointHealth,
  'endpoint status': endpointStatus,
  'endpoint hashkv': endpointHash,
  'snapshot save': snapshotSave,
  'alarm list': async (client) => void (await client.agreed()),
  'alarm disarm': async (client) => void (await client.agreed()),
  compaction: async (client, [revision]) => {
    await client.agreed()
    await client.print(`compacted revision ${revision}\n`)
  },
  defrag: async (client) => {
    for (const endpoint of await client.allEndpoints()) {
      const found = await client.dial(endpoint)
      if ('trouble' in found)
        throw new EtcdError(`Failed to defragment etcd member[${endpoint}] (${DEADLINE})`)
      await client.print(`Finished defragmenting etcd member[${endpoint}]. took 21.1ms\n`)
    }
  },
  'move-leader': async () => {
    throw new EtcdError('drydock: move-leader is not simulated')
  },
}

/** `etcdctl` in a container of an etcd. */
export const etcdctl =
  (machines: Machines): Program =>
  (process) =>
    runCommand(process, async () => {
      const line = readCommandLine(process, KNOWN, BARE)
      const [first = 'help', second = ''] = line.words
      if (first === 'help' || line.flags.has('help')) return process.print(HELP)
      if (REFUSED.includes(first)) throw new EtcdError(`drydock: etcdctl ${first} is not simulated`)
      // 3.6 has left these to etcdutl.
      const pair = COMMANDS[`${first} ${second}`]
      const command = pair ?? COMMANDS[first]
      if (!command) {
        if (['member', 'endpoint', 'snapshot', 'alarm'].includes(first)) {
          await process.print(HELP)
          return 0
        }
        throw new EtcdError(
          `unknown command ${JSON.stringify(first)} for "etcdctl"\nRun 'etcdctl --help' for usage.`,
        )
      }
      return command(new Client(process, machines, line), line.words.slice(pair ? 2 : 1))
    })

/** The keys from and to which a command goes. */
function bounds({ flags }: Client, [key, end]: string[]): [from: string, end?: string] {
  if (key === undefined)
    throw new EtcdError('get command needs one argument as key and an optional argument as range_end', 128)
  if (flags.has('prefix') && flags.has('from-key'))
    throw new EtcdError('`--prefix` and `--from-key` cannot be set at the same time, choose one', 128)
  if (flags.has('from-key')) return [key, '\0']
  if (!flags.has('prefix')) return end === undefined ? [key] : [key, end]
  return key === '' ? ['', '\0'] : [key, afterPrefix(key)]
}

/** The first key after all that begin with a prefix. */
const afterPrefix = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)

async function get(client: Client, args: string[]): Promise<void> {
  const { flags } = client
  const [from, end] = bounds(client, args)
  const server = await (flags.get('consistency') === 's' ? client.any() : client.agreed())
  const data = client.data(server)
  let found = data.range(from, end)
  if (flags.get('order') === 'DESCEND') found.reverse()
  const count = found.length
  const limit = Number(flags.get('limit') ?? 0)
  if (limit > 0) found = found.slice(0, limit)
  if (flags.get('write-out') === 'json') {
    const kvs = found.map((kv) => jsonOf(kv, flags.has('keys-only')))
    await client.print(
      `${JSON.stringify({ header: header(client, server), ...(!flags.has('count-only') && kvs.length > 0 && { kvs }), ...(count > 0 && { count }) })}\n`,
    )
    return
  }
  if (flags.has('count-only')) {
    if (flags.get('write-out') === 'fields') await client.print(`"Count" : ${count}\n`)
    return
  }
  const show = ({ key, value }: KeyValue) =>
    flags.has('keys-only')
      ? `${key}\n\n`
      : flags.has('print-value-only')
        ? `${value}\n`
        : `${key}\n${value}\n`
  await client.print(found.map(show).join(''))
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const jsonOf = ({ key, value, createRevision, modRevision, version }: KeyValue, keysOnly: boolean) => ({
  key: base64(key),
  create_revision: createRevision,
  mod_revision: modRevision,
  version,
  ...(!keysOnly && { value: base64(value) }),
})

function header(client: Client, server: EtcdServer) {
  const number = (hex: string) => BigInt(`0x${hex}`)
  // JSON has no integers of 64 bits: written as text and read so.
  return JSON.parse(
    JSON.stringify({
      cluster_id: Number(number(server.ensemble.id.slice(0, 16))),
      member_id: Number(number(server.member)),
      revision: client.data(server).revision,
      raft_term: server.ensemble.term,
    }),
  )
}

async function put(client: Client, [key, value]: string[]): Promise<void> {
  if (key === undefined || value === undefined)
    throw new EtcdError('put command needs 1 argument and input from stdin or 2 arguments', 128)
  const data = client.data(await client.agreed())
  const [old] = data.range(key)
  try {
    data.put(key, value)
  } catch (error) {
    throw new EtcdError((error as Error).message)
  }
  await client.print(client.flags.has('prev-kv') && old ? `OK\n${old.key}\n${old.value}\n` : 'OK\n')
}

async function del(client: Client, args: string[]): Promise<void> {
  const [from, end] = bounds(client, args)
  await client.print(`${client.data(await client.agreed()).delete(from, end)}\n`)
}

async function memberList(client: Client): Promise<void> {
  const server = await client.agreed()
  const members = [...server.ensemble.members].sort((a, b) => (a.id < b.id ? -1 : 1))
  if (client.flags.get('write-out') === 'json') {
    const list = members.map(({ id, name, peerUrls, clientUrls, learner }) => ({
      ID: Number(BigInt(`0x${id}`)),
      name,
      peerURLs: peerUrls,
      ...(clientUrls.length > 0 && { clientURLs: clientUrls }),
      ...(learner && { isLearner: true }),
    }))
    await client.print(`${JSON.stringify({ header: header(client, server), members: list })}\n`)
    return
  }
  const rows = members.map(({ id, name, peerUrls, clientUrls, learner }) => [
    id,
    name === '' ? 'unstarted' : 'started',
    name,
    peerUrls.join(','),
    clientUrls.join(','),
    String(learner ?? false),
  ])
  await client.print(
    client.flags.get('write-out') === 'table'
      ? table(['ID', 'Status', 'Name', 'Peer Addrs', 'Client Addrs', 'Is Learner'], rows)
      : rows.map((row) => `${row.join(', ')}\n`).join(''),
  )
}

/** The member that a command names. Throws EtcdError. */
async function memberNamed(client: Client, id: string | undefined): Promise<[EtcdServer, Member]> {
  if (id === undefined) throw new EtcdError('member ID is not provided', 128)
  if (!/^[0-9a-f]{1,16}$/.test(id))
    throw new EtcdError(
      `bad member ID arg (strconv.ParseUint: parsing "${id}": invalid syntax), expecting ID in Hex`,
      128,
    )
  const server = await client.agreed()
  const member = server.ensemble.member(id)
  if (!member) throw new EtcdError('etcdserver: member not found')
  return [server, member]
}

const clusterOf = ({ ensemble }: EtcdServer): string => ensemble.id.slice(0, 16)

async function memberAdd(client: Client, [name = '']: string[]): Promise<void> {
  const urls = client.flags.get('peer-urls')?.split(',').filter(Boolean) ?? []
  if (name === '') throw new EtcdError('member name not provided', 128)
  if (urls.length === 0) throw new EtcdError('member peer urls not provided', 128)
  const server = await client.agreed()
  let added: Member
  try {
    added = server.ensemble.add(urls, client.flags.has('learner'))
  } catch (error) {
    throw new EtcdError((error as Error).message)
  }
  const all = server.ensemble.members.flatMap((member) =>
    member.peerUrls.map((url) => `${member.id === added.id ? name : member.name}=${url}`),
  )
  await client.print(
    `Member ${added.id} added to cluster ${clusterOf(server)}\n\nETCD_NAME="${name}"\nETCD_INITIAL_CLUSTER="${all.join(',')}"\nETCD_INITIAL_ADVERTISE_PEER_URLS="${urls.join(',')}"\nETCD_INITIAL_CLUSTER_STATE="existing"\n`,
  )
}

async function memberRemove(client: Client, [id]: string[]): Promise<void> {
  const [server, member] = await memberNamed(client, id)
  const started = server.ensemble.members.filter(
    (other) => server.ensemble.runs(other.id) && other !== member,
  )
  if (server.ensemble.members.length > 1 && started.length <= (server.ensemble.members.length - 1) / 2)
    throw new EtcdError('etcdserver: re-configuration failed due to not enough started members')
  server.ensemble.remove(member.id)
  await client.print(`Member ${member.id} removed from cluster ${clusterOf(server)}\n`)
}

async function memberPromote(client: Client, [id]: string[]): Promise<void> {
  const [server, member] = await memberNamed(client, id)
  if (!member.learner) throw new EtcdError('etcdserver: can only promote a learner member')
  if (!server.ensemble.runs(member.id))
    throw new EtcdError('etcdserver: can only promote a learner member which is in sync with leader')
  server.ensemble.change(member.id, { learner: false })
  await client.print(`Member ${member.id} promoted in cluster ${clusterOf(server)}\n`)
}

async function memberUpdate(client: Client, [id]: string[]): Promise<void> {
  const [server, member] = await memberNamed(client, id)
  const urls = client.flags.get('peer-urls')?.split(',').filter(Boolean) ?? []
  if (urls.length === 0) throw new EtcdError('member peer urls not provided', 128)
  server.ensemble.change(member.id, { peerUrls: urls })
  await client.print(`Member ${member.id} updated in cluster ${clusterOf(server)}\n`)
}

async function endpointHealth(client: Client): Promise<number> {
  const results = await Promise.all(
    (await client.allEndpoints()).map(async (endpoint, index) => {
      const found = await client.dial(endpoint)
      const healthy = !('trouble' in found) && found.ensemble.leader !== undefined
      return { endpoint, healthy, took: healthy ? took(client, index) : '5.000883317s' }
    }),
  )
  const bad = results.filter(({ healthy }) => !healthy)
  if (bad.length > 0) await client.process.sleep(TIMEOUT_MS)
  const form = client.flags.get('write-out')
  if (form === 'json') {
    const list = results.map(({ endpoint, healthy, took }) => ({
      endpoint,
      health: healthy,
      took,
      ...(!healthy && { error: DEADLINE }),
    }))
    await client.print(`${JSON.stringify(list)}\n`)
  } else if (form === 'table') {
    const rows = results.map(({ endpoint, healthy, took }) => [
      endpoint,
      String(healthy),
      took,
      healthy ? '' : DEADLINE,
    ])
    await client.print(table(['endpoint', 'health', 'took', 'error'], rows))
  } else {
    for (const { endpoint, healthy, took } of results) {
      if (healthy)
        await client.print(`${endpoint} is healthy: successfully committed proposal: took = ${took}\n`)
      else await client.process.complain(`${endpoint} is unhealthy: failed to commit proposal: ${DEADLINE}\n`)
    }
  }
  if (bad.length === 0) return 0
  await client.process.complain('Error: unhealthy cluster\n')
  return 1
}

/** What a proposal takes, most of it the disk's `fdatasync`: some ten milliseconds. */
const took = ({ process }: Client, index: number): string =>
  `${(9 + ((process.machine.clock.now() + 37 * index) % 4000) / 1000 + 0.000287).toFixed(6)}ms`

const STATUS_HEADERS = [
  'endpoint',
  'ID',
  'version',
  'storage version',
  'db size',
  'in use',
  'percentage not in use',
  'quota',
  'is leader',
  'is learner',
  'raft term',
  'raft index',
  'raft applied index',
  'errors',
  'downgrade target version',
  'downgrade enabled',
]

async function endpointStatus(client: Client): Promise<number> {
  const found: { endpoint: string; server: EtcdServer }[] = []
  let failed = false
  for (const endpoint of await client.allEndpoints()) {
    const server = await client.dial(endpoint)
    if (!('trouble' in server)) {
      found.push({ endpoint, server })
      continue
    }
    failed = true
    await client.process.sleep(TIMEOUT_MS)
    await client.process.complain(`Failed to get the status of endpoint ${endpoint} (${DEADLINE})\n`)
  }
  if (client.flags.get('write-out') === 'json') {
    await client.print(
      `${JSON.stringify(found.map(({ endpoint, server }) => statusJson(client, endpoint, server)))}\n`,
    )
  } else {
    const rows = found.map(({ endpoint, server }) => statusRow(client, endpoint, server))
    await client.print(
      client.flags.get('write-out') === 'table'
        ? table(STATUS_HEADERS, rows)
        : rows.map((row) => `${row.join(', ')}\n`).join(''),
    )
  }
  return failed ? 1 : 0
}

/** Bytes that a database takes on disk: whole pages. */
const databaseBytes = (client: Client, server: EtcdServer): number =>
  (EMPTY_PAGES + Math.ceil(client.data(server).size() / PAGE_BYTES)) * PAGE_BYTES

const storageVersion = ({ version }: EtcdServer): string => `${version.split('.').slice(0, 2).join('.')}.0`

function statusRow(client: Client, endpoint: string, server: EtcdServer): string[] {
  const { ensemble, member } = server
  const bytes = megabytes(databaseBytes(client, server))
  const index = String(client.data(server).revision)
  const cells = {
    errors: ensemble.leader === undefined ? 'etcdserver: no leader' : '',
    learner: String(ensemble.member(member)?.learner ?? false),
    leads: String(ensemble.leader === member),
    term: String(ensemble.term),
  }
  return [
    endpoint,
    member,
    server.version,
    storageVersion(server),
    bytes,
    bytes,
    '0%',
    megabytes(QUOTA_BYTES),
    cells.leads,
    cells.learner,
    cells.term,
    index,
    index,
    cells.errors,
    '',
    'false',
  ]
}

function statusJson(client: Client, endpoint: string, server: EtcdServer) {
  const { ensemble } = server
  const size = databaseBytes(client, server)
  const { revision } = client.data(server)
  return {
    Endpoint: endpoint,
    Status: {
      header: header(client, server),
      version: server.version,
      dbSize: size,
      leader: ensemble.leader ? Number(BigInt(`0x${ensemble.leader}`)) : 0,
      raftIndex: revision,
      raftTerm: ensemble.term,
      raftAppliedIndex: revision,
      ...(ensemble.leader === undefined && { errors: ['etcdserver: no leader'] }),
      dbSizeInUse: size,
      storageVersion: storageVersion(server),
      dbSizeQuota: QUOTA_BYTES,
    },
  }
}

async function endpointHash(client: Client): Promise<void> {
  for (const endpoint of await client.allEndpoints()) {
    const found = await client.dial(endpoint)
    if ('trouble' in found) throw new EtcdError(DEADLINE)
    // The data is one and the same for all members, and so is its hash.
    await client.print(`${endpoint}, ${client.data(found).revision}, ${client.data(found).revision}\n`)
  }
}

async function snapshotSave(client: Client, [path]: string[]): Promise<void> {
  const { process } = client
  if (path === undefined) throw new EtcdError('snapshot save expects one argument', 128)
  if (client.endpoints.length > 1)
    throw new EtcdError(
      `snapshot must be requested to one selected node, not multiple ${JSON.stringify(client.endpoints).replaceAll(',', ' ')}`,
      128,
    )
  const server = await client.any()
  const log = (caller: string, msg: string, fields: object) => logLine(process, 'info', caller, msg, fields)
  await log('snapshot/v3_snapshot.go:83', 'created temporary db file', { path: `${path}.part` })
  const bytes = await client.data(server).snapshot(server.version)
  await log('snapshot/v3_snapshot.go:96', 'fetching snapshot', { endpoint: client.endpoints[0] })
  try {
    process.machine.files.writeSync(resolvePath(process.cwd, path), bytes, 0o600)
  } catch {
    throw new EtcdError(`could not open ${path}.part (open ${path}.part: no such file or directory)`, 5)
  }
  await log('snapshot/v3_snapshot.go:111', 'fetched snapshot', {
    endpoint: client.endpoints[0],
    size: megabytes(databaseBytes(client, server)),
    took: took(client, 0),
    'etcd-version': storageVersion(server),
  })
  await log('snapshot/v3_snapshot.go:121', 'saved', { path })
  await client.print(`Snapshot saved at ${path}\nServer version ${storageVersion(server)}\n`)
}
