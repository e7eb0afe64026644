import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { invalid, serviceNotActive, serviceNotFound } from './errors.ts'
import { clusterOf, date, ecsArn, optional, shortName, tagsOf, toTags } from './names.ts'
import { placementOf } from './placement.ts'
import type { ServiceRecord, TaskSetRecord } from './records.ts'
import { checkBalancers } from './service-balancers.ts'
import { countOf, toNetwork } from './service-output.ts'
import { checkRegistries } from './service-registries.ts'
import { clusters, services, tasksOf } from './tables.ts'
import { usableDefinition } from './task-definitions.ts'

const taskSetArn = (scope: Scope, { cluster, name }: ServiceRecord, { id }: TaskSetRecord) =>
  ecsArn(scope, `task-set/${cluster}/${name}/${id}`)

/** How many tasks of a service's desired count are a set's, rounded up. */
export const computedCount = ({ desiredCount }: ServiceRecord, { scale, status }: TaskSetRecord): number =>
  status === 'DRAINING' ? 0 : Math.ceil((desiredCount * scale) / 100)

export function toTaskSet(
  scope: Scope,
  service: ServiceRecord,
  set: TaskSetRecord,
  withTags = false,
): sdk.TaskSet {
  const own = tasksOf(scope, service).filter(({ startedBy }) => startedBy === set.id)
  return {
    id: set.id,
    taskSetArn: taskSetArn(scope, service, set),
    serviceArn: service.arn,
    clusterArn: clusters.find(scope, service.cluster)!.arn,
    ...optional('externalId', set.externalId),
    status: set.status,
    taskDefinition: set.definitionArn,
    computedDesiredCount: computedCount(service, set),
    ...countOf(own),
    createdAt: date(set.createdAt),
    updatedAt: date(set.updatedAt),
    ...(set.strategy ? { capacityProviderStrategy: set.strategy } : { launchType: set.launchType }),
    ...(set.launchType === 'FARGATE'
      ? { platformVersion: set.platformVersion ?? 'LATEST', platformFamily: 'Linux' }
      : {}),
    ...optional('networkConfiguration', set.network && toNetwork(set.network)),
    loadBalancers: set.loadBalancers,
    serviceRegistries: set.registries,
    scale: { value: set.scale, unit: 'PERCENT' },
    stabilityStatus: set.steady ? 'STEADY_STATE' : 'STABILIZING',
    stabilityStatusAt: date(set.steadyAt),
    tags: withTags ? toTags(set.tags) : [],
  }
}

/** A service whose deployments are steered from outside. Throws ECS's errors. */
function external(context: RequestContext, cluster: string | undefined, named: string): ServiceRecord {
  const service = services.find(context, clusterOf(context, cluster).name, shortName(named))
  if (!service) throw serviceNotFound()
  if (service.status !== 'ACTIVE') throw serviceNotActive()
  if (service.controller !== 'EXTERNAL')
    throw invalid('Task sets are only supported for services with an EXTERNAL deployment controller.')
  return service
}

function find(service: ServiceRecord, named: string): TaskSetRecord {
  const set = service.taskSets?.find(({ id }) => id === named || id === `ecs-svc/${shortName(named)}`)
  if (!set) throw new AwsError('TaskSetNotFoundException', 'The specified task set does not exist.')
  return set
}

/** Writes one of a service's task sets anew. */
function put(context: RequestContext, service: ServiceRecord, changed: TaskSetRecord): ServiceRecord {
  const others = (service.taskSets ?? []).map((one) => (one.id === changed.id ? changed : one))
  return services.put(context, { ...service, taskSets: others, steady: false })
}

function scaleOf(scale: sdk.Scale | undefined): number {
  const value = scale?.value ?? 100
  if (value < 0 || value > 100) throw invalid('The scale value must be between 0 and 100.')
  return value
}

