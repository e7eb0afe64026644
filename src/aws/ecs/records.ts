import type {
  Attachment,
  Attribute,
  CapacityProviderStrategyItem,
  ClusterSetting,
  ContainerDefinition,
  ContainerOverride,
  DeploymentLifecycleHookAction,
  DeploymentLifecycleHookStage,
  DeploymentLifecycleHookStatus,
  ExecuteCommandConfiguration,
  LoadBalancer,
  ManagedScaling,
  PlacementConstraint,
  PlacementStrategy,
  ServiceConnectConfiguration,
  ServiceDeploymentLifecycleStage,
  ServiceRegistry,
  TaskDefinition,
  TaskOverride,
} from '@aws-sdk/client-ecs'

export type Tags = Record<string, string>

export interface ClusterRecord {
  name: string
  arn: string
  status: 'ACTIVE' | 'INACTIVE'
  settings: ClusterSetting[]
  capacityProviders: string[]
  defaultStrategy: CapacityProviderStrategyItem[]
  /** What ECS has made in the Auto Scaling groups of its capacity providers. */
  attachments?: { id: string; provider: string; type: 'as_policy' | 'managed_draining'; name: string }[]
  /** How ECS Exec logs and encrypts. */
  execute?: ExecuteCommandConfiguration
  /** ARN of the namespace of Cloud Map that its services connect in by default. */
  connectNamespace?: string
  tags: Tags
}

/** A revision as DescribeTaskDefinition shows it, with its dates as ms since the epoch. */
export interface TaskDefinitionRecord {
  arn: string
  family: string
  revision: number
  status: 'ACTIVE' | 'INACTIVE' | 'DELETE_IN_PROGRESS'
  containers: ContainerDefinition[]
  /** The other members that the caller gave. */
  rest: Omit<
    TaskDefinition,
    'containerDefinitions' | 'taskDefinitionArn' | 'family' | 'revision' | 'status' | 'registeredAt'
  >
  tags: Tags
  registeredAt: number
  registeredBy: string
  deregisteredAt?: number
}

export interface NetworkRecord {
  subnets: string[]
  securityGroups: string[]
  assignPublicIp: 'ENABLED' | 'DISABLED'
}

export type TaskStatus =
  | 'PROVISIONING'
  | 'PENDING'
  | 'ACTIVATING'
  | 'RUNNING'
  | 'DEACTIVATING'
  | 'STOPPING'
  | 'DEPROVISIONING'
  | 'STOPPED'

export interface ContainerRecord {
  name: string
  arn: string
  image: string
  lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED'
  imageDigest?: string
  runtimeId?: string
  exitCode?: number
  reason?: string
  health: 'UNKNOWN' | 'HEALTHY' | 'UNHEALTHY'
  /** Where its processes listen on the network; the task's own address in the mode `awsvpc`. */
  address?: string
  /** Its published ports on the container instance. */
  bindings?: PortBinding[]
}

export interface PortBinding {
  containerPort: number
  hostPort: number
  protocol: string
}

/** Where tasks may go, and which of these places they prefer. */
export interface PlacementRules {
  constraints: PlacementConstraint[]
  strategies: PlacementStrategy[]
}

/** A machine whose ECS agent has joined a cluster. */
export interface ContainerInstanceRecord {
  id: string
  arn: string
  cluster: string
  kind: 'EC2' | 'EXTERNAL'
  /** `i-…`, or the managed instance `mi-…` of SSM. */
  machineId: string
  address: string
  /** Only of EC2. */
  zone?: string
  status: 'ACTIVE' | 'DRAINING' | 'INACTIVE'
  agentConnected: boolean
  /** What the agent offers: CPU units and MiB. */
  cpu: number
  memory: number
  attributes: Attribute[]
  capacityProvider?: string
  version: number
  registeredAt: number
  tags: Tags
}

export interface CapacityProviderRecord {
  name: string
  arn: string
  status: 'ACTIVE' | 'INACTIVE'
  /** As the caller named it: an ARN. */
  groupArn: string
  groupName: string
  scaling: Required<ManagedScaling>
  terminationProtection: 'ENABLED' | 'DISABLED'
  draining: 'ENABLED' | 'DISABLED'
  updateStatus?: string
  /** Since when its group has had more instances than its tasks need, ms. */
  spareSince?: number
  tags: Tags
}

export interface TaskRecord {
  id: string
  arn: string
  cluster: string
  definitionArn: string
  /** `service:web`, `family:web` or what the caller said. */
  group: string
  startedBy?: string
  clientToken?: string
  service?: string
  launchType: 'FARGATE' | 'EC2' | 'EXTERNAL'
  capacityProvider?: string
  /** The container instance that it is placed on, not on Fargate; a task that waits for capacity has none yet. */
  instance?: string
  rules: PlacementRules
  /** Only on Fargate. */
  platformVersion?: string
  /** Only in the mode `awsvpc`, as the next ones: its own network interface. */
  network?: NetworkRecord
  subnetId?: string
  networkInterfaceId?: string
  privateIp?: string
  attachment?: Attachment
  zone?: string
  lastStatus: TaskStatus
  desiredStatus: 'RUNNING' | 'STOPPED'
  /** When the present state began, ms since the epoch, as all times here. */
  since: number
  containers: ContainerRecord[]
  overrides: TaskOverride
  cpu?: string
  memory?: string
  executionRoleArn?: string
  taskRoleArn?: string
  /** Target groups that it is to be registered in, with the port. */
  loadBalancers: LoadBalancer[]
  /** Services of Cloud Map that it is to be an instance of. */
  registries?: ServiceRegistry[]
  version: number
  createdAt: number
  connectivityAt?: number
  pullStartedAt?: number
  pullStoppedAt?: number
  startedAt?: number
  stoppingAt?: number
  executionStoppedAt?: number
  stoppedAt?: number
  stopCode?: string
  stoppedReason?: string
  enableExecuteCommand: boolean
  ephemeralStorageGiB: number
  tags: Tags
  /** Why the service is to replace it, as its stopped reason will say. */
  unwell?: string
  /** Whether the service has taken notice of its end. */
  accounted?: boolean
  /** Until when the task is protected from scale-in, ms; Infinity is not used. */
  protectedUntil?: number
}

