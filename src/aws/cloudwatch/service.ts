import type { RequestContext, Service } from '../wire/service.ts'
import { alarmArn, alarmHandlers } from './alarms.ts'
import { dashboardHandlers } from './dashboards.ts'
import { metricHandlers } from './metric-handlers.ts'

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html */
const alarm = (input: { AlarmName?: string }, context: RequestContext) =>
  alarmArn(context, input.AlarmName ?? '*')
const several = (input: { AlarmNames?: string[] }, context: RequestContext) =>
  input.AlarmNames?.length ? input.AlarmNames.map((name) => alarmArn(context, name)) : alarmArn(context, '*')
const tagged = (input: { ResourceARN?: string }) => input.ResourceARN ?? '*'

/** Amazon CloudWatch: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/ */
export const cloudWatchService: Service = {
  name: 'cloudwatch',
  sdk: () => import('@aws-sdk/client-cloudwatch'),
  actionPrefix: 'cloudwatch',
  signingName: 'monitoring',
  endpoints: [{ prefix: 'monitoring' }],
  botocoreName: 'cloudwatch',
  handlers: { ...metricHandlers, ...alarmHandlers, ...dashboardHandlers },
  resources: {
    PutMetricAlarm: alarm,
    SetAlarmState: alarm,
    DescribeAlarmHistory: alarm,
    DescribeAlarms: several,
    DeleteAlarms: several,
    EnableAlarmActions: several,
    DisableAlarmActions: several,
    TagResource: tagged,
    UntagResource: tagged,
    ListTagsForResource: tagged,
  },
}
