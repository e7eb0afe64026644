import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { date, ecsArn, optional, toTags } from './names.ts'
import { runningPlatform } from './placement.ts'
import type { DeploymentRecord, NetworkRecord, ServiceRecord, TaskRecord } from './records.ts'
import { clusters, tasksOf } from './tables.ts'
import { toTaskSet } from './task-sets.ts'

const RUNNING = /^(RUNNING|DEACTIVATING)$/
const PENDING = /^(PROVISIONING|PENDING|ACTIVATING)$/

export const toNetwork = (network: NetworkRecord): sdk.NetworkConfiguration => ({
  awsvpcConfiguration: {
    subnets: network.subnets,
    securityGroups: network.securityGroups,
    assignPublicIp: network.assignPublicIp,
  },
})

/** How many tasks run and how many are on their way. */
export function countOf(tasks: TaskRecord[]): { runningCount: number; pendingCount: number } {
  return {
    runningCount: tasks.filter(({ lastStatus }) => RUNNING.test(lastStatus)).length,
    pendingCount: tasks.filter(
      ({ lastStatus, desiredStatus }) => PENDING.test(lastStatus) && desiredStatus === 'RUNNING',
    ).length,
  }
}

function toDeployment(
  service: ServiceRecord,
  deployment: DeploymentRecord,
  tasks: TaskRecord[],
): sdk.Deployment {
  const own = tasks.filter(({ startedBy }) => startedBy === deployment.id)
  const wanted = deployment.status === 'PRIMARY' && deployment.rolloutState !== 'FAILED'
  const fargate = deployment.launchType === 'FARGATE'
  return {
    id: deployment.id,
    status: deployment.status,
    taskDefinition: deployment.definitionArn,
    desiredCount: wanted ? service.desiredCount : 0,
    ...countOf(own),
    failedTasks: deployment.failedTasks,
    createdAt: date(deployment.createdAt),
    updatedAt: date(deployment.updatedAt),
    ...(deployment.strategy
      ? { capacityProviderStrategy: deployment.strategy }
      : { launchType: deployment.launchType }),
    ...(fargate
      ? { platformVersion: runningPlatform(deployment.platformVersion), platformFamily: 'Linux' }
      : {}),
    ...optional('networkConfiguration', deployment.network && toNetwork(deployment.network)),
    rolloutState: deployment.rolloutState,
    rolloutStateReason: deployment.rolloutReason,
    ...(deployment.status === 'PRIMARY' && service.connect
      ? {
          serviceConnectConfiguration: service.connect.configuration,
          serviceConnectResources: service.connect.endpoints.map(({ discoveryName, serviceArn }) => ({
            discoveryName,
            discoveryArn: serviceArn,
          })),
        }
      : {}),
  }
}

/** Where the tasks of the primary deployment go. */
const placed = ({ strategy, launchType, platformVersion, definitionArn }: DeploymentRecord) => ({
  ...(strategy ? { capacityProviderStrategy: strategy } : { launchType }),
  ...(launchType === 'FARGATE'
    ? { platformVersion: platformVersion ?? 'LATEST', platformFamily: 'Linux' }
    : {}),
  taskDefinition: definitionArn,
})

/** The deployment that goes on, and the revisions that have tasks. */
function currentOf(scope: Scope, service: ServiceRecord): Partial<sdk.Service> {
  const { deployments } = service
  if (deployments.length === 0 || service.status === 'INACTIVE') return {}
  const running = deployments.find(
    ({ status, rolloutState }) => status === 'PRIMARY' && rolloutState === 'IN_PROGRESS',
  )
  return {
    ...optional('currentServiceDeployment', running && deploymentArn(scope, service, running)),
    currentServiceRevisions: deployments.map((one) => {
      const own = tasksOf(scope, service).filter(({ startedBy }) => startedBy === one.id)
      const { runningCount, pendingCount } = countOf(own)
      return {
        arn: revisionArn(scope, service, one),
        requestedTaskCount: one.status === 'PRIMARY' ? service.desiredCount : 0,
        runningTaskCount: runningCount,
        pendingTaskCount: pendingCount,
      }
    }),
  }
}

