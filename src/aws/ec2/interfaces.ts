import { allocateAddress, releaseAddress } from './addresses.ts'
import type { NetworkInterfaceRecord, SubnetRecord, Tags } from './records.ts'
import type { Scope } from './scope.ts'
import { elasticIps, networkInterfaces, subnets } from './tables.ts'

export interface InterfaceOptions {
  subnet: SubnetRecord
  groupIds: string[]
  description: string
  tags?: Tags
  interfaceType?: string
  requesterId?: string
  privateIp?: string
  publicIp?: string
  allocationId?: string
  attachment?: Omit<NonNullable<NetworkInterfaceRecord['attachment']>, 'id' | 'attachedAt'>
}

/** Makes a network interface with one address of its subnet. Throws InsufficientFreeAddressesInSubnet. */
export function createInterface(scope: Scope, options: InterfaceOptions): NetworkInterfaceRecord {
  const { subnet } = options
  const id = networkInterfaces.newId(scope)
  const now = scope.world.clock.now()
  const address = allocateAddress(scope, subnet, id, options.privateIp)
  const octets = [...scope.world.ids.bytes(5)].map((byte) => byte.toString(16).padStart(2, '0'))
  return networkInterfaces.put(scope, {
    id,
    tags: options.tags ?? {},
    subnetId: subnet.id,
    vpcId: subnet.vpcId,
    zone: subnet.zone,
    description: options.description,
    groupIds: options.groupIds,
    interfaceType: options.interfaceType ?? 'interface',
    requesterId: options.requesterId,
    macAddress: ['0e', ...octets].join(':'),
    addresses: [address],
    publicIp: options.publicIp,
    allocationId: options.allocationId,
    sourceDestCheck: true,
    attachment: options.attachment && {
      ...options.attachment,
      id: `eni-attach-0${scope.world.ids.hex(16)}`,
      attachedAt: now,
    },
    createdAt: now,
  })
}

/** Deletes an interface, giving its addresses back to the subnet and freeing an Elastic IP address on it. */
export function removeInterface(scope: Scope, id: string): void {
  const eni = networkInterfaces.find(scope, id)
  if (!eni) return
  for (const address of eni.addresses) releaseAddress(scope, eni.subnetId, address)
  if (eni.allocationId) disassociate(scope, eni.allocationId)
  networkInterfaces.delete(scope, id)
}

/** Takes an Elastic IP address off whatever it is on. */
export function disassociate(scope: Scope, allocationId: string): void {
  const address = elasticIps.find(scope, allocationId)
  if (!address) return
  elasticIps.put(scope, { id: address.id, tags: address.tags, publicIp: address.publicIp })
}

/** Adds secondary private addresses to an interface; gives the new ones. */
export function addSecondaryAddresses(scope: Scope, id: string, count: number): string[] {
  const eni = networkInterfaces.get(scope, id)
  const subnet = subnets.get(scope, eni.subnetId)
  const added = Array.from({ length: count }, () => allocateAddress(scope, subnet, id))
  networkInterfaces.patch(scope, id, { addresses: [...eni.addresses, ...added] })
  return added
}

/** Takes one secondary address off an interface. */
export function removeSecondaryAddress(scope: Scope, id: string, address: string): void {
  const eni = networkInterfaces.find(scope, id)
  if (!eni?.addresses.includes(address)) return
  releaseAddress(scope, eni.subnetId, address)
  networkInterfaces.patch(scope, id, { addresses: eni.addresses.filter((other) => other !== address) })
}
