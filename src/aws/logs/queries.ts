import type * as sdk from '@aws-sdk/client-cloudwatch-logs'
import { isTurnOver, turn } from '#world/turns.ts'
import type { Scope } from '../ec2/index.ts'
import { pageOf, Table } from '../table.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { groupOf } from './events.ts'
import { type Row, UnknownFunction } from './insights/evaluate.ts'
import { type Command, parseQuery, QueryFault, UnknownCommand } from './insights/parse.ts'
import { checkFunctions, rowOf, runQuery } from './insights/run.ts'
import { eventsOf, groups, streams } from './tables.ts'

/** A query of Logs Insights, kept for a week as the service does, its results with it. */
interface QueryRecord {
  id: string
  text: string
  groups: string[]
  /** ms; both ends belong to the range. */
  start: number
  end: number
  limit?: number
  created: number
  status: 'Running' | 'Complete' | 'Cancelled'
  rows?: [string, string][][]
  statistics?: sdk.QueryStatistics
  /** ms that it took. */
  duration?: number
}

const KEPT_MS = 7 * 86_400_000
const MOST_GROUPS = 50
const queries = new Table<QueryRecord>('logs', 'queries', ({ id }) => id)

const invalid = (message: string) => new AwsError('InvalidParameterException', message)
const notSimulated = (what: string) =>
  new AwsError('NotImplemented', `Drydock does not simulate ${what}. FIDELITY.md lists what is simulated.`, {
    status: 501,
  })

/** Reads a query. Throws MalformedQueryException. */
function compile(text: string): Command[] {
  try {
    const commands = parseQuery(text)
    checkFunctions(commands)
    return commands
  } catch (error) {
    if (error instanceof UnknownCommand) throw notSimulated(`the command ${error.message} of Logs Insights`)
    const [message, start, end] =
      error instanceof QueryFault
        ? [error.message, error.start, error.end]
        : error instanceof UnknownFunction
          ? [`unknown function ${error.message}`, Math.max(0, text.indexOf(error.message)), text.length]
          : []
    if (message === undefined) throw error
    throw new AwsError('MalformedQueryException', message, {
      fields: { queryCompileError: { location: { startCharOffset: start, endCharOffset: end }, message } },
    })
  }
}

function startQuery(input: sdk.StartQueryCommandInput, context: RequestContext) {
  if (input.queryLanguage && input.queryLanguage !== 'CWLI')
    throw notSimulated(`queries in ${input.queryLanguage}`)
  const given = [
    input.logGroupName === undefined ? undefined : [input.logGroupName],
    input.logGroupNames,
    input.logGroupIdentifiers,
  ]
  const named = given.filter((one) => one !== undefined && one.length > 0)
  if (named.length !== 1)
    throw invalid('Exactly one of logGroupName, logGroupNames or logGroupIdentifiers must be specified.')
  const names = named[0]!.map((logGroupIdentifier) => groupOf(context, { logGroupIdentifier }).name)
  if (names.length > MOST_GROUPS) throw invalid(`At most ${MOST_GROUPS} log groups can be queried.`)
  const [start, end] = [toMs(input.startTime!), toMs(input.endTime!)]
  if (end < start) throw invalid('End time should not be less than start time.')
  compile(input.queryString!)
  const now = context.world.clock.now()
  for (const old of queries.list(context)) if (now - old.created > KEPT_MS) queries.delete(context, old)
  const { id } = queries.put(context, {
    id: context.world.ids.uuid(),
    text: input.queryString!,
    groups: names,
    start,
    end,
    ...(input.limit === undefined ? {} : { limit: input.limit }),
    created: now,
    status: 'Running',
  })
  return { queryId: id }
}

/** Times are taken in seconds and in milliseconds alike. */
const toMs = (time: number): number => (time < 100_000_000_000 ? time * 1000 : time)

function find(context: RequestContext, id: string): QueryRecord {
  const record = queries.find(context, id)
  if (!record) throw new AwsError('ResourceNotFoundException', `Query with id: ${id} could not be found`)
  return record
}

