import type * as sdk from '@aws-sdk/client-ecs'
import type { Handler, RequestContext } from '../wire/service.ts'
import { registered } from './container-instances.ts'
import { QUOTAS } from './data/durations.ts'
import { invalid, notSimulated, serviceNotFound } from './errors.ts'
import { checkExecRole } from './execute-command.ts'
import { lacks, leftOf, needsOf } from './instance-resources.ts'
import { type LaunchOptions, launchTask, stopTask } from './launch.ts'
import { clusterOf, ecsArn, page, shortName, tagsOf } from './names.ts'
import { placementOf } from './placement.ts'
import type { ClusterRecord, TaskDefinitionRecord, TaskRecord } from './records.ts'
import { containerInstances, services, tasks } from './tables.ts'
import { usableDefinition } from './task-definitions.ts'
import { toTask } from './task-output.ts'

/** Tags that ECS adds by itself when asked to. */
const managedTags = (cluster: string) => ({ 'aws:ecs:clusterName': cluster })

/** What RunTask and StartTask check alike. Throws ECS's errors. */
function checkRun(
  input: Pick<sdk.RunTaskCommandInput, 'overrides' | 'volumeConfigurations' | 'enableExecuteCommand'>,
  definition: TaskDefinitionRecord,
  context: RequestContext,
): void {
  const names = definition.containers.map(({ name }) => name)
  for (const { name } of input.overrides?.containerOverrides ?? [])
    if (!names.includes(name))
      throw invalid(`Override for container named ${name} is not a container in the TaskDefinition.`)
  if (input.volumeConfigurations?.length) throw notSimulated('EBS volumes of tasks')
  if (input.enableExecuteCommand)
    checkExecRole(input.overrides?.taskRoleArn ?? definition.rest.taskRoleArn, 'run')
  for (const role of [
    input.overrides?.executionRoleArn ?? definition.rest.executionRoleArn,
    input.overrides?.taskRoleArn ?? definition.rest.taskRoleArn,
  ])
    if (role !== undefined)
      context.authorize('iam:PassRole', role, { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' })
}

const tagsFor = (
  input: Pick<sdk.RunTaskCommandInput, 'propagateTags' | 'enableECSManagedTags' | 'tags'>,
  cluster: ClusterRecord,
  definition: TaskDefinitionRecord,
) => ({
  ...(input.propagateTags === 'TASK_DEFINITION' ? definition.tags : {}),
  ...(input.enableECSManagedTags ? managedTags(cluster.name) : {}),
  ...tagsOf(input.tags),
})

function runTask(input: sdk.RunTaskCommandInput, context: RequestContext) {
  const cluster = clusterOf(context, input.cluster)
  const definition = usableDefinition(context, input.taskDefinition!)
  const count = input.count ?? 1
  if (count < 1) throw invalid('Count must be at least 1.')
  if (count > QUOTAS.tasksPerRun)
    throw invalid(`The maximum number of tasks that can be started in one call is ${QUOTAS.tasksPerRun}.`)
  const placement = placementOf(context, cluster, definition, input)
  const kind = placement.launchType
  if (
    kind !== 'FARGATE' &&
    !placement.strategy &&
    !registered(context, cluster.name).some((one) => one.kind === kind)
  )
    throw invalid('No Container Instances were found in your cluster.')
  checkRun(input, definition, context)
  const earlier = input.clientToken
    ? tasks.list(context, cluster.name).filter((task) => task.clientToken === input.clientToken)
    : []
  if (earlier.length > 0) return { tasks: earlier.map((task) => toTask(context, task)), failures: [] }
  const started: TaskRecord[] = []
  const failures: sdk.Failure[] = []
  for (let i = 0; i < count; i++) {
    const { task, choice } = launchTask(context, {
      cluster,
      definition,
      placement,
      group: input.group ?? `family:${definition.family}`,
      startedBy: input.startedBy,
      clientToken: input.clientToken,
      overrides: input.overrides,
      enableExecuteCommand: input.enableExecuteCommand,
      tags: tagsFor(input, cluster, definition),
      beside: [...started],
    })
    if (task) started.push(task)
    else
      for (const { instance, reason } of choice.failures ?? []) failures.push({ arn: instance.arn, reason })
  }
  return { tasks: started.map((task) => toTask(context, task, true)), failures }
}

/** Starts a task on each of the instances that the caller has chosen; no placement is looked at. */
function startTask(input: sdk.StartTaskCommandInput, context: RequestContext) {
  const cluster = clusterOf(context, input.cluster)
  const definition = usableDefinition(context, input.taskDefinition!)
  const named = input.containerInstances ?? []
  if (named.length === 0) throw invalid('Container Instances cannot be empty.')
  if (named.length > QUOTAS.tasksPerRun)
    throw invalid(`Container Instances cannot have more than ${QUOTAS.tasksPerRun} elements`)
  checkRun(input, definition, context)
  const started: TaskRecord[] = []
  const failures: sdk.Failure[] = []
  for (const one of named) {
    const instance = containerInstances.find(context, cluster.name, shortName(one))
    const arn = one.startsWith('arn:') ? one : ecsArn(context, `container-instance/${cluster.name}/${one}`)
    const reason =
      !instance || instance.status === 'INACTIVE'
        ? 'MISSING'
        : !instance.agentConnected
          ? 'AGENT'
          : lacks(leftOf(context, instance), needsOf(definition, input.overrides))
    if (!instance || reason !== undefined) {
      failures.push({ arn, reason })
      continue
    }
    const options: LaunchOptions = {
      cluster,
      definition,
      placement: placementOf(context, cluster, definition, { ...input, launchType: instance.kind }),
      group: input.group ?? `family:${definition.family}`,
      startedBy: input.startedBy,
      overrides: input.overrides,
      enableExecuteCommand: input.enableExecuteCommand,
      tags: tagsFor(input, cluster, definition),
      beside: [],
      instance,
    }
    const { task } = launchTask(context, options)
    if (task) started.push(task)
  }
  return { tasks: started.map((task) => toTask(context, task, true)), failures }
}

/** The tasks of a cluster that ListTasks is asked for. */
function matching(context: RequestContext, input: sdk.ListTasksCommandInput): TaskRecord[] {
  const cluster = clusterOf(context, input.cluster)
  const { desiredStatus = 'RUNNING', family, serviceName, startedBy, launchType, containerInstance } = input
  const service = serviceName === undefined ? undefined : shortName(serviceName)
  if (service !== undefined && !services.find(context, cluster.name, service)) throw serviceNotFound()
  return tasks
    .list(context, cluster.name)
    .filter(
      (task) =>
        task.desiredStatus === desiredStatus &&
        (family === undefined || task.definitionArn.includes(`:task-definition/${family}:`)) &&
        (service === undefined || task.service === service) &&
        (startedBy === undefined || task.startedBy === startedBy) &&
        (launchType === undefined || task.launchType === launchType) &&
        (containerInstance === undefined || task.instance === shortName(containerInstance)),
    )
    .sort((a, b) => b.createdAt - a.createdAt)
}

export const taskHandlers: Record<string, Handler> = {
  RunTask: runTask,

  StartTask: startTask,

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
