import { stringify } from 'yaml'
import { coreDnsObjects } from '../../addons/coredns.ts'
import { inClusterKubeconfig } from '../../addons/in-cluster-kubeconfig.ts'
import type { KubernetesObject } from '../../api.ts'
import { kubeletConfigurationText, proxyConfigurationText } from './component-configs.ts'
import { type Configuration, endpointOf } from './configuration.ts'
import { imagesOf } from './manifests.ts'

/** An object that kubeadm makes, and what it is: `deployments.apps`. */
export interface Made {
  resource: string
  object: KubernetesObject
}

const SYSTEM = 'kube-system'
const RBAC = 'rbac.authorization.k8s.io'

export const object = (
  resource: string,
  apiVersion: string,
  kind: string,
  metadata: object,
  rest: object = {},
): Made => ({
  resource,
  object: { apiVersion, kind, metadata, ...rest } as unknown as KubernetesObject,
})
export const configMap = (
  name: string,
  namespace: string,
  data: Record<string, string>,
  labels?: object,
): Made => object('configmaps', 'v1', 'ConfigMap', { name, namespace, ...(labels && { labels }) }, { data })
export const serviceAccount = (name: string, namespace: string): Made =>
  object('serviceaccounts', 'v1', 'ServiceAccount', { name, namespace })

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

export const clusterRole = (name: string, rules: Rule[]): Made =>
  object(`clusterroles.${RBAC}`, `${RBAC}/v1`, 'ClusterRole', { name }, { rules })
const role = (name: string, namespace: string, rules: Rule[]): Made =>
  object(`roles.${RBAC}`, `${RBAC}/v1`, 'Role', { name, namespace }, { rules })

type Subject =
  | { kind: 'Group' | 'User'; name: string }
  | { kind: 'ServiceAccount'; name: string; namespace: string }
const subjectOf = (subject: Subject) => ({
  ...subject,
  ...(subject.kind !== 'ServiceAccount' && { apiGroup: RBAC }),
})

export const clusterBinding = (name: string, roleName: string, subjects: Subject[]): Made =>
  object(
    `clusterrolebindings.${RBAC}`,
    `${RBAC}/v1`,
    'ClusterRoleBinding',
    { name },
    {
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: roleName },
      subjects: subjects.map(subjectOf),
    },
  )
const binding = (name: string, namespace: string, roleName: string, subjects: Subject[]): Made =>
  object(
    `rolebindings.${RBAC}`,
    `${RBAC}/v1`,
    'RoleBinding',
    { name, namespace },
    {
      roleRef: { apiGroup: RBAC, kind: 'Role', name: roleName },
      subjects: subjects.map(subjectOf),
    },
  )

const group = (name: string): Subject => ({ kind: 'Group', name })
const BOOTSTRAPPERS = group('system:bootstrappers:kubeadm:default-node-token')
const NODES = group('system:nodes')

/** The file of kubeadm's ConfigMap, as `kubeadm upgrade` and `join` read it. */
export function clusterConfigurationText(config: Configuration): string {
  const args = (list: Configuration['extraArgs']['apiServer']) => (list.length > 0 ? { extraArgs: list } : {})
  const value = {
    apiServer: {
      ...(config.certSANs.length > 0 && { certSANs: config.certSANs }),
      ...args(config.extraArgs.apiServer),
    },
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    caCertificateValidityPeriod: '87600h0m0s',
    certificateValidityPeriod: '8760h0m0s',
    certificatesDir: '/etc/kubernetes/pki',
    clusterName: config.clusterName,
    ...(config.controlPlaneEndpoint && { controlPlaneEndpoint: config.controlPlaneEndpoint }),
    controllerManager: args(config.extraArgs.controllerManager),
    dns: {},
    encryptionAlgorithm: 'ECDSA-P256',
    etcd: { local: { dataDir: '/var/lib/etcd' } },
    imageRepository: 'registry.k8s.io',
    kind: 'ClusterConfiguration',
    kubernetesVersion: config.kubernetesVersion,
    networking: {
      dnsDomain: 'cluster.local',
      ...(config.podSubnet && { podSubnet: config.podSubnet }),
      serviceSubnet: config.serviceSubnet,
    },
    proxy: {},
    scheduler: args(config.extraArgs.scheduler),
  }
  return stringify(value, { indentSeq: false, lineWidth: 0 })
}

/** ConfigMaps and rights by which machines join. */
export function uploadedConfig(config: Configuration): Made[] {
  const get = (resourceNames: string[]): Rule[] => [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames },
  ]
  return [
    configMap('kubeadm-config', SYSTEM, { ClusterConfiguration: clusterConfigurationText(config) }),
    role('kubeadm:nodes-kubeadm-config', SYSTEM, get(['kubeadm-config'])),
    binding('kubeadm:nodes-kubeadm-config', SYSTEM, 'kubeadm:nodes-kubeadm-config', [BOOTSTRAPPERS, NODES]),
    configMap('kubelet-config', SYSTEM, { kubelet: kubeletConfigurationText(config) }),
    role('kubeadm:kubelet-config', SYSTEM, get(['kubelet-config'])),
    binding('kubeadm:kubelet-config', SYSTEM, 'kubeadm:kubelet-config', [NODES, BOOTSTRAPPERS]),
  ]
}

