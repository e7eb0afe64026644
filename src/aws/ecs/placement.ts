import type {
  CapacityProviderStrategyItem,
  LaunchType,
  NetworkConfiguration,
  PlacementConstraint,
  PlacementStrategy,
} from '@aws-sdk/client-ecs'
import { type Scope, type SubnetRecord, tables } from '../ec2/index.ts'
import { PLATFORM_VERSION, PLATFORM_VERSIONS } from './data/fargate.ts'
import { clientError, invalid } from './errors.ts'
import { shortName } from './names.ts'
import { compileQuery, QueryError } from './placement-query.ts'
import type { ClusterRecord, NetworkRecord, PlacementRules, TaskDefinitionRecord } from './records.ts'

/** The capacity providers that every account has. */
export const FARGATE_PROVIDERS = ['FARGATE', 'FARGATE_SPOT']

/** Where tasks are to run. */
export interface Placement {
  launchType: 'FARGATE' | 'EC2' | 'EXTERNAL'
  strategy?: CapacityProviderStrategyItem[]
  platformVersion?: string
  network?: NetworkRecord
  rules: PlacementRules
}

interface Asked {
  launchType?: LaunchType
  capacityProviderStrategy?: CapacityProviderStrategyItem[]
  platformVersion?: string
  networkConfiguration?: NetworkConfiguration
  placementConstraints?: PlacementConstraint[]
  placementStrategy?: PlacementStrategy[]
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
  const onFargate = strategy.filter(({ capacityProvider }) =>
    FARGATE_PROVIDERS.includes(shortName(capacityProvider!)),
  )
  if (onFargate.length > 0 && onFargate.length < strategy.length)
    throw invalid(
      'A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers.',
    )
  if (strategy.filter(({ base = 0 }) => base > 0).length > 1)
    throw invalid('Only one capacity provider in a capacity provider strategy can have a base defined.')
  const launchType: Placement['launchType'] =
    strategy.length > 0
      ? onFargate.length > 0
        ? 'FARGATE'
        : 'EC2'
      : ((asked.launchType ?? 'EC2') as Placement['launchType'])
  if (!definition.rest.compatibilities?.includes(launchType))
    throw invalid(`Task definition does not support launch_type ${launchType}.`)
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
    rules: rulesOf(launchType, asked),
  }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html */
function rulesOf(launchType: string, asked: Asked): PlacementRules {
  const constraints = asked.placementConstraints ?? []
  const strategies = asked.placementStrategy ?? []
  if (launchType === 'FARGATE') {
    if (constraints.length > 0)
      throw invalid('Placement constraints are not supported with FARGATE launch type.')
    if (strategies.length > 0)
      throw invalid('Placement strategies are not supported with FARGATE launch type.')
  }
  if (constraints.length > 10) throw invalid('A maximum of 10 placement constraints can be specified.')
  if (strategies.length > 5) throw invalid('A maximum of 5 placement strategies can be specified.')
  for (const { type, expression } of constraints) {
    if (type === 'distinctInstance') {
      if (expression) throw invalid('An expression cannot be specified for constraint type distinctInstance.')
    } else checkExpression(expression)
  }
  for (const { type, field = '' } of strategies) {
    if (type === 'binpack' && !/^(cpu|memory)$/i.test(field))
      throw invalid(`Invalid field value '${field}' for binpack placement strategy.`)
    if (type === 'random' && field !== '')
      throw invalid('A field cannot be specified for random placement strategy.')
  }
  return { constraints, strategies }
}

/** Throws InvalidParameterException for what is not of the cluster query language. */
export function checkExpression(expression: string | undefined): void {
  try {
    compileQuery(expression ?? '')
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw invalid(`Placement constraint expression ${expression ?? ''} is invalid.`)
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
  present: { zone?: string }[],
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
