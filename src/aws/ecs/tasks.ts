import type * as sdk from '@aws-sdk/client-ecs'
import type { Handler, RequestContext } from '../wire/service.ts'
import { QUOTAS } from './data/durations.ts'
import { invalid, notSimulated, serviceNotFound } from './errors.ts'
import { launchTask, stopTask } from './launch.ts'
import { clusterOf, ecsArn, page, shortName, tagsOf } from './names.ts'
import { placementOf } from './placement.ts'
import type { TaskRecord } from './records.ts'
import { services, tasks } from './tables.ts'
import { usableDefinition } from './task-definitions.ts'
import { toTask } from './task-output.ts'

/** Tags that ECS adds by itself when asked to. */
const managedTags = (cluster: string) => ({ 'aws:ecs:clusterName': cluster })

function runTask(input: sdk.RunTaskCommandInput, context: RequestContext) {
  const cluster = clusterOf(context, input.cluster)
  const definition = usableDefinition(context, input.taskDefinition!)
  const count = input.count ?? 1
  if (count < 1) throw invalid('Count must be at least 1.')
  if (count > QUOTAS.tasksPerRun)
    throw invalid(`The maximum number of tasks that can be started in one call is ${QUOTAS.tasksPerRun}.`)
  const names = definition.containers.map(({ name }) => name)
  for (const { name } of input.overrides?.containerOverrides ?? [])
    if (!names.includes(name))
      throw invalid(`Override for container named ${name} is not a container in the TaskDefinition.`)
  if (input.volumeConfigurations?.length) throw notSimulated('EBS volumes of tasks')
  const placement = placementOf(context, cluster, definition, input)
  if (placement.launchType !== 'FARGATE') throw invalid('No Container Instances were found in your cluster.')
  for (const role of [
    input.overrides?.executionRoleArn ?? definition.rest.executionRoleArn,
    input.overrides?.taskRoleArn ?? definition.rest.taskRoleArn,
  ])
    if (role !== undefined)
      context.authorize('iam:PassRole', role, { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' })
  const earlier = input.clientToken
    ? tasks.list(context, cluster.name).filter((task) => task.clientToken === input.clientToken)
    : []
  if (earlier.length > 0) return { tasks: earlier.map((task) => toTask(context, task)), failures: [] }
  const tags = {
    ...(input.propagateTags === 'TASK_DEFINITION' ? definition.tags : {}),
    ...(input.enableECSManagedTags ? managedTags(cluster.name) : {}),
    ...tagsOf(input.tags),
  }
  const started: TaskRecord[] = []
  for (let i = 0; i < count; i++)
    started.push(
      launchTask(context, {
        cluster,
        definition,
        placement,
        group: input.group ?? `family:${definition.family}`,
        startedBy: input.startedBy,
        clientToken: input.clientToken,
        overrides: input.overrides,
        enableExecuteCommand: input.enableExecuteCommand,
        tags,
        beside: [...started],
      }),
    )
  return { tasks: started.map((task) => toTask(context, task, true)), failures: [] }
}

/** The tasks of a cluster that ListTasks is asked for. */
function matching(context: RequestContext, input: sdk.ListTasksCommandInput): TaskRecord[] {
  const cluster = clusterOf(context, input.cluster)
  const { desiredStatus = 'RUNNING', family, serviceName, startedBy, launchType, containerInstance } = input
  const service = serviceName === undefined ? undefined : shortName(serviceName)
  if (service !== undefined && !services.find(context, cluster.name, service)) throw serviceNotFound()
  if (containerInstance !== undefined) return []
  return tasks
    .list(context, cluster.name)
    .filter(
      (task) =>
        task.desiredStatus === desiredStatus &&
        (family === undefined || task.definitionArn.includes(`:task-definition/${family}:`)) &&
        (service === undefined || task.service === service) &&
        (startedBy === undefined || task.startedBy === startedBy) &&
        (launchType === undefined || task.launchType === launchType),
    )
    .sort((a, b) => b.createdAt - a.createdAt)
}

export const taskHandlers: Record<string, Handler> = {
  RunTask: runTask,

  StartTask: (input: sdk.StartTaskCommandInput, context) => {
    clusterOf(context, input.cluster)
    usableDefinition(context, input.taskDefinition!)
    if (!input.containerInstances?.length) throw invalid('Container Instances cannot be empty.')
    throw invalid('No Container Instances were found in your cluster.')
  },

  StopTask: (input: sdk.StopTaskCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const task = tasks.find(context, cluster.name, shortName(input.task!))
    if (!task) throw invalid('The referenced task was not found.')
    const next = stopTask(context, task, 'UserInitiated', input.reason ?? 'Task stopped by user')
    return { task: toTask(context, next) }
  },

  DescribeTasks: (input: sdk.DescribeTasksCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    if (!input.tasks?.length) throw invalid('Tasks cannot be empty.')
    if (input.tasks.length > 100) throw invalid('Tasks cannot have more than 100 elements')
    const found = input.tasks.map(
      (named) => [named, tasks.find(context, cluster.name, shortName(named))] as const,
    )
    return {
      tasks: found.flatMap(([, task]) =>
        task ? [toTask(context, task, input.include?.includes('TAGS'))] : [],
      ),
      failures: found
        .filter(([, task]) => !task)
        .map(([named]) => ({
          arn: named.startsWith('arn:') ? named : ecsArn(context, `task/${cluster.name}/${named}`),
          reason: 'MISSING',
        })),
    }
  },

  ListTasks: (input: sdk.ListTasksCommandInput, context) => {
    const { items, ...rest } = page(matching(context, input), input)
    return { taskArns: items.map(({ arn }) => arn), ...rest }
  },
}
