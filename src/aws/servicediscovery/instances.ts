import type * as sdk from '@aws-sdk/client-servicediscovery'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { instanceNotFound, invalidInput, namespaceNotFound, serviceNotFound } from './errors.ts'
import { page, serviceOf } from './find.ts'
import { begin } from './operations.ts'
import type { InstanceRecord, NamespaceRecord, ServiceRecord } from './records.ts'
import { instances, instancesOf, namespaces, services, servicesOf } from './tables.ts'

/** Throws InstanceNotFound. */
function instanceOf(scope: Scope, service: ServiceRecord, id: string): InstanceRecord {
  const record = instances.find(scope, `${service.id}/${id}`)
  if (!record) throw instanceNotFound(id)
  return record
}

const counted = (scope: Scope, service: ServiceRecord): void =>
  void services.put(scope, { ...service, revision: service.revision + 1 })

/** Makes or changes an instance of a service; unknown services are passed over, as ECS does. */
export function registerInstance(
  scope: Scope,
  serviceId: string,
  id: string,
  attributes: Record<string, string>,
  creatorRequestId = '',
): void {
  const service = services.find(scope, serviceId)
  if (!service) return
  const initial = attributes.AWS_INIT_HEALTH_STATUS === 'UNHEALTHY' ? 'UNHEALTHY' : 'HEALTHY'
  instances.put(scope, {
    serviceId,
    id,
    attributes,
    creatorRequestId,
    ...(service.customHealth ? { health: initial } : {}),
  })
  counted(scope, service)
}

export function deregisterInstance(scope: Scope, serviceId: string, id: string): void {
  const [record, service] = [instances.find(scope, `${serviceId}/${id}`), services.find(scope, serviceId)]
  if (!record || !service) return
  instances.delete(scope, record)
  counted(scope, service)
}

/** Throws InvalidInput for what the service's records cannot be made of. https://docs.aws.amazon.com/cloud-map/latest/api/API_RegisterInstance.html */
function checkAttributes({ dns }: ServiceRecord, attributes: Record<string, string>): void {
  for (const { Type } of dns?.DnsRecords ?? []) {
    const needs =
      Type === 'SRV'
        ? ['AWS_INSTANCE_PORT']
        : Type === 'A'
          ? ['AWS_INSTANCE_IPV4']
          : Type === 'AAAA'
            ? ['AWS_INSTANCE_IPV6']
            : ['AWS_INSTANCE_CNAME']
    for (const name of needs)
      if (!attributes[name] && !attributes.AWS_ALIAS_DNS_NAME)
        throw invalidInput(`Instance registration is missing required attributes [${name}]`)
  }
}

const healthOf = ({ health }: InstanceRecord): sdk.HealthStatus => health ?? 'UNKNOWN'

/** A service by the names of its namespace and its own. Throws their NotFound errors. */
function named(
  context: RequestContext,
  namespaceName: string,
  serviceName: string,
): [NamespaceRecord, ServiceRecord] {
  const namespace = namespaces.list(context).find(({ name }) => name === namespaceName)
  if (!namespace) throw namespaceNotFound(namespaceName)
  const service = servicesOf(context, namespace.id).find(({ name }) => name === serviceName)
  if (!service) throw serviceNotFound(serviceName)
  return [namespace, service]
}

function discover(input: sdk.DiscoverInstancesCommandInput, context: RequestContext) {
  const [namespace, service] = named(context, input.NamespaceName!, input.ServiceName!)
  const matches = (one: InstanceRecord, wanted: Record<string, string> | undefined) =>
    Object.entries(wanted ?? {}).every(([name, value]) => one.attributes[name] === value)
  const required = instancesOf(context, service.id).filter((one) => matches(one, input.QueryParameters))
  const preferred = required.filter((one) => matches(one, input.OptionalParameters))
  const found = preferred.length > 0 ? preferred : required
  const healthy = found.filter(({ health }) => health !== 'UNHEALTHY')
  const status = input.HealthStatus ?? 'ALL'
  const chosen =
    status === 'HEALTHY'
      ? healthy
      : status === 'UNHEALTHY'
        ? found.filter(({ health }) => health === 'UNHEALTHY')
        : status === 'HEALTHY_OR_ELSE_ALL' && healthy.length > 0
          ? healthy
          : found
  return {
    Instances: chosen.slice(0, input.MaxResults ?? 100).map((one) => ({
      InstanceId: one.id,
      NamespaceName: namespace.name,
      ServiceName: service.name,
      HealthStatus: healthOf(one),
      Attributes: one.attributes,
    })),
    InstancesRevision: service.revision,
  }
}

