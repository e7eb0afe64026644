import type { KubernetesObject } from '../api.ts'
import type { AddonObject, AddonOptions } from '../eks-addons.ts'
import { inClusterKubeconfig } from './in-cluster-kubeconfig.ts'

// EKS's kube-proxy: DaemonSet and ConfigMaps, from knowledge, 2026-11; not compared with a cluster of AWS.

const NAMESPACE = 'kube-system'
const SELECTOR = { 'k8s-app': 'kube-proxy' }
const LABELS = { ...SELECTOR, 'eks.amazonaws.com/component': 'kube-proxy' }

const CONFIGURATION = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
clientConnection:
  acceptContentTypes: ""
  burst: 10
  contentType: application/vnd.kubernetes.protobuf
  kubeconfig: /var/lib/kube-proxy/kubeconfig
  qps: 5
clusterCIDR: ""
configSyncPeriod: 15m0s
conntrack:
  maxPerCore: 32768
  min: 131072
  tcpCloseWaitTimeout: 1h0m0s
  tcpEstablishedTimeout: 24h0m0s
enableProfiling: false
healthzBindAddress: 0.0.0.0:10256
hostnameOverride: ""
iptables:
  masqueradeAll: false
  masqueradeBit: 14
  minSyncPeriod: 0s
  syncPeriod: 30s
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: ""
  syncPeriod: 30s
kind: KubeProxyConfiguration
metricsBindAddress: 0.0.0.0:10249
mode: iptables
nodePortAddresses: null
oomScoreAdj: -998
portRange: ""`

const kubeconfig = (server: string) => `kind: Config\napiVersion: v1\n${inClusterKubeconfig(server)}`

const VOLUMES = [
  { name: 'varlog', hostPath: { path: '/var/log', type: '' } },
  { name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } },
  { name: 'lib-modules', hostPath: { path: '/lib/modules', type: '' } },
  { name: 'kubeconfig', configMap: { name: 'kube-proxy' } },
  { name: 'config', configMap: { name: 'kube-proxy-config' } },
]
const MOUNTS = [
  { name: 'varlog', mountPath: '/var/log' },
  { name: 'xtables-lock', mountPath: '/run/xtables.lock' },
  { name: 'lib-modules', mountPath: '/lib/modules', readOnly: true },
  { name: 'kubeconfig', mountPath: '/var/lib/kube-proxy/' },
  { name: 'config', mountPath: '/var/lib/kube-proxy-config/' },
]

const configMap = (name: string, data: Record<string, string>): AddonObject => ({
  resource: 'configmaps',
  object: {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: NAMESPACE, labels: LABELS },
    data,
  } as KubernetesObject,
})

/** The objects of kube-proxy; `onNodes` is what it shares with what else runs on every node. */
export function kubeProxyObjects(
  { registry, version, endpoint = '' }: AddonOptions,
  onNodes: object,
): AddonObject[] {
  const spec = {
    ...onNodes,
    serviceAccountName: 'kube-proxy',
    containers: [
      {
        name: 'kube-proxy',
        image: `${registry}/eks/kube-proxy:${version}`,
        command: [
          'kube-proxy',
          '--v=2',
          '--config=/var/lib/kube-proxy-config/config',
          '--hostname-override=$(NODE_NAME)',
        ],
        env: [
          { name: 'NODE_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } } },
        ],
        resources: { requests: { cpu: '100m' } },
        securityContext: { privileged: true },
        volumeMounts: MOUNTS,
      },
    ],
    volumes: VOLUMES,
  }
  return [
    {
      resource: 'serviceaccounts',
      object: {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'kube-proxy', namespace: NAMESPACE, labels: LABELS },
      },
    },
    configMap('kube-proxy', { kubeconfig: kubeconfig(endpoint) }),
    configMap('kube-proxy-config', { config: CONFIGURATION }),
    {
      resource: 'daemonsets.apps',
      object: {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'kube-proxy', namespace: NAMESPACE, labels: LABELS },
        spec: {
          selector: { matchLabels: SELECTOR },
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
          template: { metadata: { labels: LABELS }, spec },
        },
      } as KubernetesObject,
    },
  ]
}
