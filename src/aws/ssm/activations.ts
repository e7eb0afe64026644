import type * as sdk from '@aws-sdk/client-ssm'
import type { Scope } from '../ec2/index.ts'
import { roleByArn } from '../iam/identity.ts'
import { pageOf } from '../table.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { invalidToken, validation } from './errors.ts'
import type { ActivationRecord, ManagedInstanceRecord } from './records.ts'
import { activations, managedInstances } from './tables.ts'

const DAY_MS = 86_400_000
/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateActivation.html */
const LONGEST_DAYS = 30
const MOST_INSTANCES = 1000
const AGENT_VERSION = '3.3.3050.0'

const isExpired = (scope: Scope, { expires }: ActivationRecord): boolean => expires <= scope.world.clock.now()

const toActivation = (scope: Scope, record: ActivationRecord): sdk.Activation => ({
  ActivationId: record.id,
  ...(record.description === undefined ? {} : { Description: record.description }),
  ...(record.instanceName === undefined ? {} : { DefaultInstanceName: record.instanceName }),
  IamRole: record.role,
  RegistrationLimit: record.limit,
  RegistrationsCount: record.registered,
  ExpirationDate: new Date(record.expires),
  Expired: isExpired(scope, record),
  CreatedDate: new Date(record.created),
  Tags: Object.entries(record.tags).map(([Key, Value]) => ({ Key, Value })),
})

const toInformation = (scope: Scope, record: ManagedInstanceRecord): sdk.InstanceInformation => ({
  InstanceId: record.id,
  PingStatus: 'Online',
  LastPingDateTime: new Date(scope.world.clock.now()),
  AgentVersion: AGENT_VERSION,
  IsLatestVersion: true,
  PlatformType: 'Linux',
  PlatformName: 'Ubuntu',
  PlatformVersion: '24.04',
  ActivationId: record.activationId,
  IamRole: record.role,
  RegistrationDate: new Date(record.registered),
  ResourceType: 'ManagedInstance',
  ...(record.name === undefined ? {} : { Name: record.name }),
  IPAddress: record.address,
  ComputerName: record.computerName,
  SourceId: record.id,
  SourceType: 'AWS::SSM::ManagedInstance',
})

/** The role of an activation must be one that Systems Manager may assume. */
function checkRole(scope: Scope, given: string): void {
  const role = roleByArn(
    scope.world,
    given.startsWith('arn:') ? given : `arn:aws:iam::${scope.accountId}:role/${given}`,
  )
  if (!role?.trustPolicy.includes('ssm.amazonaws.com'))
    throw validation(
      `Nonexistent role or missing ssm service principal in trust policy: arn:aws:iam::${scope.accountId}:role/${given.split('/').at(-1)}`,
    )
}

/** Registers a machine with an activation's id and code, as the agent on it does. Throws InvalidActivation. */
export function registerManagedInstance(
  scope: Scope,
  machine: { activationId: string; code: string; computerName: string; address: string },
): ManagedInstanceRecord {
  const activation = activations.find(scope, machine.activationId)
  if (!activation || activation.code !== machine.code)
    throw new AwsError('InvalidActivation', 'The activation is invalid: check its id and code.')
  if (isExpired(scope, activation)) throw new AwsError('ActivationExpired', 'The activation has expired.')
  if (activation.registered >= activation.limit)
    throw new AwsError('RegistrationLimitExceeded', 'Registration limit exceeded for the activation.')
  activations.put(scope, { ...activation, registered: activation.registered + 1 })
  return managedInstances.put(scope, {
    id: `mi-0${scope.world.ids.hex(16)}`,
    activationId: activation.id,
    ...(activation.instanceName === undefined ? {} : { name: activation.instanceName }),
    computerName: machine.computerName,
    address: machine.address,
    role: activation.role,
    registered: scope.world.clock.now(),
    tags: activation.tags,
  })
}

