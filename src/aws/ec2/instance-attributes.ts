import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { instanceTypes } from './data/instance-types.ts'
import { invalidParameterCombination, invalidParameterValue, required } from './errors.ts'
import { paginate } from './filters.ts'
import { ROOT_DEVICE } from './images.ts'
import { toGroups } from './network-interfaces.ts'
import type { InstanceRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { instances, networkInterfaces, securityGroups, volumes } from './tables.ts'
import { volumesOf } from './volume-index.ts'

/** The interface of an instance that was there first. */
export const primaryInterface = (scope: Scope, { networkInterfaceIds: [id] }: InstanceRecord) =>
  id === undefined ? undefined : networkInterfaces.find(scope, id)

type Shown = Partial<sdk.DescribeInstanceAttributeCommandOutput>

/** What each attribute is told as: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceAttribute.html */
const ATTRIBUTES: Record<string, (scope: Scope, instance: InstanceRecord) => Shown> = {
  blockDeviceMapping: (scope, { id }) => ({
    BlockDeviceMappings: volumesOf(scope, id).map(({ id: VolumeId, attachment }) => ({
      DeviceName: attachment!.device,
      Ebs: {
        AttachTime: new Date(attachment!.attachedAt),
        DeleteOnTermination: attachment!.deleteOnTermination,
        Status: 'attached',
        VolumeId,
      },
    })),
  }),
  disableApiStop: (_scope, { disableApiStop = false }) => ({ DisableApiStop: { Value: disableApiStop } }),
  disableApiTermination: (_scope, { disableApiTermination = false }) => ({
    DisableApiTermination: { Value: disableApiTermination },
  }),
  ebsOptimized: (_scope, { ebsOptimized = false }) => ({ EbsOptimized: { Value: ebsOptimized } }),
  enaSupport: () => ({ EnaSupport: { Value: true } }),
  enclaveOptions: () => ({ EnclaveOptions: { Enabled: false } }),
  groupSet: (scope, { groupIds }) => ({ Groups: toGroups(scope, groupIds) }),
  instanceInitiatedShutdownBehavior: (_scope, { terminatesAtShutdown }) => ({
    InstanceInitiatedShutdownBehavior: { Value: terminatesAtShutdown ? 'terminate' : 'stop' },
  }),
  instanceType: (_scope, { type }) => ({ InstanceType: { Value: type } }),
  kernel: () => ({ KernelId: {} }),
  productCodes: () => ({ ProductCodes: [] }),
  ramdisk: () => ({ RamdiskId: {} }),
  rootDeviceName: () => ({ RootDeviceName: { Value: ROOT_DEVICE } }),
  sourceDestCheck: (scope, instance) => ({
    SourceDestCheck: { Value: primaryInterface(scope, instance)?.sourceDestCheck ?? true },
  }),
  sriovNetSupport: () => ({ SriovNetSupport: { Value: 'simple' } }),
  userData: (_scope, { userData }) => ({ UserData: { Value: userData } }),
}

/** What only a stopped instance lets be changed. */
const WHEN_STOPPED = ['instanceType', 'userData', 'ebsOptimized']

/** The attribute of a request in the older form, `Attribute` and `Value`, and that of the newer, a member of its own. */
function asked(input: sdk.ModifyInstanceAttributeCommandInput): [name: string, value: unknown] {
  const {
    InstanceId: _id,
    DryRun: _dry,
    Attribute,
    Value,
    BlockDeviceMappings,
    Groups,
    UserData,
    ...members
  } = input
  const named: [string, unknown][] = Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name[0]!.toLowerCase() + name.slice(1), (value as { Value?: unknown }).Value])
  if (BlockDeviceMappings?.length) named.push(['blockDeviceMapping', BlockDeviceMappings])
  if (Groups?.length) named.push(['groupSet', Groups])
  if (UserData) named.push(['userData', Buffer.from(UserData.Value ?? []).toString('base64')])
  if (Attribute && Value !== undefined)
    named.push([Attribute, /^(true|false)$/.test(Value) ? Value === 'true' : Value])
  if (named.length > 1) throw invalidParameterCombination('Fields for multiple attribute types specified')
  if (named.length === 0) throw invalidParameterCombination('No attributes specified.')
  return named[0]!
}

function modify(input: sdk.ModifyInstanceAttributeCommandInput, context: RequestContext): void {
  const instance = instances.get(context, required(input.InstanceId, 'instanceId'))
  const [name, value] = asked(input)
  if (WHEN_STOPPED.includes(name) && instance.state !== 'stopped')
    throw new AwsError(
      'IncorrectInstanceState',
      `The instance '${instance.id}' is not in the 'stopped' state.`,
    )
  const patch = (fields: Partial<InstanceRecord>) => void instances.patch(context, instance.id, fields)
  switch (name) {
    case 'disableApiStop':
    case 'disableApiTermination':
    case 'ebsOptimized':
      return patch({ [name]: value === true || undefined })
    case 'instanceInitiatedShutdownBehavior':
      return patch({ terminatesAtShutdown: value === 'terminate' || undefined })
    case 'instanceType':
      if (!instanceTypes.has(value as string))
        throw invalidParameterValue(`Invalid value '${value}' for InstanceType.`)
      return patch({ type: value as string })
    case 'userData':
      return patch({ userData: (value as string) || undefined })
    case 'groupSet':
      return join(context, instance, value as string[])
    case 'sourceDestCheck':
      return checkSource(context, instance, value !== false)
    case 'blockDeviceMapping':
      return keepVolumes(context, instance, value as sdk.InstanceBlockDeviceMappingSpecification[])
  }
  throw new AwsError('UnsupportedOperation', `The attribute '${name}' cannot be modified in the simulation.`)
}

