import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import type {
  CapacityProviderRecord,
  ClusterRecord,
  ContainerInstanceRecord,
  ServiceRecord,
  TaskDefinitionRecord,
  TaskRecord,
} from './records.ts'

/** One kind of record under a path of names. */
class Table<T> {
  readonly #folder: string
  readonly #path: (record: T) => string

  constructor(folder: string, path: (record: T) => string) {
    this.#folder = folder
    this.#path = path
  }

  key({ accountId, region }: Scope, ...path: string[]): string {
    return awsKey(accountId, region, 'ecs', this.#folder, path.join('/'))
  }

  find(scope: Scope, ...path: string[]): T | undefined {
    return scope.world.store.get<T>(this.key(scope, ...path))?.value
  }

  /** All, or those under a first part of their path. */
  list(scope: Scope, first?: string): T[] {
    const prefix = awsPrefix(scope.accountId, scope.region, 'ecs', this.#folder)
    return scope.world.store.values<T>(first === undefined ? prefix : `${prefix}${first}/`)
  }

  put(scope: Scope, record: T): T {
    scope.world.store.put(this.key(scope, this.#path(record)), record)
    return record
  }

  delete(scope: Scope, record: T): void {
    scope.world.store.delete(this.key(scope, this.#path(record)))
  }
}

export const clusters = new Table<ClusterRecord>('clusters', ({ name }) => name)
export const services = new Table<ServiceRecord>('services', ({ cluster, name }) => `${cluster}/${name}`)
export const tasks = new Table<TaskRecord>('tasks', ({ cluster, id }) => `${cluster}/${id}`)

export const containerInstances = new Table<ContainerInstanceRecord>(
  'container-instances',
  ({ cluster, id }) => `${cluster}/${id}`,
)
export const capacityProviders = new Table<CapacityProviderRecord>('capacity-providers', ({ name }) => name)

const padded = (revision: number) => String(revision).padStart(8, '0')
/** By family and zero-padded revision, so that they list in order. */
export const taskDefinitions = new Table<TaskDefinitionRecord>(
  'task-definitions',
  ({ family, revision }) => `${family}/${padded(revision)}`,
)

/** The revision of an ARN. */
export function definitionByArn(scope: Scope, arn: string): TaskDefinitionRecord | undefined {
  const [, family = '', revision = ''] = /:task-definition\/([^:]+):(\d+)$/.exec(arn) ?? []
  return taskDefinitions.find(scope, family, padded(Number(revision)))
}

/** The tasks that a service has started, those that have ended included. */
export function tasksOf(scope: Scope, service: Pick<ServiceRecord, 'cluster' | 'name'>): TaskRecord[] {
  return tasks.list(scope, service.cluster).filter((task) => task.service === service.name)
}

/** The tasks that hold something of a container instance. */
export function tasksOn(scope: Scope, { cluster, id }: ContainerInstanceRecord): TaskRecord[] {
  return tasks.list(scope, cluster).filter((task) => task.instance === id && task.lastStatus !== 'STOPPED')
}
