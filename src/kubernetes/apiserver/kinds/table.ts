import type { Kind, NameRule, Subresource, Verb } from './kind.ts'

// The resources of a Kubernetes 1.35 API server with default feature gates, GA versions.
// Source: `kubectl api-resources` and the registry packages of kubernetes/kubernetes v1.35, read 2026-11.

interface Row extends Partial<Omit<Kind, 'subresources'>> {
  kind: string
  plural: string
  /** Has `/status`. */
  status?: boolean
  /** Has `/scale`. */
  scale?: boolean
  subresources?: Subresource[]
}

interface Group {
  group: string
  version: string
  rows: Row[]
}

const ALL: Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const CLUSTER = { namespaced: false }
const REVIEW: Partial<Row> = { verbs: ['create'], virtual: true }

const connect = (name: string, kind: string): Subresource => ({ name, kind, verbs: ['create', 'get'] })
const passOn = (kind: string): Subresource => ({
  name: 'proxy',
  kind,
  verbs: ['create', 'delete', 'get', 'patch', 'update'],
})

const GROUPS: Group[] = [
  {
    group: '',
    version: 'v1',
    rows: [
      { kind: 'Binding', plural: 'bindings', ...REVIEW },
      {
        kind: 'ComponentStatus',
        plural: 'componentstatuses',
        shortNames: ['cs'],
        ...CLUSTER,
        verbs: ['get', 'list'],
        virtual: true,
        deprecated: 'v1 ComponentStatus is deprecated in v1.19+',
      },
      { kind: 'ConfigMap', plural: 'configmaps', shortNames: ['cm'] },
      {
        kind: 'Endpoints',
        plural: 'endpoints',
        singular: 'endpoints',
        shortNames: ['ep'],
        deprecated: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
      },
      {
        kind: 'Event',
        plural: 'events',
        shortNames: ['ev'],
        model: 'CoreV1Event',
        fieldLabels: Object.fromEntries(
          [
            'involvedObject.kind',
            'involvedObject.namespace',
            'involvedObject.name',
            'involvedObject.uid',
            'involvedObject.apiVersion',
            'involvedObject.resourceVersion',
            'involvedObject.fieldPath',
            'reason',
            'reportingComponent',
            'type',
          ].map((path) => [path, path]),
        ),
      },
      { kind: 'LimitRange', plural: 'limitranges', shortNames: ['limits'] },
      {
        kind: 'Namespace',
        plural: 'namespaces',
        shortNames: ['ns'],
        ...CLUSTER,
        verbs: ALL.filter((verb) => verb !== 'deletecollection'),
        status: true,
        names: 'label',
        fieldLabels: { 'status.phase': 'status.phase' },
        subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
        returnsDeleted: true,
      },
      {
        kind: 'Node',
        plural: 'nodes',
        shortNames: ['no'],
        ...CLUSTER,
        status: true,
        fieldLabels: { 'spec.unschedulable': 'spec.unschedulable' },
        subresources: [passOn('NodeProxyOptions')],
      },
      {
        kind: 'PersistentVolumeClaim',
        plural: 'persistentvolumeclaims',
        shortNames: ['pvc'],
        status: true,
        returnsDeleted: true,
      },
      {
        kind: 'PersistentVolume',
        plural: 'persistentvolumes',
        shortNames: ['pv'],
        ...CLUSTER,
        status: true,
        returnsDeleted: true,
      },
      {
        kind: 'Pod',
        plural: 'pods',
        shortNames: ['po'],
        categories: ['all'],
        status: true,
        generation: true,
        returnsDeleted: true,
        fieldLabels: Object.fromEntries(
          [
            'spec.nodeName',
            'spec.restartPolicy',
            'spec.schedulerName',
            'spec.serviceAccountName',
            'spec.hostNetwork',
            'status.phase',
            'status.podIP',
            'status.nominatedNodeName',
          ].map((path) => [path, path]),
        ),
        subresources: [
          connect('attach', 'PodAttachOptions'),
          { name: 'binding', kind: 'Binding', verbs: ['create'] },
          { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
          { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
          connect('exec', 'PodExecOptions'),
          { name: 'log', kind: 'Pod', verbs: ['get'] },
          connect('portforward', 'PodPortForwardOptions'),
          passOn('PodProxyOptions'),
          { name: 'resize', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
        ],
      },
      { kind: 'PodTemplate', plural: 'podtemplates', generation: true, returnsDeleted: true },
      {
        kind: 'ReplicationController',
        plural: 'replicationcontrollers',
        shortNames: ['rc'],
        categories: ['all'],
        status: true,
        scale: true,
        generation: true,
        fieldLabels: { 'status.replicas': 'status.replicas' },
      },
      {
        kind: 'ResourceQuota',
        plural: 'resourcequotas',
        shortNames: ['quota'],
        status: true,
        returnsDeleted: true,
      },
      { kind: 'Secret', plural: 'secrets', fieldLabels: { type: 'type' } },
      {
        kind: 'ServiceAccount',
        plural: 'serviceaccounts',
        shortNames: ['sa'],
        returnsDeleted: true,
        subresources: [
          {
            name: 'token',
            kind: 'TokenRequest',
            group: 'authentication.k8s.io',
            version: 'v1',
            verbs: ['create'],
          },
        ],
      },
      {
        kind: 'Service',
        plural: 'services',
        shortNames: ['svc'],
        categories: ['all'],
        status: true,
        returnsDeleted: true,
        names: 'service',
        fieldLabels: { 'spec.clusterIP': 'spec.clusterIP', 'spec.type': 'spec.type' },
        subresources: [passOn('ServiceProxyOptions')],
      },
    ],
  },
  {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    rows: [
      {
        kind: 'MutatingWebhookConfiguration',
        plural: 'mutatingwebhookconfigurations',
        categories: ['api-extensions'],
        ...CLUSTER,
        generation: true,
      },
      {
        kind: 'ValidatingAdmissionPolicy',
        plural: 'validatingadmissionpolicies',
        categories: ['api-extensions'],
        ...CLUSTER,
        status: true,
        generation: true,
      },
      {
        kind: 'ValidatingAdmissionPolicyBinding',
        plural: 'validatingadmissionpolicybindings',
        categories: ['api-extensions'],
        ...CLUSTER,
        generation: true,
      },
      {
        kind: 'ValidatingWebhookConfiguration',
        plural: 'validatingwebhookconfigurations',
        categories: ['api-extensions'],
        ...CLUSTER,
        generation: true,
      },
    ],
  },
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    rows: [
      {
        kind: 'CustomResourceDefinition',
        plural: 'customresourcedefinitions',
        shortNames: ['crd', 'crds'],
        categories: ['api-extensions'],
        ...CLUSTER,
        status: true,
        generation: true,
      },
    ],
  },
  {
    group: 'apiregistration.k8s.io',
    version: 'v1',
    rows: [
      {
        kind: 'APIService',
        plural: 'apiservices',
        categories: ['api-extensions'],
        ...CLUSTER,
        status: true,
        names: 'path',
      },
    ],
  },
  {
    group: 'apps',
    version: 'v1',
    rows: [
      { kind: 'ControllerRevision', plural: 'controllerrevisions' },
      {
        kind: 'DaemonSet',
        plural: 'daemonsets',
        shortNames: ['ds'],
        categories: ['all'],
        status: true,
        generation: true,
      },
      {
        kind: 'Deployment',
        plural: 'deployments',
        shortNames: ['deploy'],
        categories: ['all'],
        status: true,
        scale: true,
        generation: true,
      },
      {
        kind: 'ReplicaSet',
        plural: 'replicasets',
        shortNames: ['rs'],
        categories: ['all'],
        status: true,
        scale: true,
        generation: true,
        fieldLabels: { 'status.replicas': 'status.replicas' },
      },
      {
        kind: 'StatefulSet',
        plural: 'statefulsets',
        shortNames: ['sts'],
        categories: ['all'],
        status: true,
        scale: true,
        generation: true,
      },
    ],
  },
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    rows: [
      { kind: 'SelfSubjectReview', plural: 'selfsubjectreviews', ...CLUSTER, ...REVIEW },
      { kind: 'TokenReview', plural: 'tokenreviews', ...CLUSTER, ...REVIEW },
    ],
  },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    rows: [
      { kind: 'LocalSubjectAccessReview', plural: 'localsubjectaccessreviews', ...REVIEW },
      { kind: 'SelfSubjectAccessReview', plural: 'selfsubjectaccessreviews', ...CLUSTER, ...REVIEW },
      { kind: 'SelfSubjectRulesReview', plural: 'selfsubjectrulesreviews', ...CLUSTER, ...REVIEW },
      { kind: 'SubjectAccessReview', plural: 'subjectaccessreviews', ...CLUSTER, ...REVIEW },
    ],
  },
  {
    group: 'autoscaling',
    version: 'v2',
    rows: [
      {
        kind: 'HorizontalPodAutoscaler',
        plural: 'horizontalpodautoscalers',
        shortNames: ['hpa'],
        categories: ['all'],
        status: true,
        model: 'V2HorizontalPodAutoscaler',
      },
    ],
  },
  {
    group: 'autoscaling',
    version: 'v1',
    rows: [
      {
        kind: 'HorizontalPodAutoscaler',
        plural: 'horizontalpodautoscalers',
        shortNames: ['hpa'],
        categories: ['all'],
        status: true,
        storedAs: 'horizontalpodautoscalers.autoscaling',
      },
    ],
  },
  {
    group: 'batch',
    version: 'v1',
    rows: [
      {
        kind: 'CronJob',
        plural: 'cronjobs',
        shortNames: ['cj'],
        categories: ['all'],
        status: true,
        generation: true,
      },
      {
        kind: 'Job',
        plural: 'jobs',
        categories: ['all'],
        status: true,
        generation: true,
        orphansByDefault: true,
        fieldLabels: { 'status.successful': 'status.succeeded' },
      },
    ],
  },
  {
    group: 'certificates.k8s.io',
    version: 'v1',
    rows: [
      {
        kind: 'CertificateSigningRequest',
        plural: 'certificatesigningrequests',
        shortNames: ['csr'],
        ...CLUSTER,
        status: true,
        fieldLabels: { 'spec.signerName': 'spec.signerName' },
        subresources: [
          { name: 'approval', kind: 'CertificateSigningRequest', verbs: ['get', 'patch', 'update'] },
        ],
      },
    ],
  },
  { group: 'coordination.k8s.io', version: 'v1', rows: [{ kind: 'Lease', plural: 'leases' }] },
  {
    group: 'discovery.k8s.io',
    version: 'v1',
    rows: [{ kind: 'EndpointSlice', plural: 'endpointslices', generation: true }],
  },
  {
    group: 'events.k8s.io',
    version: 'v1',
    rows: [
      {
        kind: 'Event',
        plural: 'events',
        shortNames: ['ev'],
        model: 'EventsV1Event',
        storedAs: 'events',
        fieldLabels: {
          'regarding.kind': 'regarding.kind',
          'regarding.namespace': 'regarding.namespace',
          'regarding.name': 'regarding.name',
          'regarding.uid': 'regarding.uid',
          reason: 'reason',
          reportingController: 'reportingController',
          type: 'type',
        },
      },
    ],
  },
  {
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    rows: [
      { kind: 'FlowSchema', plural: 'flowschemas', ...CLUSTER, status: true, generation: true },
      {
        kind: 'PriorityLevelConfiguration',
        plural: 'prioritylevelconfigurations',
        ...CLUSTER,
        status: true,
        generation: true,
      },
    ],
  },
  {
    group: 'networking.k8s.io',
    version: 'v1',
    rows: [
      { kind: 'IngressClass', plural: 'ingressclasses', ...CLUSTER, generation: true },
      { kind: 'Ingress', plural: 'ingresses', shortNames: ['ing'], status: true, generation: true },
      { kind: 'IPAddress', plural: 'ipaddresses', shortNames: ['ip'], ...CLUSTER },
      { kind: 'NetworkPolicy', plural: 'networkpolicies', shortNames: ['netpol'], generation: true },
      { kind: 'ServiceCIDR', plural: 'servicecidrs', ...CLUSTER, status: true },
    ],
  },
  {
    group: 'node.k8s.io',
    version: 'v1',
    rows: [{ kind: 'RuntimeClass', plural: 'runtimeclasses', ...CLUSTER }],
  },
  {
    group: 'policy',
    version: 'v1',
    rows: [
      {
        kind: 'PodDisruptionBudget',
        plural: 'poddisruptionbudgets',
        shortNames: ['pdb'],
        status: true,
        generation: true,
      },
    ],
  },
  {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    rows: [
      { kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', ...CLUSTER, names: 'path' },
      { kind: 'ClusterRole', plural: 'clusterroles', ...CLUSTER, names: 'path' },
      { kind: 'RoleBinding', plural: 'rolebindings', names: 'path' },
      { kind: 'Role', plural: 'roles', names: 'path' },
    ],
  },
  {
    group: 'resource.k8s.io',
    version: 'v1',
    rows: [
      { kind: 'DeviceClass', plural: 'deviceclasses', ...CLUSTER, generation: true, returnsDeleted: true },
      {
        kind: 'ResourceClaim',
        plural: 'resourceclaims',
        status: true,
        returnsDeleted: true,
        model: 'ResourceV1ResourceClaim',
      },
      { kind: 'ResourceClaimTemplate', plural: 'resourceclaimtemplates', returnsDeleted: true },
      {
        kind: 'ResourceSlice',
        plural: 'resourceslices',
        ...CLUSTER,
        generation: true,
        returnsDeleted: true,
        fieldLabels: { 'spec.nodeName': 'spec.nodeName', 'spec.driver': 'spec.driver' },
      },
    ],
  },
  {
    group: 'scheduling.k8s.io',
    version: 'v1',
    rows: [
      { kind: 'PriorityClass', plural: 'priorityclasses', shortNames: ['pc'], ...CLUSTER, generation: true },
    ],
  },
  {
    group: 'storage.k8s.io',
    version: 'v1',
    rows: [
      { kind: 'CSIDriver', plural: 'csidrivers', ...CLUSTER, returnsDeleted: true },
      { kind: 'CSINode', plural: 'csinodes', ...CLUSTER, returnsDeleted: true },
      { kind: 'CSIStorageCapacity', plural: 'csistoragecapacities' },
      {
        kind: 'StorageClass',
        plural: 'storageclasses',
        shortNames: ['sc'],
        ...CLUSTER,
        returnsDeleted: true,
      },
      {
        kind: 'VolumeAttachment',
        plural: 'volumeattachments',
        ...CLUSTER,
        status: true,
        returnsDeleted: true,
      },
      { kind: 'VolumeAttributesClass', plural: 'volumeattributesclasses', shortNames: ['vac'], ...CLUSTER },
    ],
  },
]

const upperFirst = (text: string) => text[0]!.toUpperCase() + text.slice(1)

const get = ['get', 'patch', 'update'] as Subresource['verbs']

function kindOf({ group, version }: Group, row: Row): Kind {
  const own = row.subresources ?? []
  const scale: Subresource[] = row.scale
    ? [{ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: get }]
    : []
  const status: Subresource[] = row.status ? [{ name: 'status', kind: row.kind, verbs: get }] : []
  return {
    group,
    version,
    kind: row.kind,
    plural: row.plural,
    singular: row.singular ?? row.kind.toLowerCase(),
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    namespaced: row.namespaced ?? true,
    verbs: row.verbs ?? ALL,
    subresources: [...own, ...scale, ...status].sort((a, b) => (a.name < b.name ? -1 : 1)),
    model: row.model ?? `${upperFirst(version)}${row.kind}`,
    generation: row.generation ?? false,
    returnsDeleted: row.returnsDeleted ?? false,
    ...(row.storedAs && { storedAs: row.storedAs }),
    virtual: row.virtual ?? false,
    orphansByDefault: row.orphansByDefault ?? false,
    names: row.names ?? ('subdomain' satisfies NameRule),
    fieldLabels: row.fieldLabels ?? {},
    ...(row.deprecated && { deprecated: row.deprecated }),
  }
}

/** Every resource served, by group and version in order of preference. */
export const KINDS: readonly Kind[] = GROUPS.flatMap((group) => group.rows.map((row) => kindOf(group, row)))

/** Groups in the order in which discovery gives them. */
export const GROUP_ORDER = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'resource.k8s.io',
]
