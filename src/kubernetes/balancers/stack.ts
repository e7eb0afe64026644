/** A load balancer and what belongs to it, as the AWS Load Balancer Controller wants them to be. Fields are ELBv2's own terms. */
export interface BalancerStack {
  kind: 'ingress' | 'service'
  /** `default/web`, or the name of a group of Ingresses. */
  id: string
  type: 'application' | 'network'
  scheme: 'internal' | 'internet-facing'
  name: string
  /** Ids or names; undefined: by tags and routes. */
  subnets: string[] | undefined
  /** Ids or names; undefined: one of its own that lets `inboundCidrs` in. */
  securityGroups: string[] | undefined
  inboundCidrs: string[]
  attributes: Record<string, string>
  tags: Record<string, string>
  listeners: StackListener[]
  targetGroups: StackTargetGroup[]
}

export interface StackListener {
  protocol: string
  port: number
  /** Of an HTTPS listener: ARNs, and hosts that certificates are to be found for. */
  certificates?: { arns: string[]; hosts: string[] }
  sslPolicy?: string
  defaultAction: StackAction
  /** In the order in which they are tried. */
  rules: { conditions: StackCondition[]; action: StackAction }[]
}

/** An action of ELBv2's API in which target groups are named by their name in the stack. */
export interface StackAction {
  Type: string
  [field: string]: unknown
}

export interface StackCondition {
  Field: string
  [field: string]: unknown
}

export interface StackTargetGroup {
  name: string
  protocol: 'HTTP' | 'TCP'
  port: number
  targetType: 'instance' | 'ip'
  healthCheck: StackHealthCheck
  attributes: Record<string, string>
  /** The Service that it leads to. */
  namespace: string
  service: string
  servicePort: number | string
}

export interface StackHealthCheck {
  protocol: string
  /** `traffic-port` or a number. */
  port: string
  path: string
  intervalSeconds: number
  timeoutSeconds: number
  healthyThreshold: number
  unhealthyThreshold: number
  /** HTTP codes that mean healthy: `200`. */
  matcher: string
}

/** As whom the controller's pod calls AWS: the role of its service account, else the one of its node. */
export interface BalancerCaller {
  nodeName: string
  namespace: string
  serviceAccount: string
  roleArn: string | undefined
}

/** What became of a stack in AWS. */
export interface DeployedBalancer {
  hostname: string
  /** ARNs of its target groups by their name. */
  targetGroups: Record<string, string>
}

/** AWS as the AWS Load Balancer Controller uses it. Calls are level-triggered; errors have the text of the SDK. */
export interface BalancerCloud {
  deploy(stack: BalancerStack, caller: BalancerCaller): Promise<DeployedBalancer>
  remove(stack: Pick<BalancerStack, 'kind' | 'id'>, caller: BalancerCaller): Promise<void>
  /** Makes these the targets of a group: instances by provider id (`aws:///us-east-1a/i-…`), pods by address. */
  setTargets(groupArn: string, targets: { id: string; port: number }[], caller: BalancerCaller): Promise<void>
}

/** What stops a model from being built; the text of the `FailedBuildModel` event. */
export class ModelError extends Error {
  override readonly name = 'ModelError'
}