function join(scope: Scope, instance: InstanceRecord, groupIds: string[]): void {
  for (const id of groupIds) securityGroups.get(scope, id)
  const eni = primaryInterface(scope, instance)
  if (eni) networkInterfaces.patch(scope, eni.id, { groupIds })
  instances.patch(scope, instance.id, { groupIds })
}

/** A machine that passes on what is not its own (a NAT instance) needs the check off. */
function checkSource(scope: Scope, instance: InstanceRecord, sourceDestCheck: boolean): void {
  if (instance.networkInterfaceIds.length > 1)
    throw new AwsError(
      'InvalidInstanceID',
      `There are multiple interfaces attached to instance '${instance.id}'. Please specify an interface ID for the operation instead.`,
    )
  const eni = primaryInterface(scope, instance)
  if (eni) networkInterfaces.patch(scope, eni.id, { sourceDestCheck })
}

function keepVolumes(
  scope: Scope,
  instance: InstanceRecord,
  mappings: sdk.InstanceBlockDeviceMappingSpecification[],
): void {
  for (const { DeviceName, Ebs } of mappings) {
    const volume = volumesOf(scope, instance.id).find(({ attachment }) => attachment!.device === DeviceName)
    if (!volume)
      throw new AwsError('InvalidInstanceAttributeValue', `No device is currently mapped at ${DeviceName}`)
    const deleteOnTermination = Ebs?.DeleteOnTermination ?? volume.attachment!.deleteOnTermination
    volumes.patch(scope, volume.id, { attachment: { ...volume.attachment!, deleteOnTermination } })
  }
}

const burstable = (ids: string[] | undefined, scope: Scope) =>
  instances.list(scope, ids).filter(({ type, state }) => {
    if (!ids?.length) return instanceTypes.get(type)?.burstable && state !== 'terminated'
    if (instanceTypes.get(type)?.burstable) return true
    throw new AwsError(
      'InvalidParameterCombination',
      `The instance type ${type} does not support the specified credit configuration.`,
    )
  })

const creditsOf = ({ cpuCredits, type }: InstanceRecord) =>
  cpuCredits ?? (type.startsWith('t2.') ? 'standard' : 'unlimited')

/** Detailed monitoring on or off. */
const monitoring =
  (monitored: true | undefined, State: 'pending' | 'disabling'): Handler =>
  ({ InstanceIds }: sdk.MonitorInstancesCommandInput, context) => ({
    InstanceMonitorings: required(InstanceIds, 'InstanceId').map((id) => ({
      InstanceId: instances.patch(context, id, { monitored }).id,
      Monitoring: { State },
    })),
  })

export const instanceAttributeHandlers: Record<string, Handler> = {
  DescribeInstanceAttribute: (input: sdk.DescribeInstanceAttributeCommandInput, context) => {
    const instance = instances.get(context, required(input.InstanceId, 'instanceId'))
    const shown = ATTRIBUTES[required(input.Attribute, 'attribute') as string]
    if (!shown)
      throw invalidParameterValue(
        `Value (${input.Attribute}) for parameter attribute is invalid. Unknown attribute.`,
      )
    return { InstanceId: instance.id, ...shown(context, instance) }
  },

  ModifyInstanceAttribute: modify,

  ResetInstanceAttribute: (input: sdk.ResetInstanceAttributeCommandInput, context) => {
    const instance = instances.get(context, required(input.InstanceId, 'instanceId'))
    if (input.Attribute === 'sourceDestCheck') return checkSource(context, instance, true)
    throw invalidParameterValue(
      `Value (${input.Attribute}) for parameter attribute is invalid. Unsupported attribute.`,
    )
  },

  MonitorInstances: monitoring(true, 'pending'),
  UnmonitorInstances: monitoring(undefined, 'disabling'),

  DescribeInstanceCreditSpecifications: (
    input: sdk.DescribeInstanceCreditSpecificationsCommandInput,
    context,
  ) => {
    const { page, NextToken } = paginate(burstable(input.InstanceIds, context), input)
    return {
      InstanceCreditSpecifications: page.map((instance) => ({
        InstanceId: instance.id,
        CpuCredits: creditsOf(instance),
      })),
      NextToken,
    }
  },

  ModifyInstanceCreditSpecification: (input: sdk.ModifyInstanceCreditSpecificationCommandInput, context) => ({
    SuccessfulInstanceCreditSpecifications: (input.InstanceCreditSpecifications ?? []).map(
      ({ InstanceId, CpuCredits }) => {
        const [instance] = burstable([required(InstanceId, 'InstanceId')], context)
        instances.patch(context, instance!.id, {
          cpuCredits: CpuCredits === 'unlimited' ? 'unlimited' : 'standard',
        })
        return { InstanceId }
      },
    ),
    UnsuccessfulInstanceCreditSpecifications: [],
  }),
}
