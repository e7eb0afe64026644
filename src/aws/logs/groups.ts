import type * as sdk from '@aws-sdk/client-cloudwatch-logs'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { groupOf } from './events.ts'
import { logGroupKey } from './keys.ts'
import { countFilters, dropFilters } from './metric-filters.ts'
import type { LogGroupRecord, LogStreamRecord } from './records.ts'
import { groups, streams } from './tables.ts'

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]

const exists = (noun: string) =>
  new AwsError('ResourceAlreadyExistsException', `The specified ${noun} already exists`)

export const groupArn = ({ region, accountId }: Pick<Scope, 'region' | 'accountId'>, name: string) =>
  `arn:aws:logs:${region}:${accountId}:log-group:${name}`

function toGroup(context: Scope, record: LogGroupRecord): sdk.LogGroup {
  const arn = groupArn(context, record.name)
  return {
    logGroupName: record.name,
    creationTime: record.created,
    ...(record.retentionInDays === undefined ? {} : { retentionInDays: record.retentionInDays }),
    metricFilterCount: countFilters(context, record.name),
    arn: `${arn}:*`,
    storedBytes: 0,
    ...(record.kmsKeyId === undefined ? {} : { kmsKeyId: record.kmsKeyId }),
    logGroupClass: record.class,
    logGroupArn: arn,
    deletionProtectionEnabled: record.deletionProtected ?? false,
  }
}

const toStream = (context: Scope, record: LogStreamRecord): sdk.LogStream => ({
  logStreamName: record.name,
  creationTime: record.created,
  ...(record.firstEvent === undefined
    ? {}
    : {
        firstEventTimestamp: record.firstEvent,
        lastEventTimestamp: record.lastEvent,
        lastIngestionTime: record.lastIngestion,
      }),
  uploadSequenceToken: String(record.count).padStart(56, '0'),
  arn: `${groupArn(context, record.group)}:log-stream:${record.name}`,
  storedBytes: 0,
})

/** One page; of 50 where nothing is said, as of CloudWatch Logs. */
export function page<T>(all: T[], { limit = 50, nextToken }: { limit?: number; nextToken?: string }) {
  const offset = nextToken === undefined ? 0 : Number(Buffer.from(nextToken, 'base64url').toString())
  if (!Number.isSafeInteger(offset))
    throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.')
  const end = offset + limit
  return {
    items: all.slice(offset, end),
    ...(end < all.length ? { nextToken: Buffer.from(String(end)).toString('base64url') } : {}),
  }
}

/** Makes a log group. Throws ResourceAlreadyExistsException. */
export function createLogGroup(
  scope: Scope,
  name: string,
  tags: Record<string, string> = {},
): LogGroupRecord {
  if (groups.find(scope, name)) throw exists('log group')
  const created = Math.floor(scope.world.clock.now())
  const record: LogGroupRecord = { name, created, class: 'STANDARD', tags }
  groups.put(scope, record)
  return record
}

/** Makes a log stream. Throws ResourceNotFoundException and ResourceAlreadyExistsException. */
export function createLogStream(scope: Scope, group: string, name: string): LogStreamRecord {
  groups.get(scope, group)
  if (streams.find(scope, group, name)) throw exists('log stream')
  const record: LogStreamRecord = { group, name, created: Math.floor(scope.world.clock.now()), count: 0 }
  streams.put(scope, record)
  return record
}

function retag(
  context: RequestContext,
  name: string,
  change: (tags: Record<string, string>) => Record<string, string>,
): object {
  const group = groups.get(context, name)
  groups.put(context, { ...group, tags: change(group.tags) })
  return {}
}

const nameOfArn = (arn: string) => arn.split(':').slice(6).join(':').replace(/:\*$/, '')
const without = (tags: Record<string, string>, keys: string[] = []) =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)))

/** The log group of a key operation; query results, which it may name instead, are not simulated. */
function encryptedGroup(
  context: RequestContext,
  input: { logGroupName?: string; resourceIdentifier?: string },
): LogGroupRecord {
  return groups.get(context, input.logGroupName ?? nameOfArn(input.resourceIdentifier ?? ''))
}