export const activationHandlers: Record<string, Handler> = {
  CreateActivation: (input: sdk.CreateActivationCommandInput, context) => {
    const { world } = context
    checkRole(context, input.IamRole!)
    const now = world.clock.now()
    const limit = input.RegistrationLimit ?? 1
    if (limit < 1 || limit > MOST_INSTANCES)
      throw validation(`RegistrationLimit must be between 1 and ${MOST_INSTANCES}.`)
    const expires = input.ExpirationDate?.getTime() ?? now + DAY_MS
    if (expires <= now || expires > now + LONGEST_DAYS * DAY_MS)
      throw validation(`The expiration date must be in the future and at most ${LONGEST_DAYS} days from now.`)
    const record = activations.put(context, {
      id: world.ids.uuid(),
      code: world.ids.text(20, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'),
      ...(input.Description === undefined ? {} : { description: input.Description }),
      ...(input.DefaultInstanceName === undefined ? {} : { instanceName: input.DefaultInstanceName }),
      role: input.IamRole!,
      limit,
      registered: 0,
      expires,
      created: now,
      tags: Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!])),
    })
    return { ActivationId: record.id, ActivationCode: record.code }
  },

  DeleteActivation: (input: sdk.DeleteActivationCommandInput, context) => {
    const record = activations.find(context, input.ActivationId!)
    if (!record)
      throw new AwsError(
        'InvalidActivationId',
        'The activation ID is not valid. Verify the you entered the correct ActivationId or ActivationCode and try again.',
      )
    activations.delete(context, record)
    return {}
  },

  DescribeActivations: (input: sdk.DescribeActivationsCommandInput, context) => {
    const wanted = (record: ActivationRecord) =>
      (input.Filters ?? []).every(({ FilterKey, FilterValues = [] }) => {
        if (FilterKey === 'ActivationIds') return FilterValues.includes(record.id)
        if (FilterKey === 'IamRole') return FilterValues.includes(record.role)
        return FilterValues.includes(record.instanceName ?? '')
      })
    const all = activations.list(context).filter(wanted)
    const { items, next } = pageOf(all, input.MaxResults ?? 50, input.NextToken, invalidToken)
    return { ActivationList: items.map((record) => toActivation(context, record)), NextToken: next }
  },

  /** Only machines outside EC2: no Systems Manager agent is simulated on instances. */
  DescribeInstanceInformation: (input: sdk.DescribeInstanceInformationCommandInput, context) => {
    const filters = [
      ...(input.Filters ?? []).map(({ Key, Values }) => ({ key: Key!, values: Values ?? [] })),
      ...(input.InstanceInformationFilterList ?? []).map(({ key, valueSet }) => ({
        key: key!,
        values: valueSet ?? [],
      })),
    ]
    const value = (record: ManagedInstanceRecord, key: string): string | undefined =>
      ({
        InstanceIds: record.id,
        ActivationIds: record.activationId,
        IamRole: record.role,
        ResourceType: 'ManagedInstance',
        PingStatus: 'Online',
        PlatformTypes: 'Linux',
      })[key] ?? record.tags[key.replace(/^tag:/, '')]
    const all = managedInstances
      .list(context)
      .filter((record) => filters.every(({ key, values }) => values.includes(value(record, key) ?? '')))
    const { items, next } = pageOf(all, input.MaxResults ?? 50, input.NextToken, invalidToken)
    return { InstanceInformationList: items.map((record) => toInformation(context, record)), NextToken: next }
  },

  DeregisterManagedInstance: (input: sdk.DeregisterManagedInstanceCommandInput, context) => {
    const record = managedInstances.find(context, input.InstanceId!)
    if (!record)
      throw new AwsError(
        'InvalidInstanceId',
        `Instances [[${input.InstanceId}]] not in a valid state for account ${context.accountId}`,
      )
    managedInstances.delete(context, record)
    return {}
  },

  UpdateManagedInstanceRole: (input: sdk.UpdateManagedInstanceRoleCommandInput, context) => {
    const record = managedInstances.find(context, input.InstanceId!)
    if (!record)
      throw new AwsError(
        'InvalidInstanceId',
        `Instances [[${input.InstanceId}]] not in a valid state for account ${context.accountId}`,
      )
    checkRole(context, input.IamRole!)
    managedInstances.put(context, { ...record, role: input.IamRole! })
    return {}
  },
}
