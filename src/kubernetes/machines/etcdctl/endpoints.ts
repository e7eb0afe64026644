import { EtcdError, humanBytes, table } from '../etcd/commands.ts'
import type { EtcdServer } from '../machines.ts'
import { type Client, DEADLINE, integer, TIMEOUT_MS, took } from './client.ts'

/** `--quota-backend-bytes` when it is not set. */
const QUOTA_BYTES = 2 * 1024 ** 3
const PAGE_BYTES = 4096
/** What bbolt takes for an empty database, pages. */
const EMPTY_PAGES = 5

export async function endpointHealth(client: Client): Promise<number> {
  const results = await Promise.all(
    (await client.allEndpoints()).map(async (endpoint, index) => {
      const found = await client.dial(endpoint)
      const healthy = !('trouble' in found) && found.ensemble.leader !== undefined
      return { endpoint, healthy, took: healthy ? took(client, index) : '5.000883317s' }
    }),
  )
  const bad = results.filter(({ healthy }) => !healthy)
  if (bad.length > 0) await client.process.sleep(TIMEOUT_MS)
  const { form } = client
  if (form === 'json') {
    const list = results.map(({ endpoint, healthy, took }) => ({
      endpoint,
      health: healthy,
      took,
      ...(!healthy && { error: DEADLINE }),
    }))
    await client.printJson(list)
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

export async function endpointStatus(client: Client): Promise<number> {
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
  if (client.form === 'json') {
    await client.printJson(found.map(({ endpoint, server }) => statusJson(client, endpoint, server)))
  } else {
    const rows = found.map(({ endpoint, server }) => statusRow(client, endpoint, server))
    await client.print(
      client.form === 'table'
        ? table(STATUS_HEADERS, rows)
        : rows.map((row) => `${row.join(', ')}\n`).join(''),
    )
  }
  return failed ? 1 : 0
}

/** Bytes that a database takes on disk: whole pages. */
export const databaseBytes = (client: Client, server: EtcdServer): number =>
  (EMPTY_PAGES + Math.ceil(client.data(server).size() / PAGE_BYTES)) * PAGE_BYTES

export const storageVersion = ({ version }: EtcdServer): string =>
  `${version.split('.').slice(0, 2).join('.')}.0`

function statusRow(client: Client, endpoint: string, server: EtcdServer): string[] {
  const { ensemble, member } = server
  const bytes = humanBytes(databaseBytes(client, server))
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
    humanBytes(QUOTA_BYTES),
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
      header: client.header(server),
      version: server.version,
      dbSize: size,
      leader: ensemble.leader ? integer(ensemble.leader) : 0,
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

export async function endpointHash(client: Client): Promise<void> {
  const found: { endpoint: string; server: EtcdServer }[] = []
  for (const endpoint of await client.allEndpoints()) {
    const server = await client.dial(endpoint)
    if ('trouble' in server) throw new EtcdError(DEADLINE)
    found.push({ endpoint, server })
  }
  const [first] = found
  // The data is one and the same for all members, and so is its hash.
  const hash = first ? client.data(first.server).hash() : 0
  if (client.form === 'json') {
    const list = found.map(({ endpoint, server }) => {
      const { revision } = client.data(server)
      const { compacted } = server.ensemble
      const HashKV = {
        header: client.header(server),
        hash,
        ...(compacted > 0 && { compact_revision: compacted }),
        hash_revision: revision,
      }
      return { Endpoint: endpoint, HashKV }
    })
    return client.printJson(list)
  }
  const rows = found.map(({ endpoint, server }) => [
    endpoint,
    String(hash),
    String(client.data(server).revision),
  ])
  await client.print(
    client.form === 'table'
      ? table(['endpoint', 'hash', 'hash_revision'], rows)
      : rows.map((row) => `${row.join(', ')}\n`).join(''),
  )
}

/** There is nothing to give back: the data takes no more room than it needs. */
export async function defrag(client: Client): Promise<void> {
  for (const [index, endpoint] of (await client.allEndpoints()).entries()) {
    const found = await client.dial(endpoint)
    if ('trouble' in found) throw new EtcdError(`Failed to defragment etcd member[${endpoint}] (${DEADLINE})`)
    await client.print(`Finished defragmenting etcd member[${endpoint}]. took ${took(client, index)}\n`)
  }
}
