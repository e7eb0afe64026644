import type { Process, Program } from '#containers/processes/process.ts'
import type { Authorizer } from '../../provider.ts'
import { bootstrapTokens } from '../bootstrap-tokens.ts'
import type { Machines } from '../machines.ts'
import type { Flags } from './flags.ts'
import type { klog } from './klog.ts'
import { component, requireFiles, StartFailure } from './start.ts'

const KNOWN = [
  'admission-control-config-file',
  'advertise-address',
  'allow-privileged',
  'anonymous-auth',
  'audit-log-maxage',
  'audit-log-maxbackup',
  'audit-log-maxsize',
  'audit-log-path',
  'audit-policy-file',
  'authorization-mode',
  'bind-address',
  'client-ca-file',
  'disable-admission-plugins',
  'enable-admission-plugins',
  'enable-aggregator-routing',
  'enable-bootstrap-token-auth',
  'encryption-provider-config',
  'etcd-cafile',
  'etcd-certfile',
  'etcd-keyfile',
  'etcd-prefix',
  'etcd-servers',
  'event-ttl',
  'goaway-chance',
  'kubelet-certificate-authority',
  'kubelet-client-certificate',
  'kubelet-client-key',
  'kubelet-preferred-address-types',
  'max-mutating-requests-inflight',
  'max-requests-inflight',
  'profiling',
  'proxy-client-cert-file',
  'proxy-client-key-file',
  'request-timeout',
  'requestheader-allowed-names',
  'requestheader-client-ca-file',
  'requestheader-extra-headers-prefix',
  'requestheader-group-headers',
  'requestheader-username-headers',
  'runtime-config',
  'secure-port',
  'service-account-issuer',
  'service-account-key-file',
  'service-account-signing-key-file',
  'service-cluster-ip-range',
  'service-node-port-range',
  'storage-backend',
  'storage-media-type',
  'tls-cert-file',
  'tls-cipher-suites',
  'tls-min-version',
  'tls-private-key-file',
]
const BOOLEANS = [
  'allow-privileged',
  'anonymous-auth',
  'enable-bootstrap-token-auth',
  'enable-aggregator-routing',
  'profiling',
]
const FILES = [
  'client-ca-file',
  'etcd-cafile',
  'etcd-certfile',
  'etcd-keyfile',
  'kubelet-client-certificate',
  'kubelet-client-key',
  'proxy-client-cert-file',
  'proxy-client-key-file',
  'requestheader-client-ca-file',
  'service-account-key-file',
  'service-account-signing-key-file',
  'tls-cert-file',
  'tls-private-key-file',
]
const MODES = ['AlwaysAllow', 'AlwaysDeny', 'ABAC', 'Webhook', 'RBAC', 'Node']
/** Admission plugins of 1.35 that may be named in a flag; those that the simulation runs always run. */
const PLUGINS = new Set(
  'AlwaysAdmit AlwaysDeny AlwaysPullImages CertificateApproval CertificateSigning CertificateSubjectRestriction ClusterTrustBundleAttest DefaultIngressClass DefaultStorageClass DefaultTolerationSeconds DenyServiceExternalIPs EventRateLimit ExtendedResourceToleration ImagePolicyWebhook LimitPodHardAntiAffinityTopology LimitRanger MutatingAdmissionPolicy MutatingAdmissionWebhook NamespaceAutoProvision NamespaceExists NamespaceLifecycle NodeRestriction OwnerReferencesPermissionEnforcement PersistentVolumeClaimResize PodNodeSelector PodSecurity PodTolerationRestriction PodTopologyLabels Priority ResourceQuota RuntimeClass ServiceAccount StorageObjectInUseProtection TaintNodesByCondition ValidatingAdmissionPolicy ValidatingAdmissionWebhook'.split(
    ' ',
  ),
)

/** How long it waits for an etcd before it gives up, ms. */
const STORAGE_WAIT_MS = 20_000
const DIAL_RETRY_MS = 5_000

