import type * as sdk from '@aws-sdk/client-ecr'
import type { RequestContext } from '../wire/service.ts'
import { invalidParameter } from './errors.ts'
import { putRepository, requireRepository } from './repositories.ts'
import { checkTags } from './tag-rules.ts'

function byArn(context: RequestContext, arn: string | undefined) {
  const [, region, accountId, name] =
    /^arn:aws:ecr:([a-z0-9-]+):(\d{12}):repository\/(.+)$/.exec(arn ?? '') ?? []
  if (!name) throw invalidParameter('resourceArn', 'Invalid ARN')
  const scope = { ...context, region: region!, accountId: accountId! }
  return { scope, record: requireRepository(scope, { repositoryName: name }) }
}

export function tagResource(input: sdk.TagResourceCommandInput, context: RequestContext) {
  const { scope, record } = byArn(context, input.resourceArn)
  putRepository(scope, { ...record, tags: checkTags(record.tags, input.tags) })
  return {}
}

export function untagResource(input: sdk.UntagResourceCommandInput, context: RequestContext) {
  const { scope, record } = byArn(context, input.resourceArn)
  const kept = Object.entries(record.tags).filter(([key]) => !input.tagKeys?.includes(key))
  putRepository(scope, { ...record, tags: Object.fromEntries(kept) })
  return {}
}

export function listTagsForResource(input: sdk.ListTagsForResourceCommandInput, context: RequestContext) {
  const { tags } = byArn(context, input.resourceArn).record
  return { tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
}
