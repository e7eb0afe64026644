import { clone, type Json, type Obj } from '../json.ts'

// Defaults of Kubernetes 1.35 by model, wherever the model occurs. Source: pkg/apis/*/v1/defaults.go, read 2026-11.

type Step = (value: Obj) => void

/** Sets the fields that are unset. */
const fill =
  (defaults: Obj): Step =>
  (value) => {
    for (const key in defaults) if (value[key] === undefined) value[key] = clone(defaults[key])
  }

/** Applies `step` to a part of the value when `when` holds. */
const when =
  (test: (value: Obj) => boolean, step: Step): Step =>
  (value) => {
    if (test(value)) step(value)
  }

const inside =
  (field: string, step: Step): Step =>
  (value) => {
    if (value[field]) step(value[field])
  }

/** The tag of an image decides how often it is pulled. */
const pullPolicy: Step = (container) => {
  if (container.imagePullPolicy || !container.image) return
  const name = container.image.split('/').at(-1)
  const tag = name.includes('@') ? 'digest' : (name.split(':')[1] ?? 'latest')
  container.imagePullPolicy = tag === 'latest' ? 'Always' : 'IfNotPresent'
}

const CONTAINER: Step[] = [
  pullPolicy,
  fill({ resources: {}, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' }),
]

const hostPorts: Step = (spec) => {
  if (!spec.hostNetwork) return
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const port of container.ports ?? []) port.hostPort ??= port.containerPort
  }
}

/** The deprecated `serviceAccount` mirrors `serviceAccountName`. */
const serviceAccount: Step = (spec) => {
  spec.serviceAccountName ??= spec.serviceAccount
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName
  else delete spec.serviceAccountName
}

/** A limit without a request is the request too. Only in Pods, not in templates. */
const requestsFromLimits: Step = (pod) => {
  for (const container of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]) {
    const limits = container.resources?.limits
    if (!limits) continue
    container.resources.requests = { ...limits, ...container.resources.requests }
  }
}

const rollingUpdate = (field: string, defaults: Obj): Step =>
  when(
    (spec) => spec[field].type === 'RollingUpdate',
    inside(field, (strategy) => {
      strategy.rollingUpdate ??= {}
      fill(defaults)(strategy.rollingUpdate)
    }),
  )

const PORTS: Step = (spec) => {
  for (const port of spec.ports ?? []) {
    if (port.targetPort === undefined || port.targetPort === '' || port.targetPort === 0)
      port.targetPort = port.port
  }
}

const SERVICE: Step[] = [
  fill({ sessionAffinity: 'None', type: 'ClusterIP' }),
  PORTS,
  when(
    (spec) => spec.sessionAffinity === 'ClientIP',
    fill({ sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } } }),
  ),
  when(
    (spec) => ['NodePort', 'LoadBalancer'].includes(spec.type),
    fill({ externalTrafficPolicy: 'Cluster' }),
  ),
  when((spec) => spec.type !== 'ExternalName', fill({ internalTrafficPolicy: 'Cluster' })),
  when((spec) => spec.type === 'LoadBalancer', fill({ allocateLoadBalancerNodePorts: true })),
]

/** Of a Job alone: the template of a CronJob is as it was written. */
const JOB: Step[] = [
  (spec) => {
    if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
    spec.parallelism ??= 1
    spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
    if (spec.backoffLimitPerIndex === undefined) spec.backoffLimit ??= 6
    else spec.backoffLimit ??= 2147483647
  },
  fill({ completionMode: 'NonIndexed', suspend: false }),
]

const TEMPLATE_LABELS: Step = (object) => {
  const labels = object.spec?.template?.metadata?.labels
  if (labels) object.metadata.labels ??= { ...labels }
}

const RC: Step = (controller) => {
  const labels = controller.spec?.template?.metadata?.labels
  if (labels) controller.spec.selector ??= { ...labels }
}

const SUBJECT: Step = (subject) => {
  if (subject.kind !== 'ServiceAccount') subject.apiGroup ??= 'rbac.authorization.k8s.io'
}

const POLICY_TYPES: Step = (spec) => {
  spec.podSelector ??= {}
  spec.policyTypes ??= spec.egress?.length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
}

const CPU_80 = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
]

const CRD: Step = (spec) => {
  if (!spec.names?.kind) return
  spec.names.singular ??= spec.names.kind.toLowerCase()
  spec.names.listKind ??= `${spec.names.kind}List`
  spec.conversion ??= { strategy: 'None' }
}

const WEBHOOK: Step[] = [
  fill({
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
  }),
]

/** What a LimitRange leaves out for containers follows from what it says. */
const LIMIT_RANGE: Step = (item) => {
  if (item.type !== 'Container') return
  const defaults = { ...item.max, ...item.default }
  const requests = { ...item.min, ...defaults, ...item.defaultRequest }
  if (Object.keys(defaults).length > 0) item.default = defaults
  if (Object.keys(requests).length > 0) item.defaultRequest = requests
}

