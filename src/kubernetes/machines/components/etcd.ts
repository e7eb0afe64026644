import type { Process, Program } from '#containers/processes/process.ts'
import { listenHttp } from '#containers/programs/http-listener.ts'
import type { Machines } from '../machines.ts'
import { FlagError, parseFlags } from './flags.ts'

const KNOWN = [
  'advertise-client-urls',
  'auto-compaction-mode',
  'auto-compaction-retention',
  'cert-file',
  'client-cert-auth',
  'data-dir',
  'election-timeout',
  'experimental-initial-corrupt-check',
  'experimental-watch-progress-notify-interval',
  'feature-gates',
  'heartbeat-interval',
  'initial-advertise-peer-urls',
  'initial-cluster',
  'initial-cluster-state',
  'initial-cluster-token',
  'key-file',
  'listen-client-urls',
  'listen-metrics-urls',
  'listen-peer-urls',
  'log-level',
  'log-outputs',
  'logger',
  'name',
  'peer-cert-file',
  'peer-client-cert-auth',
  'peer-key-file',
  'peer-trusted-ca-file',
  'quota-backend-bytes',
  'snapshot-count',
  'trusted-ca-file',
  'watch-progress-notify-interval',
]
const FILES = [
  'cert-file',
  'key-file',
  'trusted-ca-file',
  'peer-cert-file',
  'peer-key-file',
  'peer-trusted-ca-file',
]

/** Where the simulated database keeps the id by which the world's store has the data: who moves or deletes the file moves or deletes the data. */
const DATABASE = 'member/snap/db'

/** The etcd of a control plane: the data of a cluster, on a disk, at an address. */
export const etcd =
  (machines: Machines): Program =>
  async (process) => {
    const log = (level: string, caller: string, msg: string, fields: object = {}) => {
      const ts = new Date(process.machine.clock.now()).toISOString().replace(/(\d+)Z$/, '$1000Z')
      return process.complain(`${JSON.stringify({ level, ts, caller, msg, ...fields })}\n`)
    }
    let flags: ReturnType<typeof parseFlags>
    try {
      flags = parseFlags(process.argv.slice(1), KNOWN, [
        'client-cert-auth',
        'peer-client-cert-auth',
        'experimental-initial-corrupt-check',
      ])
    } catch (error) {
      if (!(error instanceof FlagError)) throw error
      await log('error', 'etcdmain/etcd.go:72', 'failed to verify flags', {
        error: error.message.replace('unknown flag: -', 'flag provided but not defined: '),
      })
      return 1
    }
    const name = flags.get('name') ?? 'default'
    await log('info', 'etcdmain/etcd.go:64', 'Running: ', { args: process.argv })
    for (const flag of FILES) {
      const path = flags.get(flag)
      if (path === undefined || process.machine.files.exists(path)) continue
      await log('fatal', 'etcdmain/etcd.go:204', 'discovery failed', {
        error: `open ${path}: no such file or directory`,
        stacktrace: 'go.etcd.io/etcd/server/v3/etcdmain.startEtcdOrProxyV2',
      })
      return 1
    }
    const node = machines.at(process.machine.address)
    const urls = flags.list('listen-client-urls').map((url) => URL.parse(url))
    const bad = flags.list('listen-client-urls').find((url) => !URL.parse(url))
    if (bad || !node) {
      await log('error', 'etcdmain/etcd.go:72', 'failed to verify flags', {
        error: `invalid value ${JSON.stringify(bad)} for flag -listen-client-urls`,
      })
      return 1
    }
    const id = await openData(process, flags.get('data-dir') ?? `${name}.etcd`, machines)
    const stop = new Promise<string>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve(signal))
    })
    const open: { close(): void }[] = []
    void process.exited.then(() => {
      for (const listener of open.reverse()) listener.close()
    })
    const ports = new Set(urls.map((url) => Number(url!.port || 2379)))
    try {
      for (const port of ports) {
        open.push(
          machines.options.network.listen(process.machine.address, port, (socket) => socket.destroy()),
        )
        open.push(machines.etcdUp(`${process.machine.address}:${port}`, id, node.name))
      }
      for (const url of flags.list('listen-metrics-urls'))
        open.push(
          listenHttp(process, Number(URL.parse(url)?.port || 2381), (_, res) =>
            res.end('{"health":"true","reason":""}'),
          ),
        )
    } catch (error) {
      await log('fatal', 'etcdmain/etcd.go:204', 'discovery failed', {
        error: (error as Error).message.replace(
          /^listen EADDRINUSE: address already in use (.*)$/,
          'listen tcp $1: bind: address already in use',
        ),
      })
      return 1
    }
    await log('info', 'embed/etcd.go:320', 'starting an etcd server', {
      'etcd-version': '3.6.6',
      name,
      'data-dir': flags.get('data-dir'),
    })
    await log('info', 'raft/raft.go:970', 'became leader', { 'local-member-id': id.slice(0, 16) })
    await log('info', 'embed/serve.go:283', 'serving client traffic securely', {
      traffic: 'grpc',
      address: `${process.machine.address}:2379`,
    })
    const signal = await process.waitFor(stop)
    await log('info', 'osutil/interrupt_unix.go:65', 'received signal; shutting down', {
      signal: signal === 'SIGTERM' ? 'terminated' : 'interrupt',
    })
    return 0
  }

/** The id of the data in a folder; a folder without a database gets a new, empty one. */
async function openData(process: Process, folder: string, machines: Machines): Promise<string> {
  const { files } = process.machine
  const path = `${folder}/${DATABASE}`
  const known = await files.read(path).then(
    (bytes) => /^drydock etcd ([0-9a-f]{32})\n/.exec(Buffer.from(bytes).toString())?.[1],
    () => undefined,
  )
  if (known) return known
  const id = machines.options.world.ids.hex(32)
  files.makeFolder(`${folder}/member/snap`, { recursive: true, mode: 0o700 })
  files.makeFolder(`${folder}/member/wal`, { recursive: true, mode: 0o700 })
  files.writeSync(path, Buffer.from(`drydock etcd ${id}\n`), 0o600)
  return id
}
