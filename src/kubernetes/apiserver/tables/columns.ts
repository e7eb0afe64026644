import { at, type Json, type Obj } from '../json.ts'
import { age, humanDuration } from './duration.ts'
import { containerImages, containerNames, formatSelector, joined, labelsText, none } from './format.ts'
import { podStatus, readyContainers, restarts } from './pods.ts'
import * as services from './services.ts'
import type { Column } from './table.ts'

// Printer columns of Kubernetes 1.35. Source: pkg/printers/internalversion/printers.go, read 2026-11.

type Value = string | ((object: Obj, now: number) => Json)

const get = (value: Value, fallback: Json): Column['value'] =>
  typeof value === 'function' ? value : (object) => at(object, value) ?? fallback

const text = (name: string, value: Value, fallback = ''): Column => ({
  name,
  type: 'string',
  wide: false,
  value: get(value, fallback),
})
const number = (name: string, value: Value): Column => ({
  name,
  type: 'integer',
  wide: false,
  value: get(value, 0),
})
const wide = (column: Column): Column => ({ ...column, wide: true })

const NAME = text('Name', 'metadata.name')
const AGE = text('Age', (object, now) => age(object.metadata.creationTimestamp, now))
const CONTAINERS = [
  wide(text('Containers', (object) => containerNames(at(object, 'spec.template.spec') ?? {}))),
  wide(text('Images', (object) => containerImages(at(object, 'spec.template.spec') ?? {}))),
]
const SELECTOR = wide(text('Selector', (object) => formatSelector(object.spec.selector)))

const keys =
  (field: string): Value =>
  (object) =>
    Object.keys(object[field] ?? {}).length

const conditionStatus = (object: Obj, type: string): string | undefined =>
  object.status?.conditions?.find((condition: Obj) => condition.type === type)?.status

/** `allocated,reserved` */
function claimState({ metadata, status }: Obj): string {
  const { deletionTimestamp } = metadata
  const allocation = status?.allocation
    ? ['allocated', ...(status.reservedFor?.length > 0 ? ['reserved'] : [])]
    : deletionTimestamp
      ? []
      : ['pending']
  return [...(deletionTimestamp ? ['deleted'] : []), ...allocation].join(',')
}

function jobStatus(object: Obj): string {
  if (conditionStatus(object, 'Complete') === 'True') return 'Complete'
  if (conditionStatus(object, 'Failed') === 'True') return 'Failed'
  if (object.metadata.deletionTimestamp) return 'Terminating'
  if (conditionStatus(object, 'Suspended') === 'True') return 'Suspended'
  if (conditionStatus(object, 'FailureTarget') === 'True') return 'FailureTarget'
  if (conditionStatus(object, 'SuccessCriteriaMet') === 'True') return 'SuccessCriteriaMet'
  return 'Running'
}

function jobCompletions({ spec, status }: Obj): string {
  const done = status?.succeeded ?? 0
  if (spec.completions !== undefined) return `${done}/${spec.completions}`
  return (spec.parallelism ?? 1) > 1 ? `${done}/1 of ${spec.parallelism}` : `${done}/1`
}

function jobDuration({ status }: Obj, now: number): string {
  if (!status?.startTime) return ''
  const end = status.completionTime ? Date.parse(status.completionTime) : now
  return humanDuration(end - Date.parse(status.startTime))
}

const ROLE = 'node-role.kubernetes.io/'

function nodeRoles({ metadata }: Obj): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries((metadata.labels ?? {}) as Record<string, string>)) {
    if (key.startsWith(ROLE) && key.length > ROLE.length) roles.add(key.slice(ROLE.length))
    else if (key === 'kubernetes.io/role' && value) roles.add(value)
  }
  return [...roles].sort().join(',') || '<none>'
}

function nodeStatus(object: Obj): string {
  const ready = conditionStatus(object, 'Ready')
  const status = ready === undefined ? 'Unknown' : ready === 'True' ? 'Ready' : 'NotReady'
  return object.spec?.unschedulable ? `${status},SchedulingDisabled` : status
}

const nodeAddress =
  (type: string): Value =>
  (object) =>
    object.status?.addresses?.find((item: Obj) => item.type === type)?.address ?? '<none>'

/** Pods that a budget may lose: shown as given, a number or a percentage. */
const orNotAvailable =
  (path: string): Value =>
  (object) =>
    String(at(object, path) ?? 'N/A')

