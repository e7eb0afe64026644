import type * as sdk from '@aws-sdk/client-eks'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { invalidParameter, notFound } from './errors.ts'
import type { Tags } from './records.ts'
import {
  accessEntries,
  addonRecords,
  clusters,
  fargateProfiles,
  nodegroups,
  podIdentities,
} from './tables.ts'

const TABLES: Record<string, typeof clusters> = {
  cluster: clusters,
  nodegroup: nodegroups,
  addon: addonRecords,
  fargateprofile: fargateProfiles,
  podidentityassociation: podIdentities,
} as never

interface Tagged {
  tags: Tags
  set(tags: Tags): void
}

/** The tagged resource behind an ARN. Throws NotFoundException-like errors of EKS. */
function resource(context: RequestContext, arn: string): Tagged {
  const match =
    /^arn:aws:eks:[^:]+:\d{12}:(cluster|nodegroup|addon|access-entry|fargateprofile|podidentityassociation)\/(.+)$/.exec(
      arn,
    )
  if (!match) throw invalidParameter(`The resource ARN ${arn} is not valid`)
  const [clusterName = '', name = ''] = match[2]!.split('/')
  const table = TABLES[match[1]!]
  const path = match[1] === 'cluster' ? [clusterName] : [clusterName, name]
  if (table) {
    const record = table.find(context, ...path)
    if (record && record.arn === arn) {
      return { tags: record.tags, set: (tags) => table.put(context, { ...record, tags } as never, ...path) }
    }
  } else {
    const entry = accessEntries.list(context, clusterName).find((candidate) => candidate.arn === arn)
    if (entry) {
      return {
        tags: entry.tags,
        set: (tags) => accessEntries.put(context, { ...entry, tags }, clusterName, entry.principalArn),
      }
    }
  }
  throw notFound(`Resource not found for ARN: ${arn}`)
}

/** The tags of the resource that an ARN names, if it exists. */
export function tagsOfArn(context: RequestContext, arn: string): Tags | undefined {
  try {
    return resource(context, arn).tags
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return undefined
  }
}

export function tagResource(input: sdk.TagResourceCommandInput, context: RequestContext) {
  const found = resource(context, input.resourceArn!)
  found.set({ ...found.tags, ...input.tags })
  return {}
}

export function untagResource(input: sdk.UntagResourceCommandInput, context: RequestContext) {
  const found = resource(context, input.resourceArn!)
  found.set(Object.fromEntries(Object.entries(found.tags).filter(([key]) => !input.tagKeys?.includes(key))))
  return {}
}

export function listTagsForResource(input: sdk.ListTagsForResourceCommandInput, context: RequestContext) {
  return { tags: resource(context, input.resourceArn!).tags }
}
