import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { AGENT, RESERVED_PORTS } from './data/instances.ts'
import { clientError, invalid } from './errors.ts'
import { leftOf, toResources } from './instance-resources.ts'
import { stopTask } from './launch.ts'
import { clusterOf, date, ecsArn, optional, page, shortName, toTags } from './names.ts'
import { compileQuery, QueryError } from './placement-query.ts'
import type { ContainerInstanceRecord } from './records.ts'
import { containerInstances, tasksOn } from './tables.ts'

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html */
const MOST_DESCRIBED = 100
const MOST_UPDATED = 10

function toInstance(scope: Scope, record: ContainerInstanceRecord, withTags = false): sdk.ContainerInstance {
  const left = leftOf(scope, record)
  const present = tasksOn(scope, record)
  const [agent, hash, docker] = [AGENT.agentVersion, AGENT.agentHash, AGENT.dockerVersion]
  const running = present.filter(({ lastStatus }) => lastStatus === 'RUNNING').length
  return {
    containerInstanceArn: record.arn,
    ec2InstanceId: record.machineId,
    ...optional('capacityProviderName', record.capacityProvider),
    version: record.version,
    versionInfo: { agentVersion: agent, agentHash: hash, dockerVersion: docker },
    remainingResources: toResources(left.cpu, left.memory, [...left.taken]),
    registeredResources: toResources(
      record.cpu,
      record.memory,
      RESERVED_PORTS.map((port) => `${port}/tcp`),
    ),
    status: record.status,
    agentConnected: record.agentConnected,
    runningTasksCount: running,
    pendingTasksCount: present.length - running,
    attributes: record.attributes,
    registeredAt: date(record.registeredAt),
    attachments: [],
    tags: withTags ? toTags(record.tags) : [],
  }
}

/** Those that are registered: one that was deregistered is remembered so that its agent stays away. */
export const registered = (scope: Scope, cluster: string): ContainerInstanceRecord[] =>
  containerInstances.list(scope, cluster).filter(({ status }) => status !== 'INACTIVE')

function find(context: RequestContext, cluster: string, named: string): ContainerInstanceRecord | undefined {
  const record = containerInstances.find(context, cluster, shortName(named))
  return record && record.status !== 'INACTIVE' ? record : undefined
}

const arnOf = (context: Scope, cluster: string, named: string) =>
  named.startsWith('arn:') ? named : ecsArn(context, `container-instance/${cluster}/${named}`)

const missing = (context: Scope, cluster: string, named: string[]): sdk.Failure[] =>
  named.map((one) => ({ arn: arnOf(context, cluster, one), reason: 'MISSING' }))

