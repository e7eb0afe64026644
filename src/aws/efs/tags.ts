import type * as sdk from '@aws-sdk/client-efs'
import type { Scope } from '../ec2/index.ts'
import { pageOf } from '../table.ts'
import type { Handler } from '../wire/service.ts'
import { badRequest } from './errors.ts'
import { accessPoints, fileSystems, idOf, requireAccessPoint, requireFileSystem } from './tables.ts'

export const toTags = (tags: Record<string, string>): sdk.Tag[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

export const fromTags = (tags: sdk.Tag[] = []): Record<string, string> =>
  Object.fromEntries(tags.map(({ Key, Value }) => [Key!, Value!]))

/** The tags of a file system or an access point, and how to set them. Throws FileSystemNotFound, AccessPointNotFound. */
function tagged(scope: Scope, given: string | undefined) {
  if (idOf(given ?? '').startsWith('fsap-')) {
    const record = requireAccessPoint(scope, given)
    return {
      tags: record.tags,
      set: (tags: Record<string, string>) => accessPoints.put(scope, { ...record, tags }),
    }
  }
  const record = requireFileSystem(scope, given)
  return {
    tags: record.tags,
    set: (tags: Record<string, string>) => fileSystems.put(scope, { ...record, tags }),
  }
}

const without = (tags: Record<string, string>, keys: string[] = []) =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)))

export const tagHandlers: Record<string, Handler> = {
  TagResource: (input: sdk.TagResourceCommandInput, context) => {
    const { tags, set } = tagged(context, input.ResourceId)
    set({ ...tags, ...fromTags(input.Tags) })
    return {}
  },
  UntagResource: (input: sdk.UntagResourceCommandInput, context) => {
    const { tags, set } = tagged(context, input.ResourceId)
    set(without(tags, input.TagKeys))
    return {}
  },
  ListTagsForResource: (input: sdk.ListTagsForResourceCommandInput, context) => {
    const tags = toTags(tagged(context, input.ResourceId).tags)
    const { items, next } = pageOf(tags, input.MaxResults ?? 100, input.NextToken, () =>
      badRequest('Invalid pagination token'),
    )
    return { Tags: items, NextToken: next }
  },
  // The three older operations know file systems only.
  CreateTags: (input: sdk.CreateTagsCommandInput, context) => {
    const record = requireFileSystem(context, input.FileSystemId)
    fileSystems.put(context, { ...record, tags: { ...record.tags, ...fromTags(input.Tags) } })
    return {}
  },
  DeleteTags: (input: sdk.DeleteTagsCommandInput, context) => {
    const record = requireFileSystem(context, input.FileSystemId)
    fileSystems.put(context, { ...record, tags: without(record.tags, input.TagKeys) })
    return {}
  },
  DescribeTags: (input: sdk.DescribeTagsCommandInput, context) => {
    const tags = toTags(requireFileSystem(context, input.FileSystemId).tags)
    const { items, next } = pageOf(tags, input.MaxItems ?? 100, input.Marker, () =>
      badRequest('Invalid pagination marker'),
    )
    return { Marker: input.Marker, Tags: items, NextMarker: next }
  },
}
