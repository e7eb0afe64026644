import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError } from '../wire/service.ts'
import type { LogEvent, LogGroupRecord, LogStreamRecord } from './records.ts'

/** Names may hold slashes; in keys they are one part. */
const part = encodeURIComponent
const DAY_MS = 86_400_000
/** How many batches of events a stream keeps; AWS keeps all. */
const BATCHES_KEPT = 2000

const groupKey = ({ accountId, region }: Scope, name: string) =>
  awsKey(accountId, region, 'logs', 'groups', part(name))
const streamFolder = ({ accountId, region }: Scope, group: string) =>
  `${awsPrefix(accountId, region, 'logs', 'streams')}${part(group)}/`
const batchFolder = ({ accountId, region }: Scope, group: string, stream: string) =>
  `${awsPrefix(accountId, region, 'logs', 'events')}${part(group)}/${part(stream)}/`

export const groups = {
  find: (scope: Scope, name: string): LogGroupRecord | undefined =>
    scope.world.store.get<LogGroupRecord>(groupKey(scope, name))?.value,
  /** Throws ResourceNotFoundException. */
  get(scope: Scope, name: string): LogGroupRecord {
    const found = groups.find(scope, name)
    if (!found) throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.')
    return found
  },
  list: (scope: Scope): LogGroupRecord[] =>
    scope.world.store
      .values<LogGroupRecord>(awsPrefix(scope.accountId, scope.region, 'logs', 'groups'))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  put: (scope: Scope, record: LogGroupRecord): void =>
    void scope.world.store.put(groupKey(scope, record.name), record),
  /** Removes a group with all its streams and events. */
  delete(scope: Scope, name: string): void {
    for (const stream of streams.list(scope, name)) streams.delete(scope, name, stream.name)
    scope.world.store.delete(groupKey(scope, name))
  },
}

export const streams = {
  find: (scope: Scope, group: string, name: string): LogStreamRecord | undefined =>
    scope.world.store.get<LogStreamRecord>(streamFolder(scope, group) + part(name))?.value,
  /** Throws ResourceNotFoundException, for the group too. */
  get(scope: Scope, group: string, name: string): LogStreamRecord {
    groups.get(scope, group)
    const found = streams.find(scope, group, name)
    if (!found) throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.')
    return found
  },
  list: (scope: Scope, group: string): LogStreamRecord[] =>
    scope.world.store
      .values<LogStreamRecord>(streamFolder(scope, group))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  put: (scope: Scope, record: LogStreamRecord): void =>
    void scope.world.store.put(streamFolder(scope, record.group) + part(record.name), record),
  delete(scope: Scope, group: string, name: string): void {
    const batches = scope.world.store.list(batchFolder(scope, group, name)).entries
    scope.world.store.commit([
      ...batches.map(({ key }) => ({ key, value: undefined })),
      { key: streamFolder(scope, group) + part(name), value: undefined },
    ])
  },
}

/** Adds events to a stream, in one batch. */
export function appendEvents(
  scope: Scope,
  stream: LogStreamRecord,
  added: { timestamp: number; message: string }[],
): void {
  if (added.length === 0) return
  const ingestion = Math.floor(scope.world.clock.now())
  const events = added.map((event, index): LogEvent => ({ n: stream.count + index, ingestion, ...event }))
  const times = events.map(({ timestamp }) => timestamp)
  const folder = batchFolder(scope, stream.group, stream.name)
  const present = scope.world.store.list(folder).entries
  const surplus = present.slice(0, Math.max(0, present.length + 1 - BATCHES_KEPT))
  const next: LogStreamRecord = {
    ...stream,
    count: stream.count + events.length,
    firstEvent: Math.min(stream.firstEvent ?? Number.POSITIVE_INFINITY, ...times),
    lastEvent: Math.max(stream.lastEvent ?? 0, ...times),
    lastIngestion: ingestion,
  }
  scope.world.store.commit([
    ...surplus.map(({ key }) => ({ key, value: undefined })),
    { key: folder + String(stream.count).padStart(12, '0'), value: events },
    { key: streamFolder(scope, stream.group) + part(stream.name), value: next },
  ])
}

/** The events of a stream by their time; those past the group's retention are gone. */
export function eventsOf(scope: Scope, group: LogGroupRecord, stream: string): LogEvent[] {
  const oldest =
    group.retentionInDays === undefined ? 0 : scope.world.clock.now() - group.retentionInDays * DAY_MS
  return scope.world.store
    .values<LogEvent[]>(batchFolder(scope, group.name, stream))
    .flat()
    .filter(({ timestamp }) => timestamp >= oldest)
    .sort((a, b) => a.timestamp - b.timestamp || a.n - b.n)
}
