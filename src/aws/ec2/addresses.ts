import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError } from '../wire/service.ts'
import { cidrSize, contains, formatAddress, parseAddress, parseCidr } from './cidr.ts'
import { invalidParameterValue } from './errors.ts'
import type { SubnetRecord } from './records.ts'
import type { Scope } from './scope.ts'

/** AWS keeps the first four addresses of a subnet and the last: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html */
const RESERVED = 5

/** What uses an address of a subnet. */
interface AddressUse {
  networkInterfaceId: string
}

const useKey = (scope: Scope, subnetId: string, address: string) =>
  awsKey(scope.accountId, scope.region, 'ec2', 'addresses', `${subnetId}/${address}`)

/** How many addresses of the subnet are in use. */
function used(scope: Scope, subnetId: string): number {
  return scope.world.store.list(awsPrefix(scope.accountId, scope.region, 'ec2', `addresses/${subnetId}`))
    .entries.length
}

/** AvailableIpAddressCount of a subnet. */
export function availableAddresses(scope: Scope, subnet: SubnetRecord): number {
  return cidrSize(parseCidr(subnet.cidr)!) - RESERVED - used(scope, subnet.id)
}

/** Takes a private address of the subnet for a network interface: `wanted`, or a free one. Throws EC2's errors. */
export function allocateAddress(
  scope: Scope,
  subnet: SubnetRecord,
  networkInterfaceId: string,
  wanted?: string,
): string {
  const block = parseCidr(subnet.cidr)!
  if (wanted !== undefined) {
    const address = parseAddress(wanted)
    if (address === undefined || !contains(block, { base: address, bits: 32 })) {
      throw invalidParameterValue(`Address ${wanted} does not fall within the subnet's address range`)
    }
    if (scope.world.store.get(useKey(scope, subnet.id, wanted))) {
      throw new AwsError('InvalidIPAddress.InUse', `Address ${wanted} is in use.`)
    }
    return take(scope, subnet.id, wanted, networkInterfaceId)
  }
  const usable = cidrSize(block) - RESERVED
  if (availableAddresses(scope, subnet) <= 0) {
    throw new AwsError(
      'InsufficientFreeAddressesInSubnet',
      'The specified subnet does not have enough free addresses to satisfy the request.',
    )
  }
  for (let offset = scope.world.ids.number(usable); ; offset = (offset + 1) % usable) {
    const address = formatAddress(block.base + 4 + offset)
    if (!scope.world.store.get(useKey(scope, subnet.id, address))) {
      return take(scope, subnet.id, address, networkInterfaceId)
    }
  }
}

function take(scope: Scope, subnetId: string, address: string, networkInterfaceId: string): string {
  const use: AddressUse = { networkInterfaceId }
  scope.world.store.put(useKey(scope, subnetId, address), use)
  return address
}

export function releaseAddress(scope: Scope, subnetId: string, address: string): void {
  scope.world.store.delete(useKey(scope, subnetId, address))
}

/** A public address out of Amazon's ranges, not in use by this account. */
export function publicAddress(scope: Scope): string {
  const first = [3, 18, 34, 44, 52, 54][scope.world.ids.number(6)]!
  return `${first}.${200 + scope.world.ids.number(50)}.${scope.world.ids.number(256)}.${1 + scope.world.ids.number(254)}`
}

/** `ip-172-31-5-9.ec2.internal`, or `….<region>.compute.internal` outside us-east-1. */
export function privateDnsName(region: string, address: string): string {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`
  return `ip-${address.replaceAll('.', '-')}.${domain}`
}

/** `ec2-54-210-1-2.compute-1.amazonaws.com`, or `….<region>.compute.amazonaws.com` outside us-east-1. */
export function publicDnsName(region: string, address: string): string {
  const domain = region === 'us-east-1' ? 'compute-1' : `${region}.compute`
  return `ec2-${address.replaceAll('.', '-')}.${domain}.amazonaws.com`
}
