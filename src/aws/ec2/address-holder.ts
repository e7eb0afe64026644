import { networkIndex } from './network-index.ts'
import type { NetworkInterfaceRecord } from './records.ts'
import type { Scope } from './scope.ts'

/** The network interface in a VPC that holds a private address, if any does. */
export function interfaceAt(
  scope: Scope,
  vpcId: string,
  address: string,
): NetworkInterfaceRecord | undefined {
  return networkIndex(scope.world)
    .interfacesAt(address)
    .find(({ eni }) => eni.vpcId === vpcId && eni.publicIp !== address)?.eni
}
