import type * as sdk from '@aws-sdk/client-ecs'
import { AwsError, type Handler } from '../wire/service.ts'
import { clientError, invalid, notSimulated } from './errors.ts'
import { clusterOf, shortName } from './names.ts'
import { tasks } from './tables.ts'

/**
 * `aws ecs execute-command` asks for the session manager plugin before it asks the API; who has it hears here what is wrong with the
 * task, and else that the session itself is not simulated.
 */
export const executeCommandHandlers: Record<string, Handler> = {
  ExecuteCommand: (input: sdk.ExecuteCommandCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const task = tasks.find(context, cluster.name, shortName(input.task!))
    if (!task) throw invalid('The specified task could not be found. Specify a valid task ID or ARN.')
    if (!input.interactive) throw clientError('Interactive is the only mode supported currently.')
    if (!task.enableExecuteCommand)
      throw invalid(
        'The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t running. Wait and try again or run a new task with execute command enabled and try again.',
      )
    const container = task.containers.find(
      ({ name }) => name === (input.container ?? task.containers[0]?.name),
    )
    if (!container || (input.container === undefined && task.containers.length > 1))
      throw invalid('The container name is required: the task has several containers.')
    if (container.lastStatus !== 'RUNNING')
      throw new AwsError(
        'TargetNotConnectedException',
        'The execute command failed due to an internal error. Try again later.',
      )
    throw notSimulated('the sessions of ECS Exec')
  },
}
