import type { RequestContext, Service } from '../wire/service.ts'
import { groupHandlers } from './handlers.ts'
import { hookHandlers } from './hooks.ts'
import { launchConfigurationHandlers } from './launch-configurations.ts'
import { membershipHandlers } from './membership.ts'
import { policyHandlers } from './policies.ts'
import { refreshHandlers } from './refreshes.ts'
import { findConfiguration, findGroup } from './tables.ts'

interface Named {
  AutoScalingGroupName?: string
  LaunchConfigurationName?: string
}

function resourceOf(operation: string, input: Named, context: RequestContext): string {
  if (operation.startsWith('Describe')) return '*'
  const { region, accountId } = context
  const prefix = `arn:aws:autoscaling:${region}:${accountId}`
  const { AutoScalingGroupName: group, LaunchConfigurationName: configuration } = input
  if (group !== undefined)
    return findGroup(context, group)?.arn ?? `${prefix}:autoScalingGroup:*:autoScalingGroupName/${group}`
  if (configuration === undefined) return '*'
  const known = findConfiguration(context, configuration)?.arn
  return known ?? `${prefix}:launchConfiguration:*:launchConfigurationName/${configuration}`
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/ */
export const autoScalingService: Service = {
  name: 'autoscaling',
  sdk: () => import('@aws-sdk/client-auto-scaling'),
  actionPrefix: 'autoscaling',
  endpoints: [{ prefix: 'autoscaling' }],
  botocoreName: 'autoscaling',
  handlers: {
    ...groupHandlers,
    ...launchConfigurationHandlers,
    ...membershipHandlers,
    ...hookHandlers,
    ...policyHandlers,
    ...refreshHandlers,
  },
  resources: resourceOf,
}
