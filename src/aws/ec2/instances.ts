import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { invalidParameterCombination, missingParameter, required } from './errors.ts'
import { never, select } from './filters.ts'
import { resolvedImage } from './image-parameters.ts'
import { instanceFilters } from './instance-filters.ts'
import { profileFor } from './instance-profiles.ts'
import { toLaunchedReservation, toReservation, toState } from './instance-view.ts'
import { definedOf, launchInstances, setInstanceState, terminateInstance, USER_SHUTDOWN } from './launch.ts'
import { launchFields } from './launch-fields.ts'
import type { LaunchInterface } from './launch-interfaces.ts'
import { launchTemplateData } from './launch-templates.ts'
import type { InstanceRecord } from './records.ts'
import { zonesOf } from './regions.ts'
import type { Scope } from './scope.ts'
import { instances, keyPairs, networkInterfaces, securityGroups, subnets, vpcs } from './tables.ts'

export function runInstances(raw: sdk.RunInstancesCommandInput, context: RequestContext) {
  const input = { ...launchTemplateData(context, raw.LaunchTemplate), ...definedOf(raw) }
  const imageId = resolvedImage(context, required(input.ImageId, 'ImageId'))
  const count = input.MaxCount ?? 1
  if (count < (input.MinCount ?? 1)) {
    throw invalidParameterCombination('MaxCount must be greater than or equal to MinCount')
  }
  checkLevels(input)
  const fields = launchFields(context, input)
  const subnet = subnetFor(context, input.SubnetId ?? subnetOf(context, fields.interfaces?.[0]))
  if (input.KeyName && !keyPairs.list(context).some(({ name }) => name === input.KeyName)) {
    throw keyPairs.missing(input.KeyName)
  }
  for (const id of fields.groupIds ?? []) securityGroups.get(context, id)
  const launched = launchInstances(context, {
    ...fields,
    imageId,
    type: input.InstanceType ?? 'm1.small',
    subnet,
    count,
    profile: input.IamInstanceProfile && profileFor(context, input.IamInstanceProfile),
    interfaces: fields.interfaces ?? [
      { deviceIndex: 0, addresses: input.PrivateIpAddress ? [input.PrivateIpAddress] : [] },
    ],
    clientToken: input.ClientToken,
  })
  return toLaunchedReservation(context, launched)
}

/** What is said of interfaces is not said of the instance as well. */
function checkLevels(input: Partial<sdk.RunInstancesCommandInput>): void {
  if (!input.NetworkInterfaces?.length) return
  const twice = input.SubnetId
    ? 'subnet ID'
    : input.SecurityGroupIds?.length || input.SecurityGroups?.length
      ? 'security groups'
      : input.PrivateIpAddress && 'private IP address'
  if (twice)
    throw invalidParameterCombination(
      `Network interfaces and an instance-level ${twice} may not be specified on the same request`,
    )
}

/** Where the first interface of a request is. */
const subnetOf = (scope: Scope, first: LaunchInterface | undefined) =>
  first?.id === undefined ? first?.subnetId : networkInterfaces.get(scope, first.id).subnetId

function subnetFor(scope: Scope, id: string | undefined) {
  if (id) return subnets.get(scope, id)
  const vpc = vpcs.list(scope).find((candidate) => candidate.isDefault)
  const candidates = vpc
    ? subnets.list(scope).filter(({ isDefault, vpcId }) => isDefault && vpcId === vpc.id)
    : []
  if (candidates.length > 0) return candidates[scope.world.ids.number(candidates.length)]!
  throw vpc
    ? new AwsError('MissingInput', 'No subnets found for the default VPC. Please specify a subnet.')
    : new AwsError(
        'VPCIdNotSpecified',
        'No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.',
      )
}

/** Instances by id, or all. Throws Malformed and NotFound as EC2 does, naming all that are missing. */
export function findInstances(context: Scope, ids: string[] | undefined): InstanceRecord[] {
  if (!ids?.length) return instances.list(context)
  for (const id of ids) {
    if (!/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) {
      throw new AwsError('InvalidInstanceID.Malformed', `Invalid id: "${id}"`)
    }
  }
  const missing = ids.filter((id) => !instances.find(context, id))
  if (missing.length === 1) throw instances.missing(missing[0]!)
  if (missing.length > 1) {
    throw new AwsError('InvalidInstanceID.NotFound', `The instance IDs '${missing.join(', ')}' do not exist`)
  }
  return instances.list(context, ids)
}

export function describeInstances(input: sdk.DescribeInstancesCommandInput, context: RequestContext) {
  const { page, NextToken } = select(
    findInstances(context, input.InstanceIds),
    input,
    instanceFilters(context),
  )
  const reservations = Map.groupBy(page, (instance) => instance.reservationId)
  return { Reservations: [...reservations.values()].map((group) => toReservation(context, group)), NextToken }
}

