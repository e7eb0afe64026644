import type { Obj } from '../json.ts'
import { CONTROLLER_RULES } from './controller-roles.ts'

// The default roles and bindings of Kubernetes 1.35 that people meet. Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy, read 2026-11.

const API = 'rbac.authorization.k8s.io'
const LABELS = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }
const ANNOTATIONS = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' }

const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update']
const ALL = ['*']

const rule = (apiGroups: string[], resources: string[], verbs: string[], resourceNames?: string[]): Obj => ({
  apiGroups,
  resources,
  ...(resourceNames && { resourceNames }),
  verbs,
})
const paths = (verbs: string[], ...nonResourceURLs: string[]): Obj => ({ nonResourceURLs, verbs })

const metadata = (name: string, labels: Record<string, string> = {}, namespace?: string): Obj => ({
  name,
  ...(namespace && { namespace }),
  annotations: ANNOTATIONS,
  labels: { ...LABELS, ...labels },
})

const clusterRole = (name: string, rules: Obj[], labels: Record<string, string> = {}): Obj => ({
  metadata: metadata(name, labels),
  rules,
})

const aggregated = (name: string, labels: Record<string, string>): Obj => ({
  metadata: metadata(name, labels),
  aggregationRule: {
    clusterRoleSelectors: [{ matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${name}`]: 'true' } }],
  },
  rules: [],
})

const aggregateTo = (name: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${name}`]: 'true' })

const WORKLOADS: [group: string, resources: string[]][] = [
  [
    'apps',
    [
      'daemonsets',
      'deployments',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
  ],
  ['autoscaling', ['horizontalpodautoscalers']],
  ['batch', ['cronjobs', 'jobs']],
  ['policy', ['poddisruptionbudgets']],
  ['networking.k8s.io', ['ingresses', 'networkpolicies']],
]
const STATUS: [group: string, resources: string[]][] = [
  [
    'apps',
    [
      'controllerrevisions',
      'daemonsets/status',
      'deployments/status',
      'replicasets/status',
      'statefulsets/status',
    ],
  ],
  ['autoscaling', ['horizontalpodautoscalers/status']],
  ['batch', ['cronjobs/status', 'jobs/status']],
  ['policy', ['poddisruptionbudgets/status']],
  ['networking.k8s.io', ['ingresses/status']],
]

const EDIT_RULES: Obj[] = [
  rule(
    [''],
    ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy'],
    READ,
  ),
  rule([''], ['serviceaccounts'], ['impersonate']),
  rule([''], ['pods', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'], WRITE),
  rule([''], ['pods/eviction'], ['create']),
  rule(
    [''],
    [
      'configmaps',
      'events',
      'persistentvolumeclaims',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'secrets',
      'serviceaccounts',
      'services',
      'services/proxy',
    ],
    WRITE,
  ),
  rule([''], ['serviceaccounts/token'], ['create']),
  rule(
    ['apps'],
    [
      'daemonsets',
      'deployments',
      'deployments/rollback',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
    WRITE,
  ),
  ...WORKLOADS.slice(1).map(([group, resources]) => rule([group], resources, WRITE)),
  rule(['coordination.k8s.io'], ['leases'], [...WRITE, ...READ]),
]

const VIEW_RULES: Obj[] = [
  rule(
    [''],
    [
      'configmaps',
      'endpoints',
      'persistentvolumeclaims',
      'persistentvolumeclaims/status',
      'pods',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'serviceaccounts',
      'services',
      'services/status',
    ],
    READ,
  ),
  rule(
    [''],
    [
      'bindings',
      'events',
      'limitranges',
      'namespaces/status',
      'pods/log',
      'pods/status',
      'replicationcontrollers/status',
      'resourcequotas',
      'resourcequotas/status',
    ],
    READ,
  ),
  rule([''], ['namespaces'], READ),
  rule(['discovery.k8s.io'], ['endpointslices'], READ),
  ...WORKLOADS.map(([group, resources]) => rule([group], resources, READ)),
  ...STATUS.map(([group, resources]) => rule([group], resources, READ)),
]

const ADMIN_RULES: Obj[] = [
  rule(['authorization.k8s.io'], ['localsubjectaccessreviews'], ['create']),
  rule([API], ['rolebindings', 'roles'], [...WRITE, ...READ]),
]

const DISCOVERY = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
]
const PUBLIC = ['/healthz', '/livez', '/readyz', '/version', '/version/']

const EVENTS = rule(['', 'events.k8s.io'], ['events'], ['create', 'patch', 'update'])

/** What a node authorizer grants to every kubelet; what it grants to some stands with it. */
export const NODE_RULES: Obj[] = [
  rule(['authentication.k8s.io'], ['tokenreviews'], ['create']),
  rule(['authorization.k8s.io'], ['localsubjectaccessreviews', 'subjectaccessreviews'], ['create']),
  rule([''], ['services'], READ),
  rule([''], ['nodes'], ['create', 'get', 'list', 'watch', 'patch', 'update']),
  rule([''], ['nodes/status'], ['patch', 'update']),
  rule([''], ['events'], ['create', 'patch', 'update']),
  rule([''], ['pods'], ['get', 'list', 'watch', 'create', 'delete']),
  rule([''], ['pods/status'], ['patch', 'update']),
  rule([''], ['pods/eviction'], ['create']),
  rule([''], ['configmaps', 'secrets', 'persistentvolumeclaims', 'persistentvolumes'], READ),
  rule([''], ['serviceaccounts/token'], ['create']),
  rule(['certificates.k8s.io'], ['certificatesigningrequests'], ['create', 'get', 'list', 'watch']),
  rule(['coordination.k8s.io'], ['leases'], ['create', 'delete', 'get', 'patch', 'update']),
  rule(['storage.k8s.io'], ['csidrivers', 'volumeattachments'], READ),
  rule(['node.k8s.io'], ['runtimeclasses'], READ),
  rule(['certificates.k8s.io'], ['certificatesigningrequests/selfnodeclient'], ['create']),
  rule(['storage.k8s.io'], ['csinodes'], ['create', 'delete', 'get', 'patch', 'update']),
]

export const CLUSTER_ROLES: Obj[] = [
  clusterRole('cluster-admin', [rule(ALL, ALL, ALL), paths(ALL, '*')]),
  aggregated('admin', {}),
  aggregated('edit', aggregateTo('admin')),
  aggregated('view', aggregateTo('edit')),
  clusterRole('system:aggregate-to-admin', ADMIN_RULES, aggregateTo('admin')),
  clusterRole('system:aggregate-to-edit', EDIT_RULES, aggregateTo('edit')),
  clusterRole('system:aggregate-to-view', VIEW_RULES, aggregateTo('view')),
  clusterRole('system:discovery', [paths(['get'], ...DISCOVERY)]),
  clusterRole('system:public-info-viewer', [paths(['get'], ...PUBLIC)]),
  clusterRole('system:monitoring', [
    paths(
      ['get'],
      '/healthz',
      '/healthz/*',
      '/livez',
      '/livez/*',
      '/metrics',
      '/metrics/slis',
      '/readyz',
      '/readyz/*',
    ),
  ]),
  clusterRole('system:basic-user', [
    rule(['authorization.k8s.io'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['create']),
    rule(['authentication.k8s.io'], ['selfsubjectreviews'], ['create']),
  ]),
  clusterRole('system:auth-delegator', [
    rule(['authentication.k8s.io'], ['tokenreviews'], ['create']),
    rule(['authorization.k8s.io'], ['subjectaccessreviews'], ['create']),
  ]),
  clusterRole('system:service-account-issuer-discovery', [
    paths(
      ['get'],
      '/.well-known/openid-configuration',
      '/.well-known/openid-configuration/',
      '/openid/v1/jwks',
      '/openid/v1/jwks/',
    ),
  ]),
  clusterRole('system:node', NODE_RULES),
  clusterRole('system:node-proxier', [
    rule([''], ['services', 'endpoints', 'nodes'], ['list', 'watch']),
    rule([''], ['nodes'], ['get']),
    EVENTS,
    rule(['discovery.k8s.io'], ['endpointslices'], ['list', 'watch']),
    rule(['networking.k8s.io'], ['servicecidrs'], ['list', 'watch']),
  ]),
  clusterRole('system:kube-scheduler', [
    EVENTS,
    rule(['coordination.k8s.io'], ['leases'], ['create', 'get', 'list', 'update', 'watch']),
    rule([''], ['nodes'], READ),
    rule([''], ['pods'], ['delete', 'get', 'list', 'watch']),
    rule([''], ['bindings', 'pods/binding'], ['create']),
    rule([''], ['pods/status'], ['patch', 'update']),
    rule(
      [''],
      ['replicationcontrollers', 'services', 'namespaces', 'persistentvolumeclaims', 'persistentvolumes'],
      READ,
    ),
    rule(['apps'], ['replicasets', 'statefulsets'], READ),
    rule(['policy'], ['poddisruptionbudgets'], READ),
    rule(
      ['storage.k8s.io'],
      ['csidrivers', 'csinodes', 'csistoragecapacities', 'storageclasses', 'volumeattachments'],
      READ,
    ),
    rule(['resource.k8s.io'], ['deviceclasses', 'resourceslices'], READ),
    rule(['resource.k8s.io'], ['resourceclaims'], [...READ, 'update']),
    rule(['resource.k8s.io'], ['resourceclaims/status'], ['get', 'list', 'patch', 'update', 'watch']),
  ]),
  clusterRole('system:kube-controller-manager', [
    EVENTS,
    rule(['coordination.k8s.io'], ['leases'], ['create', 'get', 'update']),
    rule([''], ['secrets', 'serviceaccounts'], ['create', 'get', 'update', 'delete']),
    rule([''], ['namespaces', 'configmaps'], ['get']),
    rule(['authentication.k8s.io'], ['tokenreviews'], ['create']),
    rule(['authorization.k8s.io'], ['subjectaccessreviews'], ['create']),
    rule(ALL, ALL, ['list', 'watch']),
    rule([''], ['serviceaccounts/token'], ['create']),
  ]),
  clusterRole('system:kube-dns', [rule([''], ['endpoints', 'services'], ['list', 'watch'])]),
  clusterRole('system:persistent-volume-provisioner', [
    rule([''], ['persistentvolumes'], ['create', 'delete', 'get', 'list', 'watch']),
    rule([''], ['persistentvolumeclaims'], ['get', 'list', 'update', 'watch']),
    rule(['storage.k8s.io'], ['storageclasses'], READ),
    EVENTS,
  ]),
  clusterRole('system:heapster', [
    rule([''], ['events', 'namespaces', 'nodes', 'pods'], READ),
    rule(['extensions'], ['deployments'], READ),
  ]),
  clusterRole('system:kube-aggregator', [rule([''], ['endpoints', 'services'], READ)]),
  clusterRole('system:node-problem-detector', [
    rule([''], ['nodes'], ['get']),
    rule([''], ['nodes/status'], ['patch']),
    EVENTS,
  ]),
  clusterRole('system:volume-scheduler', [
    rule([''], ['persistentvolumes'], ['get', 'list', 'patch', 'update', 'watch']),
    rule(['storage.k8s.io'], ['storageclasses'], READ),
    rule([''], ['persistentvolumeclaims'], ['get', 'list', 'patch', 'update', 'watch']),
  ]),
  clusterRole('system:node-bootstrapper', [
    rule(['certificates.k8s.io'], ['certificatesigningrequests'], ['create', 'get', 'list', 'watch']),
  ]),
  ...['nodeclient', 'selfnodeclient'].map((name) =>
    clusterRole(`system:certificates.k8s.io:certificatesigningrequests:${name}`, [
      rule(['certificates.k8s.io'], [`certificatesigningrequests/${name}`], ['create']),
    ]),
  ),
  ...[
    ['kube-apiserver-client', 'kubernetes.io/kube-apiserver-client'],
    ['kube-apiserver-client-kubelet', 'kubernetes.io/kube-apiserver-client-kubelet'],
    ['kubelet-serving', 'kubernetes.io/kubelet-serving'],
    ['legacy-unknown', 'kubernetes.io/legacy-unknown'],
  ].map(([name, signer]) =>
    clusterRole(`system:certificates.k8s.io:${name}-approver`, [
      rule(['certificates.k8s.io'], ['signers'], ['approve'], [signer!]),
    ]),
  ),
  ...Object.entries(CONTROLLER_RULES).map(([name, rules]) => clusterRole(`system:controller:${name}`, rules)),
]

const group = (name: string): Obj => ({ kind: 'Group', name })
const user = (name: string): Obj => ({ kind: 'User', name })
const account = (name: string, namespace: string): Obj => ({ kind: 'ServiceAccount', name, namespace })

const clusterBinding = (name: string, subjects: Obj[], role = name): Obj => ({
  metadata: metadata(name),
  roleRef: { apiGroup: API, kind: 'ClusterRole', name: role },
  subjects,
})

export const CLUSTER_ROLE_BINDINGS: Obj[] = [
  clusterBinding('cluster-admin', [group('system:masters')]),
  clusterBinding('system:discovery', [group('system:authenticated')]),
  clusterBinding('system:basic-user', [group('system:authenticated')]),
  clusterBinding('system:public-info-viewer', [
    group('system:authenticated'),
    group('system:unauthenticated'),
  ]),
  clusterBinding('system:monitoring', [group('system:monitoring')]),
  // Nodes are authorized by what runs on them.
  clusterBinding('system:node', []),
  clusterBinding('system:node-proxier', [user('system:kube-proxy')]),
  clusterBinding('system:kube-scheduler', [user('system:kube-scheduler')]),
  clusterBinding('system:volume-scheduler', [user('system:kube-scheduler')]),
  clusterBinding('system:kube-controller-manager', [user('system:kube-controller-manager')]),
  clusterBinding('system:kube-dns', [account('kube-dns', 'kube-system')]),
  clusterBinding('system:service-account-issuer-discovery', [group('system:serviceaccounts')]),
  ...Object.keys(CONTROLLER_RULES).map((name) =>
    clusterBinding(`system:controller:${name}`, [account(name, 'kube-system')]),
  ),
]

const LEADERS = ['kube-controller-manager', 'kube-scheduler']
const role = (name: string, namespace: string, rules: Obj[]): Obj => ({
  metadata: metadata(name, {}, namespace),
  rules,
})
const roleBinding = (name: string, namespace: string, subjects: Obj[], to = name): Obj => ({
  metadata: metadata(name, {}, namespace),
  roleRef: { apiGroup: API, kind: 'Role', name: to },
  subjects,
})

export const ROLES: Obj[] = [
  role('extension-apiserver-authentication-reader', 'kube-system', [
    rule([''], ['configmaps'], READ, ['extension-apiserver-authentication']),
  ]),
  ...LEADERS.map((name) =>
    role(`system::leader-locking-${name}`, 'kube-system', [
      rule([''], ['configmaps'], ['watch']),
      rule([''], ['configmaps'], ['get', 'update'], [name]),
    ]),
  ),
  role('system:controller:bootstrap-signer', 'kube-public', [
    rule([''], ['configmaps'], READ),
    rule([''], ['configmaps'], ['update'], ['cluster-info']),
    rule(['', 'events.k8s.io'], ['events'], ['create', 'patch', 'update']),
  ]),
  role('system:controller:bootstrap-signer', 'kube-system', [rule([''], ['secrets'], READ)]),
  role('system:controller:cloud-provider', 'kube-system', [
    rule([''], ['configmaps'], ['create', 'get', 'list', 'watch']),
  ]),
  role('system:controller:token-cleaner', 'kube-system', [
    rule([''], ['secrets'], ['delete', ...READ]),
    EVENTS,
  ]),
]

export const ROLE_BINDINGS: Obj[] = [
  roleBinding(
    'system::extension-apiserver-authentication-reader',
    'kube-system',
    LEADERS.map((name) => user(`system:${name}`)),
    'extension-apiserver-authentication-reader',
  ),
  ...LEADERS.map((name) =>
    roleBinding(`system::leader-locking-${name}`, 'kube-system', [
      user(`system:${name}`),
      account(name, 'kube-system'),
    ]),
  ),
  ...[
    ['bootstrap-signer', 'kube-public'],
    ['bootstrap-signer', 'kube-system'],
    ['cloud-provider', 'kube-system'],
    ['token-cleaner', 'kube-system'],
  ].map(([name, namespace]) =>
    roleBinding(`system:controller:${name}`, namespace!, [account(name!, 'kube-system')]),
  ),
]
