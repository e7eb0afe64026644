import { createHash } from 'node:crypto'
import type { Service, ServicePort } from '../objects.ts'
import type { Annotations } from './annotations.ts'
import { ModelError, type StackHealthCheck, type StackTargetGroup } from './stack.ts'

/** Ten hex digits that differ when any of the parts does. */
const digest = (...parts: unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 10)

const plain = (text: string, length: number): string => text.replace(/[^a-zA-Z0-9]/g, '').slice(0, length)

/** `k8s-default-web-1a2b3c4d5e` */
export const resourceName = (namespace: string, name: string, ...identity: unknown[]): string =>
  `k8s-${plain(namespace, 8)}-${plain(name, 8)}-${digest(...identity)}`

/** `k8s-shop-1a2b3c4d5e`: of a group of Ingresses. */
export const groupResourceName = (group: string, ...identity: unknown[]): string =>
  `k8s-${plain(group, 17)}-${digest(...identity)}`

/** The target type that annotations ask for. Throws ModelError. */
export function targetTypeOf(text: string): 'instance' | 'ip' {
  if (text === 'instance' || text === 'ip') return text
  throw new ModelError(`unknown targetType: ${text}`)
}

/** The port that a target group has by default: what targets are asked on. Throws ModelError. */
function portOf(service: Service, port: ServicePort, targetType: 'instance' | 'ip'): number {
  if (targetType === 'ip') return typeof port.targetPort === 'number' ? port.targetPort : 1
  if (port.nodePort) return port.nodePort
  if (service.spec.type === 'NodePort' || service.spec.type === 'LoadBalancer') return port.nodePort ?? 0
  throw new ModelError(
    "TargetGroup port is empty. When using Instance targets, your service must be of type 'NodePort' or 'LoadBalancer'",
  )
}

interface Wanted {
  /** Of the load balancer's stack, so that no two share a group. */
  stack: string
  protocol: 'HTTP' | 'TCP'
  targetType: 'instance' | 'ip'
  healthCheck: StackHealthCheck
  attributes: Record<string, string>
}

/** The target group of a Service's port. Throws ModelError. */
export function targetGroupOf(service: Service, port: ServicePort, wanted: Wanted): StackTargetGroup {
  const { name, namespace = '', uid } = service.metadata
  const { stack, protocol, targetType, healthCheck, attributes } = wanted
  return {
    name: resourceName(namespace, name, uid, stack, port.port, protocol, targetType),
    protocol,
    port: portOf(service, port, targetType),
    targetType,
    healthCheck,
    attributes,
    namespace,
    service: name,
    servicePort: port.name && targetType === 'ip' ? port.name : port.port,
  }
}

/** The health check that annotations ask for. Throws ModelError. */
export function healthCheckOf(
  annotations: Annotations,
  names: Record<keyof StackHealthCheck, string>,
  byDefault: StackHealthCheck,
): StackHealthCheck {
  return {
    protocol: annotations.text(names.protocol)?.toUpperCase() ?? byDefault.protocol,
    port: annotations.text(names.port) ?? byDefault.port,
    path: annotations.text(names.path) ?? byDefault.path,
    intervalSeconds: annotations.number(names.intervalSeconds, byDefault.intervalSeconds),
    timeoutSeconds: annotations.number(names.timeoutSeconds, byDefault.timeoutSeconds),
    healthyThreshold: annotations.number(names.healthyThreshold, byDefault.healthyThreshold),
    unhealthyThreshold: annotations.number(names.unhealthyThreshold, byDefault.unhealthyThreshold),
    matcher: annotations.text(names.matcher) ?? byDefault.matcher,
  }
}
