import type { LoadBalancer, TaskOverride } from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { roleByArn } from '../iam/identity.ts'
import { clientError } from './errors.ts'
import { ecsArn } from './names.ts'
import { emptiestSubnet, nextProvider, type Placement, runningPlatform } from './placement.ts'
import type { ClusterRecord, Tags, TaskDefinitionRecord, TaskRecord } from './records.ts'
import { tasks } from './tables.ts'

export interface LaunchOptions {
  cluster: ClusterRecord
  definition: TaskDefinitionRecord
  placement: Placement
  group: string
  startedBy?: string
  clientToken?: string
  service?: string
  overrides?: TaskOverride
  loadBalancers?: LoadBalancer[]
  enableExecuteCommand?: boolean
  tags?: Tags
  /** The tasks beside which this one is placed. */
  beside: TaskRecord[]
}

/** Starts a Fargate task; its controller does the rest. Throws ClientException when a role cannot be assumed. */
export function launchTask(scope: Scope, options: LaunchOptions): TaskRecord {
  const { cluster, definition, placement, overrides = {} } = options
  const network = placement.network!
  const executionRoleArn = overrides.executionRoleArn ?? definition.rest.executionRoleArn
  const taskRoleArn = overrides.taskRoleArn ?? definition.rest.taskRoleArn
  for (const role of [executionRoleArn, taskRoleArn])
    if (role !== undefined && !tasksMayAssume(scope, role))
      throw clientError(
        `ECS was unable to assume the role '${role}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.`,
      )
  const subnet = emptiestSubnet(scope, network, options.beside)
  const id = scope.world.ids.hex(32)
  const now = scope.world.clock.now()
  const capacityProvider = placement.strategy
    ? nextProvider(
        placement.strategy,
        options.beside.map((task) => task.capacityProvider),
      )
    : undefined
  return tasks.put(scope, {
    id,
    arn: ecsArn(scope, `task/${cluster.name}/${id}`),
    cluster: cluster.name,
    definitionArn: definition.arn,
    group: options.group,
    ...(options.startedBy === undefined ? {} : { startedBy: options.startedBy }),
    ...(options.clientToken === undefined ? {} : { clientToken: options.clientToken }),
    ...(options.service === undefined ? {} : { service: options.service }),
    launchType: 'FARGATE',
    ...(capacityProvider === undefined ? {} : { capacityProvider }),
    platformVersion: runningPlatform(placement.platformVersion),
    network,
    subnetId: subnet.id,
    zone: subnet.zone,
    attachment: {
      id: scope.world.ids.uuid(),
      type: 'ElasticNetworkInterface',
      status: 'PRECREATED',
      details: [{ name: 'subnetId', value: subnet.id }],
    },
    lastStatus: 'PROVISIONING',
    desiredStatus: 'RUNNING',
    since: now,
    containers: definition.containers.map(({ name, image }) => ({
      name: name!,
      arn: ecsArn(scope, `container/${cluster.name}/${id}/${scope.world.ids.uuid()}`),
      image: image!,
      lastStatus: 'PENDING',
      health: 'UNKNOWN',
    })),
    overrides,
    cpu: overrides.cpu ?? definition.rest.cpu!,
    memory: overrides.memory ?? definition.rest.memory!,
    ...(executionRoleArn === undefined ? {} : { executionRoleArn }),
    ...(taskRoleArn === undefined ? {} : { taskRoleArn }),
    loadBalancers: options.loadBalancers ?? [],
    version: 1,
    createdAt: now,
    enableExecuteCommand: options.enableExecuteCommand ?? false,
    ephemeralStorageGiB: definition.rest.ephemeralStorage?.sizeInGiB ?? 20,
    tags: options.tags ?? {},
  })
}

interface TrustStatement {
  Effect?: string
  Action?: string | string[]
  Principal?: '*' | { Service?: string | string[] }
}

/** Whether the role exists and lets ECS tasks assume it. */
function tasksMayAssume(scope: Scope, roleArn: string): boolean {
  const role = roleByArn(scope.world, roleArn)
  if (!role) return false
  const { Statement } = JSON.parse(role.trustPolicy) as { Statement?: TrustStatement | TrustStatement[] }
  return [Statement ?? []].flat().some(({ Effect, Action, Principal }) => {
    const assumes = [Action ?? []].flat().some((action) => /^(\*|sts:(\*|AssumeRole))$/i.test(action))
    const services = Principal === '*' ? ['ecs-tasks.amazonaws.com'] : [Principal?.Service ?? []].flat()
    return Effect === 'Allow' && assumes && services.includes('ecs-tasks.amazonaws.com')
  })
}

/** Asks for a task's end; nothing happens when that was asked before. */
export function stopTask(
  scope: Scope,
  task: TaskRecord,
  stopCode: string,
  stoppedReason: string,
): TaskRecord {
  if (task.desiredStatus === 'STOPPED') return task
  return tasks.put(scope, {
    ...task,
    desiredStatus: 'STOPPED',
    stopCode,
    stoppedReason,
    version: task.version + 1,
  })
}