function createTaskSet(input: sdk.CreateTaskSetCommandInput, context: RequestContext) {
  const service = external(context, input.cluster, input.service!)
  const { taskSets = [] } = service
  const known = taskSets.find(
    ({ clientToken }) => input.clientToken !== undefined && clientToken === input.clientToken,
  )
  if (known) return { taskSet: toTaskSet(context, service, known) }
  if (taskSets.length >= 5)
    throw new AwsError(
      'LimitExceededException',
      'The maximum number of task sets for the service has been reached.',
    )
  const definition = usableDefinition(context, input.taskDefinition!)
  const cluster = clusterOf(context, input.cluster)
  const placement = placementOf(context, cluster, definition, input)
  const loadBalancers = input.loadBalancers ?? []
  checkBalancers(context, definition, loadBalancers)
  const registries = input.serviceRegistries ?? []
  checkRegistries(context, definition, registries)
  for (const role of [definition.rest.executionRoleArn, definition.rest.taskRoleArn])
    if (role !== undefined)
      context.authorize('iam:PassRole', role, { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' })
  const now = context.world.clock.now()
  const set: TaskSetRecord = {
    id: `ecs-svc/${context.world.ids.text(19, '0123456789').replace(/^0/, '1')}`,
    status: 'ACTIVE',
    definitionArn: definition.arn,
    ...(placement.network ? { network: placement.network } : {}),
    launchType: placement.launchType,
    ...(placement.strategy ? { strategy: placement.strategy } : {}),
    ...(placement.platformVersion ? { platformVersion: placement.platformVersion } : {}),
    loadBalancers,
    registries,
    ...(input.externalId === undefined ? {} : { externalId: input.externalId }),
    scale: scaleOf(input.scale),
    steady: false,
    steadyAt: now,
    createdAt: now,
    updatedAt: now,
    ...(input.clientToken === undefined ? {} : { clientToken: input.clientToken }),
    tags: tagsOf(input.tags),
  }
  const next = services.put(context, { ...service, taskSets: [...taskSets, set], steady: false })
  return { taskSet: toTaskSet(context, next, set, true) }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html */
export const taskSetHandlers: Record<string, Handler> = {
  CreateTaskSet: createTaskSet,

  UpdateTaskSet: (input: sdk.UpdateTaskSetCommandInput, context) => {
    const service = external(context, input.cluster, input.service!)
    const set = find(service, input.taskSet!)
    const now = context.world.clock.now()
    const changed = { ...set, scale: scaleOf(input.scale), steady: false, steadyAt: now, updatedAt: now }
    return { taskSet: toTaskSet(context, put(context, service, changed), changed) }
  },

  UpdateServicePrimaryTaskSet: (input: sdk.UpdateServicePrimaryTaskSetCommandInput, context) => {
    const service = external(context, input.cluster, input.service!)
    const chosen = find(service, input.primaryTaskSet!)
    if (chosen.status === 'DRAINING') throw invalid('The task set is draining and cannot become primary.')
    const updatedAt = context.world.clock.now()
    const taskSets = service.taskSets!.map((one): TaskSetRecord => {
      if (one.id === chosen.id) return { ...one, status: 'PRIMARY', updatedAt }
      return one.status === 'PRIMARY' ? { ...one, status: 'ACTIVE', updatedAt } : one
    })
    const next = services.put(context, { ...service, taskSets })
    return { taskSet: toTaskSet(context, next, find(next, chosen.id)) }
  },

  DeleteTaskSet: (input: sdk.DeleteTaskSetCommandInput, context) => {
    const service = external(context, input.cluster, input.service!)
    const set = find(service, input.taskSet!)
    if (set.status === 'PRIMARY') throw invalid('The primary task set of a service cannot be deleted.')
    if (computedCount(service, set) > 0 && !input.force)
      throw invalid('The task set cannot be deleted while it is scaled above 0.')
    const changed: TaskSetRecord = { ...set, status: 'DRAINING', updatedAt: context.world.clock.now() }
    return { taskSet: toTaskSet(context, put(context, service, changed), changed) }
  },

  DescribeTaskSets: (input: sdk.DescribeTaskSetsCommandInput, context) => {
    const service = external(context, input.cluster, input.service!)
    const all = service.taskSets ?? []
    const named = (one: string) => (set: TaskSetRecord) =>
      set.id === one || set.id.endsWith(`/${shortName(one)}`)
    const wanted = input.taskSets?.length ? input.taskSets.flatMap((one) => all.filter(named(one))) : all
    const missing = (input.taskSets ?? []).filter((one) => !all.some(named(one)))
    return {
      taskSets: wanted.map((set) => toTaskSet(context, service, set, input.include?.includes('TAGS'))),
      failures: missing.map((one) => ({
        arn: one.startsWith('arn:')
          ? one
          : ecsArn(context, `task-set/${service.cluster}/${service.name}/${one}`),
        reason: 'MISSING',
      })),
    }
  },
}
