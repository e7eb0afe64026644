import type { CapacityProviderStrategyItem, LaunchType, NetworkConfiguration } from '@aws-sdk/client-ecs'
import { type Scope, type SubnetRecord, tables } from '../ec2/index.ts'
import { PLATFORM_VERSION, PLATFORM_VERSIONS } from './data/fargate.ts'
import { clientError, invalid } from './errors.ts'
import { shortName } from './names.ts'
import type { ClusterRecord, NetworkRecord, TaskDefinitionRecord } from './records.ts'

/** Where tasks are to run. */
export interface Placement {
  launchType: 'FARGATE' | 'EC2' | 'EXTERNAL'
  strategy?: CapacityProviderStrategyItem[]
  platformVersion?: string
  network?: NetworkRecord
}

interface Asked {
  launchType?: LaunchType
  capacityProviderStrategy?: CapacityProviderStrategyItem[]
  platformVersion?: string
  networkConfiguration?: NetworkConfiguration
}

/** Works out where tasks of a definition run, and checks that they can. Throws ECS's errors. */
export function placementOf(
  scope: Scope,
  cluster: ClusterRecord,
  definition: TaskDefinitionRecord,
  asked: Asked,
): Placement {
  if (asked.launchType && asked.capacityProviderStrategy?.length)
    throw invalid(
      'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
    )
  const strategy = asked.launchType ? [] : (asked.capacityProviderStrategy ?? cluster.defaultStrategy)
  for (const { capacityProvider } of strategy)
    if (!cluster.capacityProviders.includes(shortName(capacityProvider!)))
      throw invalid(
        `The specified capacity provider '${capacityProvider}' was not found in cluster '${cluster.name}'.`,
      )
  const launchType =
    strategy.length > 0 ? 'FARGATE' : ((asked.launchType ?? 'EC2') as Placement['launchType'])
  if (launchType === 'FARGATE' && !definition.rest.compatibilities?.includes('FARGATE'))
    throw invalid('Task definition does not support launch_type FARGATE.')
  const { platformVersion } = asked
  if (platformVersion !== undefined) {
    if (launchType !== 'FARGATE')
      throw invalid('The platform version must be null when specifying an EC2 launch type.')
    if (!PLATFORM_VERSIONS.includes(platformVersion))
      throw clientError('The specified platform does not exist.')
  }
  const network = networkOf(scope, definition, asked.networkConfiguration)
  return {
    launchType,
    ...(strategy.length > 0 ? { strategy } : {}),
    ...(launchType === 'FARGATE' ? { platformVersion: platformVersion ?? 'LATEST' } : {}),
    ...(network ? { network } : {}),
  }
}

/** `LATEST` as the version that runs. */
export const runningPlatform = (version: string | undefined): string =>
  version === undefined || version === 'LATEST' ? PLATFORM_VERSION : version

function networkOf(
  scope: Scope,
  definition: TaskDefinitionRecord,
  configuration: NetworkConfiguration | undefined,
): NetworkRecord | undefined {
  const asked = configuration?.awsvpcConfiguration
  if (definition.rest.networkMode !== 'awsvpc') {
    if (asked)
      throw invalid('Network Configuration is not valid for the given networkMode of this task definition.')
    return undefined
  }
  if (!asked) throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
  const ids = asked.subnets ?? []
  if (ids.length === 0) throw invalid('subnets can not be empty.')
  const subnets = ids.map((id) => {
    const subnet = tables.subnets.find(scope, id)
    if (!subnet)
      throw invalid(
        `Error retrieving subnet information for [${id}]: The subnet ID '${id}' does not exist (ErrorCode: InvalidSubnetID.NotFound)`,
      )
    return subnet
  })
  const vpcId = subnets[0]!.vpcId
  if (subnets.some((subnet) => subnet.vpcId !== vpcId))
    throw invalid('All subnets must belong to the same VPC.')
  for (const id of asked.securityGroups ?? []) {
    const group = tables.securityGroups.find(scope, id)
    if (!group)
      throw invalid(
        `Error retrieving security group information for [${id}]: The security group '${id}' does not exist (ErrorCode: InvalidGroup.NotFound)`,
      )
    if (group.vpcId !== vpcId) throw invalid('Security groups and subnets must belong to the same VPC.')
  }
  const groups = asked.securityGroups?.length ? asked.securityGroups : defaultGroup(scope, vpcId)
  return { subnets: ids, securityGroups: groups, assignPublicIp: asked.assignPublicIp ?? 'DISABLED' }
}

function defaultGroup(scope: Scope, vpcId: string): string[] {
  return tables.securityGroups
    .list(scope)
    .filter((group) => group.vpcId === vpcId && group.name === 'default')
    .map(({ id }) => id)
}

/** The subnet whose zone has the fewest of `present`. */
export function emptiestSubnet(
  scope: Scope,
  network: NetworkRecord,
  present: { zone: string }[],
): SubnetRecord {
  const subnets = network.subnets.map((id) => tables.subnets.get(scope, id))
  const inZone = (zone: string) => present.filter((one) => one.zone === zone).length
  return subnets.sort((a, b) => inZone(a.zone) - inZone(b.zone))[0]!
}

/** Which capacity provider the next task goes to: the base first, then by weight. */
export function nextProvider(
  strategy: CapacityProviderStrategyItem[],
  present: (string | undefined)[],
): string {
  const count = (item: CapacityProviderStrategyItem) =>
    present.filter((name) => name === shortName(item.capacityProvider!)).length
  const base = strategy.find((item) => count(item) < (item.base ?? 0))
  const weighted = strategy.filter(({ weight = 0 }) => weight > 0)
  const emptiest = [...(weighted.length > 0 ? weighted : strategy)].sort(
    (a, b) => count(a) / (a.weight || 1) - count(b) / (b.weight || 1),
  )[0]!
  return shortName((base ?? emptiest).capacityProvider!)
}
