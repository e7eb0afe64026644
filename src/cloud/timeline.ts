import type { TrailEvent } from '#aws/cloudtrail/event.ts'
import type { World } from '#world/world.ts'

/** Calls that are told at once. */
const LIMIT = 500

/** A call that changed something, or was to. */
export interface TimelineCall {
  /** Counted from 0 in the order of the calls. */
  number: number
  /** ms since the epoch, world time. */
  at: number
  /** `eks.amazonaws.com`, `CreateCluster`, as CloudTrail has them. */
  source: string
  operation: string
  region: string
  /** ARN of who called. */
  principal: string
  /** The service that called for them. */
  via?: string
  error?: { code: string; message: string }
  parameters?: unknown
}

const folder = (accountId: string) => `cloudtrail/${accountId}/writes/`

/** Which call a key of the store is of; undefined for other keys. */
export function callNumber(accountId: string, key: string): number | undefined {
  const prefix = folder(accountId)
  return key.startsWith(prefix) ? Number(key.slice(prefix.length)) : undefined
}

/** The mutating calls of an account, newest first, from its CloudTrail. */
export function timeline(world: World, accountId: string): TimelineCall[] {
  return world.store
    .list<TrailEvent>(folder(accountId))
    .entries.slice(-LIMIT)
    .reverse()
    .map(({ key, value: event }) => {
      const { arn, invokedBy } = event.userIdentity as { arn?: string; invokedBy?: string }
      return {
        number: callNumber(accountId, key)!,
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
    })
}
