import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { channelOf, openSession } from '../ssm/sessions.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { clientError, invalid } from './errors.ts'
import { agentIsConnected, agentRuns, targetOf } from './exec-target.ts'
import { clusterOf, shortName } from './names.ts'
import type { ClusterRecord, TaskRecord } from './records.ts'
import { definitionByArn, tasks } from './tables.ts'

/** Throws when execute command is wanted of tasks whose agents would have no role. Texts: aws-cli issue 6242, boto3 issue 3173. */
export function checkExecRole(role: string | undefined, what: 'created' | 'updated' | 'run'): void {
  if (role !== undefined) return
  throw invalid(
    what === 'run'
      ? 'The execute command failed because a valid task role is not being used. Specify a valid task role in your task definition or as a task override and try again.'
      : `The service couldn't be ${what} because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.`,
  )
}

/** The log group that the cluster's configuration sends a command's output to, if any. */
function logGroupOf(
  scope: Scope,
  cluster: ClusterRecord,
  task: TaskRecord,
  container: string,
): string | undefined {
  const { logging = 'DEFAULT', logConfiguration } = cluster.execute ?? {}
  if (logging === 'NONE') return undefined
  if (logging === 'OVERRIDE') return logConfiguration?.cloudWatchLogGroupName
  const own = definitionByArn(scope, task.definitionArn)?.containers.find(({ name }) => name === container)
  const { logDriver, options } = own?.logConfiguration ?? {}
  return logDriver === 'awslogs' ? options?.['awslogs-group'] : undefined
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html */
export const executeCommandHandlers: Record<string, Handler> = {
  ExecuteCommand: (input: sdk.ExecuteCommandCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const task = tasks.find(context, cluster.name, shortName(input.task!))
    if (!task) throw invalid('The specified task could not be found. Specify a valid task ID or ARN.')
    if (!input.interactive) throw clientError('Interactive is the only mode supported currently.')
    if (input.container === undefined && task.containers.length > 1)
      throw invalid('The container name is required: the task has several containers.')
    const container = task.containers.find(
      ({ name }) => name === (input.container ?? task.containers[0]?.name),
    )
    if (!container) throw invalid(`The container ${input.container} is not a container of the task.`)
    if (!agentRuns(task, container))
      throw invalid(
        'The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t running. Wait and try again or run a new task with execute command enabled and try again.',
      )
    if (!agentIsConnected(context, task))
      throw new AwsError(
        'TargetNotConnectedException',
        'The execute command failed due to an internal error. Try again later.',
      )
    const session = openSession(context, {
      name: 'ecs-execute-command',
      target: targetOf(task, container),
      container: { cluster: cluster.name, task: task.id, name: container.name },
      command: input.command!,
      owner: context.principal.arn,
      logGroup: logGroupOf(context, cluster, task, container.name),
    })
    return {
      clusterArn: cluster.arn,
      containerArn: container.arn,
      containerName: container.name,
      interactive: true,
      session: { sessionId: session.id, ...channelOf(context, session) },
      taskArn: task.arn,
    }
  },
}
