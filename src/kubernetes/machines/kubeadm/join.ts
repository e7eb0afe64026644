import type { KubernetesObject } from '../../api.ts'
import type { Node } from '../../objects.ts'
import { bootstrapTokens } from '../bootstrap-tokens.ts'
import { KUBELET_CONF } from '../components/client-certificate.ts'
import { writeKubeconfig } from '../kubeconfig.ts'
import { CONTROL_PLANE_TAINT, type Configuration, readConfiguration } from './configuration.ts'
import { type Context, KubeadmError } from './context.ts'
import { CONTROL_PLANE_JOINED, leaveEtcd, prepareControlPlane, startControlPlane } from './control-plane.ts'
import { markControlPlane, startKubelet } from './init.ts'
import { keyHash, PKI, serverOf } from './pki.ts'

const BOOTSTRAP_CONF = '/etc/kubernetes/bootstrap-kubelet.conf'
const BOOTSTRAP_USER = 'tls-bootstrap-token-user'
/** How long kubeadm waits until the kubelet has its certificate, ms (`TLSBootstrap` of its timeouts). */
const TLS_BOOTSTRAP_MS = 300_000

type ConfigMap = KubernetesObject & { data?: Record<string, string> }

/** `kubeadm join` of a worker or another control plane: trusts the cluster by its token, gets a certificate, starts the kubelet. Models cmd/kubeadm/app/cmd/join.go. */
export async function join(
  context: Context,
  config: Configuration,
  options: { skipPreflight: boolean },
): Promise<void> {
  const { files, machines, process } = context
  const { discovery, token } = config
  if (!discovery || !token)
    throw new KubeadmError('discovery: Invalid value: "": bootstrapToken or file must be set')
  if (!options.skipPreflight) {
    await context.say('[preflight] Running pre-flight checks')
    if (files.exists('/etc/kubernetes/kubelet.conf'))
      throw new KubeadmError(
        '[preflight] Some fatal errors occurred:\n\t[ERROR FileAvailable--etc-kubernetes-kubelet.conf]: /etc/kubernetes/kubelet.conf already exists\n[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`',
      )
  }
  const [host = '', port = '6443'] = discovery.endpoint.split(':')
  const address = process.machine.resolveName(host)
  const found = address && machines.listeningAt(`${address}:${port}`)
  if (!found) {
    const why = address
      ? `dial tcp ${address}:${port}: connect: connection refused`
      : `dial tcp: ${process.machine.noSuchHost(host)}`
    throw new KubeadmError(
      `couldn't validate the identity of the API Server: failed to request the cluster-info ConfigMap: Get "https://${discovery.endpoint}/api/v1/namespaces/kube-public/configmaps/cluster-info?timeout=10s": ${why}`,
    )
  }
  const { cluster, servingAuthority } = found
  const hash = keyHash(servingAuthority)
  if (!discovery.unsafe && !discovery.caCertHashes.includes(hash))
    throw new KubeadmError(
      `couldn't validate the identity of the API Server: cluster CA found in cluster-info ConfigMap is invalid: none of the public keys ${JSON.stringify(hash)} are pinned`,
    )
  const user = await bootstrapTokens(
    () => cluster.client,
    () => context.times.now,
  ).authenticate(token)
  if (!user)
    throw new KubeadmError(
      `couldn't validate the identity of the API Server: could not find a JWS signature in the cluster-info ConfigMap for token ID ${JSON.stringify(token.split('.')[0])}`,
    )
  await context.say(
    '[preflight] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...',
  )
  await context.say(
    "[preflight] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.",
  )
  const stored = cluster.client.get<ConfigMap>('configmaps', 'kube-system', 'kubeadm-config')?.data
    ?.ClusterConfiguration
  if (!stored)
    throw new KubeadmError(
      'unable to fetch the kubeadm-config ConfigMap: failed to get config map: configmaps "kubeadm-config" not found',
    )
  const shared = readConfiguration(stored, {
    version: context.version,
    address: process.machine.address,
    hostname: config.nodeName,
  })
  const own: Configuration = {
    ...shared,
    nodeName: config.nodeName,
    advertiseAddress: config.advertiseAddress,
    bindPort: config.bindPort,
    kubeletExtraArgs: config.kubeletExtraArgs,
    kubelet: config.kubelet,
    taints: config.taints ?? (config.joinsControlPlane ? [CONTROL_PLANE_TAINT] : undefined),
  }
  if (config.joinsControlPlane) await prepareControlPlane(context, own)
  context.write(`${PKI}/ca.crt`, servingAuthority)
  const server = config.joinsControlPlane ? serverOf(own, true) : `https://${discovery.endpoint}`
  const identity = { token }
  const bootstrap = {
    cluster: 'kubernetes',
    server,
    authority: servingAuthority,
    user: BOOTSTRAP_USER,
    identity,
  }
  context.write(BOOTSTRAP_CONF, writeKubeconfig(bootstrap), 0o600)
  await startKubelet(context, own, own.taints)
  if (config.joinsControlPlane) await startControlPlane(context, own, cluster)
  await context.say(
    '[kubelet-check] Waiting for a healthy kubelet at http://127.0.0.1:10248/healthz. This can take up to 4m0s',
  )
  await context.say('[kubelet-start] Waiting for the kubelet to perform the TLS Bootstrap')
  if (!(await context.until(() => files.exists(KUBELET_CONF), TLS_BOOTSTRAP_MS)))
    throw new KubeadmError('error execution phase kubelet-start: timed out waiting for the condition')
  files.remove(BOOTSTRAP_CONF)
  const registered = () => cluster.client.get<Node>('nodes', '', config.nodeName) !== undefined
  if (!(await context.until(registered, 240_000)))
    throw new KubeadmError('error execution phase kubelet-start: timed out waiting for the condition')
  const node = cluster.client.get<Node>('nodes', '', config.nodeName)!
  const annotations = {
    ...node.metadata.annotations,
    'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///run/containerd/containerd.sock',
  }
  cluster.client.as('kubeadm').update<Node>('nodes', { ...node, metadata: { ...node.metadata, annotations } })
  if (config.joinsControlPlane) {
    await markControlPlane(context, own)
    await context.say(CONTROL_PLANE_JOINED)
    return
  }
  await context.say(`
This node has joined the cluster:
* Certificate signing request was sent to apiserver and a response was received.
* The Kubelet was informed of the new secure connection details.

Run 'kubectl get nodes' on the control-plane to see this node join the cluster.
`)
}

