import { createServer } from 'node:http'
import { createSecureContext } from 'node:tls'
import type { Process } from '#containers/processes/process.ts'
import { createAuthority } from '#network/authority.ts'
import { StatusError } from '../../api.ts'
import { listenTls } from '../../apiserver/bootstrap/inside.ts'
import type { Lease } from '../../objects.ts'
import { microTimestamp, parseTime } from '../../time.ts'
import type { MachineCluster } from '../cluster.ts'
import { type Kubeconfig, readKubeconfig } from '../kubeconfig.ts'
import type { Machines } from '../machines.ts'
import { klog } from './klog.ts'

const LEASES = 'leases.coordination.k8s.io'
const NAMESPACE = 'kube-system'
/** `--leader-elect-lease-duration`, `--leader-elect-renew-deadline`, `--leader-elect-retry-period`, ms. */
const LEASE_MS = 15_000
const RENEW_DEADLINE_MS = 10_000
const RETRY_MS = 2_000
/** The real ones renew at each retry period; writing it down this often shows the same. */
const RENEW_MS = 10_000

export interface LeaderOptions {
  machines: Machines
  /** Name of the component and of its lease. */
  name: string
  kubeconfigPath: string
  elects: boolean
  /** Starts what the component does while it leads and its API server answers. */
  lead(cluster: MachineCluster): { stop(): void }
}

/** Reads a component's kubeconfig. Throws an Error with the component's text. */
export async function kubeconfigOf(process: Process, path: string): Promise<Kubeconfig> {
  const bytes = await process.machine.files.read(path).catch(() => {
    throw new Error(`stat ${path}: no such file or directory`)
  })
  try {
    return readKubeconfig(Buffer.from(bytes).toString())
  } catch (error) {
    const text = (error as Error).message
    throw new Error(text.startsWith('yaml') ? `error loading config file "${path}": ${text}` : text)
  }
}

/** Serves `/healthz` by TLS until the process ends. */
export async function serveHealth(process: Process, port: number): Promise<void> {
  const { network, address, clock } = process.machine
  const { certificate, privateKey } = await createAuthority(
    `${process.machine.hostname}@${port}`,
    clock.hostNow(),
  )
  const server = createServer((req, res) => {
    const known = /^\/(healthz|livez|readyz)/.test(req.url ?? '')
    res.writeHead(known ? 200 : 403, { 'content-type': 'text/plain' })
    res.end(known ? 'ok' : 'Forbidden')
  })
  const listener = listenTls(
    network,
    { address, port },
    createSecureContext({ cert: certificate, key: privateKey }),
    server,
  )
  void process.exited.then(() => listener.close())
}

/**
 * The life of a component that leads by a lease: it waits for the API server, takes the lease when it is free, works while it has it, and ends when it
 * could not renew it in time. Models client-go/tools/leaderelection. Gives the exit code.
 */
export async function runLeader(process: Process, options: LeaderOptions): Promise<number> {
  const { machines, name, elects, lead } = options
  const { machine } = process
  const log = klog(process)
  const kubeconfig = await kubeconfigOf(process, options.kubeconfigPath)
  const stop = new Promise<'stop'>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve('stop'))
  })
  const connect = () => machines.connect(kubeconfig, machine)
  const identity = `${machine.hostname}_${machines.options.world.ids.uuid()}`
  /** Waits for a time, a change of who answers, or the end. */
  const pause = async (ms: number, changes = true): Promise<boolean> => {
    let done!: () => void
    const over = new Promise<'over'>((resolve) => {
      done = () => resolve('over')
    })
    const timer = machine.clock.setTimer(ms, done)
    const change = changes ? machines.onChange(done) : undefined
    const why = await process.waitFor(Promise.race([over, stop]))
    timer.cancel()
    change?.close()
    return why === 'stop'
  }
  const url = `${kubeconfig.server}/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/${name}?timeout=5s`
  if (elects)
    await log('I', 'leaderelection.go:257', `attempting to acquire leader lease ${NAMESPACE}/${name}...`)
  let work: { stop(): void } | undefined
  void process.exited.then(() => work?.stop())
  let lostAt: number | undefined
  let leads = !elects
  for (;;) {
    const found = connect()
    const cluster = 'cluster' in found ? found.cluster : undefined
    if (!cluster) {
      work?.stop()
      work = undefined
      const trouble = 'trouble' in found ? found.trouble : ''
      await log(
        'E',
        'leaderelection.go:448',
        `error retrieving resource lock ${NAMESPACE}/${name}: Get ${JSON.stringify(url)}: ${trouble}`,
      )
      const now = machine.clock.now()
      lostAt ??= now
      if (leads && elects && now - lostAt >= RENEW_DEADLINE_MS) {
        await log(
          'I',
          'leaderelection.go:297',
          `failed to renew lease ${NAMESPACE}/${name}: context deadline exceeded`,
        )
        await log(
          'E',
          name === 'kube-scheduler' ? 'server.go:307' : 'controllermanager.go:340',
          '"leaderelection lost"',
        )
        return 1
      }
      if (await pause(leads ? Math.max(RETRY_MS, 0) : RETRY_MS * 2)) return 0
      continue
    }
    lostAt = undefined
    const held = elects ? renew(cluster, name, identity, machine.clock.now()) : undefined
    if (held !== undefined) {
      if (leads) return 1
      if (await pause(Math.max(RETRY_MS, held), false)) return 0
      continue
    }
    if (!leads) {
      leads = true
      await log('I', 'leaderelection.go:271', `successfully acquired lease ${NAMESPACE}/${name}`)
      const lease = cluster.client.get<Lease>(LEASES, NAMESPACE, name)!
      cluster.client.event(lease, 'Normal', 'LeaderElection', `${identity} became leader`, {
        component: name,
      })
    }
    work ??= lead(cluster)
    if (await pause(RENEW_MS)) return 0
  }
}

/** Takes or renews the lease; gives for how many ms somebody else still has it. */
function renew({ client }: MachineCluster, name: string, identity: string, now: number): number | undefined {
  try {
    const old = client.get<Lease>(LEASES, NAMESPACE, name)
    const own = old?.spec.holderIdentity === identity
    const free = parseTime(old?.spec.renewTime) + (old?.spec.leaseDurationSeconds ?? 0) * 1000
    if (old?.spec.holderIdentity && !own && now < free) return free - now
    if (own && now - parseTime(old!.spec.renewTime) < RENEW_MS / 2) return undefined
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_MS / 1000,
      acquireTime: own ? old!.spec.acquireTime! : microTimestamp(now),
      renewTime: microTimestamp(now),
      leaseTransitions: (old?.spec.leaseTransitions ?? 0) + (old && !own ? 1 : 0),
    }
    if (old) client.update<Lease>(LEASES, { ...old, spec: { ...old.spec, ...spec } })
    else {
      const metadata = { name, namespace: NAMESPACE }
      client.create<Lease>(LEASES, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
    }
    return undefined
  } catch (error) {
    if (error instanceof StatusError) return RETRY_MS
    throw error
  }
}
