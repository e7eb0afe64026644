import type { Service } from '../objects.ts'
import { nameOf } from '../pods.ts'
import { Annotations } from './annotations.ts'
import type { Flavour } from './flavour.ts'
import { type BalancerStack, ModelError, type StackHealthCheck } from './stack.ts'
import { healthCheckOf, resourceName, targetGroupOf, targetTypeOf } from './target-groups.ts'

// Models pkg/service of the AWS Load Balancer Controller v2.14 and
// https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/, read 2026-11.

const PREFIX = 'service.beta.kubernetes.io'

const HEALTH_CHECK: StackHealthCheck = {
  protocol: 'TCP',
  port: 'traffic-port',
  path: '/',
  intervalSeconds: 10,
  timeoutSeconds: 10,
  healthyThreshold: 3,
  unhealthyThreshold: 3,
  matcher: '200-399',
}
const HEALTH_CHECK_ANNOTATIONS = {
  protocol: 'aws-load-balancer-healthcheck-protocol',
  port: 'aws-load-balancer-healthcheck-port',
  path: 'aws-load-balancer-healthcheck-path',
  intervalSeconds: 'aws-load-balancer-healthcheck-interval',
  timeoutSeconds: 'aws-load-balancer-healthcheck-timeout',
  healthyThreshold: 'aws-load-balancer-healthcheck-healthy-threshold',
  unhealthyThreshold: 'aws-load-balancer-healthcheck-unhealthy-threshold',
  matcher: 'aws-load-balancer-healthcheck-success-codes',
}

/** Whether a Service asks this controller for its load balancer. */
export function isForController({ serviceClass, annotated }: Flavour, { spec, metadata }: Service): boolean {
  if (spec.type !== 'LoadBalancer') return false
  if (spec.loadBalancerClass !== undefined) return spec.loadBalancerClass === serviceClass
  if (!annotated) return false
  return ['external', 'nlb-ip'].includes(metadata.annotations?.[`${PREFIX}/aws-load-balancer-type`] ?? '')
}

/** The network load balancer that a Service asks for. Throws ModelError. */
export function serviceStack(flavour: Flavour, cluster: string, service: Service): BalancerStack {
  const annotations = new Annotations(PREFIX, service.metadata.annotations)
  const { name, namespace = '' } = service.metadata
  const id = nameOf(service)
  const internal = annotations.text('aws-load-balancer-internal') === 'true' ? 'internal' : undefined
  const scheme = annotations.text('aws-load-balancer-scheme') ?? internal ?? 'internal'
  if (scheme !== 'internal' && scheme !== 'internet-facing') throw new ModelError(`unknown scheme: ${scheme}`)
  const byType = annotations.text('aws-load-balancer-type') === 'nlb-ip' ? 'ip' : flavour.targetType
  const targetType = targetTypeOf(annotations.text('aws-load-balancer-nlb-target-type') ?? byType)
  const healthCheck = healthCheckOf(annotations, HEALTH_CHECK_ANNOTATIONS, HEALTH_CHECK)
  const attributes = annotations.map('aws-load-balancer-target-group-attributes')
  const listeners = (service.spec.ports ?? []).map((port) => {
    if ((port.protocol ?? 'TCP') !== 'TCP')
      throw new ModelError(`unsupported protocol: ${port.protocol} (Drydock simulates TCP listeners only)`)
    const wanted = { stack: id, protocol: 'TCP' as const, targetType, healthCheck, attributes }
    return { port: port.port, group: targetGroupOf(service, port, wanted) }
  })
  return {
    kind: 'service',
    id,
    type: 'network',
    scheme,
    name: annotations.text('aws-load-balancer-name') ?? resourceName(namespace, name, cluster, id, scheme),
    subnets: annotations.list('aws-load-balancer-subnets'),
    securityGroups: annotations.list('aws-load-balancer-security-groups'),
    inboundCidrs: service.spec.loadBalancerSourceRanges ?? [],
    attributes: annotations.map('aws-load-balancer-attributes'),
    tags: annotations.map('aws-load-balancer-additional-resource-tags'),
    listeners: listeners.map(({ port, group }) => ({
      protocol: 'TCP',
      port,
      defaultAction: { Type: 'forward', ForwardConfig: { TargetGroups: [{ group: group.name }] } },
      rules: [],
    })),
    targetGroups: listeners.map(({ group }) => group),
  }
}
