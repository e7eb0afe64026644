import type { Tag } from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { clientError, clusterNotFound, invalid } from './errors.ts'
import type { ClusterRecord, Tags, TaskDefinitionRecord } from './records.ts'
import { clusters, taskDefinitions } from './tables.ts'

/** `arn:aws:ecs:<region>:<account>:<rest>` */
export const ecsArn = ({ region, accountId }: Pick<Scope, 'region' | 'accountId'>, rest: string) =>
  `arn:aws:ecs:${region}:${accountId}:${rest}`

/** The last part of an ARN, or the name itself. */
export const shortName = (text: string): string => text.split('/').at(-1)!

/** An active cluster by name or ARN; `default` when none is named. Throws ClusterNotFoundException. */
export function clusterOf(scope: Scope, named: string | undefined): ClusterRecord {
  const cluster = clusters.find(scope, shortName(named || 'default'))
  if (cluster?.status !== 'ACTIVE') throw clusterNotFound()
  return cluster
}

/** A revision by `family`, `family:revision` or ARN. Throws ClientException with `missing`. */
export function definitionOf(scope: Scope, named: string, missing: string): TaskDefinitionRecord {
  const [family = '', revision] = shortName(named).split(':')
  const all = taskDefinitions.list(scope, family)
  const found =
    revision === undefined
      ? all.findLast(({ status }) => status === 'ACTIVE')
      : all.find((one) => String(one.revision) === revision)
  if (!found) throw clientError(missing)
  return found
}

export const tagsOf = (tags: Tag[] | undefined): Tags =>
  Object.fromEntries((tags ?? []).map(({ key, value }) => [key!, value ?? '']))
export const toTags = (tags: Tags): Tag[] => Object.entries(tags).map(([key, value]) => ({ key, value }))

/** One page of a list; at most 100, as ECS. The token is opaque. */
export function page<T>(
  all: T[],
  { maxResults = 100, nextToken }: { maxResults?: number; nextToken?: string },
): { items: T[]; nextToken?: string } {
  const offset = nextToken === undefined ? 0 : Number(Buffer.from(nextToken, 'base64').toString())
  if (!Number.isSafeInteger(offset) || offset < 0) throw invalid('Invalid token')
  const end = offset + maxResults
  return {
    items: all.slice(offset, end),
    ...(end < all.length ? { nextToken: Buffer.from(String(end)).toString('base64') } : {}),
  }
}

/** A date of a record for an answer. */
export const date = (time: number) => new Date(time)

/** A member that is left out of an answer when there is no value. */
export function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, T>>)
}
