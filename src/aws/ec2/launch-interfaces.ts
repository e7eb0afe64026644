import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError } from '../wire/service.ts'
import { allocateAddress } from './addresses.ts'
import { type InstanceTypeInfo, instanceTypes } from './data/instance-types.ts'
import { invalidParameterCombination, invalidParameterValue } from './errors.ts'
import { addSecondaryAddresses, createInterface } from './interfaces.ts'
import { defaultGroup } from './network-interfaces.ts'
import type { NetworkInterfaceRecord, SubnetRecord, Tags } from './records.ts'
import type { Scope } from './scope.ts'
import { networkInterfaces, securityGroups, subnets } from './tables.ts'

/** A network interface that a machine starts with; what is missing is as the launch has it. */
export interface LaunchInterface {
  deviceIndex: number
  /** One that there is already: nothing else is said of it then. */
  id?: string
  subnetId?: string
  groupIds?: string[]
  description?: string
  /** The first one is the primary address. */
  addresses: string[]
  secondaryCount?: number
  /** Default: true, of one that there was already false. */
  deleteOnTermination?: boolean
}

/** The interfaces of a request or a launch template. Throws InvalidParameterCombination. */
export function interfacesOf(
  given: sdk.InstanceNetworkInterfaceSpecification[] | undefined,
): LaunchInterface[] | undefined {
  if (!given?.length) return undefined
  if (given.length > 1 && given.some(({ AssociatePublicIpAddress }) => AssociatePublicIpAddress))
    throw invalidParameterCombination(
      'The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.',
    )
  const interfaces = given.map((entry): LaunchInterface => {
    const listed = entry.PrivateIpAddresses ?? []
    const primary = entry.PrivateIpAddress ?? listed.find(({ Primary }) => Primary)?.PrivateIpAddress
    const others = listed.filter(({ Primary }) => !Primary).map(({ PrivateIpAddress }) => PrivateIpAddress!)
    if (others.length > 0 && !primary)
      throw invalidParameterCombination('No primary private IP address specified.')
    return {
      deviceIndex: entry.DeviceIndex ?? 0,
      id: entry.NetworkInterfaceId,
      subnetId: entry.SubnetId,
      groupIds: entry.Groups?.length ? entry.Groups : undefined,
      description: entry.Description,
      addresses: primary ? [primary, ...others] : [],
      secondaryCount: entry.SecondaryPrivateIpAddressCount,
      deleteOnTermination: entry.DeleteOnTermination,
    }
  })
  const indexes = interfaces.map(({ deviceIndex }) => deviceIndex)
  if (new Set(indexes).size < indexes.length)
    throw invalidParameterValue('Each network interface requires a unique device index.')
  if (!indexes.includes(0))
    throw invalidParameterCombination('The specified network interfaces must include one at device index 0.')
  return interfaces.sort((one, other) => one.deviceIndex - other.deviceIndex)
}

/** What all interfaces of one machine have. */
interface Machine {
  instanceId: string
  type: string
  subnet: SubnetRecord
  groupIds: string[]
  /** Of the first interface. */
  publicIp?: string
  tags?: Tags
}

/** The interface at device index 0 alone. */
const ONE: LaunchInterface[] = [{ deviceIndex: 0, addresses: [] }]

/** Makes the interfaces of a new machine, or attaches those that there are. Throws EC2's errors. */
export function launchWith(
  scope: Scope,
  interfaces: LaunchInterface[] = ONE,
  machine: Machine,
): NetworkInterfaceRecord[] {
  const { maxInterfaces }: InstanceTypeInfo = instanceTypes.get(machine.type)!
  if (interfaces.length > maxInterfaces)
    throw new AwsError(
      'AttachmentLimitExceeded',
      `Interface count ${interfaces.length} exceeds the limit for ${machine.type}`,
    )
  return interfaces.map((wanted) =>
    wanted.id === undefined ? make(scope, wanted, machine) : take(scope, wanted.id, wanted, machine),
  )
}

const attachmentOf = (
  scope: Scope,
  { deviceIndex, deleteOnTermination }: LaunchInterface,
  machine: Machine,
) => ({
  instanceId: machine.instanceId,
  instanceOwnerId: scope.accountId,
  deviceIndex,
  deleteOnTermination: deleteOnTermination ?? true,
})

function make(scope: Scope, wanted: LaunchInterface, machine: Machine): NetworkInterfaceRecord {
  const subnet =
    wanted.deviceIndex > 0 && wanted.subnetId ? subnets.get(scope, wanted.subnetId) : machine.subnet
  checkZone(subnet, machine)
  const same = subnet.vpcId === machine.subnet.vpcId
  const groupIds = wanted.groupIds ?? (same ? machine.groupIds : [defaultGroup(scope, subnet.vpcId)])
  for (const id of groupIds) securityGroups.get(scope, id)
  const [privateIp, ...others] = wanted.addresses
  const eni = createInterface(scope, {
    subnet,
    groupIds: wanted.deviceIndex === 0 ? machine.groupIds : groupIds,
    description: wanted.description ?? '',
    publicIp: wanted.deviceIndex === 0 ? machine.publicIp : undefined,
    privateIp,
    tags: machine.tags,
    attachment: attachmentOf(scope, wanted, machine),
  })
  for (const address of others) allocateAddress(scope, subnet, eni.id, address)
  if (others.length > 0) networkInterfaces.patch(scope, eni.id, { addresses: [...eni.addresses, ...others] })
  if (wanted.secondaryCount) addSecondaryAddresses(scope, eni.id, wanted.secondaryCount)
  return networkInterfaces.get(scope, eni.id)
}

function take(scope: Scope, id: string, wanted: LaunchInterface, machine: Machine): NetworkInterfaceRecord {
  const eni = networkInterfaces.get(scope, id)
  if (eni.attachment) throw new AwsError('InvalidNetworkInterface.InUse', `Interface: [${id}] in use.`)
  checkZone(subnets.get(scope, eni.subnetId), machine)
  return networkInterfaces.patch(scope, id, {
    attachment: {
      ...attachmentOf(
        scope,
        { ...wanted, deleteOnTermination: wanted.deleteOnTermination ?? false },
        machine,
      ),
      id: `eni-attach-0${scope.world.ids.hex(16)}`,
      attachedAt: scope.world.clock.now(),
    },
  })
}

function checkZone(subnet: SubnetRecord, machine: Machine): void {
  if (subnet.zone !== machine.subnet.zone)
    throw invalidParameterCombination(
      'You may not specify network interfaces that are in different Availability Zones.',
    )
}
