import type { Action, RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2'

export type Tags = Record<string, string>

export interface LoadBalancerRecord {
  arn: string
  name: string
  type: 'application' | 'network'
  scheme: 'internet-facing' | 'internal'
  dnsName: string
  state: 'provisioning' | 'active'
  vpcId: string
  /** One network interface in each subnet. */
  mappings: { subnetId: string; zone: string; networkInterfaceId: string }[]
  groupIds: string[]
  /** What differs from the defaults. */
  attributes: Record<string, string>
  tags: Tags
  /** ms since the epoch. */
  created: number
}

export interface ListenerRecord {
  arn: string
  loadBalancerArn: string
  port: number
  /** `HTTP`, `HTTPS`, `TCP` or `TLS`. */
  protocol: string
  /** ARNs, the default one first; with HTTPS and TLS only, as the next. */
  certificates?: string[]
  sslPolicy?: string
  defaultActions: Action[]
  attributes: Record<string, string>
  tags: Tags
}

export interface RuleRecord {
  arn: string
  listenerArn: string
  /** 1 to 50000; the default rule is the listener's own default actions. */
  priority: number
  conditions: RuleCondition[]
  actions: Action[]
  tags: Tags
}

export interface HealthCheckRecord {
  enabled: boolean
  protocol: string
  /** `traffic-port` or a number. */
  port: string
  /** Only with HTTP. */
  path?: string
  /** Seconds. */
  interval: number
  timeout: number
  healthyThreshold: number
  unhealthyThreshold: number
  /** `200-299,301`; only with HTTP. */
  matcher?: string
}

export interface TargetGroupRecord {
  arn: string
  name: string
  protocol: string
  port: number
  vpcId: string
  targetType: 'instance' | 'ip'
  protocolVersion?: string
  healthCheck: HealthCheckRecord
  /** What differs from the defaults. */
  attributes: Record<string, string>
  tags: Tags
}

/** What the health checks last found of a target. */
export interface TargetRecord {
  groupArn: string
  id: string
  port: number
  zone: string
  state: 'initial' | 'healthy' | 'unhealthy' | 'draining'
  reason?: string
  description?: string
  /** When the state began, ms since the epoch. */
  since: number
  /** Whether it has ever been healthy: until then its checks belong to the provisioning and go as fast as that. */
  served?: boolean
}
