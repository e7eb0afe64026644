import { parseAllDocuments } from 'yaml'
import type { Taint } from '../../objects.ts'

/** What kubeadm is to make, from its configuration file and flags; the names are those of kubeadm.k8s.io/v1beta4. */
export interface Configuration {
  clusterName: string
  kubernetesVersion: string
  controlPlaneEndpoint: string | undefined
  podSubnet: string | undefined
  serviceSubnet: string
  certSANs: string[]
  extraArgs: { apiServer: Argument[]; controllerManager: Argument[]; scheduler: Argument[]; etcd: Argument[] }
  advertiseAddress: string
  bindPort: number
  nodeName: string
  kubeletExtraArgs: Argument[]
  /** Undefined: the taint of control planes. */
  taints: Taint[] | undefined
  /** `abcdef.0123456789abcdef` */
  token: string | undefined
  /** Of a join: where the API server is, and the hashes of its authority's key. */
  discovery: { endpoint: string; caCertHashes: string[]; unsafe: boolean } | undefined
  joinsControlPlane: boolean
  /** Documents for other components, as given. */
  kubelet: Record<string, unknown>
  kubeProxy: Record<string, unknown>
}

export interface Argument {
  name: string
  value: string
}

export const CONTROL_PLANE_TAINT: Taint = {
  key: 'node-role.kubernetes.io/control-plane',
  effect: 'NoSchedule',
}

// biome-ignore lint/suspicious/noExplicitAny: a configuration file is read field by field.
type Yaml = any

/** Arguments of v1beta4 (a list) or v1beta3 (a map). */
const argumentsOf = (value: Yaml): Argument[] =>
  Array.isArray(value)
    ? value.map(({ name, value: text }) => ({ name, value: String(text) }))
    : Object.entries(value ?? {}).map(([name, text]) => ({ name, value: String(text) }))

export interface Defaults {
  version: string
  address: string
  hostname: string
}

/** Reads a configuration of several documents. Throws an Error with kubeadm's text. */
export function readConfiguration(text: string, defaults: Defaults): Configuration {
  const documents: Yaml[] = parseAllDocuments(text).map((document) => {
    const [error] = document.errors
    if (error) throw new Error(`error unmarshaling configuration: yaml: ${error.message.split('\n')[0]}`)
    return document.toJS() ?? {}
  })
  for (const { apiVersion = '', kind } of documents) {
    if (!kind)
      throw new Error(
        'invalid configuration: kind and apiVersion is mandatory information that must be specified',
      )
    if (String(apiVersion).startsWith('kubeadm.k8s.io/') && !/v1beta[34]$/.test(apiVersion))
      throw new Error(
        `your configuration file uses an old API spec: ${JSON.stringify(apiVersion)} (kind: ${JSON.stringify(kind)}). Please use kubeadm v1.22 instead and run 'kubeadm config migrate --old-config old.yaml --new-config new.yaml', which will write the new, similar spec using a newer API version.`,
      )
  }
  const named = (kind: string): Yaml => documents.find((document) => document.kind === kind) ?? {}
  const cluster = named('ClusterConfiguration')
  const initial = named('InitConfiguration')
  const join = named('JoinConfiguration')
  const node = {
    ...initial.nodeRegistration,
    ...(documents.some(({ kind }) => kind === 'InitConfiguration') ? {} : join.nodeRegistration),
  }
  const joining = join.nodeRegistration ?? {}
  const bootstrap = join.discovery?.bootstrapToken
  const endpoint = initial.localAPIEndpoint ?? {}
  return {
    clusterName: cluster.clusterName ?? 'kubernetes',
    kubernetesVersion: cluster.kubernetesVersion ?? defaults.version,
    controlPlaneEndpoint: cluster.controlPlaneEndpoint,
    podSubnet: cluster.networking?.podSubnet,
    serviceSubnet: cluster.networking?.serviceSubnet ?? '10.96.0.0/12',
    certSANs: cluster.apiServer?.certSANs ?? [],
    extraArgs: {
      apiServer: argumentsOf(cluster.apiServer?.extraArgs),
      controllerManager: argumentsOf(cluster.controllerManager?.extraArgs),
      scheduler: argumentsOf(cluster.scheduler?.extraArgs),
      etcd: argumentsOf(cluster.etcd?.local?.extraArgs),
    },
    advertiseAddress: endpoint.advertiseAddress ?? defaults.address,
    bindPort: endpoint.bindPort ?? 6443,
    nodeName: node.name ?? joining.name ?? defaults.hostname,
    kubeletExtraArgs: argumentsOf(node.kubeletExtraArgs ?? joining.kubeletExtraArgs),
    taints: node.taints,
    token: initial.bootstrapTokens?.[0]?.token ?? bootstrap?.token,
    discovery: bootstrap && {
      endpoint: bootstrap.apiServerEndpoint,
      caCertHashes: bootstrap.caCertHashes ?? [],
      unsafe: bootstrap.unsafeSkipCAVerification ?? false,
    },
    joinsControlPlane: join.controlPlane !== undefined,
    kubelet: named('KubeletConfiguration'),
    kubeProxy: named('KubeProxyConfiguration'),
  }
}

/** `host:port` of the API server as its clients know it. */
export const endpointOf = ({ controlPlaneEndpoint, advertiseAddress, bindPort }: Configuration): string =>
  controlPlaneEndpoint
    ? controlPlaneEndpoint.includes(':')
      ? controlPlaneEndpoint
      : `${controlPlaneEndpoint}:${bindPort}`
    : `${advertiseAddress}:${bindPort}`
