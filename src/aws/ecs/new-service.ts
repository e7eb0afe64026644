import type * as sdk from '@aws-sdk/client-ecs'
import type { RequestContext } from '../wire/service.ts'
import { tagsOf } from './names.ts'
import type { ClusterRecord, ServiceRecord } from './records.ts'
import { serviceArn } from './service-output.ts'

type Start = Omit<
  ServiceRecord,
  | 'scheduling'
  | 'maximumPercent'
  | 'minimumHealthyPercent'
  | 'circuitBreaker'
  | 'rules'
  | 'loadBalancers'
  | 'deployments'
>

/**
 * Whether a new service that does not say so is spread over its zones again: the default, where it is possible.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html (from knowledge; the default: API_CreateService.html)
 */
function balancesByDefault(input: sdk.CreateServiceCommandInput): boolean {
  const [strategy] = input.placementStrategy ?? []
  return (
    input.schedulingStrategy !== 'DAEMON' &&
    input.deploymentController?.type !== 'EXTERNAL' &&
    input.launchType !== 'EXTERNAL' &&
    (input.deploymentConfiguration?.maximumPercent ?? 200) > 100 &&
    (strategy === undefined ||
      (strategy.type === 'spread' && strategy.field === 'attribute:ecs.availability-zone'))
  )
}

/** What a new service begins with, whoever deploys it. */
export function newService(
  context: RequestContext,
  cluster: ClusterRecord,
  input: sdk.CreateServiceCommandInput,
): Start {
  const name = input.serviceName!
  return {
    name,
    arn: serviceArn(context, cluster.name, name),
    cluster: cluster.name,
    status: 'ACTIVE',
    desiredCount: input.desiredCount ?? 0,
    ...(input.healthCheckGracePeriodSeconds === undefined
      ? {}
      : { gracePeriodSeconds: input.healthCheckGracePeriodSeconds }),
    propagateTags: (input.propagateTags ?? 'NONE') as ServiceRecord['propagateTags'],
    managedTags: input.enableECSManagedTags ?? false,
    enableExecuteCommand: input.enableExecuteCommand ?? false,
    zoneRebalancing: input.availabilityZoneRebalancing
      ? input.availabilityZoneRebalancing === 'ENABLED'
      : balancesByDefault(input),
    ...(input.clientToken ? { clientToken: input.clientToken } : {}),
    events: [],
    steady: false,
    failures: 0,
    failedAt: 0,
    createdAt: context.world.clock.now(),
    createdBy: context.principal.roleArn ?? context.principal.arn,
    tags: tagsOf(input.tags),
  }
}
