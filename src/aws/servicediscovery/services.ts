import type * as sdk from '@aws-sdk/client-servicediscovery'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { inUse, invalidInput, notSimulated } from './errors.ts'
import { filterFits, idOf, mapArn, namespaceOf, newId, page, serviceOf, tagsOf } from './find.ts'
import { begin } from './operations.ts'
import type { NamespaceRecord, ServiceRecord } from './records.ts'
import { instancesOf, services, servicesOf } from './tables.ts'

function toService(scope: Scope, record: ServiceRecord): sdk.Service {
  return {
    Id: record.id,
    Arn: record.arn,
    ResourceOwner: scope.accountId,
    Name: record.name,
    NamespaceId: record.namespaceId,
    ...(record.description === undefined ? {} : { Description: record.description }),
    InstanceCount: instancesOf(scope, record.id).length,
    ...(record.dns ? { DnsConfig: record.dns } : {}),
    Type: record.type,
    ...(record.customHealth ? { HealthCheckCustomConfig: record.customHealth } : {}),
    CreateDate: new Date(record.created),
    CreatorRequestId: record.creatorRequestId,
    CreatedByAccount: scope.accountId,
  }
}

function dnsOf(namespace: NamespaceRecord, dns: sdk.DnsConfig | undefined): sdk.DnsConfig | undefined {
  if (!dns) return undefined
  if (namespace.type === 'HTTP')
    throw invalidInput('DNS configuration is not supported for services in HTTP namespaces')
  const types = (dns.DnsRecords ?? []).map(({ Type }) => Type)
  if (types.length === 0) throw invalidInput('At least one DNS record must be specified')
  if (types.includes('CNAME') && types.length > 1)
    throw invalidInput('CNAME cannot be combined with other record types')
  return { NamespaceId: namespace.id, RoutingPolicy: 'MULTIVALUE', ...dns }
}

/** Makes a service in a namespace, as a caller or ECS for Service Connect wants it. Throws ServiceAlreadyExists. */
export function createMapService(
  scope: Scope,
  namespace: NamespaceRecord,
  input: Partial<sdk.CreateServiceCommandInput> & { Name: string },
): ServiceRecord {
  const known = servicesOf(scope, namespace.id).find(
    ({ name }) => name.toLowerCase() === input.Name.toLowerCase(),
  )
  if (known)
    throw new AwsError('ServiceAlreadyExists', `Service already exists.`, {
      fields: { CreatorRequestId: known.creatorRequestId, ServiceId: known.id, ServiceArn: known.arn },
    })
  const id = newId(scope, 'srv')
  const dns = dnsOf(namespace, input.DnsConfig)
  return services.put(scope, {
    id,
    arn: mapArn(scope, `service/${id}`),
    name: input.Name,
    namespaceId: namespace.id,
    type: input.Type === 'HTTP' || !dns ? 'HTTP' : 'DNS_HTTP',
    ...(input.Description === undefined ? {} : { description: input.Description }),
    ...(dns ? { dns } : {}),
    ...(input.HealthCheckCustomConfig ? { customHealth: { FailureThreshold: 1 } } : {}),
    attributes: {},
    revision: 1,
    creatorRequestId: input.CreatorRequestId ?? scope.world.ids.uuid(),
    created: scope.world.clock.now(),
    tags: tagsOf(input.Tags),
  })
}

function createService(input: sdk.CreateServiceCommandInput, context: RequestContext) {
  const named = input.NamespaceId ?? input.DnsConfig?.NamespaceId
  if (named === undefined) throw invalidInput('NamespaceId is required')
  const namespace = namespaceOf(context, named)
  if (input.HealthCheckConfig) throw notSimulated('health checks of Route 53; use HealthCheckCustomConfig')
  return {
    Service: toService(context, createMapService(context, namespace, { ...input, Name: input.Name! })),
  }
}

export const serviceHandlers: Record<string, Handler> = {
  CreateService: createService,

  GetService: (input: sdk.GetServiceCommandInput, context) => ({
    Service: toService(context, serviceOf(context, input.Id!)),
  }),

  UpdateService: (input: sdk.UpdateServiceCommandInput, context) => {
    const record = serviceOf(context, input.Id!)
    const { Description, DnsConfig, HealthCheckConfig } = input.Service!
    if (HealthCheckConfig) throw notSimulated('health checks of Route 53; use HealthCheckCustomConfig')
    if (DnsConfig && !record.dns) throw invalidInput('The service has no DNS configuration')
    services.put(context, {
      ...record,
      ...(Description === undefined ? {} : { description: Description }),
      ...(DnsConfig ? { dns: { ...record.dns, DnsRecords: DnsConfig.DnsRecords } } : {}),
    })
    return { OperationId: begin(context, 'UPDATE_SERVICE', { SERVICE: record.id }) }
  },

  DeleteService: (input: sdk.DeleteServiceCommandInput, context) => {
    const record = serviceOf(context, input.Id!)
    if (instancesOf(context, record.id).length > 0)
      throw inUse('Service contains registered instances; delete the instances before deleting the service')
    services.delete(context, record)
    return {}
  },

  ListServices: (input: sdk.ListServicesCommandInput, context) => {
    const fits = (record: ServiceRecord, filter: sdk.ServiceFilter) =>
      filter.Name === 'NAMESPACE_ID'
        ? filterFits(record.namespaceId, { ...filter, Values: filter.Values?.map(idOf) })
        : (filter.Values?.includes('SELF') ?? false)
    const wanted = services
      .list(context)
      .filter((one) => (input.Filters ?? []).every((filter) => fits(one, filter)))
    const { items, rest } = page(wanted, input)
    return {
      Services: items.map((one) => {
        const { NamespaceId, CreatorRequestId, ...summary } = toService(context, one)
        return summary
      }),
      ...rest,
    }
  },

  GetServiceAttributes: (input: sdk.GetServiceAttributesCommandInput, context) => {
    const { arn, attributes } = serviceOf(context, input.ServiceId!)
    return {
      ServiceAttributes: { ServiceArn: arn, ResourceOwner: context.accountId, Attributes: attributes },
    }
  },

  UpdateServiceAttributes: (input: sdk.UpdateServiceAttributesCommandInput, context) => {
    const record = serviceOf(context, input.ServiceId!)
    const attributes = { ...record.attributes, ...input.Attributes }
    if (Object.keys(attributes).length > 30)
      throw new AwsError(
        'ServiceAttributesLimitExceededException',
        'A service can have at most 30 attributes.',
      )
    services.put(context, { ...record, attributes })
    return {}
  },

  DeleteServiceAttributes: (input: sdk.DeleteServiceAttributesCommandInput, context) => {
    const record = serviceOf(context, input.ServiceId!)
    const attributes = Object.fromEntries(
      Object.entries(record.attributes).filter(([name]) => !input.Attributes?.includes(name)),
    )
    services.put(context, { ...record, attributes })
    return {}
  },
}
