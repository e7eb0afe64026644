import type { Obj } from '../../json.ts'
import { AGE, bool, type Column, conditionStatus, NAME, number, text, type Value, wide } from '../column.ts'
import { age } from '../duration.ts'
import { joined } from '../format.ts'

const keys =
  (field: string): Value =>
  (object) =>
    Object.keys(object[field] ?? {}).length

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

function eventSource(object: Obj): string {
  const { component, host } = object.source ?? {}
  const parts = [component || object.reportingComponent, host || object.reportingInstance]
  return joined(parts.filter(Boolean), ', ')
}

function eventSeen(object: Obj, now: number): string {
  const last =
    object.series?.lastObservedTime ?? object.lastTimestamp ?? object.eventTime ?? object.firstTimestamp
  return age(last, now)
}

const eventAbout = ({ involvedObject }: Obj) =>
  `${(involvedObject?.kind ?? '').toLowerCase()}/${involvedObject?.name ?? ''}`

/** What a pod's containers use together, as metrics-server sums it. */
const containerTotal = ({ containers }: Obj, resource: 'cpu' | 'memory'): string => {
  const sum = containers.reduce(
    (total: number, { usage }: Obj) => total + Number.parseInt(usage[resource], 10),
    0,
  )
  return sum === 0 ? '0' : `${sum}${resource === 'cpu' ? 'n' : 'Ki'}`
}

const quotaPart =
  (prefix: RegExp): Value =>
  ({ status }) =>
    Object.keys(status?.hard ?? {})
      .sort()
      .filter((name) => prefix.test(name))
      .map((name) => `${name}: ${status.used?.[name] ?? '0'}/${status.hard[name]}`)
      .join(', ')

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

/** Nodes with their devices and use, namespaces with their settings and quotas, events. By resource with group. */
export const CLUSTER: Record<string, Column[]> = {
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
  resourcequotas: [
    NAME,
    text('Request', quotaPart(/^(?!limits\.)/)),
    text('Limit', quotaPart(/^limits\./)),
    AGE,
  ],
  secrets: [NAME, text('Type', 'type'), number('Data', keys('data')), AGE],
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
  'leases.coordination.k8s.io': [NAME, text('Holder', 'spec.holderIdentity'), AGE],
  'runtimeclasses.node.k8s.io': [NAME, text('Handler', 'handler'), AGE],
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
}
