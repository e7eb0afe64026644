import type {
  Attachment,
  CapacityProviderStrategyItem,
  ClusterSetting,
  ContainerDefinition,
  ContainerOverride,
  LoadBalancer,
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
  launchType: 'FARGATE'
  capacityProvider?: string
  platformVersion: string
  network: NetworkRecord
  subnetId: string
  zone: string
  networkInterfaceId?: string
  privateIp?: string
  attachment: Attachment
  lastStatus: TaskStatus
  desiredStatus: 'RUNNING' | 'STOPPED'
  /** When the present state began, ms since the epoch, as all times here. */
  since: number
  containers: ContainerRecord[]
  overrides: TaskOverride
  cpu: string
  memory: string
  executionRoleArn?: string
  taskRoleArn?: string
  /** Target groups that it is to be registered in, with the port. */
  loadBalancers: LoadBalancer[]
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
  /** Whether the service has taken notice of its end. */
  accounted?: boolean
}

export interface DeploymentRecord {
  id: string
  status: 'PRIMARY' | 'ACTIVE'
  definitionArn: string
  network?: NetworkRecord
  launchType: string
  strategy?: CapacityProviderStrategyItem[]
  platformVersion?: string
  failedTasks: number
  createdAt: number
  updatedAt: number
  rolloutState: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED'
  rolloutReason: string
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
  loadBalancers: LoadBalancer[]
  gracePeriodSeconds?: number
  propagateTags: 'NONE' | 'SERVICE' | 'TASK_DEFINITION'
  managedTags: boolean
  enableExecuteCommand: boolean
  clientToken?: string
  deployments: DeploymentRecord[]
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
