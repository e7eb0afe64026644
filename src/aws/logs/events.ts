import { createHash } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-cloudwatch-logs'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { ingestEvents } from './ingest.ts'
import { filterPattern } from './pattern.ts'
import type { LogEvent, LogGroupRecord } from './records.ts'
import { eventsOf, groups, streams } from './tables.ts'

const LIMIT = 10_000
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html: events too new or too old are not taken. */
const NEWEST_MS = 2 * 3_600_000
const OLDEST_MS = 14 * 86_400_000

const invalid = (message: string) => new AwsError('InvalidParameterException', message)

/** The group of a request, by name or ARN. Throws ResourceNotFoundException. */
export function groupOf(
  context: RequestContext,
  input: { logGroupName?: string; logGroupIdentifier?: string },
): LogGroupRecord {
  const named = input.logGroupName ?? input.logGroupIdentifier
  if (named === undefined)
    throw invalid('Either logGroupName or logGroupIdentifier should be provided, but not both.')
  return groups.get(context, named.startsWith('arn:') ? named.split(':').slice(6).join(':') : named)
}

/** Digits of an event id and of the tokens of GetLogEvents: its time, then its number. */
const digits = (time: number, n: number) => `${String(time).padStart(16, '0')}${String(n).padStart(40, '0')}`

/** Unique among all streams: `aws logs tail --follow` tells events apart by it. */
function eventId(stream: string, { timestamp, n }: LogEvent): string {
  const hash = createHash('sha256').update(stream).digest().readUIntBE(0, 6)
  return `${String(timestamp).padStart(16, '0')}${String(hash).padStart(15, '0')}${String(n).padStart(25, '0')}`
}

function within(events: LogEvent[], start = 0, end = Number.POSITIVE_INFINITY): LogEvent[] {
  return events.filter(({ timestamp }) => timestamp >= start && timestamp < end)
}

export const eventHandlers: Record<string, Handler> = {
  PutLogEvents: (input: sdk.PutLogEventsCommandInput, context) => {
    const stream = streams.get(context, input.logGroupName!, input.logStreamName!)
    const now = context.world.clock.now()
    const given = (input.logEvents ?? []).map(({ timestamp, message }) => ({
      timestamp: timestamp!,
      message: message!,
    }))
    if (given.some(({ timestamp }, index) => index > 0 && timestamp < given[index - 1]!.timestamp))
      throw invalid('Log events in a single PutLogEvents request must be in chronological order.')
    const tooNew = given.findIndex(({ timestamp }) => timestamp > now + NEWEST_MS)
    const tooOld = given.findLastIndex(({ timestamp }) => timestamp < now - OLDEST_MS)
    ingestEvents(context, stream, within(given as LogEvent[], now - OLDEST_MS, now + NEWEST_MS))
    const rejected = {
      ...(tooNew === -1 ? {} : { tooNewLogEventStartIndex: tooNew }),
      ...(tooOld === -1 ? {} : { tooOldLogEventEndIndex: tooOld + 1 }),
    }
    return {
      nextSequenceToken: digits(0, stream.count + given.length),
      ...(Object.keys(rejected).length > 0 ? { rejectedLogEventsInfo: rejected } : {}),
    }
  },

  GetLogEvents: (input: sdk.GetLogEventsCommandInput, context) => {
    const group = groupOf(context, input)
    streams.get(context, group.name, input.logStreamName!)
    const all = within(eventsOf(context, group, input.logStreamName!), input.startTime, input.endTime)
    const limit = input.limit ?? LIMIT
    const place = (event: LogEvent) => digits(event.timestamp, event.n)
    const [, direction, at] = /^([fb])\/(\d{56})\/s$/.exec(input.nextToken ?? '') ?? []
    if (input.nextToken !== undefined && at === undefined)
      throw invalid('The specified nextToken is invalid.')
    let events: LogEvent[]
    if (direction === 'f') events = all.filter((event) => place(event) > at!).slice(0, limit)
    else if (direction === 'b') events = all.filter((event) => place(event) < at!).slice(-limit)
    else events = input.startFromHead ? all.slice(0, limit) : all.slice(-limit)
    const [first, last] = [events[0], events.at(-1)]
    const forward = last ? place(last) : (at ?? digits(0, 0))
    const backward = first ? place(first) : (at ?? digits(0, 0))
    return {
      events: events.map(({ timestamp, message, ingestion: ingestionTime }) => ({
        timestamp,
        message,
        ingestionTime,
      })),
      nextForwardToken: `f/${forward}/s`,
      nextBackwardToken: `b/${backward}/s`,
    }
  },

  FilterLogEvents: (input: sdk.FilterLogEventsCommandInput, context) => {
    const group = groupOf(context, input)
    const { logStreamNames: names, logStreamNamePrefix: prefix } = input
    if (names?.length && prefix !== undefined)
      throw invalid('Parameters logStreamNames and logStreamNamePrefix are mutually exclusive.')
    const matches = filterPattern(input.filterPattern)
    const chosen = names?.length
      ? names.map((name) => streams.get(context, group.name, name))
      : streams.list(context, group.name).filter(({ name }) => name.startsWith(prefix ?? ''))
    const all = chosen
      .flatMap(({ name }) =>
        within(eventsOf(context, group, name), input.startTime, input.endTime)
          .filter(({ message }) => matches(message))
          .map((event) => ({ name, event })),
      )
      .sort((a, b) => a.event.timestamp - b.event.timestamp)
    const offset = input.nextToken === undefined ? 0 : Number(input.nextToken.split('/').at(-1))
    if (!Number.isSafeInteger(offset)) throw invalid('The specified nextToken is invalid.')
    const end = offset + (input.limit ?? LIMIT)
    return {
      events: all.slice(offset, end).map(({ name, event }) => ({
        logStreamName: name,
        timestamp: event.timestamp,
        message: event.message,
        ingestionTime: event.ingestion,
        eventId: eventId(name, event),
      })),
      searchedLogStreams: [],
      ...(end < all.length ? { nextToken: `Bxkq6kVGFtq2y_MoigeqscPOdhXVbhiVtLoAmXb5jCq/${end}` } : {}),
    }
  },
}
