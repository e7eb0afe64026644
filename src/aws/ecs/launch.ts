import type { LoadBalancer, ServiceRegistry, TaskOverride } from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { roleByArn } from '../iam/identity.ts'
import { AwsError } from '../wire/service.ts'
import { type Choice, chooseInstance } from './choose-instance.ts'
import { clientError } from './errors.ts'
import { ecsArn } from './names.ts'
import { emptiestSubnet, nextProvider, type Placement, runningPlatform } from './placement.ts'
import type {
  ClusterRecord,
  ContainerInstanceRecord,
  Tags,
  TaskDefinitionRecord,
  TaskRecord,
} from './records.ts'
import { capacityProviders, tasks } from './tables.ts'

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
  registries?: ServiceRegistry[]
  enableExecuteCommand?: boolean
  tags?: Tags
  /** The tasks beside which this one is placed. */
  beside: TaskRecord[]
  /** The container instance that the caller has chosen. */
  instance?: ContainerInstanceRecord
}

/** A task that has been started, or why no container instance could take it. */
export type Launched = { task: TaskRecord; choice?: undefined } | { task?: undefined; choice: Choice }

/** Starts a task where its placement says; its controller does the rest. Throws ClientException when a role cannot be assumed. */
export function launchTask(scope: Scope, options: LaunchOptions): Launched {
  const { cluster, definition, placement, overrides = {} } = options
  const { network, launchType } = placement
  const executionRoleArn = overrides.executionRoleArn ?? definition.rest.executionRoleArn
  const taskRoleArn = overrides.taskRoleArn ?? definition.rest.taskRoleArn
  for (const role of [executionRoleArn, taskRoleArn])
    if (role !== undefined && !tasksMayAssume(scope, role))
      throw clientError(
        `ECS was unable to assume the role '${role}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.`,
      )
  if (scope.world.fairUse.full)
    throw new AwsError(
      'LimitExceededException',
      "You've reached the limit on the number of tasks you can run concurrently",
    )
  const id = scope.world.ids.hex(32)
  const now = scope.world.clock.now()
  const capacityProvider = placement.strategy
    ? nextProvider(
        placement.strategy,
        options.beside.map((task) => task.capacityProvider),
      )
    : undefined
  let instance = options.instance
  if (launchType !== 'FARGATE' && !instance) {
    const choice = chooseInstance(scope, {
      cluster: cluster.name,
      launchType,
      definition,
      overrides,
      group: options.group,
      rules: placement.rules,
      network,
      capacityProvider,
    })
    if (!choice.instance && !waitsForCapacity(scope, capacityProvider)) return { choice }
    instance = choice.instance
  }
  const subnet =
    network && launchType === 'FARGATE' ? emptiestSubnet(scope, network, options.beside) : undefined
  const cpu = overrides.cpu ?? definition.rest.cpu
  const memory = overrides.memory ?? definition.rest.memory
  const task = tasks.put(scope, {
    id,
    arn: ecsArn(scope, `task/${cluster.name}/${id}`),
    cluster: cluster.name,
    definitionArn: definition.arn,
    group: options.group,
    ...(options.startedBy === undefined ? {} : { startedBy: options.startedBy }),
    ...(options.clientToken === undefined ? {} : { clientToken: options.clientToken }),
    ...(options.service === undefined ? {} : { service: options.service }),
    launchType,
    ...(capacityProvider === undefined ? {} : { capacityProvider }),
    rules: placement.rules,
    ...(launchType === 'FARGATE' ? { platformVersion: runningPlatform(placement.platformVersion) } : {}),
    ...(network ? { network } : {}),
    ...(subnet
      ? { subnetId: subnet.id, zone: subnet.zone, attachment: newAttachment(scope, subnet.id) }
      : {}),
    ...(instance ? { instance: instance.id, zone: instance.zone } : {}),
    // What needs neither an interface nor a machine begins with its images.
    lastStatus: network || !instance ? 'PROVISIONING' : 'PENDING',
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
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(executionRoleArn === undefined ? {} : { executionRoleArn }),
    ...(taskRoleArn === undefined ? {} : { taskRoleArn }),
    loadBalancers: options.loadBalancers ?? [],
    ...(options.registries?.length ? { registries: options.registries } : {}),
    version: 1,
    createdAt: now,
    enableExecuteCommand: options.enableExecuteCommand ?? false,
    ephemeralStorageGiB: definition.rest.ephemeralStorage?.sizeInGiB ?? 20,
    tags: options.tags ?? {},
  })
  return { task }
}

/** Tasks of a capacity provider that scales its group stay PROVISIONING until there is a machine for them. */
const waitsForCapacity = (scope: Scope, name: string | undefined): boolean =>
  name !== undefined && capacityProviders.find(scope, name)?.scaling.status === 'ENABLED'

export function newAttachment(scope: Scope, subnetId: string): NonNullable<TaskRecord['attachment']> {
  return {
    id: scope.world.ids.uuid(),
    type: 'ElasticNetworkInterface',
    status: 'PRECREATED',
    details: [{ name: 'subnetId', value: subnetId }],
  }
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
    stoppingAt: scope.world.clock.now(),
    version: task.version + 1,
  })
}