function eventSource(object: Obj): string {
  const { component = '', host } = object.source ?? {}
  return joined([component, host].filter(Boolean))
}

function eventSeen(object: Obj, now: number): string {
  const last =
    object.series?.lastObservedTime ?? object.lastTimestamp ?? object.eventTime ?? object.firstTimestamp
  return age(last, now)
}

const eventAbout = ({ involvedObject }: Obj) =>
  `${(involvedObject?.kind ?? '').toLowerCase()}/${involvedObject?.name ?? ''}`

function ingressHosts({ spec }: Obj): string {
  const hosts: string[] = (spec.rules ?? []).map((rule: Obj) => rule.host).filter(Boolean)
  if (hosts.length === 0) return '*'
  return hosts.length > 3 ? `${hosts.slice(0, 3).join(',')} + ${hosts.length - 3} more...` : hosts.join(',')
}

const hpaReference = ({ spec }: Obj) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`

function hpaTargets({ spec, status }: Obj): string {
  const current = status?.currentMetrics ?? []
  const targets = (spec.metrics ?? []).map((metric: Obj, index: number) => {
    if (metric.type !== 'Resource') return '<unknown>'
    const { name, target } = metric.resource
    const now = current[index]?.resource?.current
    if (target.averageValue !== undefined)
      return `${name}: ${now?.averageValue ?? '<unknown>'}/${target.averageValue}`
    const present = now?.averageUtilization === undefined ? '<unknown>' : `${now.averageUtilization}%`
    return `${name}: ${present}/${target.averageUtilization ?? '<auto>'}%`
  })
  if (targets.length === 0) return '<none>'
  return targets.length > 2
    ? `${targets.slice(0, 2).join(', ')} + ${targets.length - 2} more...`
    : targets.join(', ')
}

/** What a pod's containers use together, as metrics-server sums it. */
const containerTotal = ({ containers }: Obj, resource: 'cpu' | 'memory'): string => {
  const sum = containers.reduce(
    (total: number, { usage }: Obj) => total + Number.parseInt(usage[resource], 10),
    0,
  )
  return sum === 0 ? '0' : `${sum}${resource === 'cpu' ? 'n' : 'Ki'}`
}

function endpointsText({ subsets }: Obj): string {
  const list: string[] = []
  for (const subset of subsets ?? []) {
    const ports: Obj[] = subset.ports ?? [{}]
    for (const port of ports)
      for (const { ip } of subset.addresses ?? []) list.push(port.port ? `${ip}:${port.port}` : ip)
  }
  return more(list, 3) || '<none>'
}

const more = (items: string[], limit: number): string =>
  items.length > limit
    ? `${items.slice(0, limit).join(',')} + ${items.length - limit} more...`
    : items.join(',')

const slicePorts = ({ ports }: Obj) =>
  more(
    (ports ?? []).map((port: Obj) => String(port.port ?? '*')),
    3,
  ) || '<unset>'
const sliceAddresses = ({ endpoints }: Obj) =>
  more(
    (endpoints ?? []).flatMap((endpoint: Obj) => endpoint.addresses),
    3,
  ) || '<unset>'

const ACCESS: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}
const accessModes = (modes: string[] | undefined) =>
  (modes ?? []).map((mode) => ACCESS[mode] ?? mode).join(',')
const volumePhase = (object: Obj) =>
  object.metadata.deletionTimestamp ? 'Terminating' : (object.status?.phase ?? '')

function csrCondition({ status }: Obj): string {
  const types = new Set((status?.conditions ?? []).map((condition: Obj) => condition.type))
  const state = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending'
  return [state, types.has('Failed') && 'Failed', status?.certificate && 'Issued'].filter(Boolean).join(',')
}

const quotaPart =
  (prefix: RegExp): Value =>
  ({ status }) =>
    Object.keys(status?.hard ?? {})
      .sort()
      .filter((name) => prefix.test(name))
      .map((name) => `${name}: ${status.used?.[name] ?? '0'}/${status.hard[name]}`)
      .join(', ')

const policySelector = ({ spec }: Obj) => formatSelector(spec.podSelector)

const controllerOf = ({ metadata }: Obj): string => {
  const owner = metadata.ownerReferences?.find((reference: Obj) => reference.controller)
  if (!owner) return '<none>'
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : ''
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`
}

