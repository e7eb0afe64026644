export interface ListenerRecord {
  /** `HTTP`, `HTTPS`, `TCP`, `SSL` */
  protocol: string
  port: number
  instanceProtocol: string
  instancePort: number
  policies: string[]
}

export interface HealthCheckRecord {
  /** `TCP:31234`, `HTTP:80/path` */
  target: string
  /** Seconds. */
  interval: number
  timeout: number
  unhealthyThreshold: number
  healthyThreshold: number
}

export interface AttributesRecord {
  crossZone: boolean
  accessLog: { enabled: boolean }
  connectionDraining: { enabled: boolean; timeout: number }
  idleTimeout: number
  desyncMitigationMode: string
}

export interface PolicyRecord {
  name: string
  type: string
  attributes: { name: string; value: string }[]
}

export interface LoadBalancerRecord {
  name: string
  dnsName: string
  scheme: 'internet-facing' | 'internal'
  vpcId: string
  subnetIds: string[]
  groupIds: string[]
  listeners: ListenerRecord[]
  /** Ids, in the order of their registration. */
  instanceIds: string[]
  healthCheck: HealthCheckRecord
  attributes: AttributesRecord
  policies: PolicyRecord[]
  tags: Record<string, string>
  /** One in each subnet. */
  networkInterfaceIds: string[]
  /** ms since the epoch. */
  created: number
}

/** What the health checks last found of an instance behind a load balancer. */
export interface HealthRecord {
  loadBalancer: string
  instanceId: string
  state: 'registering' | 'in-service' | 'failed'
  /** Whether it has ever been in service: until then its checks belong to the provisioning and go as fast as that. */
  served?: boolean
}
