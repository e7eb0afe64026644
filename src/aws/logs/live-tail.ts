import type * as sdk from '@aws-sdk/client-cloudwatch-logs'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { groupOf } from './events.ts'
import { filterPattern } from './pattern.ts'
import type { LogGroupRecord, LogStreamRecord } from './records.ts'
import { eventsOf, groups, streams } from './tables.ts'

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html: an update each second, for three hours at most. */
const UPDATE_MS = 1000
const SESSION_MS = 3 * 3_600_000
const MOST_EVENTS = 500

const invalid = (message: string) => new AwsError('InvalidParameterException', message)

/** The groups of a session, by ARN. Throws CloudWatch Logs' errors; the texts of the first two are our own. */
function groupsOf(context: RequestContext, input: sdk.StartLiveTailCommandInput): LogGroupRecord[] {
  const { logGroupIdentifiers: arns = [], logStreamNames: names, logStreamNamePrefixes: prefixes } = input
  if (arns.some((arn) => !arn.startsWith('arn:') || arn.endsWith('*')))
    throw invalid('Log groups of a Live Tail session must be specified by their ARNs, without an asterisk.')
  if (arns.length > 1 && (names?.length || prefixes?.length))
    throw invalid('Log streams can be specified only if there is one log group.')
  return arns.map((logGroupIdentifier) => groupOf(context, { logGroupIdentifier }))
}

/** What comes into the groups of a session from now on. */
async function* session(
  context: RequestContext,
  input: sdk.StartLiveTailCommandInput,
  followed: LogGroupRecord[],
): AsyncGenerator<sdk.StartLiveTailResponseStream> {
  const { world, accountId, requestId } = context
  const { logStreamNames: names = [], logStreamNamePrefixes: prefixes = [] } = input
  const matches = filterPattern(input.logEventFilterPattern)
  const own = ({ name }: LogStreamRecord) =>
    (names.length === 0 || names.includes(name)) &&
    (prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)))
  const streamsOf = () =>
    followed
      .filter(({ name }) => groups.find(context, name))
      .flatMap((group) =>
        streams
          .list(context, group.name)
          .filter(own)
          .map((stream) => ({ group, stream })),
      )
  const key = ({ group, name }: LogStreamRecord) => `${group}\n${name}`
  /** How many events of each stream have been seen. */
  const seen = new Map(streamsOf().map(({ stream }) => [key(stream), stream.count]))
  const until = world.clock.now() + SESSION_MS
  yield {
    sessionStart: {
      requestId,
      sessionId: world.ids.uuid(),
      logGroupIdentifiers: input.logGroupIdentifiers,
      logStreamNames: names,
      logStreamNamePrefixes: prefixes,
      logEventFilterPattern: input.logEventFilterPattern ?? '',
    },
  } as sdk.StartLiveTailResponseStream
  while (world.clock.now() < until) {
    await world.clock.sleep(UPDATE_MS)
    const found = streamsOf().flatMap(({ group, stream }) => {
      const from = seen.get(key(stream)) ?? 0
      seen.set(key(stream), stream.count)
      if (stream.count === from) return []
      return eventsOf(context, group, stream.name)
        .filter(({ n, message }) => n >= from && matches(message))
        .map(({ timestamp, ingestion, message }) => ({
          logStreamName: stream.name,
          logGroupIdentifier: `${accountId}:${group.name}`,
          message,
          timestamp,
          ingestionTime: ingestion,
        }))
    })
    yield {
      sessionUpdate: {
        sessionMetadata: { sampled: found.length > MOST_EVENTS },
        sessionResults: found.sort((a, b) => a.timestamp - b.timestamp).slice(0, MOST_EVENTS),
      },
    } as sdk.StartLiveTailResponseStream
  }
  yield {
    SessionTimeoutException: { message: 'The session timed out.' },
  } as unknown as sdk.StartLiveTailResponseStream
}

export const liveTailHandlers: Record<string, Handler> = {
  StartLiveTail: (input: sdk.StartLiveTailCommandInput, context) => {
    const followed = groupsOf(context, input)
    filterPattern(input.logEventFilterPattern)
    return { responseStream: session(context, input, followed) }
  },
}
