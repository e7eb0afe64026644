import type * as sdk from '@aws-sdk/client-elastic-load-balancing-v2'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import type { Tags } from './records.ts'
import { listeners, loadBalancers, rules, targetGroups } from './tables.ts'

export function tagsOf(tags: sdk.Tag[] | undefined): Tags {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key!, Value ?? '']))
}

/** The tagged resource of an ARN. Throws its NotFound error. */
function tagged(context: RequestContext, arn: string): { tags: Tags; set(tags: Tags): void } {
  const type = arn.split(':')[5]?.split('/')[0]
  const of = <T extends { arn: string; tags: Tags }>(table: {
    get(scope: RequestContext, arn: string): T
    put(scope: RequestContext, record: T): T
  }) => {
    const record = table.get(context, arn)
    return { tags: record.tags, set: (tags: Tags) => void table.put(context, { ...record, tags }) }
  }
  if (type === 'loadbalancer') return of(loadBalancers)
  if (type === 'listener') return of(listeners)
  if (type === 'listener-rule') return of(rules)
  if (type === 'targetgroup') return of(targetGroups)
  throw new AwsError('ValidationError', `'${arn}' is not a valid ARN`)
}

export const tagHandlers: Record<string, Handler> = {
  AddTags: (input: sdk.AddTagsCommandInput, context) => {
    for (const arn of input.ResourceArns ?? []) {
      const { tags, set } = tagged(context, arn)
      const next = { ...tags, ...tagsOf(input.Tags) }
      if (Object.keys(next).length > 50)
        throw new AwsError('TooManyTags', 'The maximum number of tags per resource has been exceeded')
      set(next)
    }
    return {}
  },

  RemoveTags: (input: sdk.RemoveTagsCommandInput, context) => {
    for (const arn of input.ResourceArns ?? []) {
      const { tags, set } = tagged(context, arn)
      set(Object.fromEntries(Object.entries(tags).filter(([key]) => !input.TagKeys?.includes(key))))
    }
    return {}
  },

  DescribeTags: (input: sdk.DescribeTagsCommandInput, context) => ({
    TagDescriptions: (input.ResourceArns ?? []).map((ResourceArn) => ({
      ResourceArn,
      Tags: Object.entries(tagged(context, ResourceArn).tags).map(([Key, Value]) => ({ Key, Value })),
    })),
  }),
}