export function describeInstanceStatus(
  input: sdk.DescribeInstanceStatusCommandInput,
  context: RequestContext,
) {
  const shown = findInstances(context, input.InstanceIds).filter(
    (instance) => input.IncludeAllInstances || instance.state === 'running',
  )
  const { page, NextToken } = select(shown, input, {
    'availability-zone': (instance) => instance.zone,
    'availability-zone-id': (instance) =>
      zonesOf(context.region).find(({ name }) => name === instance.zone)?.id,
    'instance-state-code': (instance) => toState(instance.state).Code,
    'instance-state-name': (instance) => instance.state,
    'instance-status.status': (instance) => (instance.state === 'running' ? 'ok' : 'not-applicable'),
    'attached-ebs-status.status': (instance) => (instance.state === 'running' ? 'ok' : 'not-applicable'),
    'instance-status.reachability': (instance) => (instance.state === 'running' ? 'passed' : undefined),
    'system-status.reachability': (instance) => (instance.state === 'running' ? 'passed' : undefined),
    'operator.managed': () => false,
    ...never('operator.principal', 'event.code', 'event.description', 'event.instance-event-id'),
    ...never('event.not-after', 'event.not-before', 'event.not-before-deadline'),
    'system-status.status': (instance) => (instance.state === 'running' ? 'ok' : 'not-applicable'),
  })
  return {
    InstanceStatuses: page.map((instance) => {
      const Status = instance.state === 'running' ? 'ok' : 'not-applicable'
      const Details = Status === 'ok' ? [{ Name: 'reachability', Status: 'passed' }] : undefined
      return {
        InstanceId: instance.id,
        AvailabilityZone: instance.zone,
        AvailabilityZoneId: zonesOf(context.region).find(({ name }) => name === instance.zone)?.id,
        Operator: { Managed: false },
        InstanceState: toState(instance.state),
        InstanceStatus: { Status, Details },
        SystemStatus: { Status, Details },
        AttachedEbsStatus: { Status, Details },
      }
    }),
    NextToken,
  }
}

/** Changes the state of instances; gives what terminate, stop and start answer. */
function change(
  context: RequestContext,
  ids: string[] | undefined,
  apply: (instance: InstanceRecord) => InstanceRecord,
) {
  if (!ids?.length) throw missingParameter('InstanceId')
  return findInstances(context, ids).map((before) => ({
    InstanceId: before.id,
    PreviousState: toState(before.state),
    CurrentState: toState(apply(before).state),
  }))
}

/** Throws OperationNotPermitted for the first of the instances that is protected. */
function checkProtection(
  context: RequestContext,
  ids: string[] | undefined,
  attribute: 'disableApiTermination' | 'disableApiStop',
  done: string,
): void {
  const kept = findInstances(context, ids).find((instance) => instance[attribute])
  if (kept && ids?.length)
    throw new AwsError(
      'OperationNotPermitted',
      `The instance '${kept.id}' may not be ${done}. Modify its '${attribute}' instance attribute and try again.`,
    )
}

export function terminateInstances(input: sdk.TerminateInstancesCommandInput, context: RequestContext) {
  checkProtection(context, input.InstanceIds, 'disableApiTermination', 'terminated')
  return {
    TerminatingInstances: change(context, input.InstanceIds, ({ id }) => terminateInstance(context, id)),
  }
}

const incorrectState = ({ id }: InstanceRecord, verb: string) =>
  new AwsError(
    'IncorrectInstanceState',
    `The instance '${id}' is not in a state from which it can be ${verb}.`,
  )

export function stopInstances(input: sdk.StopInstancesCommandInput, context: RequestContext) {
  checkProtection(context, input.InstanceIds, 'disableApiStop', 'stopped')
  return {
    StoppingInstances: change(context, input.InstanceIds, (instance) => {
      if (instance.state === 'stopped' || instance.state === 'stopping') return instance
      if (instance.state !== 'running') throw incorrectState(instance, 'stopped')
      return setInstanceState(context, instance.id, 'stopping', USER_SHUTDOWN)
    }),
  }
}

export function startInstances(input: sdk.StartInstancesCommandInput, context: RequestContext) {
  return {
    StartingInstances: change(context, input.InstanceIds, (instance) => {
      if (instance.state === 'running' || instance.state === 'pending') return instance
      if (instance.state !== 'stopped') throw incorrectState(instance, 'started')
      return setInstanceState(context, instance.id, 'pending')
    }),
  }
}

export function rebootInstances(input: sdk.RebootInstancesCommandInput, context: RequestContext) {
  const found = findInstances(context, input.InstanceIds)
  for (const instance of found) if (instance.state !== 'running') throw incorrectState(instance, 'rebooted')
  const rebootedAt = context.world.clock.now()
  for (const instance of found) instances.put(context, { ...instance, rebootedAt })
  return {}
}