/** What makes bootstrap tokens work, and `cluster-info` in kube-public. */
export function bootstrapObjects(config: Configuration, authority: string): Made[] {
  const data = Buffer.from(authority).toString('base64')
  const kubeconfig = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${data}
    server: https://${endpointOf(config)}
  name: ""
contexts: null
current-context: ""
kind: Config
preferences: {}
users: null
`
  return [
    clusterBinding('kubeadm:cluster-admins', 'cluster-admin', [group('kubeadm:cluster-admins')]),
    clusterRole('kubeadm:get-nodes', [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }]),
    clusterBinding('kubeadm:get-nodes', 'kubeadm:get-nodes', [BOOTSTRAPPERS]),
    clusterBinding('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', [BOOTSTRAPPERS]),
    clusterBinding(
      'kubeadm:node-autoapprove-bootstrap',
      'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
      [BOOTSTRAPPERS],
    ),
    clusterBinding(
      'kubeadm:node-autoapprove-certificate-rotation',
      'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
      [NODES],
    ),
    configMap('cluster-info', 'kube-public', { kubeconfig }),
    role('kubeadm:bootstrap-signer-clusterinfo', 'kube-public', [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: ['cluster-info'] },
    ]),
    binding('kubeadm:bootstrap-signer-clusterinfo', 'kube-public', 'kubeadm:bootstrap-signer-clusterinfo', [
      { kind: 'User', name: 'system:anonymous' },
    ]),
  ]
}

/** The Secret of a bootstrap token. */
export function tokenSecret(token: string, expiration: string, description?: string): Made {
  const [id, secret] = token.split('.') as [string, string]
  const data = {
    'auth-extra-groups': BOOTSTRAPPERS.name,
    ...(description && { description }),
    expiration,
    'token-id': id,
    'token-secret': secret,
    'usage-bootstrap-authentication': 'true',
    'usage-bootstrap-signing': 'true',
  }
  return object(
    'secrets',
    'v1',
    'Secret',
    { name: `bootstrap-token-${id}`, namespace: SYSTEM },
    {
      type: 'bootstrap.kubernetes.io/token',
      data: Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
      ),
    },
  )
}

const COREFILE = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`

/** CoreDNS as kubeadm installs it. */
export function coreDns(config: Configuration): Made[] {
  const { account, service, deployment } = coreDnsObjects({
    image: imagesOf(config.kubernetesVersion).coredns,
    corefile: COREFILE,
    address: config.serviceSubnet.replace(/\d+\/\d+$/, '10'),
    labels: { 'k8s-app': 'kube-dns' },
    pods: {
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [
        { key: 'CriticalAddonsOnly', operator: 'Exists' },
        { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
      ],
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 100,
              podAffinityTerm: {
                labelSelector: {
                  matchExpressions: [{ key: 'k8s-app', operator: 'In', values: ['kube-dns'] }],
                },
                topologyKey: 'kubernetes.io/hostname',
              },
            },
          ],
        },
      },
    },
    container: { imagePullPolicy: 'IfNotPresent' },
  })
  return [
    configMap('coredns', SYSTEM, { Corefile: COREFILE }),
    clusterRole('system:coredns', [
      {
        apiGroups: [''],
        resources: ['endpoints', 'services', 'pods', 'namespaces'],
        verbs: ['list', 'watch'],
      },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ]),
    clusterBinding('system:coredns', 'system:coredns', [
      { kind: 'ServiceAccount', name: 'coredns', namespace: SYSTEM },
    ]),
    { resource: 'serviceaccounts', object: { ...account, metadata: { name: 'coredns', namespace: SYSTEM } } },
    { resource: 'deployments.apps', object: deployment },
    { resource: 'services', object: service },
  ]
}

/** kube-proxy as kubeadm installs it. */
export function kubeProxy(config: Configuration): Made[] {
  const labels = { 'k8s-app': 'kube-proxy' }
  const kubeconfig = `apiVersion: v1\nkind: Config\n${inClusterKubeconfig(`https://${endpointOf(config)}`)}`
  const spec = {
    selector: { matchLabels: labels },
    updateStrategy: { type: 'RollingUpdate' },
    template: {
      metadata: { labels },
      spec: {
        priorityClassName: 'system-node-critical',
        containers: [
          {
            name: 'kube-proxy',
            image: imagesOf(config.kubernetesVersion).proxy,
            imagePullPolicy: 'IfNotPresent',
            command: [
              '/usr/local/bin/kube-proxy',
              '--config=/var/lib/kube-proxy/config.conf',
              '--hostname-override=$(NODE_NAME)',
            ],
            env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
            securityContext: { privileged: true },
            volumeMounts: [
              { mountPath: '/var/lib/kube-proxy', name: 'kube-proxy' },
              { mountPath: '/run/xtables.lock', name: 'xtables-lock' },
              { mountPath: '/lib/modules', name: 'lib-modules', readOnly: true },
            ],
          },
        ],
        hostNetwork: true,
        serviceAccountName: 'kube-proxy',
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        tolerations: [{ operator: 'Exists' }],
        volumes: [
          { name: 'kube-proxy', configMap: { name: 'kube-proxy' } },
          { name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } },
          { name: 'lib-modules', hostPath: { path: '/lib/modules' } },
        ],
      },
    },
  }
  return [
    configMap(
      'kube-proxy',
      SYSTEM,
      { 'config.conf': proxyConfigurationText(config).trimEnd(), 'kubeconfig.conf': kubeconfig },
      { app: 'kube-proxy' },
    ),
    serviceAccount('kube-proxy', SYSTEM),
    clusterBinding('kubeadm:node-proxier', 'system:node-proxier', [
      { kind: 'ServiceAccount', name: 'kube-proxy', namespace: SYSTEM },
    ]),
    object(
      'daemonsets.apps',
      'apps/v1',
      'DaemonSet',
      { name: 'kube-proxy', namespace: SYSTEM, labels },
      { spec },
    ),
  ]
}
