import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError } from '../wire/service.ts'
import type { HealthRecord, LoadBalancerRecord } from './records.ts'

const key = ({ accountId, region }: Scope, name: string) =>
  awsKey(accountId, region, 'elb', 'load-balancers', name)
const healthFolder = ({ accountId, region }: Scope, name: string) =>
  `${awsPrefix(accountId, region, 'elb', 'health')}${name}/`

export function findLoadBalancer(scope: Scope, name: string): LoadBalancerRecord | undefined {
  return scope.world.store.get<LoadBalancerRecord>(key(scope, name))?.value
}

/** Throws LoadBalancerNotFound. */
export function getLoadBalancer(scope: Scope, name: string): LoadBalancerRecord {
  const found = findLoadBalancer(scope, name)
  if (!found) throw new AwsError('LoadBalancerNotFound', `There is no ACTIVE Load Balancer named '${name}'`)
  return found
}

export function listLoadBalancers({ world, accountId, region }: Scope): LoadBalancerRecord[] {
  return world.store.values<LoadBalancerRecord>(awsPrefix(accountId, region, 'elb', 'load-balancers'))
}

export function putLoadBalancer(scope: Scope, record: LoadBalancerRecord): LoadBalancerRecord {
  scope.world.store.put(key(scope, record.name), record)
  return record
}

/** Removes a load balancer with what its health checks found. */
export function removeLoadBalancer(scope: Scope, name: string): void {
  const health = scope.world.store.list(healthFolder(scope, name)).entries
  scope.world.store.commit([
    ...health.map((entry) => ({ key: entry.key, value: undefined })),
    { key: key(scope, name), value: undefined },
  ])
}

export function healthOf(scope: Scope, name: string, instanceId: string): HealthRecord | undefined {
  return scope.world.store.get<HealthRecord>(healthFolder(scope, name) + instanceId)?.value
}

export function putHealth(scope: Scope, record: HealthRecord): void {
  scope.world.store.put(healthFolder(scope, record.loadBalancer) + record.instanceId, record)
}

export function removeHealth(scope: Scope, name: string, instanceId: string): void {
  scope.world.store.delete(healthFolder(scope, name) + instanceId)
}
