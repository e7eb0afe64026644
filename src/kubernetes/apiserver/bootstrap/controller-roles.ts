import type { Obj } from '../json.ts'

// What each controller of the controller manager may do, Kubernetes 1.35. Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy
// (controller_policy.go); names and shape compared with its testdata 2026-11, later rules from knowledge.

/** `group/resource,resource: verb,verb`; the core group is empty. */
type RuleText = string

const READ = 'get,list,watch'
const SLICES = 'discovery.k8s.io/endpointslices: create,delete,get,list,update,watch'
const REVISIONS = 'apps/controllerrevisions: create,delete,get,list,patch,update,watch'
const SIGNERS = [
  'kube-apiserver-client',
  'kube-apiserver-client-kubelet',
  'kubelet-serving',
  'legacy-unknown',
]

/** Whether a controller records events stands in front of its rules. */
const CONTROLLERS: Record<string, RuleText[]> = {
  'attachdetach-controller': [
    '/persistentvolumeclaims,persistentvolumes: list,watch',
    `/nodes: ${READ}`,
    '/nodes/status: patch,update',
    '/pods: list,watch',
    'storage.k8s.io/volumeattachments: create,delete,get,list,watch',
    `storage.k8s.io/csidrivers: ${READ}`,
    `storage.k8s.io/csinodes: ${READ}`,
  ],
  'certificate-controller': [
    `certificates.k8s.io/certificatesigningrequests: ${READ}`,
    'certificates.k8s.io/certificatesigningrequests/approval,certificatesigningrequests/status: update',
    'authorization.k8s.io/subjectaccessreviews: create',
  ],
  'cronjob-controller': [
    'batch/cronjobs: get,list,update,watch',
    'batch/jobs: create,delete,get,list,patch,update,watch',
    'batch/cronjobs/status: update',
    'batch/cronjobs/finalizers: update',
    '/pods: delete,list',
  ],
  'daemon-set-controller': [
    `apps/daemonsets: ${READ}`,
    'apps/daemonsets/status: update',
    'apps/daemonsets/finalizers: update',
    '/nodes: list,watch',
    '/pods: create,delete,list,patch,watch',
    '/pods/binding: create',
    REVISIONS,
  ],
  'deployment-controller': [
    'apps/deployments: get,list,update,watch',
    'apps/deployments/status: update',
    'apps/deployments/finalizers: update',
    'apps/replicasets: create,delete,get,list,patch,update,watch',
    '/pods: get,list,update,watch',
  ],
  'disruption-controller': [
    `apps/deployments: ${READ}`,
    `apps/replicasets: ${READ}`,
    `/replicationcontrollers: ${READ}`,
    `policy/poddisruptionbudgets: ${READ}`,
    `apps/statefulsets: ${READ}`,
    'policy/poddisruptionbudgets/status: update',
    '/pods/status: patch,update',
    '*/*/scale: get',
  ],
  'endpoint-controller': [
    `/pods,services: ${READ}`,
    '/endpoints: create,delete,get,list,update',
    '/endpoints/restricted: create',
  ],
  'endpointslice-controller': [
    `/nodes,pods,services: ${READ}`,
    '/services/finalizers: update',
    SLICES,
    'discovery.k8s.io/endpointslices/restricted: create',
  ],
  'endpointslicemirroring-controller': [
    `/endpoints,services: ${READ}`,
    '/services/finalizers: update',
    '/endpoints/finalizers: update',
    SLICES,
    'discovery.k8s.io/endpointslices/restricted: create',
  ],
  'ephemeral-volume-controller': [
    `/pods: ${READ}`,
    '/pods/finalizers: update',
    '/persistentvolumeclaims: create,get,list,watch',
  ],
  'expand-controller': [
    '/persistentvolumes: get,list,patch,update,watch',
    '/persistentvolumeclaims/status: patch,update',
    `/persistentvolumeclaims: ${READ}`,
    '/endpoints,services: get',
    '/secrets: get',
  ],
  'generic-garbage-collector': ['*/*: delete,get,list,patch,update,watch'],
  'horizontal-pod-autoscaler': [
    `autoscaling/horizontalpodautoscalers: ${READ}`,
    'autoscaling/horizontalpodautoscalers/status: update',
    '*/*/scale: get,update',
    '/pods: list',
    'metrics.k8s.io/pods: list',
    'custom.metrics.k8s.io/*: get,list',
    'external.metrics.k8s.io/*: get,list',
  ],
  'job-controller': [
    'batch/jobs: get,list,patch,update,watch',
    'batch/jobs/status: update',
    'batch/jobs/finalizers: update',
    '/pods: create,delete,list,patch,watch',
  ],
  'node-controller': [
    '/nodes: delete,get,list,patch,update',
    '/nodes/status: patch,update',
    '/pods/status: patch,update',
    '/pods: delete,get,list',
  ],
  'persistent-volume-binder': [
    '/persistentvolumes: create,delete,get,list,update,watch',
    '/persistentvolumes/status: update',
    '/persistentvolumeclaims: get,list,update,watch',
    '/persistentvolumeclaims/status: update',
    '/pods: create,delete,get,list,watch',
    `storage.k8s.io/storageclasses: ${READ}`,
    '/endpoints,services: create,delete,get',
    '/secrets: get',
    '/nodes: get,list',
    '/events: watch',
  ],
  'pv-protection-controller': ['/persistentvolumes: get,list,update,watch'],
  'pvc-protection-controller': ['/persistentvolumeclaims: get,list,update,watch', `/pods: ${READ}`],
  'replicaset-controller': [
    'apps/replicasets: get,list,update,watch',
    'apps/replicasets/status: update',
    'apps/replicasets/finalizers: update',
    '/pods: create,delete,list,patch,watch',
  ],
  'replication-controller': [
    '/replicationcontrollers: get,list,update,watch',
    '/replicationcontrollers/status: update',
    '/replicationcontrollers/finalizers: update',
    '/pods: create,delete,list,patch,watch',
  ],
  'resourcequota-controller': ['*/*: list,watch', '/resourcequotas/status: update'],
  'root-ca-cert-publisher': ['/configmaps: create,update'],
  'route-controller': ['/nodes: list,watch', '/nodes/status: patch'],
  'service-account-controller': ['/serviceaccounts: create'],
  'service-cidrs-controller': [
    'networking.k8s.io/servicecidrs: get,list,patch,update,watch',
    'networking.k8s.io/servicecidrs/finalizers: patch,update',
    'networking.k8s.io/servicecidrs/status: patch,update',
    `networking.k8s.io/ipaddresses: ${READ}`,
  ],
  'service-controller': [`/services: ${READ}`, '/services/status: patch,update', '/nodes: list,watch'],
  'statefulset-controller': [
    '/pods: list,watch',
    `apps/statefulsets: ${READ}`,
    'apps/statefulsets/status: update',
    'apps/statefulsets/finalizers: update',
    '/pods: create,delete,get,patch,update',
    REVISIONS,
    '/persistentvolumeclaims: create,delete,get,list,update,watch',
  ],
  'ttl-after-finished-controller': ['batch/jobs: delete,get,list,watch'],
  'ttl-controller': ['/nodes: list,patch,update,watch'],
  'vac-protection-controller': [
    'storage.k8s.io/volumeattributesclasses: get,list,update,watch',
    `/persistentvolumes,persistentvolumeclaims: ${READ}`,
  ],
  'validatingadmissionpolicy-status-controller': [
    `admissionregistration.k8s.io/validatingadmissionpolicies: ${READ}`,
    'admissionregistration.k8s.io/validatingadmissionpolicies/status: get,patch,update',
  ],
}

