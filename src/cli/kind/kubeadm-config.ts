import { parseAllDocuments, stringify } from 'yaml'
import type { ClusterConfig, NodeConfig } from './config.ts'

/** The token by which kind's workers join: it is not secret, the nodes are the engine's own. */
const TOKEN = 'abcdef.0123456789abcdef'

// biome-ignore lint/suspicious/noExplicitAny: documents of kubeadm are merged as they are.
type Document = any

/** `/kind/kubeadm.conf` of a node: everything that kubeadm is to know. Models pkg/cluster/internal/kubeadm/config.go. */
export function kubeadmConfig(options: {
  config: ClusterConfig
  node: NodeConfig
  cluster: string
  name: string
  address: string
  version: string
  podSubnet: string
  /** `host` by which the API server is known: a control plane's name, or the load balancer's. */
  endpointHost: string
}): string {
  const { config, node, cluster, name, address, version, podSubnet, endpointHost } = options
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`)
  const registration = {
    criSocket: 'unix:///run/containerd/containerd.sock',
    name,
    kubeletExtraArgs: [
      { name: 'node-ip', value: address },
      { name: 'node-labels', value: labels.join(',') },
      { name: 'provider-id', value: `kind://docker/${cluster}/${name}` },
    ],
  }
  const gates = Object.entries(config.featureGates).map(([gate, on]) => `${gate}=${on}`)
  const gateArguments = gates.length > 0 ? [{ name: 'feature-gates', value: gates.join(',') }] : []
  const runtime = Object.entries(config.runtimeConfig).map(([api, on]) => `${api}=${on}`)
  const endpoint = `${endpointHost}:6443`
  const documents: Document[] = [
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      kubernetesVersion: version,
      clusterName: cluster,
      controlPlaneEndpoint: endpoint,
      apiServer: {
        certSANs: ['localhost', config.networking.apiServerAddress ?? '127.0.0.1'],
        extraArgs: [...gateArguments, { name: 'runtime-config', value: runtime.join(',') }].filter(
          ({ value }) => value,
        ),
      },
      controllerManager: {
        extraArgs: [...gateArguments, { name: 'enable-hostpath-provisioner', value: 'true' }],
      },
      scheduler: { extraArgs: gateArguments },
      networking: { podSubnet, serviceSubnet: config.networking.serviceSubnet ?? '10.96.0.0/16' },
    },
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'InitConfiguration',
      bootstrapTokens: [{ token: TOKEN }],
      localAPIEndpoint: { advertiseAddress: address, bindPort: 6443 },
      nodeRegistration: registration,
      skipPhases: ['preflight'],
    },
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'JoinConfiguration',
      discovery: {
        bootstrapToken: { apiServerEndpoint: endpoint, token: TOKEN, unsafeSkipCAVerification: true },
      },
      nodeRegistration: registration,
      ...(node.role === 'control-plane' && {
        controlPlane: { localAPIEndpoint: { advertiseAddress: address, bindPort: 6443 } },
      }),
    },
    {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      cgroupDriver: 'systemd',
      cgroupRoot: '/kubelet',
      evictionHard: { 'imagefs.available': '0%', 'nodefs.available': '0%', 'nodefs.inodesFree': '0%' },
      failSwapOn: false,
      imageGCHighThresholdPercent: 100,
    },
    {
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      conntrack: { maxPerCore: 0 },
      iptables: { minSyncPeriod: '1s' },
      mode: config.networking.kubeProxyMode ?? 'iptables',
    },
  ]
  const patches = [...config.kubeadmConfigPatches, ...node.kubeadmConfigPatches].flatMap((text) =>
    parseAllDocuments(text).map((document) => document.toJS()),
  )
  const patched = documents.map((document) =>
    patches.filter((patch) => patch?.kind === document.kind).reduce(merge, document),
  )
  return patched.map((document) => stringify(document, { lineWidth: 0 })).join('---\n')
}

/** A patch over a document: lists of named things by name, maps by key, the rest replaced. */
function merge(base: Document, patch: Document): Document {
  if (Array.isArray(base) && Array.isArray(patch)) {
    const named = (list: Document[]) => list.every((item) => item?.name !== undefined)
    if (!named(base) || !named(patch)) return patch
    const rest = base.filter((item) => !patch.some((other) => other.name === item.name))
    return [...rest, ...patch]
  }
  // v1beta3 had maps where v1beta4 has lists of named things.
  if (Array.isArray(base) && patch !== null && typeof patch === 'object')
    return merge(
      base,
      Object.entries(patch).map(([name, value]) => ({ name, value: String(value) })),
    )
  if (base === null || patch === null || typeof base !== 'object' || typeof patch !== 'object') return patch
  const keys = [...new Set([...Object.keys(base), ...Object.keys(patch)])]
  return Object.fromEntries(
    keys.map((key) => [
      key,
      !(key in patch) ? base[key] : !(key in base) ? patch[key] : merge(base[key], patch[key]),
    ]),
  )
}

/** The pod range in a kubeadm.conf. */
export const podSubnetOf = (text: string): string | undefined =>
  parseAllDocuments(text)
    .map((document) => document.toJS())
    .find((document) => document?.kind === 'ClusterConfiguration')?.networking?.podSubnet
