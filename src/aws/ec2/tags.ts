import type {
  CreateTagsCommandInput,
  DeleteTagsCommandInput,
  DescribeTagsCommandInput,
  DescribeTagsCommandOutput,
  Tag,
  TagSpecification,
} from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { invalidParameterValue } from './errors.ts'
import { select } from './filters.ts'
import type { Tags } from './records.ts'
import type { Scope } from './scope.ts'
import { taggable } from './tables.ts'

/** Most tags a resource may have: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html */
const TAG_LIMIT = 50

export const toTags = (tags: Tags): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

/** EC2 leaves the tag set out of an untagged VPC, subnet, security group or new key pair. */
export const tagList = (tags: Tags): Tag[] | undefined =>
  Object.keys(tags).length > 0 ? toTags(tags) : undefined

/** Tags for a new resource of `type` out of TagSpecifications. Throws for a specification of another type. */
export function tagsFor(specifications: TagSpecification[] | undefined, ...types: string[]): Tags {
  const tags: Tags = {}
  for (const { ResourceType: type, Tags: list = [] } of specifications ?? []) {
    if (!type || !types.includes(type)) {
      throw invalidParameterValue(`'${type}' is not a valid taggable resource type for this operation.`)
    }
    if (type === types[0]) Object.assign(tags, checked(list))
  }
  return tags
}

/** `system`: keys that begin with `aws:` may be set, by a service that calls for its caller. */
function checked(list: Tag[], system = false): Tags {
  const tags: Tags = {}
  for (const { Key: key, Value: value = '' } of list) {
    if (!key) throw invalidParameterValue('Tag key cannot be empty')
    if (!system && key.startsWith('aws:')) {
      throw invalidParameterValue(`Tag keys starting with 'aws:' are reserved for internal use`)
    }
    tags[key] = value
  }
  return tags
}

function tableOf(id: string) {
  const prefix = id.slice(0, id.lastIndexOf('-'))
  const table = taggable.find(({ options }) => options.idPrefix === prefix)
  if (!table) throw new AwsError('InvalidID', `The ID '${id}' is not valid`)
  return table
}

/** The tags of the resource that an ARN names, if it exists. */
export function tagsOfArn(scope: Scope, arn: string): Tags | undefined {
  const [type, id = ''] = arn.slice(arn.lastIndexOf(':') + 1).split('/')
  return taggable.find(({ options }) => options.resourceType === type)?.find(scope, id)?.tags
}

export function createTags(input: CreateTagsCommandInput, context: RequestContext) {
  const added = checked(input.Tags ?? [], context.calledVia !== undefined)
  for (const id of input.Resources ?? []) {
    const table = tableOf(id)
    const tags = { ...table.get(context, id).tags, ...added }
    if (Object.keys(tags).filter((key) => !key.startsWith('aws:')).length > TAG_LIMIT) {
      throw new AwsError('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.')
    }
    table.patch(context, id, { tags })
  }
  return {}
}

export function deleteTags(input: DeleteTagsCommandInput, context: RequestContext) {
  for (const id of input.Resources ?? []) {
    const table = tableOf(id)
    const record = table.find(context, id)
    if (!record) continue
    const removed = (key: string, value: string) =>
      !key.startsWith('aws:') &&
      (!input.Tags?.length ||
        input.Tags.some((tag) => tag.Key === key && (tag.Value === undefined || tag.Value === value)))
    const kept = Object.entries(record.tags).filter(([key, value]) => !removed(key, value))
    table.patch(context, id, { tags: Object.fromEntries(kept) })
  }
  return {}
}

export function describeTags(
  input: DescribeTagsCommandInput,
  context: RequestContext,
): DescribeTagsCommandOutput {
  const all = taggable.flatMap((table) =>
    table.list(context).flatMap(({ id, tags }) =>
      Object.entries(tags).map(([key, value]) => ({
        id,
        type: table.options.resourceType,
        key,
        value,
        tags: { [key]: value },
      })),
    ),
  )
  const { page, NextToken } = select(all, input, {
    key: (tag) => tag.key,
    value: (tag) => tag.value,
    'resource-id': (tag) => tag.id,
    'resource-type': (tag) => tag.type,
  })
  return {
    Tags: page.map((tag) => ({
      Key: tag.key,
      ResourceId: tag.id,
      ResourceType: tag.type as never,
      Value: tag.value,
    })),
    NextToken,
    $metadata: {},
  }
}
