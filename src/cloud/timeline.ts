import type { TrailEvent } from '#aws/cloudtrail/event.ts'
import type { Entry } from '#world/store.ts'
import type { World } from '#world/world.ts'
import { CALLS, type LoggedCall } from './call-log.ts'

/** Calls that are told at once. */
const LIMIT = 500

/** A call that changed something, or was to. */
export interface TimelineCall {
  /** The revision of the world's store that it made: counts up over all calls, and names the moment just after it. */
  number: number
  /** ms since the epoch, world time. */
  at: number
  /** `eks.amazonaws.com` as CloudTrail has it; `kubernetes`; `docker`. */
  source: string
  /** `CreateCluster`, `create deployments.apps`, `container create`. */
  operation: string
  region?: string
  /** What it was about, where the API's path says it: `default/web`. */
  target?: string
  /** Name of the cluster. */
  cluster?: string
  /** ARN or user name of who called; empty where the API knows no callers. */
  principal: string
  /** The service that called for them. */
  via?: string
  error?: { code: string; message: string }
  parameters?: unknown
}

/** The mutating calls of an account, its clusters and its Docker Engine, newest first. */
export function timeline({ store }: World, accountId: string): TimelineCall[] {
  const aws = store.list<TrailEvent>(`cloudtrail/${accountId}/writes/`).entries.slice(-LIMIT).map(awsCall)
  const others = store
    .list<LoggedCall>(CALLS)
    .entries.slice(-LIMIT)
    .map(({ value, createRevision }) => ({ number: createRevision, ...value }))
  return [...aws, ...others].sort((a, b) => b.number - a.number).slice(0, LIMIT)
}

function awsCall({ value: event, createRevision }: Entry<TrailEvent>): TimelineCall {
  const { arn, invokedBy } = event.userIdentity as { arn?: string; invokedBy?: string }
  return {
    number: createRevision,
    at: Date.parse(event.eventTime),
    source: event.eventSource,
    operation: event.eventName,
    region: event.awsRegion,
    principal: arn ?? '',
    ...(invokedBy !== undefined && { via: invokedBy }),
    ...(event.errorCode !== undefined && {
      error: { code: event.errorCode, message: event.errorMessage ?? '' },
    }),
    ...(event.requestParameters !== null && { parameters: event.requestParameters }),
  }
}