export const groupHandlers: Record<string, Handler> = {
  CreateLogGroup: (input: sdk.CreateLogGroupCommandInput, context) => {
    const { logGroupName: name = '', kmsKeyId } = input
    const key = kmsKeyId && logGroupKey(context, groupArn(context, name), kmsKeyId)
    const group = createLogGroup(context, name, input.tags)
    const { logGroupClass = group.class, deletionProtectionEnabled } = input
    groups.put(context, {
      ...group,
      class: logGroupClass,
      ...(key && { kmsKeyId: key }),
      ...(deletionProtectionEnabled && { deletionProtected: true }),
    })
    return {}
  },

  AssociateKmsKey: (input: sdk.AssociateKmsKeyCommandInput, context) => {
    const group = encryptedGroup(context, input)
    const kmsKeyId = logGroupKey(context, groupArn(context, group.name), input.kmsKeyId!)
    groups.put(context, { ...group, kmsKeyId })
    return {}
  },

  DisassociateKmsKey: (input: sdk.DisassociateKmsKeyCommandInput, context) => {
    const { kmsKeyId: _gone, ...group } = encryptedGroup(context, input)
    groups.put(context, group)
    return {}
  },

  DeleteLogGroup: (input: sdk.DeleteLogGroupCommandInput, context) => {
    const { name, deletionProtected } = groups.get(context, input.logGroupName!)
    if (deletionProtected)
      throw new AwsError(
        'ValidationException',
        'Log group has deletion protection enabled. Disable deletion protection before deleting the log group.',
      )
    dropFilters(context, name)
    groups.delete(context, name)
    return {}
  },

  DescribeLogGroups: (input: sdk.DescribeLogGroupsCommandInput, context) => {
    const { logGroupNamePrefix: prefix = '', logGroupNamePattern: pattern = '' } = input
    const all = groups.list(context).filter(({ name }) => name.startsWith(prefix) && name.includes(pattern))
    const { items, ...rest } = page(all, input)
    return { logGroups: items.map((record) => toGroup(context, record)), ...rest }
  },

  PutRetentionPolicy: (input: sdk.PutRetentionPolicyCommandInput, context) => {
    const group = groups.get(context, input.logGroupName!)
    const days = input.retentionInDays!
    if (!RETENTION_DAYS.includes(days))
      throw new AwsError(
        'InvalidParameterException',
        `1 validation error detected: Value '${days}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [${RETENTION_DAYS.join(', ')}]`,
      )
    groups.put(context, { ...group, retentionInDays: days })
    return {}
  },

  DeleteRetentionPolicy: (input: sdk.DeleteRetentionPolicyCommandInput, context) => {
    const { retentionInDays: _gone, ...group } = groups.get(context, input.logGroupName!)
    groups.put(context, group)
    return {}
  },

  PutLogGroupDeletionProtection: (input: sdk.PutLogGroupDeletionProtectionCommandInput, context) => {
    const { deletionProtected: _before, ...group } = groupOf(context, input)
    groups.put(context, input.deletionProtectionEnabled ? { ...group, deletionProtected: true } : group)
    return {}
  },

  CreateLogStream: (input: sdk.CreateLogStreamCommandInput, context) => {
    createLogStream(context, input.logGroupName!, input.logStreamName!)
    return {}
  },

  DeleteLogStream: (input: sdk.DeleteLogStreamCommandInput, context) => {
    const { group, name } = streams.get(context, input.logGroupName!, input.logStreamName!)
    streams.delete(context, group, name)
    return {}
  },

  DescribeLogStreams: (input: sdk.DescribeLogStreamsCommandInput, context) => {
    const group = groupOf(context, input)
    const byTime = input.orderBy === 'LastEventTime'
    if (byTime && input.logStreamNamePrefix !== undefined)
      throw new AwsError(
        'InvalidParameterException',
        'Cannot order by LastEventTime with a logStreamNamePrefix.',
      )
    const all = streams
      .list(context, group.name)
      .filter(({ name }) => name.startsWith(input.logStreamNamePrefix ?? ''))
    if (byTime) all.sort((a, b) => (a.lastEvent ?? 0) - (b.lastEvent ?? 0))
    if (input.descending) all.reverse()
    const { items, ...rest } = page(all, input)
    return { logStreams: items.map((record) => toStream(context, record)), ...rest }
  },

  TagLogGroup: (input: sdk.TagLogGroupCommandInput, context) =>
    retag(context, input.logGroupName!, (tags) => ({ ...tags, ...input.tags })),
  UntagLogGroup: (input: sdk.UntagLogGroupCommandInput, context) =>
    retag(context, input.logGroupName!, (tags) => without(tags, input.tags)),
  ListTagsLogGroup: (input: sdk.ListTagsLogGroupCommandInput, context) => ({
    tags: groups.get(context, input.logGroupName!).tags,
  }),
  TagResource: (input: sdk.TagResourceCommandInput, context) =>
    retag(context, nameOfArn(input.resourceArn!), (tags) => ({ ...tags, ...input.tags })),
  UntagResource: (input: sdk.UntagResourceCommandInput, context) =>
    retag(context, nameOfArn(input.resourceArn!), (tags) => without(tags, input.tagKeys)),
  ListTagsForResource: (input: sdk.ListTagsForResourceCommandInput, context) => ({
    tags: groups.get(context, nameOfArn(input.resourceArn!)).tags,
  }),
}
