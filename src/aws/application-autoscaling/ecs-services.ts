import type {
  CustomizedMetricSpecification,
  TargetTrackingScalingPolicyConfiguration,
} from '@aws-sdk/client-application-auto-scaling'
import type { MetricQuery, Statistic } from '../cloudwatch/index.ts'
import type { Scope } from '../ec2/index.ts'
import { type ServiceRecord, services } from '../ecs/index.ts'
import { notSimulated, validation } from './errors.ts'

/** The ECS service of a resource id. */
export function serviceOf(scope: Scope, resourceId: string): ServiceRecord | undefined {
  const [, cluster = '', name = ''] = /^service\/([^/]+)\/([^/]+)$/.exec(resourceId) ?? []
  const service = services.find(scope, cluster, name)
  return service?.status === 'ACTIVE' ? service : undefined
}

export function setDesiredCount(scope: Scope, service: ServiceRecord, desiredCount: number): void {
  services.put(scope, { ...service, desiredCount, steady: false })
}

/** What a target tracking policy of an ECS service looks at. */
export function trackedMetric(
  resourceId: string,
  config: TargetTrackingScalingPolicyConfiguration,
): MetricQuery {
  const { PredefinedMetricSpecification: predefined, CustomizedMetricSpecification: custom } = config
  if (Boolean(predefined) === Boolean(custom))
    throw validation(
      'Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified.',
    )
  if (custom) return customMetric(custom)
  const [, cluster = '', service = ''] = resourceId.split('/')
  const dimensions = { ClusterName: cluster, ServiceName: service }
  const ofService = { namespace: 'AWS/ECS', dimensions, statistic: 'Average' as const, period: 60 }
  switch (predefined!.PredefinedMetricType) {
    case 'ECSServiceAverageCPUUtilization':
      return { ...ofService, name: 'CPUUtilization' }
    case 'ECSServiceAverageMemoryUtilization':
      return { ...ofService, name: 'MemoryUtilization' }
    case 'ALBRequestCountPerTarget': {
      const [, balancer, group] =
        /^(app\/[^/]+\/[^/]+)\/(targetgroup\/[^/]+\/[^/]+)$/.exec(predefined!.ResourceLabel ?? '') ?? []
      if (!balancer || !group)
        throw validation(
          'ResourceLabel is invalid. The format is app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/<target-group-id>.',
        )
      return {
        namespace: 'AWS/ApplicationELB',
        name: 'RequestCountPerTarget',
        dimensions: { LoadBalancer: balancer, TargetGroup: group },
        statistic: 'Sum',
        period: 60,
      }
    }
    default:
      throw validation(
        `Predefined metric type ${predefined!.PredefinedMetricType} is not supported for the service namespace ecs.`,
      )
  }
}

function customMetric(custom: CustomizedMetricSpecification): MetricQuery {
  if (custom.Metrics?.length) throw notSimulated('metric math')
  return {
    namespace: custom.Namespace!,
    name: custom.MetricName!,
    dimensions: Object.fromEntries((custom.Dimensions ?? []).map(({ Name, Value }) => [Name!, Value!])),
    statistic: custom.Statistic as Statistic,
    period: 60,
    ...(custom.Unit === undefined ? {} : { unit: custom.Unit }),
  }
}
