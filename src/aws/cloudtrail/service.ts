import type * as sdk from '@aws-sdk/client-cloudtrail'
import { AwsError, type Handler, type Service } from '../wire/service.ts'
import { type TrailEvent, userNameOf } from './event.ts'
import { eventsOf } from './trail.ts'

const PAGE = 50

/** The things that a call names: its own parameters that are names, ids or ARNs. */
function resourcesOf({ requestParameters }: TrailEvent): string[] {
  return Object.entries((requestParameters ?? {}) as Record<string, unknown>).flatMap(([key, value]) =>
    typeof value === 'string' && /^(name|arn|.*(Name|Id|Arn|ARN))$/.test(key) ? [value] : [],
  )
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupAttribute.html */
const ATTRIBUTES: Record<string, (event: TrailEvent) => (string | undefined)[]> = {
  EventId: ({ eventID }) => [eventID],
  EventName: ({ eventName }) => [eventName],
  EventSource: ({ eventSource }) => [eventSource],
  ReadOnly: ({ readOnly }) => [String(readOnly)],
  Username: (event) => [userNameOf(event)],
  AccessKeyId: ({ userIdentity }) => [userIdentity.accessKeyId as string | undefined],
  ResourceName: resourcesOf,
  ResourceType: () => [],
}

const output = (event: TrailEvent): sdk.Event => ({
  EventId: event.eventID,
  EventName: event.eventName,
  ReadOnly: String(event.readOnly),
  ...(typeof event.userIdentity.accessKeyId === 'string'
    ? { AccessKeyId: event.userIdentity.accessKeyId }
    : {}),
  EventTime: new Date(event.eventTime),
  EventSource: event.eventSource,
  Username: userNameOf(event),
  Resources: resourcesOf(event).map((ResourceName) => ({ ResourceName })),
  CloudTrailEvent: JSON.stringify(event),
})

const lookupEvents: Handler = (input: sdk.LookupEventsCommandInput, { world, accountId, region }) => {
  const { LookupAttributes: attributes = [], StartTime, EndTime } = input
  if (StartTime && EndTime && StartTime > EndTime)
    throw new AwsError('InvalidTimeRangeException', 'The start time must be before the end time.')
  const offset =
    input.NextToken === undefined ? 0 : Number(Buffer.from(input.NextToken, 'base64url').toString())
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new AwsError('InvalidNextTokenException', 'The token is invalid.')
  const found = eventsOf(world, accountId, region).filter((event) => {
    const time = Date.parse(event.eventTime)
    return (
      (!StartTime || time >= StartTime.getTime()) &&
      (!EndTime || time <= EndTime.getTime()) &&
      attributes.every(({ AttributeKey, AttributeValue }) =>
        ATTRIBUTES[AttributeKey!]!(event).includes(AttributeValue),
      )
    )
  })
  const end = offset + (input.MaxResults ?? PAGE)
  return {
    Events: found.slice(offset, end).map(output),
    ...(end < found.length ? { NextToken: Buffer.from(String(end)).toString('base64url') } : {}),
  }
}

/** The event history of CloudTrail: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/ */
export const cloudTrailService: Service = {
  name: 'cloudtrail',
  sdk: () => import('@aws-sdk/client-cloudtrail'),
  actionPrefix: 'cloudtrail',
  endpoints: [{ prefix: 'cloudtrail' }],
  botocoreName: 'cloudtrail',
  handlers: {
    LookupEvents: lookupEvents,
    DescribeTrails: () => ({ trailList: [] }),
    ListTrails: () => ({ Trails: [] }),
  },
}
