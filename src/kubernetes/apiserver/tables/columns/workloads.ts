import { at, type Obj } from '../../json.ts'
import { AGE, type Column, conditionStatus, NAME, number, text, type Value, wide } from '../column.ts'
import { age, humanDuration } from '../duration.ts'
import { containerImages, containerNames, formatSelector, labelsText } from '../format.ts'
import { podStatus, readyContainers, restarts } from '../pods.ts'

const CONTAINERS = [
  wide(text('Containers', (object) => containerNames(at(object, 'spec.template.spec') ?? {}))),
  wide(text('Images', (object) => containerImages(at(object, 'spec.template.spec') ?? {}))),
]

/** Of what keeps a number of pods. */
const REPLICAS = [
  NAME,
  number('Desired', 'spec.replicas'),
  number('Current', 'status.replicas'),
  number('Ready', 'status.readyReplicas'),
  AGE,
  ...CONTAINERS,
]

const SELECTOR = wide(text('Selector', (object) => formatSelector(object.spec.selector)))

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

/** Pods that a budget may lose: shown as given, a number or a percentage. */
const orNotAvailable =
  (path: string): Value =>
  (object) =>
    String(at(object, path) ?? 'N/A')

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

const controllerOf = ({ metadata }: Obj): string => {
  const owner = metadata.ownerReferences?.find((reference: Obj) => reference.controller)
  if (!owner) return '<none>'
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : ''
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`
}

/** Pods, and what makes and keeps them. By resource with group. */
export const WORKLOADS: Record<string, Column[]> = {
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
  replicationcontrollers: [...REPLICAS, wide(text('Selector', (object) => labelsText(object.spec.selector)))],
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
  'replicasets.apps': [...REPLICAS, SELECTOR],
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
  'poddisruptionbudgets.policy': [
    NAME,
    text('Min Available', orNotAvailable('spec.minAvailable')),
    text('Max Unavailable', orNotAvailable('spec.maxUnavailable')),
    number('Allowed Disruptions', 'status.disruptionsAllowed'),
    AGE,
  ],
}
