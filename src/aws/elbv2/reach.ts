import { interfaceAt } from '../ec2/address-holder.ts'
import { type Scope, tables } from '../ec2/index.ts'
import { admits } from '../elb/paths.ts'
import type { LoadBalancerRecord, TargetGroupRecord, TargetRecord } from './records.ts'

/** Where a target listens, and the security groups in front of it. */
export interface Destination {
  address: string
  groupIds: string[]
}

/** The address of a target; undefined when it is not running or no longer there. */
export function destinationOf(
  scope: Scope,
  group: TargetGroupRecord,
  target: Pick<TargetRecord, 'id'>,
): Destination | undefined {
  if (group.targetType === 'instance') {
    const instance = tables.instances.find(scope, target.id)
    if (instance?.state !== 'running') return undefined
    return { address: instance.privateIp, groupIds: instance.groupIds }
  }
  const eni = interfaceAt(scope, group.vpcId, target.id)
  return eni && { address: target.id, groupIds: eni.groupIds }
}

/** An address of the load balancer inside its VPC. */
export function insideAddress(scope: Scope, record: LoadBalancerRecord): string | undefined {
  for (const { networkInterfaceId } of record.mappings) {
    const address = tables.networkInterfaces.find(scope, networkInterfaceId)?.addresses[0]
    if (address !== undefined) return address
  }
  return undefined
}

/** Whether the target's security groups let `from` in; the load balancer's own groups count as the source's. */
export function mayReach(
  scope: Scope,
  record: LoadBalancerRecord,
  destination: Destination,
  port: number,
  from: string,
): boolean {
  return admits(scope, destination.groupIds, { address: from, groupIds: record.groupIds }, port)
}

/** Whether the load balancer's security groups let a client in; network ones without groups let everybody in. */
export function admitsClient(
  scope: Scope,
  record: LoadBalancerRecord,
  client: string,
  port: number,
): boolean {
  if (record.type === 'network' && record.groupIds.length === 0) return true
  const groupIds = interfaceAt(scope, record.vpcId, client)?.groupIds ?? []
  return admits(scope, record.groupIds, { address: client, groupIds }, port)
}