export const containerInstanceHandlers: Record<string, Handler> = {
  ListContainerInstances: (input: sdk.ListContainerInstancesCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    let matches: ReturnType<typeof compileQuery>
    try {
      matches = input.filter ? compileQuery(input.filter) : () => true
      const all = registered(context, cluster.name)
        .filter(({ status }) => input.status === undefined || status === input.status)
        .filter((instance) => matches({ instance, tasks: tasksOn(context, instance) }))
      const { items, ...rest } = page(all, input)
      return { containerInstanceArns: items.map(({ arn }) => arn), ...rest }
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      throw invalid(`Invalid filter expression: ${input.filter}`)
    }
  },

  DescribeContainerInstances: (input: sdk.DescribeContainerInstancesCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const named = input.containerInstances ?? []
    if (named.length === 0) throw clientError('Container instance cannot be empty.')
    if (named.length > MOST_DESCRIBED)
      throw invalid(`Container instances cannot have more than ${MOST_DESCRIBED} elements`)
    const found = named.map((one) => find(context, cluster.name, one))
    return {
      containerInstances: found
        .filter((record) => record !== undefined)
        .map((record) => toInstance(context, record, input.include?.includes('TAGS'))),
      failures: missing(
        context,
        cluster.name,
        named.filter((_, index) => !found[index]),
      ),
    }
  },

  UpdateContainerInstancesState: (input: sdk.UpdateContainerInstancesStateCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const named = input.containerInstances ?? []
    if (named.length === 0) throw invalid('Container instances cannot be empty.')
    if (named.length > MOST_UPDATED)
      throw invalid(`Container instances cannot have more than ${MOST_UPDATED} elements`)
    const status = input.status
    if (status !== 'ACTIVE' && status !== 'DRAINING')
      throw invalid('Container instance status should be one of [ACTIVE,DRAINING]')
    const found = named.map((one) => find(context, cluster.name, one))
    return {
      containerInstances: found
        .filter((record) => record !== undefined)
        .map((record) =>
          toInstance(
            context,
            containerInstances.put(context, { ...record, status, version: record.version + 1 }),
          ),
        ),
      failures: missing(
        context,
        cluster.name,
        named.filter((_, index) => !found[index]),
      ),
    }
  },

  DeregisterContainerInstance: (input: sdk.DeregisterContainerInstanceCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const record = find(context, cluster.name, input.containerInstance!)
    if (!record) throw invalid('Referenced container instance not found.')
    const present = tasksOn(context, record)
    if (present.length > 0 && !input.force) throw invalid('Found running tasks on the instance.')
    for (const task of present)
      stopTask(context, task, 'ServiceSchedulerInitiated', 'Container instance was deregistered.')
    const next = {
      ...record,
      status: 'INACTIVE',
      agentConnected: false,
      version: record.version + 1,
    } as const
    containerInstances.put(context, next)
    return { containerInstance: toInstance(context, next) }
  },

  UpdateContainerAgent: (input: sdk.UpdateContainerAgentCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    if (!find(context, cluster.name, input.containerInstance!))
      throw invalid('Referenced container instance not found.')
    throw new AwsError('NoUpdateAvailableException', 'There is no update available for your container agent.')
  },

  DiscoverPollEndpoint: (_input: unknown, { region }) => ({
    endpoint: `https://ecs-a-1.${region}.amazonaws.com/`,
    telemetryEndpoint: `https://ecs-t-1.${region}.amazonaws.com/`,
    serviceConnectEndpoint: `https://ecs-sc.${region}.api.aws`,
  }),
}

/** The instance that an attribute belongs to. Throws TargetNotFoundException. */
function target(context: RequestContext, cluster: string, { targetId = '' }: sdk.Attribute) {
  const record = find(context, cluster, targetId)
  if (!record)
    throw new AwsError(
      'TargetNotFoundException',
      'The specified target could not be found. You can view your available container instances with ListContainerInstances.',
    )
  return record
}

export const attributeHandlers: Record<string, Handler> = {
  PutAttributes: (input: sdk.PutAttributesCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const given = input.attributes ?? []
    if (given.length === 0) throw invalid('Attributes cannot be empty.')
    for (const attribute of given) {
      const record = target(context, cluster.name, attribute)
      const { name, value } = attribute
      const attributes = [...record.attributes.filter((one) => one.name !== name), { name, value }]
      containerInstances.put(context, { ...record, attributes, version: record.version + 1 })
    }
    return { attributes: given }
  },

  DeleteAttributes: (input: sdk.DeleteAttributesCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const given = input.attributes ?? []
    const gone = given.map((attribute) => {
      const record = target(context, cluster.name, attribute)
      const attributes = record.attributes.filter(({ name }) => name !== attribute.name)
      containerInstances.put(context, { ...record, attributes, version: record.version + 1 })
      const value = record.attributes.find(({ name }) => name === attribute.name)?.value
      return { name: attribute.name, ...optional('value', value), targetId: record.arn }
    })
    return { attributes: gone }
  },

  ListAttributes: (input: sdk.ListAttributesCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const all = registered(context, cluster.name).flatMap((record) =>
      record.attributes
        .filter(({ name }) => input.attributeName === undefined || name === input.attributeName)
        .filter(({ value }) => input.attributeValue === undefined || value === input.attributeValue)
        .map(({ name, value }) => ({ name, ...optional('value', value), targetId: record.arn })),
    )
    const { items, ...rest } = page(all, input)
    return { attributes: items, ...rest }
  },
}