const MODE = fill({ defaultMode: 0o644 })

export const DEFAULTS: Record<string, Step[]> = {
  V1Pod: [requestsFromLimits, inside('spec', fill({ enableServiceLinks: true }))],
  V1PodSpec: [
    serviceAccount,
    fill({
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    }),
    hostPorts,
  ],
  V1Container: CONTAINER,
  V1EphemeralContainer: CONTAINER,
  V1ContainerPort: [fill({ protocol: 'TCP' })],
  V1Probe: [
    fill({ failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 }),
    inside('grpc', fill({ service: '' })),
  ],
  V1HTTPGetAction: [fill({ path: '/', scheme: 'HTTP' })],
  V1ObjectFieldSelector: [fill({ apiVersion: 'v1' })],
  V1ResourceFieldSelector: [fill({ divisor: '0' })],
  V1Volume: [when((volume) => Object.keys(volume).every((key) => key === 'name'), fill({ emptyDir: {} }))],
  V1SecretVolumeSource: [MODE],
  V1ConfigMapVolumeSource: [MODE],
  V1DownwardAPIVolumeSource: [MODE],
  V1ProjectedVolumeSource: [MODE],
  V1ServiceAccountTokenProjection: [fill({ expirationSeconds: 3600 })],
  V1HostPathVolumeSource: [fill({ type: '' })],
  V1LimitRangeItem: [LIMIT_RANGE],
  V1ServiceSpec: SERVICE,
  V1ServicePort: [fill({ protocol: 'TCP' })],
  V1Secret: [fill({ type: 'Opaque' })],
  CoreV1EndpointPort: [fill({ protocol: 'TCP' })],
  DiscoveryV1EndpointPort: [fill({ name: '', protocol: 'TCP' })],
  V1PersistentVolumeClaimSpec: [fill({ volumeMode: 'Filesystem' })],
  V1PersistentVolumeSpec: [fill({ persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' })],
  V1StorageClass: [fill({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' })],
  V1DeploymentSpec: [
    fill({ progressDeadlineSeconds: 600, replicas: 1, revisionHistoryLimit: 10, strategy: {} }),
    inside('strategy', fill({ type: 'RollingUpdate' })),
    rollingUpdate('strategy', { maxSurge: '25%', maxUnavailable: '25%' }),
  ],
  V1ReplicaSetSpec: [fill({ replicas: 1 })],
  V1ReplicationController: [RC, TEMPLATE_LABELS],
  V1ReplicationControllerSpec: [fill({ replicas: 1 })],
  V1StatefulSetSpec: [
    fill({
      persistentVolumeClaimRetentionPolicy: {},
      podManagementPolicy: 'OrderedReady',
      replicas: 1,
      revisionHistoryLimit: 10,
      updateStrategy: {},
    }),
    inside('persistentVolumeClaimRetentionPolicy', fill({ whenDeleted: 'Retain', whenScaled: 'Retain' })),
    inside('updateStrategy', fill({ type: 'RollingUpdate' })),
    rollingUpdate('updateStrategy', { partition: 0 }),
  ],
  V1DaemonSetSpec: [
    fill({ revisionHistoryLimit: 10, updateStrategy: {} }),
    inside('updateStrategy', fill({ type: 'RollingUpdate' })),
    rollingUpdate('updateStrategy', { maxSurge: 0, maxUnavailable: 1 }),
  ],
  V1Job: [...JOB.map((step) => inside('spec', step)), TEMPLATE_LABELS],
  V1CronJobSpec: [
    fill({
      concurrencyPolicy: 'Allow',
      failedJobsHistoryLimit: 1,
      successfulJobsHistoryLimit: 3,
      suspend: false,
    }),
  ],
  V2HorizontalPodAutoscalerSpec: [fill({ minReplicas: 1, metrics: CPU_80 as Json })],
  V1NetworkPolicySpec: [POLICY_TYPES],
  V1NetworkPolicyPort: [fill({ protocol: 'TCP' })],
  V1RoleRef: [fill({ apiGroup: 'rbac.authorization.k8s.io' })],
  RbacV1Subject: [SUBJECT],
  V1PriorityClass: [fill({ preemptionPolicy: 'PreemptLowerPriority' })],
  V1MutatingWebhook: [...WEBHOOK, fill({ reinvocationPolicy: 'Never' })],
  V1ValidatingWebhook: WEBHOOK,
  V1RuleWithOperations: [fill({ scope: '*' })],
  V1NamedRuleWithOperations: [fill({ scope: '*' })],
  V1ValidatingAdmissionPolicySpec: [fill({ failurePolicy: 'Fail' })],
  V1MatchResources: [fill({ matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} })],
  AdmissionregistrationV1ServiceReference: [fill({ port: 443 })],
  V1CustomResourceDefinitionSpec: [CRD],
}
