import type { Process, Program } from '#containers/processes/process.ts'
import type { KeyAndCertificate } from '#network/authority.ts'
import { CONTROLLER_ACCOUNTS, KUBEADM_ACCOUNTS } from '../../controllers/controller-accounts.ts'
import type { Machines } from '../machines.ts'
import type { Flags } from './flags.ts'
import { runLeader, serveHealth } from './leader.ts'
import { component, requireFiles, StartFailure } from './start.ts'

const KNOWN = [
  'allocate-node-cidrs',
  'authentication-kubeconfig',
  'authorization-kubeconfig',
  'bind-address',
  'client-ca-file',
  'cluster-cidr',
  'cluster-name',
  'cluster-signing-cert-file',
  'cluster-signing-key-file',
  'concurrent-deployment-syncs',
  'concurrent-replicaset-syncs',
  'controllers',
  'enable-hostpath-provisioner',
  'horizontal-pod-autoscaler-sync-period',
  'kube-api-burst',
  'kube-api-qps',
  'kubeconfig',
  'leader-elect',
  'leader-elect-lease-duration',
  'leader-elect-renew-deadline',
  'leader-elect-retry-period',
  'node-cidr-mask-size',
  'node-monitor-grace-period',
  'node-monitor-period',
  'profiling',
  'requestheader-client-ca-file',
  'root-ca-file',
  'secure-port',
  'service-account-private-key-file',
  'service-cluster-ip-range',
  'terminated-pod-gc-threshold',
  'use-service-account-credentials',
]
const BOOLEANS = [
  'allocate-node-cidrs',
  'leader-elect',
  'profiling',
  'use-service-account-credentials',
  'enable-hostpath-provisioner',
]
const FILES = [
  'client-ca-file',
  'cluster-signing-cert-file',
  'cluster-signing-key-file',
  'requestheader-client-ca-file',
  'root-ca-file',
  'service-account-private-key-file',
]
const DEFAULT_CONTROLLERS = '*,bootstrapsigner,tokencleaner'
/** Flags of the real one that would change what the simulation does not let change. */
const UNSIMULATED = [
  'controllers',
  'node-monitor-grace-period',
  'node-monitor-period',
  'horizontal-pod-autoscaler-sync-period',
]

/** What `--cluster-signing-cert-file` and its key name. */
async function signingAuthority(
  { machine: { files } }: Process,
  flags: Flags,
): Promise<KeyAndCertificate | undefined> {
  const certificate = flags.get('cluster-signing-cert-file')
  const key = flags.get('cluster-signing-key-file')
  if (!certificate || !key) return undefined
  const read = async (path: string) => Buffer.from(await files.read(path)).toString()
  return { certificate: await read(certificate), privateKey: await read(key) }
}

/** The controller manager of a control plane: its controllers run while it leads. */
export const controllerManager = (machines: Machines, version: string): Program =>
  component(KNOWN, BOOLEANS, async (started) => {
    const { process, flags, log } = started
    for (const flag of UNSIMULATED)
      if (flags.has(flag) && flags.get(flag) !== DEFAULT_CONTROLLERS)
        await log('W', 'drydock', `--${flag} has no effect in the simulation`)
    requireFiles(started, FILES)
    const cidr = flags.get('cluster-cidr')
    const allocates = flags.get('allocate-node-cidrs') === 'true'
    if (allocates && cidr !== undefined && !/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/.test(cidr))
      throw new StartFailure(`invalid CIDR address: ${cidr}`)
    const signing = await signingAuthority(process, flags)
    const accounts =
      flags.get('use-service-account-credentials') === 'true'
        ? [
            ...CONTROLLER_ACCOUNTS,
            ...(flags.get('controllers') === DEFAULT_CONTROLLERS ? KUBEADM_ACCOUNTS : []),
          ]
        : []
    await serveHealth(process, Number(flags.get('secure-port') ?? 10257))
    await log('I', 'serving.go:386', 'Generated self-signed cert in-memory')
    await log('I', 'controllermanager.go:188', `"Starting" version="${version}"`)
    return runLeader(process, {
      machines,
      name: 'kube-controller-manager',
      kubeconfigPath: flags.get('kubeconfig') ?? '',
      elects: flags.get('leader-elect') !== 'false',
      lead: (cluster) => cluster.startControllerManager(allocates ? cidr : undefined, signing, accounts),
    })
  })