const roleRef = ({ roleRef: role }: Obj) => `${role.kind}/${role.name}`
const subjects =
  (kind: string): Value =>
  (object) =>
    joined(
      (object.subjects ?? [])
        .filter((subject: Obj) => subject.kind === kind)
        .map((subject: Obj) => (subject.namespace ? `${subject.namespace}/${subject.name}` : subject.name)),
      ', ',
    )
const BINDING = [
  NAME,
  text('Role', roleRef),
  AGE,
  wide(text('Users', subjects('User'))),
  wide(text('Groups', subjects('Group'))),
  wide(text('ServiceAccounts', subjects('ServiceAccount'))),
]

const webhooks = [NAME, number('Webhooks', (object) => object.webhooks?.length ?? 0), AGE]
const bool =
  (path: string, fallback = false): Value =>
  (object) =>
    String(at(object, path) ?? fallback)
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'
const className = ({ metadata }: Obj) =>
  metadata.annotations?.[DEFAULT_CLASS] === 'true' ? `${metadata.name} (default)` : metadata.name

const EVENT_COLUMNS: Column[] = [
  text('Last Seen', eventSeen),
  text('Type', 'type'),
  text('Reason', 'reason'),
  text('Object', eventAbout),
  wide(text('Subobject', 'involvedObject.fieldPath')),
  wide(text('Source', eventSource)),
  text('Message', (object) => (object.message ?? '').trim()),
  wide(text('First Seen', (object, now) => age(object.firstTimestamp ?? object.eventTime, now))),
  wide(number('Count', (object) => object.series?.count ?? object.count ?? 1)),
  wide(NAME),
]

