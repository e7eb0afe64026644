import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { createMapService, type NamespaceRecord, namespaces, servicesOf } from '../servicediscovery/index.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { invalid, notSimulated } from './errors.ts'
import type { ClusterRecord, ConnectRecord, TaskDefinitionRecord, TaskRecord } from './records.ts'
import { services, tasksOf } from './tables.ts'

type Endpoint = ConnectRecord['endpoints'][number]

/** The namespace of an ARN or a name; undefined: none. */
export function namespaceNamed(scope: Scope, named: string): NamespaceRecord | undefined {
  return namespaces.list(scope).find(({ arn, name }) => arn === named || name === named)
}

/**
 * What a service offers and sees in its namespace. Throws ECS's errors.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html
 */
export function connectOf(
  context: RequestContext,
  cluster: ClusterRecord,
  definition: TaskDefinitionRecord,
  configuration: sdk.ServiceConnectConfiguration | undefined,
): ConnectRecord | undefined {
  if (!configuration?.enabled) return undefined
  const named = configuration.namespace ?? cluster.connectNamespace
  if (named === undefined)
    throw invalid(
      'A namespace must be specified, or the cluster must have a default Service Connect namespace.',
    )
  const namespace = namespaceNamed(context, named)
  if (!namespace) throw new AwsError('NamespaceNotFoundException', 'The specified namespace was not found.')
  if (definition.rest.networkMode === 'host' || definition.rest.networkMode === 'none')
    throw invalid(`Service Connect is not supported with the network mode ${definition.rest.networkMode}.`)
  const endpoints = (configuration.services ?? []).map((one) =>
    endpointOf(context, definition, namespace, one),
  )
  return { namespaceArn: namespace.arn, endpoints, configuration: { ...configuration, namespace: named } }
}

function endpointOf(
  scope: Scope,
  definition: TaskDefinitionRecord,
  namespace: NamespaceRecord,
  {
    portName = '',
    discoveryName = portName,
    clientAliases,
    tls,
    ingressPortOverride,
  }: sdk.ServiceConnectService,
): Endpoint {
  if (tls) throw notSimulated('TLS of Service Connect')
  if (ingressPortOverride !== undefined) throw notSimulated('ingressPortOverride of Service Connect')
  if ((clientAliases?.length ?? 0) > 1)
    throw invalid('Only one client alias can be specified for a Service Connect service.')
  const found = definition.containers
    .flatMap((container) => (container.portMappings ?? []).map((mapping) => ({ container, mapping })))
    .find(({ mapping }) => mapping.name === portName)
  if (!found) throw invalid(`The port name ${portName} was not found in the task definition.`)
  const { name = '' } = found.container
  const { containerPort = 0 } = found.mapping
  const known = servicesOf(scope, namespace.id).find((one) => one.name === discoveryName)
  const { arn } =
    known ??
    createMapService(scope, namespace, {
      Name: discoveryName,
      Description: 'Managed by Amazon ECS Service Connect',
    })
  const fallback = `${discoveryName}.${namespace.name}`
  return {
    portName,
    discoveryName,
    serviceArn: arn,
    containerName: name,
    containerPort,
    aliases: clientAliases?.length
      ? clientAliases.map(({ port, dnsName }) => ({ port: port!, dnsName: dnsName ?? fallback }))
      : [{ port: containerPort, dnsName: fallback }],
    since: scope.world.clock.now(),
  }
}

/** What a task's proxy leads to: the endpoints of its namespace that were there when it began, whichever cluster offers them. */
function visible(
  scope: Scope,
  task: TaskRecord,
): { service: { cluster: string; name: string }; endpoint: Endpoint }[] {
  const own = task.service === undefined ? undefined : services.find(scope, task.cluster, task.service)
  if (!own?.connect) return []
  return services
    .list(scope)
    .filter(
      ({ status, connect }) => status === 'ACTIVE' && connect?.namespaceArn === own.connect!.namespaceArn,
    )
    .flatMap((service) => service.connect!.endpoints.map((endpoint) => ({ service, endpoint })))
    .filter(({ endpoint }) => endpoint.since <= task.createdAt)
}

/** The proxy's addresses inside a task: one for each name, as `/etc/hosts` of a real task has them. */
const PROXY = /^127\.255\.0\.(\d+)$/
const namesFor = (scope: Scope, task: TaskRecord) => [
  ...new Set(visible(scope, task).flatMap(({ endpoint }) => endpoint.aliases.map(({ dnsName }) => dnsName))),
]

/** The address at which a task's proxy takes connections for a name; undefined: it knows none of that name. */
export function proxyAddress(scope: Scope, task: TaskRecord, name: string): string | undefined {
  const index = namesFor(scope, task).indexOf(name.toLowerCase().replace(/\.$/, ''))
  return index === -1 ? undefined : `127.255.0.${index + 1}`
}

export const isProxyAddress = (address: string): boolean => PROXY.test(address)

/** The containers that a connection to the proxy may be led to; undefined: it listens on no such port. */
export function behindProxy(
  scope: Scope,
  task: TaskRecord,
  address: string,
  port: number,
): { address: string; port: number }[] | undefined {
  const name = namesFor(scope, task)[Number(PROXY.exec(address)?.[1]) - 1]
  const found = visible(scope, task).find(({ endpoint }) =>
    endpoint.aliases.some((alias) => alias.dnsName === name && alias.port === port),
  )
  if (!found) return undefined
  const { service, endpoint } = found
  return tasksOf(scope, service)
    .filter(({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING')
    .flatMap(
      ({ containers }) => containers.find(({ name: own }) => own === endpoint.containerName)?.address ?? [],
    )
    .map((to) => ({ address: to, port: endpoint.containerPort }))
}
