import type { KubernetesObject } from '../api.ts'
import type { AddonObject, AddonOptions } from '../eks-addons.ts'

// The EKS community add-on metrics-server, without what has no effect here.
// Source: kubernetes-sigs/metrics-server v0.8 manifests and its EKS add-on, read 2026-11.

const NAMESPACE = 'kube-system'
const NAME = 'metrics-server'
const LABELS = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/instance': NAME }
const RBAC = 'rbac.authorization.k8s.io'

const metadata = { name: NAME, namespace: NAMESPACE, labels: LABELS }
const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }]

/** The objects of metrics-server: its Deployment and Service, its rights, its registration as an API. */
export function metricsServer({ registry, version }: AddonOptions): AddonObject[] {
  return [
    {
      resource: 'serviceaccounts',
      object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    },
    ...rights(),
    {
      resource: 'services',
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: {
          selector: LABELS,
          ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 'https', appProtocol: 'https' }],
        },
      } as KubernetesObject,
    },
    { resource: 'deployments.apps', object: deployment(`${registry}/eks/metrics-server:${version}`) },
    {
      resource: 'poddisruptionbudgets.policy',
      object: {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata,
        spec: { maxUnavailable: 1, selector: { matchLabels: LABELS } },
      } as KubernetesObject,
    },
    {
      resource: 'apiservices.apiregistration.k8s.io',
      object: {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v1beta1.metrics.k8s.io', labels: LABELS },
        spec: {
          group: 'metrics.k8s.io',
          version: 'v1beta1',
          groupPriorityMinimum: 100,
          versionPriority: 100,
          insecureSkipTLSVerify: true,
          service: { name: NAME, namespace: NAMESPACE, port: 443 },
        },
      } as KubernetesObject,
    },
  ]
}

function rights(): AddonObject[] {
  const role = (name: string, labels: object, rules: object[]): AddonObject => ({
    resource: `clusterroles.${RBAC}`,
    object: {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { name, labels: { ...LABELS, ...labels } },
      rules,
    } as KubernetesObject,
  })
  const binding = (name: string, role: string): AddonObject => ({
    resource: `clusterrolebindings.${RBAC}`,
    object: {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name, labels: LABELS },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
      subjects,
    } as KubernetesObject,
  })
  const readers = Object.fromEntries(
    ['admin', 'edit', 'view'].map((to) => [`rbac.authorization.k8s.io/aggregate-to-${to}`, 'true']),
  )
  const read = ['get', 'list', 'watch']
  return [
    role('system:metrics-server-aggregated-reader', readers, [
      { apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: read },
    ]),
    role('system:metrics-server', {}, [
      { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods', 'nodes', 'namespaces', 'configmaps'], verbs: read },
    ]),
    binding('metrics-server:system:auth-delegator', 'system:auth-delegator'),
    binding('system:metrics-server', 'system:metrics-server'),
  ]
}

function deployment(image: string): AddonObject['object'] {
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 2,
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          serviceAccountName: NAME,
          priorityClassName: 'system-cluster-critical',
          tolerations: [{ key: 'CriticalAddonsOnly', operator: 'Exists' }],
          containers: [
            {
              name: NAME,
              image,
              args: [
                '--secure-port=10251',
                '--cert-dir=/tmp',
                '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
                '--kubelet-use-node-status-port',
                '--metric-resolution=15s',
              ],
              ports: [{ name: 'https', containerPort: 10251, protocol: 'TCP' }],
              resources: { requests: { cpu: '100m', memory: '200Mi' }, limits: { memory: '400Mi' } },
              volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
            },
          ],
          volumes: [{ name: 'tmp', emptyDir: {} }],
        },
      },
    },
  }
  return object
}