/** The API server of a control plane: serves the cluster whose data the etcd of its flags has. */
export const apiServer = (machines: Machines, version: string): Program =>
  component(KNOWN, BOOLEANS, async (started) => {
    const { process, flags, log } = started
    await log(
      'I',
      'options.go:263',
      `external host was not specified, using ${flags.get('advertise-address') ?? process.machine.address}`,
    )
    await log('I', 'server.go:150', `Version: ${version}`)
    const problem = check(flags)
    if (problem) throw new StartFailure(problem)
    requireFiles(started, FILES)
    const { files, address } = process.machine
    const stop = new Promise<void>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, resolve)
    })
    const servers = flags.list('etcd-servers')
    const id = await findEtcd(process, machines, servers, log)
    if (id === undefined) return 1
    const cluster = machines.cluster(id)
    const trouble = () => {
      const ours = servers
        .map((server) => machines.etcdAt(placeOf(server, address)))
        .filter((etcd) => etcd?.ensemble.id === id)
      if (ours.length === 0) return unavailable(servers[0]!)
      return ours[0]!.ensemble.leader === undefined ? 'etcdserver: request timed out' : undefined
    }
    const port = Number(flags.get('secure-port') ?? 6443)
    const text = async (flag: string) => {
      const path = flags.get(flag)
      return path === undefined ? '' : Buffer.from(await files.read(path)).toString()
    }
    const clientAuthority = await text('client-ca-file')
    const modes = flags.list('authorization-mode')
    let running: { stop(): void }
    try {
      running = await cluster.serve({
        gitVersion: version,
        serviceCidr: flags.get('service-cluster-ip-range') ?? '10.0.0.0/24',
        certificateAuthority: { certificate: clientAuthority, privateKey: '' },
        servingCertificate: {
          certificate: await text('tls-cert-file'),
          privateKey: await text('tls-private-key-file'),
        },
        ...(flags.has('requestheader-client-ca-file') && {
          frontProxy: {
            authority: await text('requestheader-client-ca-file'),
            allowedNames: flags.list('requestheader-allowed-names'),
            extraHeadersPrefix: flags.list('requestheader-extra-headers-prefix'),
            groupHeaders: flags.list('requestheader-group-headers'),
            usernameHeaders: flags.list('requestheader-username-headers'),
          },
        }),
        serviceAccountKey: await text('service-account-signing-key-file'),
        controlPlaneAddresses: [address],
        hostnames: [process.machine.hostname],
        apiPort: port,
        endpoint: flags.get('service-account-issuer')!,
        rbac: modes.includes('RBAC'),
        authorizers: authorizersOf(modes),
        tokens:
          flags.get('enable-bootstrap-token-auth') === 'true'
            ? [
                bootstrapTokens(
                  () => cluster.client,
                  () => machines.options.world.clock.now(),
                ),
              ]
            : [],
        storageTrouble: trouble,
        componentHealth: () => healthOf(machines, address, trouble()),
      })
    } catch (error) {
      const why = (error as Error).message.replace(
        /^listen EADDRINUSE: address already in use .*$/,
        `failed to create listener: failed to listen on 0.0.0.0:${port}: listen tcp 0.0.0.0:${port}: bind: address already in use`,
      )
      throw new StartFailure(why)
    }
    const listening = machines.apiServerUp(`${address}:${port}`, {
      cluster,
      clientAuthority,
      servingAuthority: clientAuthority,
      trouble,
    })
    let watch: { close(): void } | undefined
    void process.exited.then(() => {
      watch?.close()
      listening.close()
      running.stop()
    })
    watch = watchEtcd(process, machines, servers[0]!, trouble, log)
    await log('I', 'secure_serving.go:211', `Serving securely on [::]:${port}`)
    await log('I', 'cache.go:39', 'Caches are synced for autoregister controller')
    await process.waitFor(stop)
    await log('I', 'genericapiserver.go:699', '"[graceful-termination] apiserver is exiting"')
    return 0
  })

type Log = ReturnType<typeof klog>

/** `127.0.0.1:2379` of an etcd's URL, as it is known in the world's network. */
function placeOf(server: string, own: string): string {
  const url = URL.parse(server)
  const host = url?.hostname ?? ''
  return `${host === 'localhost' || host.startsWith('127.') ? own : host}:${url?.port || 2379}`
}

const unavailable = (server: string) =>
  `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp ${URL.parse(server)?.host ?? server}: connect: connection refused"`

const dialTrouble = (server: string) => {
  const host = URL.parse(server)?.host ?? server
  return `[core] [Channel #1 SubChannel #2]grpc: addrConn.createTransport failed to connect to {Addr: "${host}", ServerName: "${host}", }. Err: connection error: desc = "transport: Error while dialing: dial tcp ${host}: connect: connection refused"`
}

