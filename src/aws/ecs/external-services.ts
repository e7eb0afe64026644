import type * as sdk from '@aws-sdk/client-ecs'
import { ensureLinkedRole } from '../iam/linked-roles.ts'
import type { RequestContext } from '../wire/service.ts'
import { invalid } from './errors.ts'
import { newService } from './new-service.ts'
import type { ClusterRecord, ServiceRecord } from './records.ts'
import { toService } from './service-output.ts'
import { services } from './tables.ts'

/** A service without deployments of its own: its task sets are made by others. */
export function createExternal(
  input: sdk.CreateServiceCommandInput,
  context: RequestContext,
  cluster: ClusterRecord,
) {
  const refused = (['taskDefinition', 'networkConfiguration', 'platformVersion', 'launchType'] as const).find(
    (name) => input[name] !== undefined,
  )
  if (refused)
    throw invalid(`${refused} cannot be specified for a service with an EXTERNAL deployment controller.`)
  if (input.loadBalancers?.length || input.serviceRegistries?.length)
    throw invalid(
      'loadBalancers and serviceRegistries are set on the task sets of a service with an EXTERNAL deployment controller.',
    )
  if (input.schedulingStrategy === 'DAEMON')
    throw invalid('The DAEMON scheduling strategy is not supported with the EXTERNAL deployment controller.')
  ensureLinkedRole(context.world, context.accountId, 'ecs.amazonaws.com')
  const record = services.put(context, {
    ...newService(context, cluster, input),
    scheduling: 'REPLICA',
    maximumPercent: 200,
    minimumHealthyPercent: 100,
    circuitBreaker: { enable: false, rollback: false },
    rules: { constraints: input.placementConstraints ?? [], strategies: input.placementStrategy ?? [] },
    loadBalancers: [],
    controller: 'EXTERNAL',
    deployments: [],
    taskSets: [],
  })
  return { service: toService(context, record, true) }
}

/** Of a service that others deploy, ECS changes the count and what concerns all tasks. Throws ECS's errors. */
export function updateExternal(
  input: sdk.UpdateServiceCommandInput,
  context: RequestContext,
  service: ServiceRecord,
) {
  const what = input.taskDefinition
    ? 'task definition'
    : input.networkConfiguration
      ? 'network configuration'
      : input.loadBalancers
        ? 'load balancers'
        : input.forceNewDeployment
          ? 'force new deployment'
          : undefined
  if (what) throw invalid(`Unable to update ${what} on services with an EXTERNAL deployment controller.`)
  if ((input.desiredCount ?? 0) < 0) throw invalid('desiredCount cannot be negative.')
  const next = services.put(context, {
    ...service,
    desiredCount: input.desiredCount ?? service.desiredCount,
    gracePeriodSeconds: input.healthCheckGracePeriodSeconds ?? service.gracePeriodSeconds,
    steady: false,
  })
  return { service: toService(context, next) }
}
