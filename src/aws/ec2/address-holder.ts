import { awsKey } from '../keys.ts'
import type { NetworkInterfaceRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { networkInterfaces, subnets } from './tables.ts'

/** The network interface in a VPC that holds a private address, if any does. */
export function interfaceAt(
  scope: Scope,
  vpcId: string,
  address: string,
): NetworkInterfaceRecord | undefined {
  for (const subnet of subnets.list(scope)) {
    if (subnet.vpcId !== vpcId) continue
    const key = awsKey(scope.accountId, scope.region, 'ec2', 'addresses', `${subnet.id}/${address}`)
    const use = scope.world.store.get<{ networkInterfaceId: string }>(key)?.value
    if (use) return networkInterfaces.find(scope, use.networkInterfaceId)
  }
  return undefined
}