export interface DeploymentRecord {
  id: string
  status: 'PRIMARY' | 'ACTIVE'
  definitionArn: string
  network?: NetworkRecord
  launchType: 'FARGATE' | 'EC2' | 'EXTERNAL'
  strategy?: CapacityProviderStrategyItem[]
  platformVersion?: string
  failedTasks: number
  createdAt: number
  updatedAt: number
  rolloutState: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED'
  /** When the rollout ended, ms. */
  finishedAt?: number
  rolloutReason: string
  /** Asked for by StopServiceDeployment or a lifecycle hook, with the reason if it is another than the user. */
  stopRequested?: 'ABORT' | 'ROLLBACK'
  stopReason?: string
  /** Of deployments that shift traffic only: how far it has come, and since when, ms. */
  stage?: ServiceDeploymentLifecycleStage
  stageAt?: number
  /** Percent of the traffic that has been shifted to it, and since when, ms. */
  shifted?: number
  shiftedAt?: number
  /** Where lifecycle hooks have held it. */
  pauses?: PauseRecord[]
  /** Whether its tasks stand in the alternate target groups. */
  alternate?: boolean
  /** Whether it is the old revision that takes over again. */
  rollsBack?: boolean
}

/** A lifecycle hook of the type PAUSE. */
export interface HookRecord {
  stages: DeploymentLifecycleHookStage[]
  timeoutMinutes: number
  /** What becomes of the deployment when nobody says. */
  action: DeploymentLifecycleHookAction
}

export interface PauseRecord {
  /** `ecs-pause-…` */
  id: string
  /** Number of the hook, the stage, and the percent that had been shifted. */
  place: string
  status: DeploymentLifecycleHookStatus
  expiresAt: number
  action: DeploymentLifecycleHookAction
}

/** Service Connect of a service: in which namespace, and what it offers there. */
export interface ConnectRecord {
  /** ARN of the Cloud Map namespace. */
  namespaceArn: string
  endpoints: {
    portName: string
    discoveryName: string
    /** ARN of the Cloud Map service that ECS has made for it. */
    serviceArn: string
    containerName: string
    containerPort: number
    aliases: { port: number; dnsName: string }[]
    /** When it came to be, ms: tasks that began before do not see it. */
    since: number
  }[]
  /** As the caller gave it. */
  configuration: ServiceConnectConfiguration
}

/** A part of a service that is deployed from outside. */
export interface TaskSetRecord {
  /** `ecs-svc/1234567890123456789` */
  id: string
  status: 'PRIMARY' | 'ACTIVE' | 'DRAINING'
  definitionArn: string
  network?: NetworkRecord
  launchType: 'FARGATE' | 'EC2' | 'EXTERNAL'
  strategy?: CapacityProviderStrategyItem[]
  platformVersion?: string
  loadBalancers: LoadBalancer[]
  registries: ServiceRegistry[]
  externalId?: string
  /** Percent of the service's desired count. */
  scale: number
  /** Whether all its tasks do their work, and since when that is so, ms. */
  steady: boolean
  steadyAt: number
  createdAt: number
  updatedAt: number
  clientToken?: string
  tags: Tags
}

export interface ServiceRecord {
  name: string
  arn: string
  cluster: string
  status: 'ACTIVE' | 'DRAINING' | 'INACTIVE'
  desiredCount: number
  scheduling: 'REPLICA' | 'DAEMON'
  maximumPercent: number
  minimumHealthyPercent: number
  circuitBreaker: { enable: boolean; rollback: boolean }
  /** CloudWatch alarms that end a deployment. */
  alarms?: { names: string[]; enable: boolean; rollback: boolean }
  rules: PlacementRules
  loadBalancers: LoadBalancer[]
  gracePeriodSeconds?: number
  propagateTags: 'NONE' | 'SERVICE' | 'TASK_DEFINITION'
  managedTags: boolean
  enableExecuteCommand: boolean
  /** Whether tasks are to be spread over the zones again after they have come to be unequal; kept, not acted on. */
  zoneRebalancing?: boolean
  clientToken?: string
  /** Services of Cloud Map that its tasks are to be instances of. */
  registries?: ServiceRegistry[]
  connect?: ConnectRecord
  /** Who deploys, if it is not ECS itself. */
  controller?: 'EXTERNAL'
  /** How ECS deploys, if not by a rolling update. */
  deploymentStrategy?: 'BLUE_GREEN' | 'LINEAR' | 'CANARY'
  bakeTimeMinutes?: number
  /** Of linear and canary deployments: how much traffic is shifted at once, and how long it stays so. */
  step?: { percent: number; bakeMinutes: number }
  hooks?: HookRecord[]
  deployments: DeploymentRecord[]
  /** Only with the controller EXTERNAL, which has no deployments. */
  taskSets?: TaskSetRecord[]
  /** The latest ones that are over, newest first. */
  finished?: DeploymentRecord[]
  /** Newest first. */
  events: { id: string; at: number; message: string }[]
  /** Whether its last word was that it is steady. */
  steady: boolean
  /** Failed starts in a row, and when the latest was seen. */
  failures: number
  failedAt: number
  createdAt: number
  createdBy: string
  tags: Tags
}

export type { ContainerDefinition, ContainerOverride }
