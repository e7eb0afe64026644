import type { RequestContext, Service } from '../wire/service.ts'
import { eventHandlers } from './events.ts'
import { groupArn, groupHandlers } from './groups.ts'
import { liveTailHandlers } from './live-tail.ts'
import { metricFilterHandlers } from './metric-filters.ts'
import { queryHandlers } from './queries.ts'
import { savedHandlers } from './saved.ts'
import { subscriptionFilterHandlers } from './subscription-filters.ts'

/** Operations on queries and policies, which have no resource that a right could name. */
const ON_NOTHING =
  /^(GetQueryResults|StopQuery|DescribeQueries|GetLogRecord|\w+QueryDefinitions?|\w+ResourcePolic(y|ies))$/

interface Named {
  logGroupNames?: string[]
  logGroupIdentifiers?: string[]
  logGroupName?: string
  logGroupIdentifier?: string
  logStreamName?: string
  resourceArn?: string
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html */
function resourceOf(operation: string, input: Named, context: RequestContext): string | string[] {
  if (ON_NOTHING.test(operation)) return '*'
  const several = [...(input.logGroupNames ?? []), ...(input.logGroupIdentifiers ?? [])]
  if (several.length > 0)
    return several.map((one) => `${groupArn(context, one.split(':').at(-1)!)}:log-stream:`)
  if (input.resourceArn) return input.resourceArn
  const name = input.logGroupName ?? input.logGroupIdentifier?.split(':').slice(-1)[0]
  if (name === undefined) return `${groupArn(context, '*')}`
  return `${groupArn(context, name)}:log-stream:${input.logStreamName ?? ''}`
}

/** CloudWatch Logs: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/ */
export const logsService: Service = {
  name: 'logs',
  sdk: () => import('@aws-sdk/client-cloudwatch-logs'),
  actionPrefix: 'logs',
  // Live Tail has a host of its own, which older models call `streaming-logs`.
  endpoints: [{ prefix: 'logs' }, { prefix: 'stream-logs' }, { prefix: 'streaming-logs' }],
  botocoreName: 'logs',
  handlers: {
    ...groupHandlers,
    ...eventHandlers,
    ...metricFilterHandlers,
    ...subscriptionFilterHandlers,
    ...liveTailHandlers,
    ...queryHandlers,
    ...savedHandlers,
  },
  resources: resourceOf,
}
