import type { KubernetesObject } from '../api.ts'

const NAMESPACE = 'kube-system'

/** What EKS and kubeadm each say of CoreDNS. */
export interface CoreDns {
  image: string
  corefile: string
  /** The Service's address: the tenth of the Service range. */
  address: string
  /** Of the objects and the pods; they select the pods, too. */
  labels: Record<string, string>
  /** Further fields of the pods and of their container. */
  pods: object
  container?: object
}

const PORTS = [
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  { name: 'metrics', port: 9153, protocol: 'TCP' },
]

/** What it reads to know names: without it, it has none. */
const RULES = [
  { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
]
const bootstrapped = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }

const probe = (path: string, port: number) => ({ httpGet: { path, port, scheme: 'HTTP' } })

/** The objects by which CoreDNS runs in any cluster: github.com/coredns/deployment (from knowledge, 2026-11). */
export function coreDnsObjects({ image, corefile, address, labels, pods, container }: CoreDns) {
  const object = (apiVersion: string, kind: string, metadata: object, rest: object = {}) =>
    ({ apiVersion, kind, metadata: { namespace: NAMESPACE, ...metadata }, ...rest }) as KubernetesObject
  const main = {
    name: 'coredns',
    image,
    args: ['-conf', '/etc/coredns/Corefile'],
    ports: PORTS.map(({ port, name, protocol }) => ({ containerPort: port, name, protocol })),
    resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
    livenessProbe: {
      ...probe('/health', 8080),
      initialDelaySeconds: 60,
      timeoutSeconds: 5,
      successThreshold: 1,
      failureThreshold: 5,
    },
    readinessProbe: probe('/ready', 8181),
    volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }],
    ...container,
  }
  const config = { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] }
  const spec = {
    serviceAccountName: 'coredns',
    priorityClassName: 'system-cluster-critical',
    dnsPolicy: 'Default',
    ...pods,
    containers: [main],
    volumes: [{ name: 'config-volume', configMap: config }],
  }
  const RBAC = 'rbac.authorization.k8s.io'
  const role = { name: 'system:coredns', labels: { ...labels, ...bootstrapped } }
  return {
    role: { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: role, rules: RULES },
    binding: {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: role,
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role.name },
      subjects: [{ kind: 'ServiceAccount', name: 'coredns', namespace: NAMESPACE }],
    },
    account: object('v1', 'ServiceAccount', { name: 'coredns', labels }),
    config: object('v1', 'ConfigMap', { name: 'coredns', labels }, { data: { Corefile: corefile } }),
    service: object(
      'v1',
      'Service',
      {
        name: 'kube-dns',
        labels: { ...labels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
      },
      {
        spec: {
          clusterIP: address,
          selector: { 'k8s-app': 'kube-dns' },
          ports: PORTS.map((one) => ({ ...one, targetPort: one.port })),
        },
      },
    ),
    deployment: object(
      'apps/v1',
      'Deployment',
      { name: 'coredns', labels },
      {
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
          template: { metadata: { labels }, spec },
        },
      },
    ),
  }
}
