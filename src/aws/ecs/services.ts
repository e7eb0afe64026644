import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { ensureLinkedRole } from '../iam/linked-roles.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { refuseUnsimulated, type Strategy, strategyOf } from './deployment-strategy.ts'
import { invalid, notSimulated, serviceNotActive, serviceNotFound } from './errors.ts'
import { checkExecRole } from './execute-command.ts'
import { createExternal, updateExternal } from './external-services.ts'
import { clusterOf, page, shortName } from './names.ts'
import { newService } from './new-service.ts'
import { type Placement, placementOf } from './placement.ts'
import type { DeploymentRecord, PlacementRules, ServiceRecord, TaskDefinitionRecord } from './records.ts'
import { checkBalancers } from './service-balancers.ts'
import { connectOf, namespaceNamed } from './service-connect.ts'
import { serviceArn, toConfiguration, toService } from './service-output.ts'
import { checkRegistries } from './service-registries.ts'
import { clusters, definitionByArn, services } from './tables.ts'
import { usableDefinition } from './task-definitions.ts'

function newDeployment(
  scope: Scope,
  definition: TaskDefinitionRecord,
  placement: Placement,
  alternate = false,
): DeploymentRecord {
  const now = scope.world.clock.now()
  const id = `ecs-svc/${scope.world.ids.text(19, '0123456789').replace(/^0/, '1')}`
  return {
    id,
    status: 'PRIMARY',
    definitionArn: definition.arn,
    ...(placement.network ? { network: placement.network } : {}),
    launchType: placement.launchType,
    ...(placement.strategy ? { strategy: placement.strategy } : {}),
    ...(placement.platformVersion ? { platformVersion: placement.platformVersion } : {}),
    failedTasks: 0,
    createdAt: now,
    updatedAt: now,
    rolloutState: 'IN_PROGRESS',
    rolloutReason: `ECS deployment ${id} in progress.`,
    ...(alternate ? { alternate } : {}),
  }
}

function checkPercents(maximum: number, minimum: number): void {
  if (maximum < 100 && maximum <= minimum)
    throw invalid('maximumPercent must be greater than minimumHealthyPercent.')
  if (minimum < 0) throw invalid('minimumHealthyPercent cannot be negative.')
  if (maximum === 100 && minimum === 100)
    throw invalid(
      'Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.',
    )
}

function checkDaemon(scheduling: string, desired: number | undefined, rules: PlacementRules): void {
  if (scheduling !== 'DAEMON') return
  if (desired !== undefined)
    throw invalid('The desired count is not supported when scheduling strategy is DAEMON.')
  if (rules.strategies.length > 0)
    throw invalid('Placement strategies are not supported when scheduling strategy is DAEMON.')
}

const alarmsOf = (alarms: sdk.DeploymentAlarms | undefined): Pick<ServiceRecord, 'alarms'> =>
  alarms
    ? {
        alarms: {
          names: alarms.alarmNames ?? [],
          enable: alarms.enable ?? false,
          rollback: alarms.rollback ?? false,
        },
      }
    : {}

/** A service by name or ARN, whatever its status. Throws ServiceNotFoundException. */
function find(context: RequestContext, cluster: string, named: string): ServiceRecord {
  const service = services.find(context, cluster, shortName(named))
  if (!service) throw serviceNotFound()
  return service
}

