import { readAll } from '#containers/processes/pipe.ts'
import { CompactedError } from '#world/store.ts'
import { answered, EtcdError } from '../etcd/commands.ts'
import type { KeyValue } from '../etcd/data.ts'
import type { EtcdServer } from '../machines.ts'
import type { Client } from './client.ts'

/** What an etcd takes in one request (`--max-request-bytes`). */
const MAX_REQUEST_BYTES = 1.5 * 1024 ** 2
const COMPACTED = 'etcdserver: mvcc: required revision has been compacted'
const FUTURE = 'etcdserver: mvcc: required revision is a future revision'

/** The keys from and to which a command goes. */
function bounds({ flags, words }: Client, [key, end]: string[]): [from: string, end?: string] {
  const [command] = words
  if (key === undefined)
    throw new EtcdError(
      `${command} command needs one argument as key and an optional argument as range_end`,
      128,
    )
  if (flags.has('prefix') && flags.has('from-key'))
    throw new EtcdError('`--prefix` and `--from-key` cannot be set at the same time, choose one', 128)
  if (end !== undefined && (flags.has('prefix') || flags.has('from-key')))
    throw new EtcdError(
      'too many arguments, only accept one argument when `--prefix` or `--from-key` is set',
      128,
    )
  if (flags.has('from-key')) return [key, '\0']
  if (!flags.has('prefix')) return end === undefined ? [key] : [key, end]
  return key === '' ? ['', '\0'] : [key, afterPrefix(key)]
}

/** The first key after all that begin with a prefix. */
const afterPrefix = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)

/** By what `--sort-by` puts keys in order. */
const TARGETS: Record<string, (one: KeyValue, other: KeyValue) => number> = {
  KEY: () => 0,
  CREATE: (one, other) => one.createRevision - other.createRevision,
  MODIFY: (one, other) => one.modRevision - other.modRevision,
  VERSION: (one, other) => one.version - other.version,
  VALUE: (one, other) => (one.value < other.value ? -1 : one.value > other.value ? 1 : 0),
}

export async function get(client: Client, args: string[]): Promise<void> {
  const { flags, form } = client
  const range = bounds(client, args)
  if (flags.has('keys-only') && flags.has('count-only'))
    throw new EtcdError('`--keys-only` and `--count-only` cannot be set at the same time, choose one', 128)
  const order = (flags.get('order') ?? '').toUpperCase()
  if (!['', 'ASCEND', 'DESCEND'].includes(order))
    throw new EtcdError(`bad sort order ${flags.get('order')}`, 4)
  const compare = TARGETS[(flags.get('sort-by') ?? 'KEY').toUpperCase()]
  if (!compare) throw new EtcdError(`bad sort target ${flags.get('sort-by')}`, 4)
  const server = await (flags.get('consistency') === 's' ? client.any() : client.agreed())
  const found = at(client, server, range).sort(compare)
  if (order === 'DESCEND') found.reverse()
  if (flags.has('count-only') && form !== 'fields')
    throw new EtcdError('--count-only is only for `--write-out=fields`', 128)
  if (flags.has('print-value-only') && form !== 'simple')
    throw new EtcdError('print-value-only is only for `--write-out=simple`', 128)
  const limit = client.count('limit')
  const shown = flags.has('count-only') ? [] : limit > 0 ? found.slice(0, limit) : found
  const more = shown.length < found.length && !flags.has('count-only')
  if (form === 'simple') return client.print(shown.map((kv) => pair(client, kv)).join(''))
  const kvs = flags.has('keys-only') ? shown.map((kv) => ({ ...kv, value: '' })) : shown
  if (form === 'fields') return client.print(fields(client, server, kvs, more, found.length))
  await client.printJson({
    header: client.header(server),
    ...(kvs.length > 0 && { kvs: kvs.map(jsonOf) }),
    ...(more && { more }),
    ...(found.length > 0 && { count: found.length }),
  })
}