/** Waits for an etcd; undefined when there was none in time. */
async function findEtcd(
  process: Process,
  machines: Machines,
  servers: string[],
  log: Log,
): Promise<string | undefined> {
  const { clock, address } = process.machine
  const deadline = clock.now() + STORAGE_WAIT_MS
  for (;;) {
    for (const server of servers) {
      const found = machines.etcdAt(placeOf(server, address))?.ensemble
      if (found?.leader !== undefined) return found.id
    }
    await log('W', 'logging.go:55', dialTrouble(servers[0]!))
    if (clock.now() >= deadline) break
    await new Promise<void>((resolve) => {
      const change = machines.onChange(() => done())
      const timer = clock.setTimer(Math.min(DIAL_RETRY_MS, deadline - clock.now()), () => done())
      const done = () => {
        change.close()
        timer.cancel()
        resolve()
      }
    })
    process.check()
  }
  await log(
    'F',
    'instance.go:233',
    'Error creating leases: error creating storage factory: context deadline exceeded',
  )
  return undefined
}

/** Says in the log when etcd is gone. */
function watchEtcd(
  process: Process,
  machines: Machines,
  server: string,
  trouble: () => string | undefined,
  log: Log,
) {
  let told = false
  return machines.onChange(() => {
    const lost = trouble() !== undefined
    if (lost && !told && !process.status) void log('W', 'logging.go:55', dialTrouble(server)).catch(() => {})
    told = lost
  })
}

/** What the flags say wrong, in the words of the server. */
function check(flags: Flags): string | undefined {
  const errors: string[] = []
  if (!flags.has('etcd-servers')) errors.push('--etcd-servers must be specified')
  const range = flags.get('service-cluster-ip-range')
  if (range !== undefined && !/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/.test(range))
    errors.push(`failed to parse service-cluster-ip-range: invalid CIDR address: ${range}`)
  else if (range && Number(range.split('/')[1]) < 12)
    errors.push(
      'specified --service-cluster-ip-range is too large; for 32-bit addresses, the mask must be >= 12',
    )
  const modes = flags.list('authorization-mode')
  for (const mode of modes) {
    if (!MODES.includes(mode)) errors.push(`authorization-mode ${JSON.stringify(mode)} is not a valid mode`)
    else if (mode === 'ABAC' || mode === 'Webhook')
      errors.push(`drydock: authorization-mode ${mode} is not simulated`)
  }
  for (const flag of [
    'service-account-issuer',
    'service-account-key-file',
    'service-account-signing-key-file',
  ])
    if (!flags.has(flag))
      errors.push(
        flag === 'service-account-issuer'
          ? 'service-account-issuer is a required flag'
          : `--${flag} is a required flag`,
      )
  for (const flag of ['enable-admission-plugins', 'disable-admission-plugins'])
    for (const plugin of flags.list(flag))
      if (!PLUGINS.has(plugin)) errors.push(`${flag} plugin ${JSON.stringify(plugin)} is unknown`)
  const port = Number(flags.get('secure-port') ?? 6443)
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    errors.push(
      `--secure-port ${flags.get('secure-port')} must be between 1 and 65535, inclusive. It cannot be turned off with 0`,
    )
  for (const flag of ['audit-policy-file', 'encryption-provider-config', 'admission-control-config-file'])
    if (flags.has(flag)) errors.push(`drydock: --${flag} is not simulated`)
  return errors.length > 1 ? `[${errors.join(', ')}]` : errors[0]
}

/** What the modes beside RBAC decide. Nodes are let through by the role `system:node`, which the bootstrap binds to them. */
function authorizersOf(modes: string[]): Authorizer[] {
  if (modes.length === 0 || modes.includes('AlwaysAllow')) return [{ authorize: () => ({ allowed: true }) }]
  if (modes.includes('AlwaysDeny'))
    return [{ authorize: () => ({ allowed: false, reason: 'Everything is forbidden.' }) }]
  return []
}

/** The health ports that ComponentStatus asks, all on the API server's own machine. */
function healthOf({ options: { network } }: Machines, address: string, storage: string | undefined) {
  const ask = (name: string, port: number) => {
    const healthy = network.listening(address, port)
    const refused = `Get "https://127.0.0.1:${port}/healthz": dial tcp 127.0.0.1:${port}: connect: connection refused`
    return { name, healthy, message: healthy ? 'ok' : refused }
  }
  return [
    ask('controller-manager', 10257),
    ask('scheduler', 10259),
    { name: 'etcd-0', healthy: storage === undefined, message: storage ?? 'ok' },
  ]
}
