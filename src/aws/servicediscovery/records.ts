import type {
  DnsConfig,
  HealthCheckConfig,
  HealthCheckCustomConfig,
  OperationType,
} from '@aws-sdk/client-servicediscovery'

export type Tags = Record<string, string>

export interface NamespaceRecord {
  /** `ns-…` */
  id: string
  arn: string
  name: string
  type: 'HTTP' | 'DNS_PRIVATE'
  /** Only of DNS_PRIVATE, as the next. */
  vpcId?: string
  hostedZoneId?: string
  /** Seconds: TTL of the zone's start of authority. */
  soaTtl?: number
  description?: string
  creatorRequestId: string
  /** ms since the epoch, as all times here. */
  created: number
  tags: Tags
}

export interface ServiceRecord {
  /** `srv-…` */
  id: string
  arn: string
  name: string
  namespaceId: string
  type: 'HTTP' | 'DNS_HTTP' | 'DNS'
  description?: string
  dns?: DnsConfig
  health?: HealthCheckConfig
  customHealth?: HealthCheckCustomConfig
  attributes: Record<string, string>
  /** Counted up with each change of its instances. */
  revision: number
  creatorRequestId: string
  created: number
  tags: Tags
}

export interface InstanceRecord {
  serviceId: string
  id: string
  attributes: Record<string, string>
  creatorRequestId: string
  /** Only where the service has custom health checks. */
  health?: 'HEALTHY' | 'UNHEALTHY'
}

export interface OperationRecord {
  id: string
  type: OperationType
  targets: Record<string, string>
  created: number
  /** When it is over. */
  done: number
}