/** Those that record no events. */
const QUIET: Record<string, RuleText[]> = {
  'clusterrole-aggregation-controller': [
    'rbac.authorization.k8s.io/clusterroles: escalate,get,list,patch,update,watch',
  ],
  'legacy-service-account-token-cleaner': ['/secrets: delete,patch'],
  'namespace-controller': [
    '/namespaces: delete,get,list,watch',
    '/namespaces/finalize,namespaces/status: update',
    '*/*: delete,deletecollection,get,list',
  ],
  'pod-garbage-collector': ['/pods: delete,list,watch', '/nodes: get,list', '/pods/status: patch'],
}

function ruleOf(text: RuleText): Obj {
  const [what, verbs] = text.split(': ') as [string, string]
  const slash = what.indexOf('/')
  return {
    apiGroups: [what.slice(0, slash)],
    resources: what.slice(slash + 1).split(','),
    verbs: verbs.split(','),
  }
}

const EVENTS: Obj = {
  apiGroups: ['', 'events.k8s.io'],
  resources: ['events'],
  verbs: ['create', 'patch', 'update'],
}

const signers = (verb: string, names: string[]): Obj => ({
  apiGroups: ['certificates.k8s.io'],
  resourceNames: names.map((name) => `kubernetes.io/${name}`),
  resources: ['signers'],
  verbs: [verb],
})

/** The rules of each controller, by the name of its service account. */
export const CONTROLLER_RULES: Readonly<Record<string, Obj[]>> = Object.fromEntries([
  ...Object.entries(CONTROLLERS).map(([name, rules]) => [
    name,
    [
      ...rules.map(ruleOf),
      ...(name === 'certificate-controller'
        ? [signers('approve', ['kube-apiserver-client-kubelet']), signers('sign', SIGNERS)]
        : []),
      EVENTS,
    ],
  ]),
  ...Object.entries(QUIET).map(([name, rules]) => [name, rules.map(ruleOf)]),
])
