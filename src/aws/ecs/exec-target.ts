import { type Scope, tables } from '../ec2/index.ts'
import { roleMay, roleOfProfile } from '../iam/identity.ts'
import { taskReaches } from './egress.ts'
import type { ContainerRecord, TaskRecord } from './records.ts'
import { tasks } from './tables.ts'
import { instanceOf } from './task-network.ts'

/** A container that a session is held with. */
export interface SessionContainer {
  cluster: string
  /** Id of its task. */
  task: string
  name: string
}

/** What the agent in a container needs. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html#ecs-exec-required-iam-permissions */
const AGENT_ACTIONS = ['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel']

/** Whether the agent of ECS Exec runs in a container. */
export const agentRuns = (task: TaskRecord, container: ContainerRecord): boolean =>
  task.enableExecuteCommand && container.lastStatus === 'RUNNING' && task.lastStatus === 'RUNNING'

/** Whether that agent has a channel to Session Manager: by the rights of the task's role, or else its instance's, and by the network. */
export function agentIsConnected(scope: Scope, task: TaskRecord): boolean {
  const role = task.taskRoleArn ?? instanceRole(scope, task)
  if (role === undefined) return false
  const may = (action: string) => roleMay(scope.world, role, `ssmmessages:${action}`, '*').allowed
  return AGENT_ACTIONS.every(may) && taskReaches(scope, task, `ssmmessages.${scope.region}.amazonaws.com`)
}

function instanceRole(scope: Scope, task: TaskRecord): string | undefined {
  const machine = tables.instances.find(scope, instanceOf(scope, task)?.machineId ?? '')
  return machine && roleOfProfile(scope, machine.profile?.arn)
}

/** How Session Manager names a container. */
export const targetOf = (task: TaskRecord, { runtimeId = '' }: ContainerRecord): string =>
  `ecs:${task.cluster}_${task.id}_${runtimeId}`

/** The container of `ecs:<cluster>_<task>_<runtime id>`, if an agent answers there. */
export function execTarget(scope: Scope, target: string): SessionContainer | undefined {
  // Names of clusters may have underscores, ids of tasks have none.
  const [, cluster = '', id = '', runtimeId = ''] = /^ecs:(.+)_([0-9a-f]{32})_([^_]+)$/.exec(target) ?? []
  const task = tasks.find(scope, cluster, id)
  const container = task?.containers.find((one) => one.runtimeId === runtimeId)
  if (!task || !container || !agentRuns(task, container) || !agentIsConnected(scope, task)) return undefined
  return { cluster, task: id, name: container.name }
}
