import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import type { Handler } from '../wire/service.ts'
import { checkDefinition, checkRevision, requiredAttributes, taskSize } from './definition-rules.ts'
import { clientError } from './errors.ts'
import { date, definitionOf, ecsArn, optional, page, shortName, tagsOf, toTags } from './names.ts'
import type { TaskDefinitionRecord } from './records.ts'
import { services, taskDefinitions, tasks } from './tables.ts'

const MISSING = 'Unable to describe task definition.'

export function toDefinition(record: TaskDefinitionRecord): sdk.TaskDefinition {
  return {
    taskDefinitionArn: record.arn,
    containerDefinitions: record.containers,
    family: record.family,
    revision: record.revision,
    volumes: [],
    status: record.status,
    placementConstraints: [],
    ...record.rest,
    registeredAt: date(record.registeredAt),
    ...optional(
      'deregisteredAt',
      record.deregisteredAt === undefined ? undefined : date(record.deregisteredAt),
    ),
    registeredBy: record.registeredBy,
  }
}

/** A container definition with the defaults that ECS shows. */
function normalize(container: sdk.ContainerDefinition, networkMode: string): sdk.ContainerDefinition {
  return {
    cpu: 0,
    essential: true,
    environment: [],
    mountPoints: [],
    volumesFrom: [],
    systemControls: [],
    ...container,
    portMappings: (container.portMappings ?? []).map((mapping) => ({
      ...mapping,
      hostPort: mapping.hostPort ?? (networkMode === 'awsvpc' ? mapping.containerPort : 0),
      protocol: mapping.protocol ?? 'tcp',
    })),
  }
}

/** Every revision ever made counts, so that numbers are not given out twice. */
function nextRevision(scope: Scope, family: string): number {
  return (taskDefinitions.list(scope, family).at(-1)?.revision ?? 0) + 1
}

function compatibilities(input: sdk.RegisterTaskDefinitionCommandInput): sdk.Compatibility[] {
  const wanted = input.requiresCompatibilities ?? []
  if (wanted.includes('FARGATE')) return ['EC2', 'FARGATE']
  return wanted.includes('EXTERNAL')
    ? ['EC2', 'EXTERNAL']
    : input.networkMode === 'awsvpc'
      ? ['EC2']
      : ['EXTERNAL', 'EC2']
}

function families(scope: Scope): Map<string, TaskDefinitionRecord[]> {
  return Map.groupBy(taskDefinitions.list(scope), ({ family }) => family)
}

export const taskDefinitionHandlers: Record<string, Handler> = {
  RegisterTaskDefinition: (input: sdk.RegisterTaskDefinitionCommandInput, context) => {
    checkDefinition(input)
    for (const role of [input.executionRoleArn, input.taskRoleArn])
      if (role !== undefined)
        context.authorize('iam:PassRole', role, { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' })
    const family = input.family!
    const revision = nextRevision(context, family)
    const networkMode = input.networkMode
    const {
      containerDefinitions: _containers,
      family: _family,
      tags: _tags,
      cpu: _cpu,
      memory: _memory,
      ...given
    } = input
    const record = taskDefinitions.put(context, {
      arn: ecsArn(context, `task-definition/${family}:${revision}`),
      family,
      revision,
      status: 'ACTIVE',
      containers: (input.containerDefinitions ?? []).map((one) => normalize(one, networkMode ?? 'bridge')),
      rest: {
        ...given,
        volumes: input.volumes ?? [],
        requiresAttributes: requiredAttributes(input),
        placementConstraints: input.placementConstraints ?? [],
        compatibilities: compatibilities(input),
        ...taskSize(input),
      },
      tags: tagsOf(input.tags),
      registeredAt: context.world.clock.now(),
      registeredBy: context.principal.arn,
    })
    return {
      taskDefinition: toDefinition(record),
      ...(input.tags?.length ? { tags: input.tags } : {}),
    }
  },

  DescribeTaskDefinition: (input: sdk.DescribeTaskDefinitionCommandInput, context) => {
    const record = definitionOf(context, input.taskDefinition!, MISSING)
    return {
      taskDefinition: toDefinition(record),
      tags: input.include?.includes('TAGS') ? toTags(record.tags) : [],
    }
  },

  DeregisterTaskDefinition: (input: sdk.DeregisterTaskDefinitionCommandInput, context) => {
    checkRevision(input.taskDefinition!)
    const record = definitionOf(context, input.taskDefinition!, MISSING)
    const next =
      record.status === 'ACTIVE'
        ? taskDefinitions.put(context, {
            ...record,
            status: 'INACTIVE',
            deregisteredAt: context.world.clock.now(),
          })
        : record
    return { taskDefinition: toDefinition(next) }
  },

  DeleteTaskDefinitions: (input: sdk.DeleteTaskDefinitionsCommandInput, context) => {
    const taskDefinitionsOut: sdk.TaskDefinition[] = []
    const failures: sdk.Failure[] = []
    for (const named of input.taskDefinitions ?? []) {
      checkRevision(named)
      const arn = named.startsWith('arn:') ? named : ecsArn(context, `task-definition/${named}`)
      const [family = '', revision] = shortName(named).split(':')
      const record = taskDefinitions.list(context, family).find((one) => String(one.revision) === revision)
      if (!record)
        failures.push({
          arn,
          reason:
            'The specified task definition does not exist. Specify a valid account, family, revision and try again.',
        })
      else if (record.status === 'ACTIVE')
        failures.push({
          arn,
          reason:
            'The specified task definition is still in ACTIVE status. Please deregister the target and try again.',
        })
      else {
        const inUse =
          tasks.list(context).some((task) => task.definitionArn === arn && task.lastStatus !== 'STOPPED') ||
          services
            .list(context)
            .some((one) => one.status !== 'INACTIVE' && one.deployments.some((d) => d.definitionArn === arn))
        const gone: TaskDefinitionRecord = { ...record, status: 'DELETE_IN_PROGRESS' }
        // It stays as long as something refers to it.
        taskDefinitions.put(context, gone)
        if (!inUse && nextRevision(context, family) > record.revision + 1)
          taskDefinitions.delete(context, record)
        taskDefinitionsOut.push(toDefinition(gone))
      }
    }
    return { taskDefinitions: taskDefinitionsOut, failures }
  },

  ListTaskDefinitions: (input: sdk.ListTaskDefinitionsCommandInput, context) => {
    const { status = 'ACTIVE', familyPrefix: family } = input
    const all = taskDefinitions.list(context, family).filter((record) => record.status === status)
    if (input.sort === 'DESC') all.reverse()
    const { items, ...rest } = page(all, input)
    return { taskDefinitionArns: items.map(({ arn }) => arn), ...rest }
  },

  ListTaskDefinitionFamilies: (input: sdk.ListTaskDefinitionFamiliesCommandInput, context) => {
    const { familyPrefix = '', status = 'ACTIVE' } = input
    const names = [...families(context)]
      .filter(([name, records]) => {
        const active = records.some((record) => record.status === 'ACTIVE')
        const fits = status === 'ALL' || active === (status === 'ACTIVE')
        return fits && name.startsWith(familyPrefix)
      })
      .map(([name]) => name)
    const { items, ...rest } = page(names, input)
    return { families: items, ...rest }
  },
}

/** A revision that tasks may be started from. Throws ClientException. */
export function usableDefinition(scope: Scope, named: string): TaskDefinitionRecord {
  const record = definitionOf(scope, named, 'TaskDefinition not found.')
  if (record.status !== 'ACTIVE') throw clientError('TaskDefinition is inactive')
  return record
}
