import type { TaskOverride } from '@aws-sdk/client-ecs'
import { type Scope, tables } from '../ec2/index.ts'
import { lacks, leftOf, needsOf } from './instance-resources.ts'
import { compileQuery } from './placement-query.ts'
import type {
  ContainerInstanceRecord,
  NetworkRecord,
  PlacementRules,
  TaskDefinitionRecord,
} from './records.ts'
import { containerInstances, tasksOn } from './tables.ts'

/** A task that looks for a container instance. */
export interface Candidate {
  cluster: string
  launchType: 'EC2' | 'EXTERNAL'
  definition: TaskDefinitionRecord
  overrides?: TaskOverride
  group: string
  rules: PlacementRules
  network?: NetworkRecord
  capacityProvider?: string
}

/** An instance, or why each of those that were asked could not take the task. */
export type Choice =
  | { instance: ContainerInstanceRecord; failures?: undefined }
  | { instance?: undefined; failures: { instance: ContainerInstanceRecord; reason: string }[] }

/** The instances of a cluster that a task might run on if it fitted. */
export function eligible(scope: Scope, candidate: Candidate): ContainerInstanceRecord[] {
  return containerInstances
    .list(scope, candidate.cluster)
    .filter(
      ({ kind, status, capacityProvider }) =>
        kind === candidate.launchType &&
        status === 'ACTIVE' &&
        (candidate.capacityProvider === undefined || capacityProvider === candidate.capacityProvider),
    )
}

/** Why an instance cannot take a task, in the API's words; undefined when it can. */
export function obstacle(
  scope: Scope,
  candidate: Candidate,
  instance: ContainerInstanceRecord,
): string | undefined {
  if (!instance.agentConnected) return 'AGENT'
  if (candidate.network && !sharesZone(scope, candidate.network, instance)) return 'LOCATION'
  const names = new Set(instance.attributes.map(({ name }) => name))
  if (candidate.definition.rest.requiresAttributes?.some(({ name }) => !names.has(name!))) return 'ATTRIBUTE'
  const present = tasksOn(scope, instance)
  const constraints = [
    ...(candidate.definition.rest.placementConstraints ?? []),
    ...candidate.rules.constraints,
  ]
  for (const { type, expression = '' } of constraints) {
    if (type === 'distinctInstance' && present.some(({ group }) => group === candidate.group))
      return 'DistinctInstance placement constraint unsatisfied.'
    if (type === 'memberOf' && !compileQuery(expression)({ instance, tasks: present }))
      return 'MemberOf placement constraint unsatisfied.'
  }
  return lacks(leftOf(scope, instance), needsOf(candidate.definition, candidate.overrides))
}

/** The interface of a task must be in the zone of its instance. */
function sharesZone(scope: Scope, network: NetworkRecord, { zone }: ContainerInstanceRecord): boolean {
  return network.subnets.some((id) => tables.subnets.find(scope, id)?.zone === zone)
}

/**
 * Chooses by the constraints, then by each strategy in turn.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement.html
 */
export function chooseInstance(scope: Scope, candidate: Candidate): Choice {
  const asked = eligible(scope, candidate).map((instance) => ({
    instance,
    reason: obstacle(scope, candidate, instance),
  }))
  let able = asked.filter(({ reason }) => reason === undefined).map(({ instance }) => instance)
  if (able.length === 0)
    return { failures: asked.map(({ instance, reason }) => ({ instance, reason: reason! })) }
  for (const { type, field = '' } of candidate.rules.strategies) {
    if (type === 'random') able = [able[scope.world.ids.number(able.length)]!]
    else able = least(able, type === 'spread' ? spread(scope, candidate, field) : pack(scope, field))
  }
  // Without a preference the emptiest one, so that tasks spread.
  const [instance] = least(able, (one) => tasksOn(scope, one).length)
  return { instance: instance! }
}

function least(
  instances: ContainerInstanceRecord[],
  cost: (instance: ContainerInstanceRecord) => number,
): ContainerInstanceRecord[] {
  const costs = instances.map(cost)
  const lowest = Math.min(...costs)
  return instances.filter((_, index) => costs[index] === lowest)
}

/** How many tasks of the group run where the field has the same value. */
function spread(scope: Scope, { group, cluster }: Candidate, field: string) {
  const value = (instance: ContainerInstanceRecord) =>
    /^(instanceId|host)$/i.test(field)
      ? instance.id
      : (instance.attributes.find(({ name }) => name === field.replace(/^attribute:/, ''))?.value ?? '')
  const counts = new Map<string, number>()
  for (const instance of containerInstances.list(scope, cluster)) {
    const own = tasksOn(scope, instance).filter((task) => task.group === group).length
    counts.set(value(instance), (counts.get(value(instance)) ?? 0) + own)
  }
  return (instance: ContainerInstanceRecord) => counts.get(value(instance)) ?? 0
}

const pack = (scope: Scope, field: string) => (instance: ContainerInstanceRecord) =>
  leftOf(scope, instance)[/^memory$/i.test(field) ? 'memory' : 'cpu']

/** How a service's events tell why no instance took its task. */
export function eventReason({ failures = [] }: Choice): string {
  if (failures.length === 0) return 'Reason: No Container Instances were found in your cluster.'
  const { instance, reason } = failures.find((one) => one.reason.startsWith('RESOURCE:')) ?? failures[0]!
  return `The closest matching (container-instance ${instance.id}) ${WORDS[reason] ?? `encountered error "${reason}".`}`
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html */
const WORDS: Record<string, string> = {
  'RESOURCE:CPU': 'has insufficient CPU units available.',
  'RESOURCE:MEMORY': 'has insufficient memory available.',
  'RESOURCE:PORTS': 'is already using a port required by your task.',
  ATTRIBUTE: 'is missing an attribute required by your task.',
}
