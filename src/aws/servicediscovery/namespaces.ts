import type * as sdk from '@aws-sdk/client-servicediscovery'
import { type Scope, tables } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { inUse, invalidInput, notSimulated } from './errors.ts'
import { filterFits, mapArn, namespaceOf, newId, page, tagsOf } from './find.ts'
import { begin } from './operations.ts'
import type { NamespaceRecord } from './records.ts'
import { namespaces, servicesOf } from './tables.ts'

/** Seconds: https://docs.aws.amazon.com/cloud-map/latest/api/API_SOA.html */
const SOA_TTL = 15

function toNamespace(scope: Scope, record: NamespaceRecord): sdk.Namespace {
  return {
    Id: record.id,
    Arn: record.arn,
    ResourceOwner: scope.accountId,
    Name: record.name,
    Type: record.type,
    ...(record.description === undefined ? {} : { Description: record.description }),
    ServiceCount: servicesOf(scope, record.id).length,
    Properties: {
      DnsProperties: record.hostedZoneId
        ? { HostedZoneId: record.hostedZoneId, SOA: { TTL: record.soaTtl ?? SOA_TTL } }
        : { SOA: {} as sdk.SOA },
      HttpProperties: { HttpName: record.name },
    },
    CreateDate: new Date(record.created),
  }
}

interface Wanted {
  Name?: string | undefined
  CreatorRequestId?: string | undefined
  Description?: string | undefined
  Tags?: sdk.Tag[] | undefined
}

type Kind = Pick<NamespaceRecord, 'type' | 'vpcId' | 'hostedZoneId' | 'soaTtl'>

/** Makes a namespace. Throws NamespaceAlreadyExists. */
function create(context: RequestContext, input: Wanted, kind: Kind) {
  const name = input.Name!
  const known = namespaces
    .list(context)
    .find(
      (one) => one.name === name && (kind.type === 'HTTP' || one.vpcId === kind.vpcId || one.type === 'HTTP'),
    )
  if (known)
    throw new AwsError('NamespaceAlreadyExists', `Namespace with name ${name} already exists.`, {
      fields: { NamespaceId: known.id, CreatorRequestId: known.creatorRequestId },
    })
  const { id } = putNamespace(context, name, input, kind)
  return { OperationId: begin(context, 'CREATE_NAMESPACE', { NAMESPACE: id }) }
}

/** A namespace that is called by HTTP only, as ECS makes one for a cluster. */
export const createHttpNamespace = (scope: Scope, name: string): NamespaceRecord =>
  putNamespace(scope, name, {}, { type: 'HTTP' })

function putNamespace(scope: Scope, name: string, input: Wanted, kind: Kind): NamespaceRecord {
  const id = newId(scope, 'ns')
  return namespaces.put(scope, {
    id,
    arn: mapArn(scope, `namespace/${id}`),
    name,
    ...kind,
    ...(input.Description === undefined ? {} : { description: input.Description }),
    creatorRequestId: input.CreatorRequestId ?? scope.world.ids.uuid(),
    created: scope.world.clock.now(),
    tags: tagsOf(input.Tags),
  })
}

function update(context: RequestContext, named: string, description: string | undefined, soaTtl?: number) {
  const record = namespaceOf(context, named)
  namespaces.put(context, {
    ...record,
    ...(description === undefined ? {} : { description }),
    ...(soaTtl === undefined ? {} : { soaTtl }),
  })
  return { OperationId: begin(context, 'UPDATE_NAMESPACE', { NAMESPACE: record.id }) }
}

function fits(record: NamespaceRecord, scope: Scope, filter: sdk.NamespaceFilter): boolean {
  const { name, type } = record
  const values: Record<string, string> = {
    NAME: name,
    HTTP_NAME: name,
    TYPE: type,
    RESOURCE_OWNER: scope.accountId,
  }
  if (filter.Name === 'RESOURCE_OWNER') return filter.Values?.includes('SELF') ?? false
  return filterFits(values[filter.Name!] ?? '', filter)
}

export const namespaceHandlers: Record<string, Handler> = {
  CreateHttpNamespace: (input: sdk.CreateHttpNamespaceCommandInput, context) =>
    create(context, input, { type: 'HTTP' }),

  CreatePrivateDnsNamespace: (input: sdk.CreatePrivateDnsNamespaceCommandInput, context) => {
    if (!tables.vpcs.find(context, input.Vpc!)) throw invalidInput(`The VPC ID '${input.Vpc}' does not exist`)
    if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(input.Name!))
      throw invalidInput(`${input.Name} is not a valid domain name`)
    return create(context, input, {
      type: 'DNS_PRIVATE',
      vpcId: input.Vpc!,
      hostedZoneId: `Z${context.world.ids.text(20, '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ')}`,
      soaTtl: input.Properties?.DnsProperties?.SOA?.TTL ?? SOA_TTL,
    })
  },

  CreatePublicDnsNamespace: () => {
    throw notSimulated('public DNS namespaces, which need a domain of the internet')
  },

  UpdateHttpNamespace: (input: sdk.UpdateHttpNamespaceCommandInput, context) =>
    update(context, input.Id!, input.Namespace?.Description),

  UpdatePrivateDnsNamespace: (input: sdk.UpdatePrivateDnsNamespaceCommandInput, context) =>
    update(
      context,
      input.Id!,
      input.Namespace?.Description,
      input.Namespace?.Properties?.DnsProperties?.SOA?.TTL,
    ),

  DeleteNamespace: (input: sdk.DeleteNamespaceCommandInput, context) => {
    const record = namespaceOf(context, input.Id!)
    if (servicesOf(context, record.id).length > 0)
      throw inUse('Namespace has associated services; delete the services before deleting the namespace')
    namespaces.delete(context, record)
    return { OperationId: begin(context, 'DELETE_NAMESPACE', { NAMESPACE: record.id }) }
  },

  GetNamespace: (input: sdk.GetNamespaceCommandInput, context) => {
    const record = namespaceOf(context, input.Id!)
    return { Namespace: { ...toNamespace(context, record), CreatorRequestId: record.creatorRequestId } }
  },

  ListNamespaces: (input: sdk.ListNamespacesCommandInput, context) => {
    const wanted = namespaces
      .list(context)
      .filter((one) => (input.Filters ?? []).every((filter) => fits(one, context, filter)))
    const { items, rest } = page(wanted, input)
    return { Namespaces: items.map((one) => toNamespace(context, one)), ...rest }
  },
}
