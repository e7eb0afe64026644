import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { balancersByGroup, targetGroups } from '../elbv2/index.ts'
import { invalid, notSimulated } from './errors.ts'
import type { TaskDefinitionRecord } from './records.ts'

/** Throws for load balancers that the tasks cannot stand behind. */
export function checkBalancers(
  scope: Scope,
  definition: TaskDefinitionRecord,
  balancers: sdk.LoadBalancer[],
): void {
  for (const { targetGroupArn, loadBalancerName, containerName, containerPort } of balancers) {
    if (loadBalancerName !== undefined) throw notSimulated('ECS services behind classic load balancers')
    const group = targetGroups.find(scope, targetGroupArn ?? '')
    if (!group) throw invalid(`The specified target group does not exist: ${targetGroupArn}`)
    if (!balancersByGroup(scope).has(group.arn))
      throw invalid(
        `The target group with targetGroupArn ${group.arn} does not have an associated load balancer.`,
      )
    const container = definition.containers.find(({ name }) => name === containerName)
    if (!container) throw invalid(`The container ${containerName} does not exist in the task definition.`)
    if (!container.portMappings?.some((mapping) => mapping.containerPort === containerPort))
      throw invalid(`The container ${containerName} did not have a container port ${containerPort} defined.`)
    const wanted = definition.rest.networkMode === 'awsvpc' ? 'ip' : 'instance'
    if (group.targetType !== wanted)
      throw invalid(
        `The provided target group ${group.arn} has target type ${group.targetType}, which is incompatible with the ${definition.rest.networkMode ?? 'bridge'} network mode specified in the task definition.`,
      )
  }
}