function createService(input: sdk.CreateServiceCommandInput, context: RequestContext) {
  const cluster = clusterOf(context, input.cluster)
  const name = input.serviceName!
  if (!/^[a-zA-Z0-9_-]{1,255}$/.test(name))
    throw invalid(
      'Invalid service name: it may contain up to 255 letters, numbers, underscores, and hyphens.',
    )
  refuseUnsimulated(input)
  if (input.volumeConfigurations?.length) throw notSimulated('EBS volumes of tasks')
  const present = services.find(context, cluster.name, name)
  if (present && present.status !== 'INACTIVE') {
    if (input.clientToken && present.clientToken === input.clientToken)
      return { service: toService(context, present) }
    if (present.status === 'DRAINING') throw invalid('Unable to Start a service that is still Draining.')
    throw invalid('Creation of service was not idempotent.')
  }
  if (input.deploymentController?.type === 'EXTERNAL') return createExternal(input, context, cluster)
  if (!input.taskDefinition) throw invalid('TaskDefinition can not be blank.')
  const definition = usableDefinition(context, input.taskDefinition)
  const placement = placementOf(context, cluster, definition, input)
  const scheduling = input.schedulingStrategy ?? 'REPLICA'
  if (scheduling === 'DAEMON' && placement.launchType === 'FARGATE')
    throw invalid('The DAEMON scheduling strategy is not supported for tasks using the Fargate launch type.')
  checkDaemon(scheduling, input.desiredCount, placement.rules)
  if ((input.desiredCount ?? 0) < 0) throw invalid('desiredCount cannot be negative.')
  const balancers = input.loadBalancers ?? []
  if (balancers.length > 0 && placement.launchType === 'EXTERNAL')
    throw invalid('Load balancers are not supported with the EXTERNAL launch type.')
  checkBalancers(context, definition, balancers)
  if (input.healthCheckGracePeriodSeconds !== undefined && balancers.length === 0)
    throw invalid('Health check grace period is only valid for services configured to use load balancers')
  const config = input.deploymentConfiguration
  const strategy = strategyOf(context, config, { scheduling, balancers })
  const registries = input.serviceRegistries ?? []
  checkRegistries(context, definition, registries)
  const connect = connectOf(context, cluster, definition, input.serviceConnectConfiguration)
  const maximumPercent = config?.maximumPercent ?? (scheduling === 'DAEMON' ? 100 : 200)
  const minimumHealthyPercent = config?.minimumHealthyPercent ?? (scheduling === 'DAEMON' ? 0 : 100)
  checkPercents(maximumPercent, minimumHealthyPercent)
  for (const role of [definition.rest.executionRoleArn, definition.rest.taskRoleArn])
    if (role !== undefined)
      context.authorize('iam:PassRole', role, { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' })
  if (input.enableExecuteCommand) checkExecRole(definition.rest.taskRoleArn, 'created')
  ensureLinkedRole(context.world, context.accountId, 'ecs.amazonaws.com')
  const deployment = newDeployment(context, definition, placement)
  const record = services.put(context, {
    ...newService(context, cluster, input),
    scheduling,
    maximumPercent,
    minimumHealthyPercent,
    circuitBreaker: {
      enable: config?.deploymentCircuitBreaker?.enable ?? false,
      rollback: config?.deploymentCircuitBreaker?.rollback ?? false,
    },
    ...alarmsOf(config?.alarms),
    rules: placement.rules,
    loadBalancers: balancers,
    ...strategy,
    ...(registries.length > 0 ? { registries } : {}),
    ...(connect ? { connect } : {}),
    deployments: [deployment],
  })
  return { service: toService(context, record, true) }
}

function updateService(input: sdk.UpdateServiceCommandInput, context: RequestContext) {
  const cluster = clusterOf(context, input.cluster)
  const service = find(context, cluster.name, input.service!)
  if (service.status !== 'ACTIVE') throw serviceNotActive()
  refuseUnsimulated(input)
  if (input.volumeConfigurations?.length) throw notSimulated('EBS volumes of tasks')
  if (service.controller === 'EXTERNAL') return updateExternal(input, context, service)
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY')!
  const definition = input.taskDefinition
    ? usableDefinition(context, input.taskDefinition)
    : definitionByArn(context, primary.definitionArn)!
  const placement = nextPlacement(context, service, primary, definition, input)
  const balancers = input.loadBalancers ?? service.loadBalancers
  if (input.loadBalancers || input.taskDefinition) checkBalancers(context, definition, balancers)
  if ((input.desiredCount ?? 0) < 0) throw invalid('desiredCount cannot be negative.')
  checkDaemon(service.scheduling, input.desiredCount, placement.rules)
  if (input.enableExecuteCommand ?? service.enableExecuteCommand)
    checkExecRole(definition.rest.taskRoleArn, 'updated')
  const config = input.deploymentConfiguration
  const maximumPercent = config?.maximumPercent ?? service.maximumPercent
  const minimumHealthyPercent = config?.minimumHealthyPercent ?? service.minimumHealthyPercent
  checkPercents(maximumPercent, minimumHealthyPercent)
  const breaker = config?.deploymentCircuitBreaker
  const strategy = nextStrategy(context, service, config, balancers)
  const registries = input.serviceRegistries ?? service.registries ?? []
  if (input.serviceRegistries) checkRegistries(context, definition, registries)
  const connect = input.serviceConnectConfiguration
    ? connectOf(context, cluster, definition, input.serviceConnectConfiguration)
    : service.connect
  const deploys =
    input.forceNewDeployment ||
    input.loadBalancers !== undefined ||
    input.serviceRegistries !== undefined ||
    JSON.stringify(connect) !== JSON.stringify(service.connect) ||
    (input.enableExecuteCommand !== undefined &&
      input.enableExecuteCommand !== service.enableExecuteCommand) ||
    definition.arn !== primary.definitionArn ||
    JSON.stringify([
      placement.network,
      placement.launchType,
      placement.strategy,
      placement.platformVersion,
    ]) !== JSON.stringify([primary.network, primary.launchType, primary.strategy, primary.platformVersion])
  const { deploymentStrategy: _, bakeTimeMinutes: __, step: ___, hooks: ____, ...rest } = service
  const next: ServiceRecord = {
    ...rest,
    desiredCount: input.desiredCount ?? service.desiredCount,
    maximumPercent,
    minimumHealthyPercent,
    circuitBreaker: breaker
      ? { enable: breaker.enable ?? false, rollback: breaker.rollback ?? false }
      : service.circuitBreaker,
    ...alarmsOf(config?.alarms),
    rules: placement.rules,
    loadBalancers: balancers,
    gracePeriodSeconds: input.healthCheckGracePeriodSeconds ?? service.gracePeriodSeconds,
    propagateTags: (input.propagateTags ?? service.propagateTags) as ServiceRecord['propagateTags'],
    managedTags: input.enableECSManagedTags ?? service.managedTags,
    enableExecuteCommand: input.enableExecuteCommand ?? service.enableExecuteCommand,
    ...(input.availabilityZoneRebalancing && {
      zoneRebalancing: input.availabilityZoneRebalancing === 'ENABLED',
    }),
    ...strategy,
    registries,
    connect,
    steady:
      service.steady && !deploys && (input.desiredCount ?? service.desiredCount) === service.desiredCount,
    ...(deploys
      ? {
          failures: 0,
          failedAt: 0,
          deployments: [
            newDeployment(
              context,
              definition,
              placement,
              strategy.deploymentStrategy !== undefined && !servingDeployment(service)?.alternate,
            ),
            ...service.deployments.map((one): DeploymentRecord => ({ ...one, status: 'ACTIVE' })),
          ],
        }
      : {}),
  }
  return { service: toService(context, services.put(context, next)) }
}

/** The deployment whose tasks take the traffic. */
const servingDeployment = ({ deployments }: ServiceRecord): DeploymentRecord | undefined =>
  deployments.find(({ rolloutState }) => rolloutState === 'COMPLETED') ?? deployments.at(-1)

/** How ECS is to deploy after an update: as before, where nothing else is asked for. */
function nextStrategy(
  context: RequestContext,
  service: ServiceRecord,
  config: sdk.DeploymentConfiguration | undefined,
  balancers: sdk.LoadBalancer[],
): Strategy {
  const { deploymentStrategy, bakeTimeMinutes, step, hooks } = service
  const { strategy = deploymentStrategy ?? 'ROLLING' } = config ?? {}
  const { linearConfiguration, canaryConfiguration, lifecycleHooks } = config ?? {}
  const asked = [config?.strategy, linearConfiguration, canaryConfiguration, lifecycleHooks]
  if (asked.every((one) => one === undefined))
    return { deploymentStrategy, bakeTimeMinutes: config?.bakeTimeInMinutes ?? bakeTimeMinutes, step, hooks }
  const before = strategy === deploymentStrategy ? toConfiguration(service) : {}
  return strategyOf(
    context,
    { ...before, ...config, strategy },
    { scheduling: service.scheduling, balancers },
  )
}

/** Where tasks go after an update: as before, where nothing else is asked for. */
function nextPlacement(
  context: RequestContext,
  service: ServiceRecord,
  primary: DeploymentRecord,
  definition: TaskDefinitionRecord,
  input: sdk.UpdateServiceCommandInput,
): Placement {
  const { network } = primary
  return placementOf(context, clusterOf(context, service.cluster), definition, {
    ...(input.capacityProviderStrategy
      ? { capacityProviderStrategy: input.capacityProviderStrategy }
      : primary.strategy
        ? { capacityProviderStrategy: primary.strategy }
        : { launchType: primary.launchType }),
    placementConstraints: input.placementConstraints ?? service.rules.constraints,
    placementStrategy: input.placementStrategy ?? service.rules.strategies,
    platformVersion: input.platformVersion ?? primary.platformVersion,
    networkConfiguration:
      input.networkConfiguration ?? (network ? { awsvpcConfiguration: network } : undefined),
  })
}

export const serviceHandlers: Record<string, Handler> = {
  CreateService: createService,
  UpdateService: updateService,

  DeleteService: (input: sdk.DeleteServiceCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const service = find(context, cluster.name, input.service!)
    if (service.status === 'INACTIVE') throw serviceNotFound()
    if (service.desiredCount > 0 && !input.force)
      throw invalid('The service cannot be stopped while it is scaled above 0.')
    const next = services.put(context, { ...service, status: 'DRAINING', desiredCount: 0, steady: true })
    return { service: toService(context, next) }
  },

  DescribeServices: (input: sdk.DescribeServicesCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    if (!input.services?.length) throw invalid('Services cannot be empty.')
    if (input.services.length > 10) throw invalid('Services cannot have more than 10 elements')
    const found = input.services.map(
      (named) => [named, services.find(context, cluster.name, shortName(named))] as const,
    )
    return {
      services: found.flatMap(([, service]) =>
        service ? [toService(context, service, input.include?.includes('TAGS'))] : [],
      ),
      failures: found
        .filter(([, service]) => !service)
        .map(([named]) => ({
          arn: named.startsWith('arn:') ? named : serviceArn(context, cluster.name, named),
          reason: 'MISSING',
        })),
    }
  },

  ListServices: (input: sdk.ListServicesCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const all = services
      .list(context, cluster.name)
      .filter((service) => service.status !== 'INACTIVE')
      .filter(({ scheduling }) => !input.schedulingStrategy || scheduling === input.schedulingStrategy)
      .filter(({ deployments }) => !input.launchType || deployments[0]?.launchType === input.launchType)
    const { items, ...rest } = page(all, { maxResults: 10, ...input })
    return { serviceArns: items.map(({ arn }) => arn), ...rest }
  },

  ListServicesByNamespace: (input: sdk.ListServicesByNamespaceCommandInput, context) => {
    const namespace = namespaceNamed(context, input.namespace!)
    if (!namespace) throw new AwsError('NamespaceNotFoundException', 'The specified namespace was not found.')
    const all = clusters
      .list(context)
      .flatMap(({ name }) => services.list(context, name))
      .filter(({ status, connect }) => status !== 'INACTIVE' && connect?.namespaceArn === namespace.arn)
    const { items, ...rest } = page(all, { maxResults: 10, ...input })
    return { serviceArns: items.map(({ arn }) => arn), ...rest }
  },
}