/** The address that a name of a private namespace has inside its VPC: that of one of its healthy instances. */
export function addressInVpc(scope: Scope, vpcId: string, name: string): string | undefined {
  const lower = name.toLowerCase().replace(/\.$/, '')
  const namespace = namespaces
    .list(scope)
    .find((one) => one.vpcId === vpcId && lower.endsWith(`.${one.name.toLowerCase()}`))
  if (!namespace) return undefined
  const label = lower.slice(0, -namespace.name.length - 1)
  const service = servicesOf(scope, namespace.id).find((one) => one.name.toLowerCase() === label)
  if (!service?.dns?.DnsRecords?.some(({ Type }) => Type === 'A')) return undefined
  const all = instancesOf(scope, service.id)
  const healthy = all.filter(({ health }) => health !== 'UNHEALTHY')
  // When none is healthy, Route 53 answers with all.
  const addresses = (healthy.length > 0 ? healthy : all).flatMap(
    ({ attributes }) => attributes.AWS_INSTANCE_IPV4 ?? [],
  )
  return addresses[scope.world.ids.number(Math.max(1, addresses.length))]
}

export const instanceHandlers: Record<string, Handler> = {
  RegisterInstance: (input: sdk.RegisterInstanceCommandInput, context) => {
    const service = serviceOf(context, input.ServiceId!)
    const attributes = input.Attributes ?? {}
    checkAttributes(service, attributes)
    registerInstance(context, service.id, input.InstanceId!, attributes, input.CreatorRequestId)
    const targets = { INSTANCE: input.InstanceId!, SERVICE: service.id }
    return { OperationId: begin(context, 'REGISTER_INSTANCE', targets) }
  },

  DeregisterInstance: (input: sdk.DeregisterInstanceCommandInput, context) => {
    const service = serviceOf(context, input.ServiceId!)
    const { id } = instanceOf(context, service, input.InstanceId!)
    deregisterInstance(context, service.id, id)
    return { OperationId: begin(context, 'DEREGISTER_INSTANCE', { INSTANCE: id, SERVICE: service.id }) }
  },

  GetInstance: (input: sdk.GetInstanceCommandInput, context) => {
    const { id, attributes, creatorRequestId } = instanceOf(
      context,
      serviceOf(context, input.ServiceId!),
      input.InstanceId!,
    )
    return {
      ResourceOwner: context.accountId,
      Instance: {
        Id: id,
        CreatorRequestId: creatorRequestId,
        Attributes: attributes,
        CreatedByAccount: context.accountId,
      },
    }
  },

  ListInstances: (input: sdk.ListInstancesCommandInput, context) => {
    const service = serviceOf(context, input.ServiceId!)
    const { items, rest } = page(instancesOf(context, service.id), input)
    return {
      ResourceOwner: context.accountId,
      Instances: items.map(({ id, attributes }) => ({
        Id: id,
        Attributes: attributes,
        CreatedByAccount: context.accountId,
      })),
      ...rest,
    }
  },

  DiscoverInstances: discover,

  DiscoverInstancesRevision: (input: sdk.DiscoverInstancesRevisionCommandInput, context) => ({
    InstancesRevision: named(context, input.NamespaceName!, input.ServiceName!)[1].revision,
  }),

  GetInstancesHealthStatus: (input: sdk.GetInstancesHealthStatusCommandInput, context) => {
    const service = serviceOf(context, input.ServiceId!)
    const wanted = input.Instances?.length
      ? input.Instances.map((id) => instanceOf(context, service, id))
      : instancesOf(context, service.id)
    const { items, rest } = page(wanted, input)
    return { Status: Object.fromEntries(items.map((one) => [one.id, healthOf(one)])), ...rest }
  },

  UpdateInstanceCustomHealthStatus: (input: sdk.UpdateInstanceCustomHealthStatusCommandInput, context) => {
    const service = serviceOf(context, input.ServiceId!)
    const record = instanceOf(context, service, input.InstanceId!)
    if (!service.customHealth)
      throw new AwsError('CustomHealthNotFound', `Custom health check not found for service ${service.id}`)
    instances.put(context, { ...record, health: input.Status! })
    counted(context, service)
    return {}
  },
}
