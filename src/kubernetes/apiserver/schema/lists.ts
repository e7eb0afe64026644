// How lists and maps merge, which the generated models leave out: `x-kubernetes-list-type`, `-list-map-keys`,
// `-map-type`, `-patch-strategy` and `-patch-merge-key` of the published OpenAPI of Kubernetes 1.35, read 2026-11.

export interface ListRule {
  /** Server-side apply: elements are owned one by one, told apart by these keys; `[]` is a set of scalars. */
  keys?: string[]
  /** What a key is when an element leaves it out. */
  keyDefaults?: Record<string, string>
  /** Strategic merge: the key that tells elements apart; `''` for a set of scalars. */
  mergeKey?: string
  /** Strategic merge drops the fields of the present value that the patch's `$retainKeys` does not name. */
  retainKeys?: boolean
}

const by = (...keys: string[]): ListRule => ({ keys, mergeKey: keys[0]! })
/** Ports of one number may be told apart by their protocol. */
const PORTS = (key: string): ListRule => ({ ...by(key, 'protocol'), keyDefaults: { protocol: 'TCP' } })
const SET: ListRule = { keys: [], mergeKey: '' }

/** By model and field. Lists that are not here are atomic: replaced as a whole. */
export const LIST_RULES: Record<string, ListRule> = {
  'V1ObjectMeta.finalizers': SET,
  'V1ObjectMeta.ownerReferences': by('uid'),
  'V1PodSpec.containers': by('name'),
  'V1PodSpec.initContainers': by('name'),
  'V1PodSpec.ephemeralContainers': by('name'),
  'V1PodSpec.volumes': { ...by('name'), retainKeys: true },
  'V1PodSpec.imagePullSecrets': by('name'),
  'V1PodSpec.hostAliases': by('ip'),
  'V1PodSpec.topologySpreadConstraints': by('topologyKey', 'whenUnsatisfiable'),
  'V1PodSpec.schedulingGates': by('name'),
  'V1PodSpec.resourceClaims': { ...by('name'), retainKeys: true },
  'V1Container.env': by('name'),
  'V1Container.ports': PORTS('containerPort'),
  'V1Container.volumeMounts': by('mountPath'),
  'V1Container.volumeDevices': by('devicePath'),
  'V1EphemeralContainer.env': by('name'),
  'V1EphemeralContainer.ports': PORTS('containerPort'),
  'V1EphemeralContainer.volumeMounts': by('mountPath'),
  'V1EphemeralContainer.volumeDevices': by('devicePath'),
  'V1ResourceRequirements.claims': { keys: ['name'] },
  'V1PodStatus.podIPs': by('ip'),
  'V1PodStatus.hostIPs': { mergeKey: 'ip' },
  'V1PodStatus.conditions': by('type'),
  'V1PodStatus.resourceClaimStatuses': by('name'),
  'V1ServiceSpec.ports': PORTS('port'),
  'V1ServiceAccount.secrets': by('name'),
  'V1NodeSpec.podCIDRs': SET,
  'V1NodeStatus.addresses': by('type'),
  'V1DeploymentSpec.strategy': { retainKeys: true },
  'V1MutatingWebhookConfiguration.webhooks': by('name'),
  'V1ValidatingWebhookConfiguration.webhooks': by('name'),
  'V1MutatingWebhook.matchConditions': by('name'),
  'V1ValidatingWebhook.matchConditions': by('name'),
  'V1PersistentVolumeClaimStatus.conditions': by('type'),
  'V1CSINodeSpec.drivers': by('name'),
  'V1HorizontalPodAutoscalerStatus.conditions': by('type'),
  'V2HorizontalPodAutoscalerStatus.conditions': by('type'),
}

/** Models whose fields server-side apply owns only together. */
export const ATOMIC_MODELS = new Set([
  'V1LabelSelector',
  'V1LocalObjectReference',
  'V1ObjectReference',
  'V1SecretKeySelector',
  'V1ConfigMapKeySelector',
  'V1ObjectFieldSelector',
  'V1ResourceFieldSelector',
  'V1NodeSelector',
  'V1NodeSelectorTerm',
  'V1TopologySelectorTerm',
  'V1OwnerReference',
  'V1TypedLocalObjectReference',
  'V1SecretReference',
  'V1RoleRef',
  'RbacV1Subject',
  'V1ScopedResourceSelectorRequirement',
  'V1ScopeSelector',
  'V1EndpointAddress',
  'CoreV1EndpointPort',
  'V1IngressClassParametersReference',
])

/** Maps that server-side apply owns as a whole. */
export const ATOMIC_MAPS = new Set([
  'V1PodSpec.nodeSelector',
  'V1ServiceSpec.selector',
  'V1ReplicationControllerSpec.selector',
])

/** Fields and map values that are resource quantities; the models call them strings. */
export const QUANTITIES = new Set([
  'V1ResourceRequirements.limits',
  'V1ResourceRequirements.requests',
  'V1VolumeResourceRequirements.limits',
  'V1VolumeResourceRequirements.requests',
  'V1ResourceQuotaSpec.hard',
  'V1ResourceQuotaStatus.hard',
  'V1ResourceQuotaStatus.used',
  'V1LimitRangeItem.default',
  'V1LimitRangeItem.defaultRequest',
  'V1LimitRangeItem.max',
  'V1LimitRangeItem.min',
  'V1LimitRangeItem.maxLimitRequestRatio',
  'V1NodeStatus.allocatable',
  'V1NodeStatus.capacity',
  'V1PodSpec.overhead',
  'V1Overhead.podFixed',
  'V1PersistentVolumeSpec.capacity',
  'V1PersistentVolumeClaimStatus.capacity',
  'V1PersistentVolumeClaimStatus.allocatedResources',
  'V1ContainerStatus.allocatedResources',
  'V1EmptyDirVolumeSource.sizeLimit',
  'V1ResourceFieldSelector.divisor',
  'V1CSIStorageCapacity.capacity',
  'V1CSIStorageCapacity.maximumVolumeSize',
  'V2MetricTarget.averageValue',
  'V2MetricTarget.value',
  'V2MetricValueStatus.averageValue',
  'V2MetricValueStatus.value',
])

/** Times that Go writes as null when they are not set: they are no pointers, and a zero time is not empty. By model. */
export const NULL_TIMES: Record<string, string[]> = {
  V1PodCondition: ['lastProbeTime', 'lastTransitionTime'],
  V1PersistentVolumeClaimCondition: ['lastProbeTime', 'lastTransitionTime'],
  CoreV1Event: ['firstTimestamp', 'lastTimestamp', 'eventTime'],
}

/** Fields whose structures are always there in Go, being no pointers: nobody comes to own that they are. */
export const EMBEDDED: ReadonlySet<string> = new Set([
  ...['metadata', 'spec', 'status', 'template', 'strategy', 'updateStrategy', 'resources', 'jobTemplate'],
  ...['state', 'lastState', 'scaleTargetRef', 'roleRef', 'target', 'metric', 'port', 'podSelector', 'names'],
  ...[
    'nodeInfo',
    'daemonEndpoints',
    'kubeletEndpoint',
    'loadBalancer',
    'involvedObject',
    'source',
    'backend',
  ],
  ...['clientConfig', 'limitResponse'],
])
