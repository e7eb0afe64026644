import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError } from '../wire/service.ts'
import type {
  ListenerRecord,
  LoadBalancerRecord,
  RuleRecord,
  TargetGroupRecord,
  TargetRecord,
} from './records.ts'

/** The part of an ARN after its resource type: `app/web/50dc6c495c0c9188`. */
export const idOf = (arn: string): string =>
  arn
    .split(':')
    .slice(5)
    .join(':')
    .replace(/^[^/]+\//, '')

/** One kind of resource, under the id in its ARN, so that what belongs to another lies under the other's id. */
class Table<T extends { arn: string }> {
  readonly #folder: string
  readonly #missing: () => AwsError

  constructor(folder: string, code: string, noun: string) {
    this.#folder = folder
    this.#missing = () => new AwsError(code, `One or more ${noun} not found`)
  }

  key({ accountId, region }: Scope, arn: string): string {
    return awsKey(accountId, region, 'elbv2', this.#folder, idOf(arn))
  }

  find(scope: Scope, arn: string): T | undefined {
    const record = scope.world.store.get<T>(this.key(scope, arn))?.value
    return record?.arn === arn ? record : undefined
  }

  /** Throws the resource's NotFound error. */
  get(scope: Scope, arn: string): T {
    const record = this.find(scope, arn)
    if (!record) throw this.#missing()
    return record
  }

  /** All, or those that belong to the resource of `owner`. */
  list(scope: Scope, owner?: string): T[] {
    const prefix = awsPrefix(scope.accountId, scope.region, 'elbv2', this.#folder)
    return scope.world.store.values<T>(owner === undefined ? prefix : `${prefix}${idOf(owner)}/`)
  }

  put(scope: Scope, record: T): T {
    scope.world.store.put(this.key(scope, record.arn), record)
    return record
  }

  delete(scope: Scope, arn: string): void {
    scope.world.store.delete(this.key(scope, arn))
  }
}

export const loadBalancers = new Table<LoadBalancerRecord>(
  'load-balancers',
  'LoadBalancerNotFound',
  'load balancers',
)
export const listeners = new Table<ListenerRecord>('listeners', 'ListenerNotFound', 'listeners')
export const rules = new Table<RuleRecord>('rules', 'RuleNotFound', 'rules')
export const targetGroups = new Table<TargetGroupRecord>(
  'target-groups',
  'TargetGroupNotFound',
  'target groups',
)

const targetFolder = ({ accountId, region }: Scope, groupArn: string) =>
  `${awsPrefix(accountId, region, 'elbv2', 'targets')}${idOf(groupArn)}/`

/** The targets of a target group, with their health. */
export const targets = {
  find: (scope: Scope, groupArn: string, id: string, port: number): TargetRecord | undefined =>
    scope.world.store.get<TargetRecord>(`${targetFolder(scope, groupArn)}${id}:${port}`)?.value,
  list: (scope: Scope, groupArn: string): TargetRecord[] =>
    scope.world.store.values<TargetRecord>(targetFolder(scope, groupArn)),
  put(scope: Scope, record: TargetRecord): TargetRecord {
    scope.world.store.put(`${targetFolder(scope, record.groupArn)}${record.id}:${record.port}`, record)
    return record
  },
  delete: (scope: Scope, { groupArn, id, port }: TargetRecord): void =>
    void scope.world.store.delete(`${targetFolder(scope, groupArn)}${id}:${port}`),
}
