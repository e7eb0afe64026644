import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type Handler } from '../wire/service.ts'
import { allocateAddress } from './addresses.ts'
import { instanceTypes } from './data/instance-types.ts'
import { invalidParameterCombination, invalidParameterValue, required } from './errors.ts'
import { addSecondaryAddresses, removeSecondaryAddress } from './interfaces.ts'
import { toGroups, toInterface } from './network-interfaces.ts'
import type { InstanceRecord, NetworkInterfaceRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { instances, networkInterfaces, securityGroups, subnets } from './tables.ts'

/** The interface of an attachment. */
function attached(scope: Scope, id: string | undefined): NetworkInterfaceRecord {
  const found = networkInterfaces.list(scope).find(({ attachment }) => attachment && attachment.id === id)
  if (found) return found
  throw attachmentMissing(id)
}

/** Attaches an interface as a further one of a machine. Throws EC2's errors. */
function attach(
  scope: Scope,
  eni: NetworkInterfaceRecord,
  instance: InstanceRecord,
  deviceIndex: number,
): string {
  if (eni.attachment) throw new AwsError('InvalidNetworkInterface.InUse', `Interface: [${eni.id}] in use.`)
  if (eni.zone !== instance.zone)
    throw invalidParameterCombination(
      `You may not attach a network interface to an instance if they are not in the same availability zone`,
    )
  if (instance.state !== 'running' && instance.state !== 'stopped')
    throw new AwsError('IncorrectState', `Instance '${instance.id}' is not 'running' or 'stopped'.`)
  const own = instance.networkInterfaceIds.map((id) => networkInterfaces.get(scope, id))
  if (own.some(({ attachment }) => attachment?.deviceIndex === deviceIndex))
    throw invalidParameterValue(
      `Instance '${instance.id}' already has an interface attached at device index '${deviceIndex}'.`,
    )
  const most = instanceTypes.get(instance.type)?.maxInterfaces ?? 2
  if (own.length >= most)
    throw new AwsError(
      'AttachmentLimitExceeded',
      `Interface count ${own.length + 1} exceeds the limit for ${instance.type}`,
    )
  const id = `eni-attach-0${scope.world.ids.hex(16)}`
  networkInterfaces.patch(scope, eni.id, {
    attachment: {
      id,
      instanceId: instance.id,
      instanceOwnerId: scope.accountId,
      deviceIndex,
      attachedAt: scope.world.clock.now(),
      deleteOnTermination: false,
    },
  })
  instances.patch(scope, instance.id, { networkInterfaceIds: [...instance.networkInterfaceIds, eni.id] })
  return id
}

function detach(scope: Scope, eni: NetworkInterfaceRecord): void {
  const { instanceId, deviceIndex } = eni.attachment!
  if (eni.requesterId || !instanceId)
    throw new AwsError('OperationNotPermitted', "You are not allowed to manage 'ela-attach' attachments.")
  if (deviceIndex === 0)
    throw new AwsError('OperationNotPermitted', 'The network interface at device index 0 cannot be detached.')
  const instance = instances.get(scope, instanceId)
  networkInterfaces.patch(scope, eni.id, { attachment: undefined })
  instances.patch(scope, instanceId, {
    networkInterfaceIds: instance.networkInterfaceIds.filter((id) => id !== eni.id),
  })
}

/** What a request changes of an interface. Throws when it names what the account does not have. */
function changes(
  scope: Scope,
  eni: NetworkInterfaceRecord,
  input: sdk.ModifyNetworkInterfaceAttributeCommandInput,
): Partial<NetworkInterfaceRecord> {
  const { Attachment, Description, Groups, SourceDestCheck } = input
  for (const id of Groups ?? []) securityGroups.get(scope, id)
  if (Attachment && (!eni.attachment || eni.attachment.id !== Attachment.AttachmentId))
    throw attachmentMissing(Attachment.AttachmentId)
  return {
    ...(Description && { description: Description.Value ?? '' }),
    ...(SourceDestCheck && { sourceDestCheck: SourceDestCheck.Value !== false }),
    ...(Groups?.length && { groupIds: Groups }),
    ...(Attachment && {
      attachment: { ...eni.attachment!, deleteOnTermination: Attachment.DeleteOnTermination ?? false },
    }),
  }
}

const attachmentMissing = (id: string | undefined) =>
  new AwsError('InvalidAttachmentID.NotFound', `The interface attachment '${id}' does not exist.`)

const interfaceOf = (scope: Scope, id: string | undefined) =>
  networkInterfaces.get(scope, required(id, 'networkInterfaceId'))

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html (texts from knowledge) */
export const interfaceAttributeHandlers: Record<string, Handler> = {
  AttachNetworkInterface: (input: sdk.AttachNetworkInterfaceCommandInput, context) => {
    const eni = interfaceOf(context, input.NetworkInterfaceId)
    const instance = instances.get(context, required(input.InstanceId, 'instanceId'))
    return { AttachmentId: attach(context, eni, instance, required(input.DeviceIndex, 'deviceIndex')) }
  },

  DetachNetworkInterface: (input: sdk.DetachNetworkInterfaceCommandInput, context) =>
    detach(context, attached(context, required(input.AttachmentId, 'attachmentId'))),

  DescribeNetworkInterfaceAttribute: (input: sdk.DescribeNetworkInterfaceAttributeCommandInput, context) => {
    const eni = interfaceOf(context, input.NetworkInterfaceId)
    const shown: Record<string, object> = {
      attachment: { Attachment: toInterface(context, eni).Attachment },
      description: { Description: { Value: eni.description } },
      groupSet: { Groups: toGroups(context, eni.groupIds) },
      sourceDestCheck: { SourceDestCheck: { Value: eni.sourceDestCheck } },
      associatePublicIpAddress: { AssociatePublicIpAddress: false },
    }
    return { NetworkInterfaceId: eni.id, ...shown[required(input.Attribute, 'attribute')] }
  },

  ModifyNetworkInterfaceAttribute: (input: sdk.ModifyNetworkInterfaceAttributeCommandInput, context) => {
    const eni = interfaceOf(context, input.NetworkInterfaceId)
    const fields = changes(context, eni, input)
    networkInterfaces.patch(context, eni.id, fields)
    const { instanceId, deviceIndex } = eni.attachment ?? {}
    if (fields.groupIds && instanceId && deviceIndex === 0)
      instances.patch(context, instanceId, { groupIds: fields.groupIds })
  },

  ResetNetworkInterfaceAttribute: (input: sdk.ResetNetworkInterfaceAttributeCommandInput, context) => {
    networkInterfaces.patch(context, interfaceOf(context, input.NetworkInterfaceId).id, {
      sourceDestCheck: true,
    })
  },

  AssignPrivateIpAddresses: (input: sdk.AssignPrivateIpAddressesCommandInput, context) => {
    const eni = interfaceOf(context, input.NetworkInterfaceId)
    if (input.Ipv4PrefixCount || input.Ipv4Prefixes?.length)
      throw new AwsError('UnsupportedOperation', 'The simulation assigns no prefixes to network interfaces.')
    const subnet = subnets.get(context, eni.subnetId)
    const wanted = input.PrivateIpAddresses ?? []
    for (const address of wanted) allocateAddress(context, subnet, eni.id, address)
    networkInterfaces.patch(context, eni.id, { addresses: [...eni.addresses, ...wanted] })
    const added = addSecondaryAddresses(context, eni.id, input.SecondaryPrivateIpAddressCount ?? 0)
    return {
      NetworkInterfaceId: eni.id,
      AssignedPrivateIpAddresses: [...wanted, ...added].map((PrivateIpAddress) => ({ PrivateIpAddress })),
      AssignedIpv4Prefixes: [],
    }
  },

  UnassignPrivateIpAddresses: (input: sdk.UnassignPrivateIpAddressesCommandInput, context) => {
    const eni = interfaceOf(context, input.NetworkInterfaceId)
    for (const address of input.PrivateIpAddresses ?? []) {
      if (address === eni.addresses[0] || !eni.addresses.includes(address))
        throw invalidParameterValue(`Some of the specified addresses are not assigned to interface ${eni.id}`)
    }
    for (const address of input.PrivateIpAddresses ?? []) removeSecondaryAddress(context, eni.id, address)
  },
}
