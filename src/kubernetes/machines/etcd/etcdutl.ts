import { resolvePath } from '#containers/files/tree.ts'
import type { Process, Program } from '#containers/processes/process.ts'
import type { Machines } from '../machines.ts'
import { answered, EtcdError, humanBytes, logLine, readCommandLine, runCommand, table } from './commands.ts'
import { snapshotStatus, verifyChecksum } from './data.ts'
import { restoreDatabase } from './database.ts'
import { memberId } from './ensemble.ts'

// Source: etcdutl/etcdutl/snapshot_command.go of etcd-io/etcd, read 2026-11.

const KNOWN = new Set([
  'bump-revision',
  'data-dir',
  'initial-advertise-peer-urls',
  'initial-cluster',
  'initial-cluster-token',
  'initial-memory-map-size',
  'name',
  'wal-dir',
  'write-out',
])
const BARE = new Set(['help', 'mark-compacted', 'skip-hash-check'])

const HELP = `Usage:
  etcdutl [command]

Available Commands:
  defrag      Defragments the storage of the etcd
  hashkv      Prints the KV history hash of a given file
  help        Help about any command
  migrate     Migrates schema of etcd data dir files to make them compatible with different etcd version
  snapshot    Manages etcd node snapshots
  version     Prints the version of etcdutl
`

/** `etcdutl` in a container of an etcd: works on files, without a server. */
export const etcdutl =
  (machines: Machines): Program =>
  (process) =>
    runCommand(process, async () => {
      const { words, flags } = readCommandLine(process, KNOWN, BARE)
      const [first = 'help', second, path, ...more] = words
      if (first === 'help' || flags.has('help')) return process.print(HELP)
      if (first === 'version') return process.print('etcdutl version: 3.6.6\nAPI version: 3.6\n')
      if (first !== 'snapshot' || !['status', 'restore'].includes(second ?? ''))
        throw new EtcdError(`drydock: etcdutl ${words.join(' ')} is not simulated`)
      if (path === undefined || more.length > 0)
        throw new EtcdError(`snapshot ${second} requires exactly one argument`, 128)
      const { files } = process.machine
      const bytes = await files.read(resolvePath(process.cwd, path)).catch(() => {
        throw new EtcdError(`stat ${path}: no such file or directory`)
      })
      return second === 'status'
        ? status(process, bytes, flags)
        : restore(process, machines, path, bytes, flags)
    })

async function status(process: Process, bytes: Uint8Array, flags: Map<string, string>): Promise<void> {
  const found = await snapshotStatus(bytes).catch(() => {
    throw new EtcdError('invalid database')
  })
  if (flags.get('write-out') === 'json') {
    await process.print(`${JSON.stringify({ ...found, hash: Number.parseInt(found.hash, 16) })}\n`)
    return
  }
  const row = [
    found.hash,
    String(found.revision),
    String(found.totalKey),
    humanBytes(found.totalSize),
    found.version,
  ]
  await process.print(
    flags.get('write-out') === 'table'
      ? table(['hash', 'revision', 'total keys', 'total size', 'storage version'], [row])
      : `${row.join(', ')}\n`,
  )
}

async function restore(
  process: Process,
  machines: Machines,
  path: string,
  snapshot: Uint8Array,
  flags: Map<string, string>,
): Promise<void> {
  const folder = flags.get('data-dir') ?? `${flags.get('name') ?? 'default'}.etcd`
  const { files } = process.machine
  const target = resolvePath(process.cwd, folder)
  const there = files.find(target)
  if (there?.kind === 'directory' && there.children.size > 0)
    throw new EtcdError(`data-dir ${JSON.stringify(folder)} not empty or could not be read`)
  const peerUrls = (flags.get('initial-advertise-peer-urls') ?? 'http://localhost:2380').split(',')
  const places = {
    path,
    'wal-dir': `${folder}/member/wal`,
    'data-dir': folder,
    'snap-dir': `${folder}/member/snap`,
  }
  const log = (caller: string, msg: string, fields: Record<string, unknown>) =>
    logLine(process, 'info', caller, msg, fields)
  await log('snapshot/v3_snapshot.go:305', 'restoring snapshot', {
    ...places,
    'initial-memory-map-size': 10737418240,
  })
  if (!flags.has('skip-hash-check')) answered(() => verifyChecksum(snapshot))
  await restoreDatabase(machines.options.world, files, target, {
    snapshot,
    member: memberId(peerUrls),
    initialCluster: flags.get('initial-cluster') ?? '',
  }).catch((error) => {
    throw new EtcdError((error as Error).message)
  })
  await log('membership/cluster.go:424', 'added member', {
    'local-member-id': '0',
    'added-peer-id': memberId(peerUrls),
    'added-peer-peer-urls': peerUrls,
    'added-peer-is-learner': false,
  })
  await log('snapshot/v3_snapshot.go:333', 'restored snapshot', places)
}