/** A range as it was at `--rev`. */
function at(client: Client, server: EtcdServer, [from, end]: [string, string?]): KeyValue[] {
  const revision = client.count('rev')
  const data = client.data(server)
  if (revision > data.revision) throw new EtcdError(FUTURE)
  if (revision > 0 && revision < server.ensemble.compacted) throw new EtcdError(COMPACTED)
  try {
    return data.range(from, end, revision > 0 ? revision : undefined)
  } catch (error) {
    if (error instanceof CompactedError) throw new EtcdError(COMPACTED)
    throw error
  }
}

/** A key with its value as `--write-out=simple` has it. */
function pair({ flags }: Client, { key, value }: KeyValue): string {
  const hex = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '\\x$&')
  const show = flags.has('hex') ? hex : (text: string) => text
  const parts = [...(flags.has('print-value-only') ? [] : [key]), flags.has('keys-only') ? '' : value]
  return parts.map((text) => `${show(text)}\n`).join('')
}

function fields(client: Client, server: EtcdServer, kvs: KeyValue[], more: boolean, count: number): string {
  const { cluster_id, member_id, revision, raft_term } = client.header(server)
  const line = (name: string, value: unknown) => `"${name}" : ${JSON.stringify(value)}\n`
  const rows = kvs.map(
    (kv) =>
      line('Key', kv.key) +
      line('CreateRevision', kv.createRevision) +
      line('ModRevision', kv.modRevision) +
      line('Version', kv.version) +
      line('Value', kv.value) +
      line('Lease', 0),
  )
  return `${line('ClusterID', cluster_id)}${line('MemberID', member_id)}${line('Revision', revision)}${line('RaftTerm', raft_term)}${rows.join('')}${line('More', more)}${line('Count', count)}`
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const jsonOf = ({ key, value, createRevision, modRevision, version }: KeyValue) => ({
  key: base64(key),
  create_revision: createRevision,
  mod_revision: modRevision,
  version,
  ...(value !== '' && { value: base64(value) }),
})

export async function put(client: Client, [key, given]: string[]): Promise<void> {
  const { process, flags } = client
  if (key === undefined)
    throw new EtcdError('put command needs 1 argument and input from stdin or 2 arguments', 128)
  const value = given ?? (await process.waitFor(readAll(process.stdin))).toString()
  if (key.length + Buffer.byteLength(value) > MAX_REQUEST_BYTES)
    throw new EtcdError('etcdserver: request is too large')
  const server = await client.agreed()
  const data = client.data(server)
  const old = flags.has('prev-kv') ? data.range(key)[0] : undefined
  answered(() => data.put(key, value))
  if (client.form === 'json')
    return client.printJson({ header: client.header(server), ...(old && { prev_kv: jsonOf(old) }) })
  await client.print(`OK\n${old ? pair(client, old) : ''}`)
}

export async function del(client: Client, args: string[]): Promise<void> {
  const [from, end] = bounds(client, args)
  const server = await client.agreed()
  const data = client.data(server)
  const old = client.flags.has('prev-kv') ? data.range(from, end) : []
  const deleted = data.delete(from, end)
  if (client.form === 'json')
    return client.printJson({
      header: client.header(server),
      ...(deleted > 0 && { deleted }),
      ...(old.length > 0 && { prev_kvs: old.map(jsonOf) }),
    })
  await client.print(`${deleted}\n${old.map((kv) => pair(client, kv)).join('')}`)
}

/** `compaction`: what was before a revision is not shown any more. The world keeps its history as long as it does anyway. */
export async function compaction(client: Client, args: string[]): Promise<void> {
  const [revision = ''] = args
  if (args.length !== 1) throw new EtcdError('compaction command needs 1 argument', 128)
  if (!/^-?\d+$/.test(revision))
    throw new EtcdError(`strconv.ParseInt: parsing ${JSON.stringify(revision)}: invalid syntax`)
  const server = await client.agreed()
  if (Number(revision) > client.data(server).revision) throw new EtcdError(FUTURE)
  if (Number(revision) <= server.ensemble.compacted) throw new EtcdError(COMPACTED)
  server.ensemble.compact(Number(revision))
  await client.print(`compacted revision ${revision}\n`)
}