/** The number in `ecs-svc/1234567890123456789`. */
export const numberOf = ({ id }: Pick<DeploymentRecord, 'id'>): string => id.split('/')[1]!

export const deploymentArn = (scope: Scope, { cluster, name }: ServiceRecord, deployment: DeploymentRecord) =>
  ecsArn(scope, `service-deployment/${cluster}/${name}/${numberOf(deployment)}`)
/** Each deployment here has a revision of its own. */
export const revisionArn = (scope: Scope, { cluster, name }: ServiceRecord, deployment: DeploymentRecord) =>
  ecsArn(scope, `service-revision/${cluster}/${name}/${numberOf(deployment)}`)

export function toService(scope: Scope, service: ServiceRecord, withTags = false): sdk.Service {
  const tasks = tasksOf(scope, service)
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY')
  const external = service.controller === 'EXTERNAL'
  return {
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: clusters.find(scope, service.cluster)!.arn,
    loadBalancers: service.loadBalancers,
    serviceRegistries: service.registries ?? [],
    status: service.status,
    desiredCount: service.desiredCount,
    ...countOf(tasks),
    ...(primary ? placed(primary) : {}),
    deploymentConfiguration: toConfiguration(service),
    deployments:
      service.status === 'INACTIVE'
        ? []
        : service.deployments.map((one) => toDeployment(service, one, tasks)),
    ...(external ? { taskSets: (service.taskSets ?? []).map((set) => toTaskSet(scope, service, set)) } : {}),
    ...currentOf(scope, service),
    ...(service.loadBalancers.length > 0 || primary?.network
      ? {
          roleArn: `arn:aws:iam::${scope.accountId}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`,
        }
      : {}),
    ...optional(
      'healthCheckGracePeriodSeconds',
      service.gracePeriodSeconds ?? (service.loadBalancers.length > 0 ? 0 : undefined),
    ),
    events: service.events.map(({ id, at, message }) => ({ id, createdAt: date(at), message })),
    createdAt: date(service.createdAt),
    placementConstraints: service.rules.constraints,
    placementStrategy: service.rules.strategies,
    ...optional('networkConfiguration', primary?.network && toNetwork(primary.network)),
    schedulingStrategy: service.scheduling,
    deploymentController: { type: service.controller ?? 'ECS' },
    createdBy: service.createdBy,
    enableECSManagedTags: service.managedTags,
    propagateTags: service.propagateTags,
    enableExecuteCommand: service.enableExecuteCommand,
    availabilityZoneRebalancing: service.zoneRebalancing ? 'ENABLED' : 'DISABLED',
    ...(withTags ? { tags: toTags(service.tags) } : {}),
  }
}

export const serviceArn = (scope: Scope, cluster: string, name: string): string =>
  ecsArn(scope, `service/${cluster}/${name}`)

/** How a service deploys, as ECS shows it. */
export function toConfiguration(service: ServiceRecord): sdk.DeploymentConfiguration {
  const { deploymentStrategy: strategy = 'ROLLING', step, hooks, alarms } = service
  return {
    deploymentCircuitBreaker: service.circuitBreaker,
    maximumPercent: service.maximumPercent,
    minimumHealthyPercent: service.minimumHealthyPercent,
    ...(alarms && {
      alarms: { alarmNames: alarms.names, enable: alarms.enable, rollback: alarms.rollback },
    }),
    strategy,
    bakeTimeInMinutes: service.bakeTimeMinutes ?? 0,
    ...(step && strategy === 'LINEAR'
      ? { linearConfiguration: { stepPercent: step.percent, stepBakeTimeInMinutes: step.bakeMinutes } }
      : {}),
    ...(step && strategy === 'CANARY'
      ? { canaryConfiguration: { canaryPercent: step.percent, canaryBakeTimeInMinutes: step.bakeMinutes } }
      : {}),
    ...(hooks && {
      lifecycleHooks: hooks.map(({ stages, timeoutMinutes, action }) => ({
        targetType: 'PAUSE' as const,
        lifecycleStages: stages,
        timeoutConfiguration: { timeoutInMinutes: timeoutMinutes, action },
      })),
    }),
  }
}