/** The events of a query's groups, newest first. */
async function recordsOf(scope: Scope, query: QueryRecord): Promise<{ rows: Row[]; bytes: number }> {
  let bytes = 0
  const rows: { timestamp: number; n: number; row: Row }[] = []
  for (const name of query.groups) {
    const group = groups.find(scope, name)
    for (const { name: stream } of group ? streams.list(scope, name) : []) {
      for (const { timestamp, ingestion, message, n } of eventsOf(scope, group!, stream)) {
        if (timestamp < query.start || timestamp > query.end) continue
        bytes += message.length
        const pointer = Buffer.from(JSON.stringify([name, stream, timestamp, n])).toString('base64')
        const log = `${scope.accountId}:${name}`
        rows.push({ timestamp, n, row: rowOf({ timestamp, ingestion, message, stream, log, pointer }) })
        if (isTurnOver()) await turn()
      }
    }
  }
  rows.sort((a, b) => b.timestamp - a.timestamp || b.n - a.n)
  return { rows: rows.map(({ row }) => row), bytes }
}

/** Runs a query when its results are first asked for. */
async function finished(context: RequestContext, id: string): Promise<QueryRecord> {
  const query = find(context, id)
  if (query.status !== 'Running') return query
  const { rows: records, bytes } = await recordsOf(context, query)
  const { rows, matched } = await runQuery(compile(query.text), records, query.limit)
  const now = find(context, id)
  if (now.status !== 'Running') return now
  return queries.put(context, {
    ...now,
    status: 'Complete',
    rows,
    statistics: {
      recordsMatched: matched,
      recordsScanned: records.length,
      bytesScanned: bytes,
      estimatedRecordsSkipped: 0,
      estimatedBytesSkipped: 0,
      logGroupsScanned: query.groups.length,
    },
    duration: Math.max(1, Math.round(context.world.clock.now() - query.created)),
  })
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AnalyzingLogData.html */
export const queryHandlers: Record<string, Handler> = {
  StartQuery: startQuery,

  GetQueryResults: async (input: sdk.GetQueryResultsCommandInput, context) => {
    const { status, rows = [], statistics } = await finished(context, input.queryId!)
    return {
      queryLanguage: 'CWLI',
      results: rows.map((row) => row.map(([field, value]) => ({ field, value }))),
      statistics: statistics ?? { recordsMatched: 0, recordsScanned: 0, bytesScanned: 0 },
      status,
    }
  },

  StopQuery: (input: sdk.StopQueryCommandInput, context) => {
    const query = find(context, input.queryId!)
    if (query.status !== 'Running') throw invalid('Query cannot be cancelled because it has already ended.')
    queries.put(context, { ...query, status: 'Cancelled' })
    return { success: true }
  },

  DescribeQueries: (input: sdk.DescribeQueriesCommandInput, context) => {
    const wanted = queries
      .list(context)
      .filter(({ groups: names }) => input.logGroupName === undefined || names.includes(input.logGroupName))
      .filter(({ status }) => input.status === undefined || status === input.status)
      .sort((a, b) => b.created - a.created)
    const { items, next } = pageOf(wanted, input.maxResults ?? 1000, input.nextToken, () =>
      invalid('The specified nextToken is invalid.'),
    )
    return {
      queries: items.map((one) => ({
        queryLanguage: 'CWLI',
        queryId: one.id,
        queryString: one.text,
        status: one.status,
        createTime: one.created,
        logGroupName: one.groups[0],
        ...(one.duration === undefined ? {} : { queryDuration: one.duration }),
        ...(one.statistics ? { bytesScanned: one.statistics.bytesScanned } : {}),
      })),
      ...(next === undefined ? {} : { nextToken: next }),
    }
  },

  GetLogRecord: (input: sdk.GetLogRecordCommandInput, context) => {
    const fault = () => invalid('The specified log record pointer is invalid.')
    let place: [string, string, number, number]
    try {
      place = JSON.parse(Buffer.from(input.logRecordPointer!, 'base64').toString())
    } catch {
      throw fault()
    }
    if (!Array.isArray(place) || place.length !== 4) throw fault()
    const [name, stream, timestamp, n] = place
    const group = groups.get(context, String(name))
    const event = eventsOf(context, group, String(stream)).find(
      (one) => one.timestamp === timestamp && one.n === n,
    )
    if (!event) throw fault()
    const row = rowOf({
      ...event,
      stream: String(stream),
      log: `${context.accountId}:${group.name}`,
      pointer: input.logRecordPointer!,
    })
    return { logRecord: Object.fromEntries([...row].map(([field, value]) => [field, String(value)])) }
  },
}
