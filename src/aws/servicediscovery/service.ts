import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext, type Service } from '../wire/service.ts'
import { idOf, mapArn } from './find.ts'
import { instanceHandlers } from './instances.ts'
import { namespaceHandlers } from './namespaces.ts'
import { operationHandlers } from './operations.ts'
import type { Tags } from './records.ts'
import { serviceHandlers } from './services.ts'
import { namespaces, services } from './tables.ts'

/** What carries an ARN's tags. Throws ResourceNotFoundException. */
function tagged(scope: Scope, arn: string): { tags: Tags; put(tags: Tags): void } {
  const [namespace, service] = [namespaces.find(scope, idOf(arn)), services.find(scope, idOf(arn))]
  if (namespace?.arn === arn)
    return { tags: namespace.tags, put: (tags) => void namespaces.put(scope, { ...namespace, tags }) }
  if (service?.arn === arn)
    return { tags: service.tags, put: (tags) => void services.put(scope, { ...service, tags }) }
  throw new AwsError('ResourceNotFoundException', `Resource not found: ${arn}`)
}

const tagHandlers: Record<string, Handler> = {
  TagResource: (input: { ResourceARN?: string; Tags?: { Key?: string; Value?: string }[] }, context) => {
    const { tags, put } = tagged(context, input.ResourceARN!)
    const added = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value ?? '']))
    const next = { ...tags, ...added }
    if (Object.keys(next).length > 50)
      throw new AwsError('TooManyTagsException', 'The maximum number of tags on a resource is 50.', {
        fields: { ResourceName: input.ResourceARN },
      })
    put(next)
    return {}
  },
  UntagResource: (input: { ResourceARN?: string; TagKeys?: string[] }, context) => {
    const { tags, put } = tagged(context, input.ResourceARN!)
    put(Object.fromEntries(Object.entries(tags).filter(([key]) => !input.TagKeys?.includes(key))))
    return {}
  },
  ListTagsForResource: (input: { ResourceARN?: string }, context) => ({
    Tags: Object.entries(tagged(context, input.ResourceARN!).tags).map(([Key, Value]) => ({ Key, Value })),
  }),
}

interface Named {
  Id?: string
  ServiceId?: string
  NamespaceId?: string
  DnsConfig?: { NamespaceId?: string }
  ResourceARN?: string
  NamespaceName?: string
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudmap.html */
function resourcesOf(operation: string, input: Named, context: RequestContext): string {
  if (input.ResourceARN) return input.ResourceARN
  if (/Namespace$/.test(operation) && input.Id) return mapArn(context, `namespace/${idOf(input.Id)}`)
  if (operation === 'CreateService')
    return mapArn(context, `namespace/${idOf(input.NamespaceId ?? input.DnsConfig?.NamespaceId ?? '')}`)
  const service = input.ServiceId ?? (/Service$/.test(operation) ? input.Id : undefined)
  return service === undefined ? '*' : mapArn(context, `service/${idOf(service)}`)
}

/** AWS Cloud Map: https://docs.aws.amazon.com/cloud-map/latest/api/ */
export const serviceDiscoveryService: Service = {
  name: 'servicediscovery',
  sdk: () => import('@aws-sdk/client-servicediscovery'),
  actionPrefix: 'servicediscovery',
  endpoints: [{ prefix: 'servicediscovery' }, { prefix: 'data-servicediscovery' }],
  botocoreName: 'servicediscovery',
  handlers: {
    ...namespaceHandlers,
    ...serviceHandlers,
    ...instanceHandlers,
    ...operationHandlers,
    ...tagHandlers,
  },
  resources: resourcesOf,
}