/** `kubeadm reset`: takes away what init or join made. */
export async function reset(context: Context): Promise<void> {
  const { files, node } = context
  await context.say(
    '[reset] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...',
  )
  await context.say('[preflight] Running pre-flight checks')
  await context.say('[reset] Stopping the kubelet service')
  const remove = (path: string) => {
    if (files.exists(path)) files.remove(path, { recursive: true })
  }
  remove('/etc/kubernetes/manifests')
  await leaveEtcd(context)
  await context.until(() => (node.statics?.workers().length ?? 0) === 0, 60_000)
  await node.systemd?.stop('kubelet.service')
  await context.say('[reset] Unmounting mounted directories in "/var/lib/kubelet"')
  await context.say(
    '[reset] Deleting contents of directories: [/etc/kubernetes/manifests /var/lib/kubelet /etc/kubernetes/pki]',
  )
  for (const path of ['/var/lib/kubelet', '/etc/kubernetes/pki', '/var/lib/etcd']) {
    remove(path)
    files.makeFolder(path, { recursive: true })
  }
  files.makeFolder('/etc/kubernetes/manifests', { recursive: true })
  const kept = [
    'admin',
    'super-admin',
    'kubelet',
    'bootstrap-kubelet',
    'controller-manager',
    'scheduler',
  ].map((name) => `/etc/kubernetes/${name}.conf`)
  await context.say(`[reset] Deleting files: [${kept.join(' ')}]`)
  for (const path of kept) remove(path)
  await context.say(`
The reset process does not perform cleanup of CNI plugin configuration,
network filtering rules and kubeconfig files.

For information on how to perform this cleanup manually, please see:
    https://k8s.io/docs/reference/setup-tools/kubeadm/kubeadm-reset/
`)
}
