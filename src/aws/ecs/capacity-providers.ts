import type * as sdk from '@aws-sdk/client-ecs'
import { findGroup, type GroupRecord, listGroups } from '../autoscaling/index.ts'
import { putGroup } from '../autoscaling/tables.ts'
import type { Scope } from '../ec2/index.ts'
import { ensureLinkedRole } from '../iam/linked-roles.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { clientError, invalid, notSimulated } from './errors.ts'
import { ecsArn, optional, page, shortName, tagsOf, toTags } from './names.ts'
import { FARGATE_PROVIDERS } from './placement.ts'
import type { CapacityProviderRecord } from './records.ts'
import { capacityProviders, clusters } from './tables.ts'

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedScaling.html */
const SCALING_DEFAULTS = {
  status: 'DISABLED',
  targetCapacity: 100,
  minimumScalingStepSize: 1,
  maximumScalingStepSize: 10_000,
  instanceWarmupPeriod: 300,
} as const

const BAD_NAME =
  'The specified capacity provider name is invalid. Up to 255 characters are allowed, including letters (upper and lowercase), numbers, underscores (_), and hyphens (-). The name cannot be prefixed with "aws", "ecs", or "fargate". Specify a valid name and try again.'

function toProvider(record: CapacityProviderRecord, withTags = true): sdk.CapacityProvider {
  return {
    capacityProviderArn: record.arn,
    name: record.name,
    status: record.status,
    type: 'EC2_AUTOSCALING',
    autoScalingGroupProvider: {
      autoScalingGroupArn: record.groupArn,
      managedScaling: record.scaling,
      managedTerminationProtection: record.terminationProtection,
      managedDraining: record.draining,
    },
    ...optional('updateStatus', record.updateStatus as sdk.CapacityProviderUpdateStatus | undefined),
    tags: withTags ? toTags(record.tags) : [],
  }
}

const toFargate = (scope: Scope, name: string): sdk.CapacityProvider => ({
  capacityProviderArn: ecsArn(scope, `capacity-provider/${name}`),
  name,
  status: 'ACTIVE',
  type: name as sdk.CapacityProviderType,
  tags: [],
})

/** The group of an ARN (or, as the API takes it too, of a name). Throws ClientException. */
function groupOf(scope: Scope, named: string): GroupRecord {
  const group = listGroups(scope).find(({ arn, name }) => arn === named || name === named)
  if (!group || group.deleting)
    throw clientError('The specified Auto Scaling group ARN is invalid. Specify a valid ARN and try again.')
  return group
}

function checkProtection(group: GroupRecord, protection: string | undefined, scaling: string): void {
  if (protection !== 'ENABLED') return
  if (scaling !== 'ENABLED')
    throw clientError(
      'The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, managed scaling must be enabled.',
    )
  if (!group.protectFromScaleIn)
    throw clientError(
      'The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, the Auto Scaling group must have instance protection from scale in enabled.',
    )
}

function checkScaling({ targetCapacity: target }: sdk.ManagedScaling): void {
  if (target !== undefined && (target < 1 || target > 100))
    throw clientError('The target capacity value must be between 1 and 100.')
}

/** The providers of an account by name. Throws for names that there are not. */
export function checkProviderNames(scope: Scope, names: string[]): void {
  for (const name of names)
    if (!FARGATE_PROVIDERS.includes(name) && capacityProviders.find(scope, name)?.status !== 'ACTIVE')
      throw invalid(
        `The specified capacity provider '${name}' was not found. Specify a valid name or ARN and try again.`,
      )
}

/** ECS marks the groups of its providers, so that their instances are marked too. */
export function markGroups(scope: Scope, names: string[]): void {
  for (const name of names) {
    const group = findGroup(scope, capacityProviders.find(scope, name)?.groupName ?? '')
    if (!group || group.tags.some(({ key }) => key === 'AmazonECSManaged')) continue
    putGroup(scope, {
      ...group,
      tags: [...group.tags, { key: 'AmazonECSManaged', value: 'true', propagate: true }],
    })
  }
}

