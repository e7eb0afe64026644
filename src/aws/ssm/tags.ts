import type * as sdk from '@aws-sdk/client-ssm'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { nameOf } from './parameters.ts'
import type { Tags } from './records.ts'
import { activations, managedInstances, parameters } from './tables.ts'

/** The tagged resource of a request. Throws InvalidResourceId and InvalidResourceType. */
function tagged(context: RequestContext, type: string, id: string): { tags: Tags; set(tags: Tags): void } {
  const of = <T extends { tags: Tags }>(
    table: {
      find(scope: RequestContext, name: string): T | undefined
      put(scope: RequestContext, record: T): T
    },
    name: string,
  ) => {
    const record = table.find(context, name)
    if (!record)
      throw new AwsError(
        'InvalidResourceId',
        'The resource ID is not valid. Verify that you entered the correct ID and try again.',
      )
    return { tags: record.tags, set: (tags: Tags) => void table.put(context, { ...record, tags }) }
  }
  if (type === 'Parameter') return of(parameters, nameOf(id))
  if (type === 'ManagedInstance') return of(managedInstances, id)
  if (type === 'Activation') return of(activations, id)
  throw new AwsError(
    'NotImplemented',
    `Drydock does not simulate Systems Manager resources of type ${type}. FIDELITY.md lists what is simulated.`,
    { status: 501 },
  )
}

export const tagHandlers: Record<string, Handler> = {
  AddTagsToResource: (input: sdk.AddTagsToResourceCommandInput, context) => {
    const { tags, set } = tagged(context, input.ResourceType!, input.ResourceId!)
    set({ ...tags, ...Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!])) })
    return {}
  },
  RemoveTagsFromResource: (input: sdk.RemoveTagsFromResourceCommandInput, context) => {
    const { tags, set } = tagged(context, input.ResourceType!, input.ResourceId!)
    set(Object.fromEntries(Object.entries(tags).filter(([key]) => !input.TagKeys?.includes(key))))
    return {}
  },
  ListTagsForResource: (input: sdk.ListTagsForResourceCommandInput, context) => ({
    TagList: Object.entries(tagged(context, input.ResourceType!, input.ResourceId!).tags).map(
      ([Key, Value]) => ({ Key, Value }),
    ),
  }),
}
