import type * as sdk from '@aws-sdk/client-ecs'
import type { Handler, RequestContext } from '../wire/service.ts'
import { invalid } from './errors.ts'
import { clusterOf, date, ecsArn, optional, shortName } from './names.ts'
import type { TaskRecord } from './records.ts'
import { tasks } from './tables.ts'

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskProtection.html */
const DEFAULT_MINUTES = 120
const LONGEST_MINUTES = 2880

function toProtection(task: TaskRecord, now: number): sdk.ProtectedTask {
  const on = (task.protectedUntil ?? 0) > now
  return {
    taskArn: task.arn,
    protectionEnabled: on,
    ...optional('expirationDate', on ? date(task.protectedUntil!) : undefined),
  }
}

/** Applies `act` to each service task; the others are failures. */
function each(
  context: RequestContext,
  input: { cluster?: string; tasks?: string[] },
  act: (task: TaskRecord) => TaskRecord,
) {
  const cluster = clusterOf(context, input.cluster)
  const named =
    input.tasks ??
    tasks
      .list(context, cluster.name)
      .filter(({ service, desiredStatus }) => service !== undefined && desiredStatus === 'RUNNING')
      .map(({ arn }) => arn)
  const failures: sdk.Failure[] = []
  const protectedTasks: sdk.ProtectedTask[] = []
  for (const one of named) {
    const task = tasks.find(context, cluster.name, shortName(one))
    const arn = one.startsWith('arn:') ? one : ecsArn(context, `task/${cluster.name}/${one}`)
    if (!task) failures.push({ arn, reason: 'MISSING' })
    else if (task.service === undefined || task.desiredStatus !== 'RUNNING')
      failures.push({ arn, reason: 'TASK_NOT_VALID' })
    else protectedTasks.push(toProtection(act(task), context.world.clock.now()))
  }
  return { protectedTasks, failures }
}

export const taskProtectionHandlers: Record<string, Handler> = {
  GetTaskProtection: (input: sdk.GetTaskProtectionCommandInput, context) =>
    each(context, input, (task) => task),

  UpdateTaskProtection: (input: sdk.UpdateTaskProtectionCommandInput, context) => {
    const minutes = input.expiresInMinutes ?? DEFAULT_MINUTES
    if (!input.protectionEnabled && input.expiresInMinutes !== undefined)
      throw invalid('Expiration time is invalid when protectionEnabled is set to false.')
    if (minutes < 1 || minutes > LONGEST_MINUTES)
      throw invalid(`expiresInMinutes must be between 1 and ${LONGEST_MINUTES}.`)
    const until = input.protectionEnabled ? context.world.clock.now() + minutes * 60_000 : 0
    return each(context, input, (task) =>
      tasks.put(context, { ...task, protectedUntil: until, version: task.version + 1 }),
    )
  },
}
