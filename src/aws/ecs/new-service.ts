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
    ...(input.availabilityZoneRebalancing === 'ENABLED' ? { zoneRebalancing: true } : {}),
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