/** By resource with group; `*` is for those that have no printer of their own. */
export const COLUMNS: Record<string, Column[]> = {
  '*': [NAME, text('Created At', 'metadata.creationTimestamp')],
  configmaps: [
    NAME,
    number('Data', (object) => Object.keys({ ...object.data, ...object.binaryData }).length),
    AGE,
  ],
  componentstatuses: [
    NAME,
    text('Status', (object) => (object.conditions?.[0]?.status === 'True' ? 'Healthy' : 'Unhealthy')),
    text('Message', 'conditions.0.message'),
    text('Error', 'conditions.0.error'),
  ],
  endpoints: [NAME, text('Endpoints', endpointsText), AGE],
  events: EVENT_COLUMNS,
  'events.events.k8s.io': EVENT_COLUMNS.map((column) => ({
    ...column,
    value: (object: Obj, now: number) =>
      column.value(
        {
          ...object,
          involvedObject: object.regarding,
          message: object.note,
          source: object.deprecatedSource,
          lastTimestamp: object.deprecatedLastTimestamp,
          firstTimestamp: object.deprecatedFirstTimestamp,
          count: object.deprecatedCount,
        },
        now,
      ),
  })),
  limitranges: [NAME, text('Created At', 'metadata.creationTimestamp')],
  namespaces: [NAME, text('Status', 'status.phase'), AGE],
  nodes: [
    NAME,
    text('Status', nodeStatus),
    text('Roles', nodeRoles),
    AGE,
    text('Version', 'status.nodeInfo.kubeletVersion'),
    wide(text('Internal-IP', nodeAddress('InternalIP'))),
    wide(text('External-IP', nodeAddress('ExternalIP'))),
    wide(text('OS-Image', 'status.nodeInfo.osImage', '<unknown>')),
    wide(text('Kernel-Version', 'status.nodeInfo.kernelVersion', '<unknown>')),
    wide(text('Container-Runtime', 'status.nodeInfo.containerRuntimeVersion', '<unknown>')),
  ],
  persistentvolumeclaims: [
    NAME,
    text('Status', volumePhase),
    text('Volume', 'spec.volumeName'),
    text('Capacity', 'status.capacity.storage'),
    text('Access Modes', (object) => accessModes(object.status?.accessModes)),
    text('StorageClass', 'spec.storageClassName'),
    text('VolumeAttributesClass', 'spec.volumeAttributesClassName', '<unset>'),
    AGE,
    wide(text('VolumeMode', 'spec.volumeMode', '<unset>')),
  ],
  persistentvolumes: [
    NAME,
    text('Capacity', 'spec.capacity.storage'),
    text('Access Modes', (object) => accessModes(object.spec.accessModes)),
    text('Reclaim Policy', 'spec.persistentVolumeReclaimPolicy'),
    text('Status', volumePhase),
    text('Claim', ({ spec }) => (spec.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : '')),
    text('StorageClass', 'spec.storageClassName'),
    text('VolumeAttributesClass', 'spec.volumeAttributesClassName', '<unset>'),
    text('Reason', 'status.reason'),
    AGE,
    wide(text('VolumeMode', 'spec.volumeMode', '<unset>')),
  ],
  pods: [
    NAME,
    text('Ready', readyContainers),
    text('Status', podStatus),
    text('Restarts', restarts),
    AGE,
    wide(text('IP', (object) => object.status?.podIP || '<none>')),
    wide(text('Node', (object) => object.spec.nodeName || '<none>')),
    wide(text('Nominated Node', (object) => object.status?.nominatedNodeName || '<none>')),
    wide(
      text('Readiness Gates', ({ spec, status }) => {
        const gates: Obj[] = spec.readinessGates ?? []
        if (gates.length === 0) return '<none>'
        const met = gates.filter((gate) => conditionStatus({ status }, gate.conditionType) === 'True')
        return `${met.length}/${gates.length}`
      }),
    ),
  ],
  podtemplates: [
    NAME,
    text('Containers', (object) => containerNames(object.template.spec)),
    text('Images', (object) => containerImages(object.template.spec)),
    text('Pod Labels', (object) => labelsText(object.template.metadata?.labels)),
  ],
  replicationcontrollers: [
    NAME,
    number('Desired', 'spec.replicas'),
    number('Current', 'status.replicas'),
    number('Ready', 'status.readyReplicas'),
    AGE,
    ...CONTAINERS,
    wide(text('Selector', (object) => labelsText(object.spec.selector))),
  ],
  resourcequotas: [
    NAME,
    text('Request', quotaPart(/^(?!limits\.)/)),
    text('Limit', quotaPart(/^limits\./)),
    AGE,
  ],
  secrets: [NAME, text('Type', 'type'), number('Data', keys('data')), AGE],
  serviceaccounts: [NAME, number('Secrets', (object) => object.secrets?.length ?? 0), AGE],
  services: [
    NAME,
    text('Type', 'spec.type'),
    text('Cluster-IP', (object) => object.spec.clusterIP || '<none>'),
    text('External-IP', services.externalIp),
    text('Port(s)', services.ports),
    AGE,
    wide(text('Selector', (object) => labelsText(object.spec.selector))),
  ],
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': webhooks,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': webhooks,
  'validatingadmissionpolicies.admissionregistration.k8s.io': [
    NAME,
    number('Validations', (object) => object.spec?.validations?.length ?? 0),
    text('ParamKind', ({ spec }) =>
      spec?.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : '<unset>',
    ),
    AGE,
  ],
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': [
    NAME,
    text('PolicyName', 'spec.policyName'),
    text('ParamRef', ({ spec }) =>
      spec?.paramRef?.name ? [spec.paramRef.namespace ?? '*', spec.paramRef.name].join('/') : '<unset>',
    ),
    AGE,
  ],
  'nodes.metrics.k8s.io': [
    NAME,
    text('cpu', 'usage.cpu'),
    text('memory', 'usage.memory'),
    text('Window', 'window'),
  ],
  'pods.metrics.k8s.io': [
    NAME,
    text('cpu', (object) => containerTotal(object, 'cpu')),
    text('memory', (object) => containerTotal(object, 'memory')),
    text('Window', 'window'),
  ],
  'apiservices.apiregistration.k8s.io': [
    NAME,
    text('Service', ({ spec }) =>
      spec.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local',
    ),
    text('Available', (object) => {
      const condition = object.status?.conditions?.find((item: Obj) => item.type === 'Available')
      if (!condition) return 'Unknown'
      return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason})`
    }),
    AGE,
  ],
  'controllerrevisions.apps': [NAME, text('Controller', controllerOf), number('Revision', 'revision'), AGE],
  'daemonsets.apps': [
    NAME,
    number('Desired', 'status.desiredNumberScheduled'),
    number('Current', 'status.currentNumberScheduled'),
    number('Ready', 'status.numberReady'),
    number('Up-to-date', 'status.updatedNumberScheduled'),
    number('Available', 'status.numberAvailable'),
    text('Node Selector', (object) => labelsText(object.spec.template.spec.nodeSelector)),
    AGE,
    ...CONTAINERS,
    SELECTOR,
  ],
  'deployments.apps': [
    NAME,
    text('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    number('Up-to-date', 'status.updatedReplicas'),
    number('Available', 'status.availableReplicas'),
    AGE,
    ...CONTAINERS,
    SELECTOR,
  ],
  'replicasets.apps': [
    NAME,
    number('Desired', 'spec.replicas'),
    number('Current', 'status.replicas'),
    number('Ready', 'status.readyReplicas'),
    AGE,
    ...CONTAINERS,
    SELECTOR,
  ],
  'statefulsets.apps': [
    NAME,
    text('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    AGE,
    ...CONTAINERS,
  ],
  'horizontalpodautoscalers.autoscaling': [
    NAME,
    text('Reference', hpaReference),
    text('Targets', hpaTargets),
    text('MinPods', (object) => String(object.spec.minReplicas ?? '<unset>')),
    number('MaxPods', 'spec.maxReplicas'),
    number('Replicas', 'status.currentReplicas'),
    AGE,
  ],
  'cronjobs.batch': [
    NAME,
    text('Schedule', 'spec.schedule'),
    text('Timezone', 'spec.timeZone', '<none>'),
    text('Suspend', (object) => (object.spec.suspend ? 'True' : 'False')),
    number('Active', (object) => object.status?.active?.length ?? 0),
    text('Last Schedule', ({ status }, now) =>
      status?.lastScheduleTime ? age(status.lastScheduleTime, now) : '<none>',
    ),
    AGE,
    wide(text('Containers', (object) => containerNames(object.spec.jobTemplate.spec.template.spec))),
    wide(text('Images', (object) => containerImages(object.spec.jobTemplate.spec.template.spec))),
    wide(text('Selector', (object) => formatSelector(object.spec.jobTemplate.spec.selector))),
  ],
  'jobs.batch': [
    NAME,
    text('Status', jobStatus),
    text('Completions', jobCompletions),
    text('Duration', jobDuration),
    AGE,
    ...CONTAINERS,
    SELECTOR,
  ],
  'certificatesigningrequests.certificates.k8s.io': [
    NAME,
    AGE,
    text('SignerName', 'spec.signerName', '<none>'),
    text('Requestor', 'spec.username'),
    text('RequestedDuration', ({ spec }) =>
      spec.expirationSeconds ? humanDuration(spec.expirationSeconds * 1000) : '<none>',
    ),
    text('Condition', csrCondition),
  ],
  'leases.coordination.k8s.io': [NAME, text('Holder', 'spec.holderIdentity'), AGE],
  'endpointslices.discovery.k8s.io': [
    NAME,
    text('AddressType', 'addressType'),
    text('Ports', slicePorts),
    text('Endpoints', sliceAddresses),
    AGE,
  ],
  'flowschemas.flowcontrol.apiserver.k8s.io': [
    NAME,
    text('PriorityLevel', 'spec.priorityLevelConfiguration.name', '<none>'),
    number('MatchingPrecedence', 'spec.matchingPrecedence'),
    text('DistinguisherMethod', 'spec.distinguisherMethod.type', '<none>'),
    AGE,
    text('MissingPL', (object) => conditionStatus(object, 'Dangling') ?? '?'),
  ],
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': [
    NAME,
    text('Type', 'spec.type'),
    text('NominalConcurrencyShares', 'spec.limited.nominalConcurrencyShares', '<none>'),
    text('Queues', 'spec.limited.limitResponse.queuing.queues', '<none>'),
    text('HandSize', 'spec.limited.limitResponse.queuing.handSize', '<none>'),
    text('QueueLengthLimit', 'spec.limited.limitResponse.queuing.queueLengthLimit', '<none>'),
    AGE,
  ],
  'ingresses.networking.k8s.io': [
    NAME,
    text(
      'Class',
      (object) =>
        object.spec.ingressClassName ??
        object.metadata.annotations?.['kubernetes.io/ingress.class'] ??
        '<none>',
    ),
    text('Hosts', ingressHosts),
    text('Address', (object) => services.ingressText(object.status?.loadBalancer)),
    text('Ports', (object) => (object.spec.tls?.length > 0 ? '80, 443' : '80')),
    AGE,
  ],
  'ingressclasses.networking.k8s.io': [
    NAME,
    text('Controller', 'spec.controller'),
    text('Parameters', ({ spec }) =>
      spec?.parameters
        ? `${spec.parameters.kind}${spec.parameters.apiGroup ? `.${spec.parameters.apiGroup}` : ''}/${spec.parameters.name}`
        : '<none>',
    ),
    AGE,
  ],
  'ipaddresses.networking.k8s.io': [
    NAME,
    text('ParentRef', ({ spec }) =>
      spec?.parentRef
        ? [
            `${spec.parentRef.resource}${spec.parentRef.group ? `.${spec.parentRef.group}` : ''}`,
            spec.parentRef.namespace,
            spec.parentRef.name,
          ]
            .filter(Boolean)
            .join('/')
        : '<none>',
    ),
    AGE,
  ],
  'networkpolicies.networking.k8s.io': [NAME, text('Pod-Selector', policySelector), AGE],
  'servicecidrs.networking.k8s.io': [
    NAME,
    text('CIDRs', (object) => (object.spec?.cidrs ?? []).join(',')),
    AGE,
  ],
  'runtimeclasses.node.k8s.io': [NAME, text('Handler', 'handler'), AGE],
  'poddisruptionbudgets.policy': [
    NAME,
    text('Min Available', orNotAvailable('spec.minAvailable')),
    text('Max Unavailable', orNotAvailable('spec.maxUnavailable')),
    number('Allowed Disruptions', 'status.disruptionsAllowed'),
    AGE,
  ],
  'roles.rbac.authorization.k8s.io': [NAME, text('Created At', 'metadata.creationTimestamp')],
  'clusterroles.rbac.authorization.k8s.io': [NAME, text('Created At', 'metadata.creationTimestamp')],
  'rolebindings.rbac.authorization.k8s.io': BINDING,
  'clusterrolebindings.rbac.authorization.k8s.io': BINDING,
  'priorityclasses.scheduling.k8s.io': [
    NAME,
    number('Value', 'value'),
    text('Global-Default', bool('globalDefault')),
    AGE,
    text('PreemptionPolicy', 'preemptionPolicy', '<unset>'),
  ],
  'deviceclasses.resource.k8s.io': [NAME, AGE],
  'resourceclaims.resource.k8s.io': [NAME, text('State', claimState), AGE],
  'resourceclaimtemplates.resource.k8s.io': [NAME, AGE],
  'resourceslices.resource.k8s.io': [
    NAME,
    text('Node', 'spec.nodeName'),
    text('Driver', 'spec.driver'),
    text('Pool', 'spec.pool.name'),
    AGE,
  ],
  'csidrivers.storage.k8s.io': [
    NAME,
    text('AttachRequired', bool('spec.attachRequired', true)),
    text('PodInfoOnMount', bool('spec.podInfoOnMount')),
    text('StorageCapacity', bool('spec.storageCapacity')),
    text('TokenRequests', ({ spec }) =>
      none((spec?.tokenRequests ?? []).map((request: Obj) => request.audience)).replace('<none>', '<unset>'),
    ),
    text('RequiresRepublish', bool('spec.requiresRepublish')),
    text('Modes', ({ spec }) => none(spec?.volumeLifecycleModes ?? ['Persistent'])),
    AGE,
  ],
  'csinodes.storage.k8s.io': [NAME, number('Drivers', (object) => object.spec?.drivers?.length ?? 0), AGE],
  'csistoragecapacities.storage.k8s.io': [
    NAME,
    text('StorageClassName', 'storageClassName'),
    text('Capacity', 'capacity', '<unset>'),
  ],
  'storageclasses.storage.k8s.io': [
    text('Name', className),
    text('Provisioner', 'provisioner'),
    text('ReclaimPolicy', 'reclaimPolicy', 'Delete'),
    text('VolumeBindingMode', 'volumeBindingMode', 'Immediate'),
    text('AllowVolumeExpansion', bool('allowVolumeExpansion')),
    AGE,
  ],
  'volumeattachments.storage.k8s.io': [
    NAME,
    text('Attacher', 'spec.attacher'),
    text('PV', 'spec.source.persistentVolumeName'),
    text('Node', 'spec.nodeName'),
    text('Attached', bool('status.attached')),
    AGE,
  ],
  'volumeattributesclasses.storage.k8s.io': [NAME, text('DriverName', 'driverName'), AGE],
}
