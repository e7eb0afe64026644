import type { RequestContext, Service } from '../wire/service.ts'
import { eventHandlers } from './events.ts'
import { groupArn, groupHandlers } from './groups.ts'
import { metricFilterHandlers } from './metric-filters.ts'

interface Named {
  logGroupName?: string
  logGroupIdentifier?: string
  logStreamName?: string
  resourceArn?: string
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html */
function resourceOf(input: Named, context: RequestContext): string {
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
  endpoints: [{ prefix: 'logs' }],
  botocoreName: 'logs',
  handlers: { ...groupHandlers, ...eventHandlers, ...metricFilterHandlers },
  resources: (_operation, input, context) => resourceOf(input, context),
}
