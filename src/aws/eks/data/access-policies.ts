/** A rule as in a ClusterRole. */
export interface PolicyRule {
  groups: string[]
  resources: string[]
  verbs: string[]
  paths?: string[]
}

export interface AccessPolicy {
  name: string
  rules: PolicyRule[]
}

export const POLICY_ARN_PREFIX = 'arn:aws:eks::aws:cluster-access-policy/'

const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update']
const ALL = [...READ, ...WRITE]

const WORKLOADS: { groups: string[]; resources: string[] }[] = [
  {
    groups: ['apps'],
    resources: [
      'daemonsets',
      'deployments',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
  },
  { groups: ['autoscaling'], resources: ['horizontalpodautoscalers'] },
  { groups: ['batch'], resources: ['cronjobs', 'jobs'] },
  {
    groups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'persistentvolumeclaims',
      'pods',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'serviceaccounts',
      'services',
    ],
  },
  { groups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'] },
  { groups: ['policy'], resources: ['poddisruptionbudgets'] },
]

const VIEW: PolicyRule[] = [
  ...WORKLOADS.map((rule) => ({ ...rule, verbs: READ })),
  {
    groups: ['apps'],
    resources: [
      'controllerrevisions',
      'daemonsets/status',
      'deployments/status',
      'replicasets/status',
      'statefulsets/status',
    ],
    verbs: READ,
  },
  {
    groups: [''],
    resources: [
      'bindings',
      'events',
      'limitranges',
      'namespaces',
      'namespaces/status',
      'persistentvolumeclaims/status',
      'pods/log',
      'pods/status',
      'replicationcontrollers/status',
      'resourcequotas',
      'resourcequotas/status',
      'services/status',
    ],
    verbs: READ,
  },
  { groups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
  { groups: ['batch'], resources: ['cronjobs/status', 'jobs/status'], verbs: READ },
  { groups: ['networking.k8s.io'], resources: ['ingresses/status'], verbs: READ },
  { groups: ['policy'], resources: ['poddisruptionbudgets/status'], verbs: READ },
]

const EDIT: PolicyRule[] = [
  ...VIEW,
  ...WORKLOADS.map((rule) => ({ ...rule, verbs: WRITE })),
  {
    groups: [''],
    resources: ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy'],
    verbs: READ,
  },
  {
    groups: [''],
    resources: [
      'pods/attach',
      'pods/exec',
      'pods/portforward',
      'pods/proxy',
      'pods/eviction',
      'secrets',
      'services/proxy',
      'events',
    ],
    verbs: WRITE,
  },
  { groups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] },
  { groups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  { groups: ['coordination.k8s.io'], resources: ['leases'], verbs: ALL },
]

const ADMIN: PolicyRule[] = [
  ...EDIT,
  { groups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'], verbs: ['create'] },
  { groups: ['rbac.authorization.k8s.io'], resources: ['rolebindings', 'roles'], verbs: ALL },
]

const EVERYTHING: PolicyRule[] = [
  { groups: ['*'], resources: ['*'], verbs: ['*'] },
  { groups: [], resources: [], verbs: ['*'], paths: ['*'] },
]

/**
 * The access policies of EKS and what they allow:
 * https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html (written 2026-11-21, not verified line by line).
 * AWS has further ones for its own services; they are listed without rules.
 */
export const accessPolicies: AccessPolicy[] = [
  { name: 'AmazonEKSAdminPolicy', rules: ADMIN },
  {
    name: 'AmazonEKSAdminViewPolicy',
    rules: [
      { groups: ['*'], resources: ['*'], verbs: READ },
      { groups: [], resources: [], verbs: ['get'], paths: ['*'] },
    ],
  },
  { name: 'AmazonEKSAutoNodePolicy', rules: [] },
  { name: 'AmazonEKSBlockStoragePolicy', rules: [] },
  { name: 'AmazonEKSClusterAdminPolicy', rules: EVERYTHING },
  { name: 'AmazonEKSComputePolicy', rules: [] },
  { name: 'AmazonEKSEditPolicy', rules: EDIT },
  { name: 'AmazonEKSLoadBalancingPolicy', rules: [] },
  { name: 'AmazonEKSNetworkingPolicy', rules: [] },
  { name: 'AmazonEKSViewPolicy', rules: VIEW },
]
