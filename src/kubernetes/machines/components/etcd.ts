import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Process, Program } from '#containers/processes/process.ts'
import { listenHttp } from '#containers/programs/http-listener.ts'
import { logLine } from '../etcd/commands.ts'
import { openData, readDatabase, writeDatabase } from '../etcd/database.ts'
import { type Ensemble, type Member, memberId } from '../etcd/ensemble.ts'
import type { EtcdServer, Machines } from '../machines.ts'
import { FlagError, type Flags, parseFlags } from './flags.ts'

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

/** The etcd of a control plane: the data of a cluster, on a disk, at an address. */
export const etcd =
  (machines: Machines, image: string): Program =>
  async (process) => {
    const log = (level: string, caller: string, msg: string, fields?: Record<string, unknown>) =>
      logLine(process, level, caller, msg, fields)
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
    const opened = await open(process, flags, machines, node.name)
    if ('failure' in opened) {
      await log('fatal', 'etcdmain/etcd.go:204', 'discovery failed', { error: opened.failure })
      return 1
    }
    const { ensemble, member } = opened
    const authority = flags.get('client-cert-auth') === 'true' ? flags.get('trusted-ca-file') : undefined
    const server: EtcdServer = {
      ensemble,
      member,
      version: versionOf(image),
      clientAuthority:
        authority === undefined
          ? undefined
          : Buffer.from(await process.machine.files.read(authority)).toString(),
    }
    const stop = new Promise<string>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve(signal))
    })
    const listeners: { close(): void }[] = []
    void process.exited.then(() => {
      for (const listener of listeners.reverse()) listener.close()
    })
    const ports = new Set(urls.map((url) => Number(url!.port || 2379)))
    try {
      const { network } = machines.options
      const { address } = process.machine
      for (const port of ports) listeners.push(network.listen(address, port, (socket) => socket.destroy()))
      for (const url of flags.list('listen-metrics-urls'))
        listeners.push(listenHttp(process, Number(URL.parse(url)?.port || 2381), health(server)))
      listeners.push(
        machines.etcdUp(
          [...ports].map((port) => `${address}:${port}`),
          server,
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
      'etcd-version': server.version,
      name,
      'data-dir': flags.get('data-dir'),
    })
    const leads = ensemble.leader === member
    await log(
      'info',
      leads ? 'raft/raft.go:970' : 'raft/raft.go:912',
      leads ? 'became leader' : 'became follower',
      { 'local-member-id': member, term: ensemble.term },
    )
    await log('info', 'embed/serve.go:283', 'serving client traffic securely', {
      traffic: 'grpc',
      address: `${process.machine.address}:2379`,
    })
    const { data } = ensemble
    const removed = new Promise<undefined>((resolve) => {
      const watch = machines.onChange(() => {
        if (ensemble.data === data && !ensemble.member(member)) resolve(undefined)
      })
      listeners.push(watch)
    })
    const signal = await process.waitFor(Promise.race([stop, removed]))
    if (signal === undefined) {
      await log('error', 'etcdserver/server.go:863', REMOVED)
      return 0
    }
    await log('info', 'osutil/interrupt_unix.go:65', 'received signal; shutting down', {
      signal: signal === 'SIGTERM' ? 'terminated' : 'interrupt',
    })
    return 0
  }

const REMOVED = 'the member has been permanently removed from the cluster'

/** `3.6.6-0` of an image's tag → `3.6.6` */
const versionOf = (image: string): string => image.replace(/^v/, '').replace(/-\d+$/, '')

/** Which member of which cluster the process is by its data folder; one without a database gets a new one, or joins those that expect it. */
async function open(
  process: Process,
  flags: Flags,
  machines: Machines,
  machine: string,
): Promise<{ ensemble: Ensemble; member: string } | { failure: string }> {
  const { world } = machines.options
  const { files } = process.machine
  const name = flags.get('name') ?? 'default'
  const folder = flags.get('data-dir') ?? `${name}.etcd`
  const peerUrls = flags.list('initial-advertise-peer-urls')
  const self = { name, clientUrls: flags.list('advertise-client-urls'), machine }
  const known = await readDatabase(files, folder)
  if (known) {
    const ensemble = machines.ensemble(known.cluster)
    const started = { id: known.member ?? memberId(peerUrls), peerUrls, ...self }
    await openData(world, ensemble, known, restoredMembers(known.initialCluster, started))
    const { member = started.id, snapshot, ...rest } = known
    if (snapshot || !known.member) writeDatabase(files, folder, { ...rest, member })
    if (!known.member && !ensemble.member(member)) ensemble.add(peerUrls)
    if (!ensemble.member(member)) return { failure: REMOVED }
    ensemble.change(member, self)
    return { ensemble, member }
  }
  const expecting = machines
    .ensembles()
    .find((ensemble) =>
      peerUrls.some((url) => ensemble.memberAt(url)?.machine === undefined && ensemble.memberAt(url)),
    )
  if (!expecting && flags.get('initial-cluster-state') === 'existing')
    return { failure: 'error validating peerURLs: member count is unequal' }
  const ensemble = expecting ?? machines.ensemble(world.ids.hex(32))
  const member = expecting
    ? peerUrls.map((url) => expecting.memberAt(url)).find(Boolean)!
    : ensemble.add(peerUrls)
  ensemble.change(member.id, self)
  writeDatabase(files, folder, { cluster: ensemble.id, member: member.id, data: ensemble.data })
  return { ensemble, member: member.id }
}

/** Who belongs to a cluster that starts from a snapshot that was restored for `a=https://…,b=https://…`. */
function restoredMembers(initialCluster: string | undefined, self: Member): Member[] {
  const others = (initialCluster ?? '')
    .split(',')
    .map((part) => part.split('=') as [string, string | undefined])
    .flatMap(([name, url]): Member[] =>
      url && !self.peerUrls.includes(url)
        ? [{ id: memberId([url]), name, peerUrls: [url], clientUrls: [] }]
        : [],
    )
  return [self, ...others]
}

/** What etcd says at `--listen-metrics-urls`: alive while it runs, ready while it can agree with the others. Models server/etcdserver/api/etcdhttp. */
const health =
  ({ ensemble }: EtcdServer) =>
  ({ url }: IncomingMessage, res: ServerResponse): void => {
    const ready = ensemble.leader !== undefined
    const { pathname } = new URL(url ?? '/', 'http://etcd')
    if (ready || pathname === '/livez') {
      res.end(pathname === '/health' ? '{"health":"true","reason":""}' : 'ok')
      return
    }
    res.writeHead(503)
    res.end(
      pathname === '/health'
        ? '{"health":"false","reason":"RAFT NO LEADER"}'
        : '[-]linearizable_read failed: etcdserver: request timed out\n',
    )
  }
