/** What a part of the picture is, by the names that its service gives. */
export type PartKind =
  | 'account'
  | 'region'
  | 'vpc'
  | 'aws-vpc'
  | 'subnet'
  | 'internet-gateway'
  | 'nat-gateway'
  | 'network-interface'
  | 'instance'
  | 'load-balancer'
  | 'eks-cluster'
  | 'nodegroup'
  | 'fargate-profile'
  | 'kubernetes'
  | 'component'
  | 'deployment'
  | 'node'
  | 'pod'
  | 'ecs-cluster'
  | 'container-instance'
  | 'ecs-service'
  | 'ecs-task'
  | 'registry'
  | 'repository'
  | 'tag'
  | 'engine'
  | 'container'

/** Whether it does what it is for: works, is on its way, is broken, is over; `plain` where that says nothing. */
export type PartState = 'good' | 'waiting' | 'bad' | 'off' | 'plain'

/** One thing of a world, as the live picture shows it. */
export interface Part {
  /** Unique in the world: `vpc-…`, `pod/<cluster>/<namespace>/<name>`. */
  id: string
  kind: PartKind
  /** What it stands in; it is not shown before that is there. */
  parent?: string
  name: string
  state: PartState
  /** In the service's own words: `ACTIVE`, `CrashLoopBackOff`. */
  status?: string
  /** The few things worth seeing at once, by short names. */
  facts?: Record<string, string>
  /** Parts that it is tied to: a control plane to its network interfaces. */
  links?: string[]
}

/** A request on its way through the world, as its connections were made. */
export interface Journey {
  /** Ids of the parts that it came through, in order: a load balancer, an instance that passes it on, a pod. */
  stops: string[]
  /** The Service that led it from a node's port to the last of them: `namespace/name`. */
  service?: string
}

/** `whole`: forget what was before. */
export interface PictureChange {
  whole?: true
  put: Part[]
  gone: string[]
  /** What requests came by since. */
  journeys?: Journey[]
}

/** A world as it was at a save point, or just after a call. */
export interface StillPicture {
  /** Calls of a larger number (see `TimelineCall`) came later. */
  revision: number
  parts: Part[]
  /** What it cost on AWS by service, US dollars an hour. */
  perHour: Record<string, number>
}

/** An event that a service tells of a part. */
export interface PartEvent {
  /** ms since the epoch, world time. */
  at: number
  type: string
  reason: string
  message: string
  count: number
}

/** A part in full. */
export interface PartDetails {
  part: Part
  /** The command that shows the same in the terminal. */
  command?: string
  /** What that command tells of it, and the form that it is in. */
  text?: string
  language?: 'yaml' | 'json'
  events: PartEvent[]
}