export const capacityProviderHandlers: Record<string, Handler> = {
  CreateCapacityProvider: (input: sdk.CreateCapacityProviderCommandInput, context) => {
    const name = input.name!
    if (!/^[a-zA-Z0-9_-]{1,255}$/.test(name) || /^(aws|ecs|fargate)/i.test(name)) throw clientError(BAD_NAME)
    if (input.managedInstancesProvider) throw notSimulated('capacity providers of ECS Managed Instances')
    if (capacityProviders.find(context, name)?.status === 'ACTIVE')
      throw clientError(
        'The specified capacity provider already exists. To change the configuration of an existing capacity provider, update the capacity provider.',
      )
    const given = input.autoScalingGroupProvider
    if (!given?.autoScalingGroupArn)
      throw clientError('An Auto Scaling group provider must be specified for the capacity provider.')
    const group = groupOf(context, given.autoScalingGroupArn)
    checkScaling(given.managedScaling ?? {})
    const scaling = {
      ...SCALING_DEFAULTS,
      // Left out altogether it is on.
      ...(given.managedScaling ?? { status: 'ENABLED' as const }),
    }
    checkProtection(group, given.managedTerminationProtection, scaling.status)
    ensureLinkedRole(context.world, context.accountId, 'ecs.amazonaws.com')
    const record = capacityProviders.put(context, {
      name,
      arn: ecsArn(context, `capacity-provider/${name}`),
      status: 'ACTIVE',
      groupArn: group.arn,
      groupName: group.name,
      scaling,
      terminationProtection: given.managedTerminationProtection ?? 'DISABLED',
      draining: given.managedDraining ?? 'ENABLED',
      tags: tagsOf(input.tags),
    })
    return { capacityProvider: toProvider(record) }
  },

  UpdateCapacityProvider: (input: sdk.UpdateCapacityProviderCommandInput, context) => {
    const record = capacityProviders.find(context, shortName(input.name!))
    if (record?.status !== 'ACTIVE')
      throw clientError(
        'The specified capacity provider does not exist. Specify a valid name or ARN and try again.',
      )
    const given = input.autoScalingGroupProvider ?? {}
    checkScaling(given.managedScaling ?? {})
    const scaling = { ...record.scaling, ...given.managedScaling }
    const group = groupOf(context, record.groupName)
    checkProtection(group, given.managedTerminationProtection, scaling.status)
    const next = capacityProviders.put(context, {
      ...record,
      scaling,
      terminationProtection: given.managedTerminationProtection ?? record.terminationProtection,
      draining: given.managedDraining ?? record.draining,
      updateStatus: 'UPDATE_COMPLETE',
    })
    return { capacityProvider: toProvider(next) }
  },

  DeleteCapacityProvider: (input: sdk.DeleteCapacityProviderCommandInput, context) => {
    const name = shortName(input.capacityProvider!)
    if (FARGATE_PROVIDERS.includes(name))
      throw clientError(
        'The specified capacity provider is reserved and cannot be deleted. You can disassociate it from a cluster.',
      )
    const record = capacityProviders.find(context, name)
    if (record?.status !== 'ACTIVE')
      throw clientError(
        'The specified capacity provider does not exist. Specify a valid name or ARN and try again.',
      )
    const user = clusters
      .list(context)
      .find((one) => one.status === 'ACTIVE' && one.capacityProviders.includes(name))
    if (user)
      throw clientError(
        `The capacity provider cannot be deleted because it is associated with cluster: ${user.name}. Remove the capacity provider from the cluster and try again.`,
      )
    const next: CapacityProviderRecord = { ...record, status: 'INACTIVE', updateStatus: 'DELETE_COMPLETE' }
    capacityProviders.delete(context, record)
    return { capacityProvider: toProvider(next) }
  },

  DescribeCapacityProviders: (input: sdk.DescribeCapacityProvidersCommandInput, context) => {
    const cluster = input.cluster ? clusters.find(context, shortName(input.cluster)) : undefined
    if (input.cluster && !cluster) throw new AwsError('ClusterNotFoundException', 'Cluster not found.')
    const every = [...FARGATE_PROVIDERS, ...capacityProviders.list(context).map(({ name }) => name)]
    const asked = (input.capacityProviders ?? cluster?.capacityProviders ?? every).map(shortName)
    const withTags = input.include?.includes('TAGS') ?? false
    const found = asked.flatMap((name): sdk.CapacityProvider[] => {
      if (FARGATE_PROVIDERS.includes(name)) return [toFargate(context, name)]
      const record = capacityProviders.find(context, name)
      return record ? [toProvider(record, withTags)] : []
    })
    const names = found.map(({ name }) => name)
    const { items, ...rest } = page(found, input)
    return {
      capacityProviders: items,
      failures: asked
        .filter((name) => !names.includes(name))
        .map((name) => ({ arn: ecsArn(context, `capacity-provider/${name}`), reason: 'MISSING' })),
      ...rest,
    }
  },
}
