import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { needsOf } from './instance-resources.ts'
import { date, ecsArn, optional, toTags } from './names.ts'
import type { ContainerRecord, TaskRecord } from './records.ts'
import { clusters, definitionByArn } from './tables.ts'

function toContainer(
  task: TaskRecord,
  container: ContainerRecord,
  definition: sdk.ContainerDefinition | undefined,
): sdk.Container {
  const running = container.lastStatus === 'RUNNING'
  return {
    containerArn: container.arn,
    taskArn: task.arn,
    name: container.name,
    image: container.image,
    ...optional('imageDigest', container.imageDigest),
    ...optional('runtimeId', container.runtimeId),
    lastStatus: container.lastStatus,
    ...optional('exitCode', container.exitCode),
    ...optional('reason', container.reason),
    networkBindings: (container.bindings ?? []).map(({ containerPort, hostPort, protocol }) => ({
      bindIP: '0.0.0.0',
      containerPort,
      hostPort,
      protocol: protocol as sdk.TransportProtocol,
    })),
    networkInterfaces:
      task.privateIp === undefined
        ? []
        : [{ attachmentId: task.attachment?.id, privateIpv4Address: task.privateIp }],
    managedAgents: managedAgents(task, running),
    healthStatus: running || container.lastStatus === 'STOPPED' ? container.health : 'UNKNOWN',
    cpu: String(definition?.cpu ?? 0),
    ...optional('memory', definition?.memory === undefined ? undefined : String(definition.memory)),
    ...optional(
      'memoryReservation',
      definition?.memoryReservation === undefined ? undefined : String(definition.memoryReservation),
    ),
  }
}

/** A task's health: that of its essential containers with health checks. */
export function taskHealth(scope: Scope, task: TaskRecord): sdk.HealthStatus {
  const definition = definitionByArn(scope, task.definitionArn)
  const checked = task.containers.filter(({ name }) => {
    const own = definition?.containers.find((one) => one.name === name)
    return own?.healthCheck !== undefined && (own.essential ?? true)
  })
  if (checked.some(({ health }) => health === 'UNHEALTHY')) return 'UNHEALTHY'
  return checked.length > 0 && checked.every(({ health }) => health === 'HEALTHY') ? 'HEALTHY' : 'UNKNOWN'
}

export function toTask(scope: Scope, task: TaskRecord, withTags = false): sdk.Task {
  const definition = definitionByArn(scope, task.definitionArn)
  const fargate = task.launchType === 'FARGATE'
  const needs = definition && needsOf(definition, task.overrides)
  const at = <K extends string>(key: K, time: number | undefined) =>
    optional(key, time === undefined ? undefined : date(time))
  return {
    attachments: task.attachment ? [task.attachment] : [],
    attributes: [{ name: 'ecs.cpu-architecture', value: architecture(definition?.rest.runtimePlatform) }],
    ...optional('availabilityZone', task.zone),
    ...optional('capacityProviderName', task.capacityProvider),
    ...optional(
      'containerInstanceArn',
      task.instance && ecsArn(scope, `container-instance/${task.cluster}/${task.instance}`),
    ),
    clusterArn: clusters.find(scope, task.cluster)!.arn,
    ...(task.connectivityAt === undefined ? {} : { connectivity: 'CONNECTED' as const }),
    ...at('connectivityAt', task.connectivityAt),
    containers: task.containers.map((container) =>
      toContainer(
        task,
        container,
        definition?.containers.find(({ name }) => name === container.name),
      ),
    ),
    ...optional('cpu', task.cpu ?? (needs && String(needs.cpu))),
    createdAt: date(task.createdAt),
    desiredStatus: task.desiredStatus,
    enableExecuteCommand: task.enableExecuteCommand,
    ...at('executionStoppedAt', task.executionStoppedAt),
    group: task.group,
    healthStatus: taskHealth(scope, task),
    lastStatus: task.lastStatus,
    launchType: task.launchType,
    ...optional('memory', task.memory ?? (needs && String(needs.memory))),
    overrides: {
      containerOverrides: task.containers.map(
        ({ name }) => task.overrides.containerOverrides?.find((one) => one.name === name) ?? { name },
      ),
      inferenceAcceleratorOverrides: [],
      ...optional('cpu', task.overrides.cpu),
      ...optional('memory', task.overrides.memory),
      ...optional('executionRoleArn', task.overrides.executionRoleArn),
      ...optional('taskRoleArn', task.overrides.taskRoleArn),
    },
    ...optional('platformVersion', task.platformVersion),
    ...(fargate ? { platformFamily: 'Linux' } : {}),
    ...at('pullStartedAt', task.pullStartedAt),
    ...at('pullStoppedAt', task.pullStoppedAt),
    ...at('startedAt', task.startedAt),
    ...optional('startedBy', task.startedBy),
    ...(task.desiredStatus === 'STOPPED' || task.lastStatus === 'STOPPED'
      ? {
          ...optional('stopCode', task.stopCode as sdk.TaskStopCode | undefined),
          ...optional('stoppedReason', task.stoppedReason),
        }
      : {}),
    ...at('stoppedAt', task.stoppedAt),
    ...at('stoppingAt', task.stoppingAt),
    tags: withTags ? toTags(task.tags) : [],
    taskArn: task.arn,
    taskDefinitionArn: task.definitionArn,
    version: task.version,
    ...(fargate
      ? {
          ephemeralStorage: { sizeInGiB: task.ephemeralStorageGiB },
          fargateEphemeralStorage: { sizeInGiB: task.ephemeralStorageGiB },
        }
      : {}),
  }
}

const architecture = (platform: sdk.RuntimePlatform | undefined) =>
  platform?.cpuArchitecture === 'ARM64' ? 'arm64' : 'x86_64'

/** The agent of `execute-command`, beside the containers of a task that allows it. */
function managedAgents(task: TaskRecord, running: boolean): sdk.ManagedAgent[] {
  if (!task.enableExecuteCommand) return []
  return [
    {
      ...optional(
        'lastStartedAt',
        running && task.startedAt !== undefined ? date(task.startedAt) : undefined,
      ),
      name: 'ExecuteCommandAgent',
      lastStatus: running ? 'RUNNING' : 'PENDING',
    },
  ]
}
