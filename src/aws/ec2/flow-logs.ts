import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { DEFAULT_FORMAT, FLOW_FIELDS, fieldsOf } from './data/flow-fields.ts'
import { notSimulated } from './errors.ts'
import { select } from './filters.ts'
import type { FlowLogRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { flowLogs, networkInterfaces, subnets, vpcs } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

/** The aggregation interval where nothing is said, s. */
const DEFAULT_INTERVAL = 600

const invalid = (message: string) => new AwsError('InvalidParameter', message)

const TABLES = { VPC: vpcs, Subnet: subnets, NetworkInterface: networkInterfaces }

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html */
function createFlowLogs(input: sdk.CreateFlowLogsCommandInput, context: RequestContext) {
  const type = input.ResourceType as keyof typeof TABLES
  if (!TABLES[type]) throw notSimulated('transit gateways')
  const options = checked(input)
  const made: string[] = []
  const failed: sdk.UnsuccessfulItem[] = []
  for (const id of input.ResourceIds ?? []) {
    const error = whyNot(context, type, id, options)
    if (error) {
      failed.push({ ResourceId: id, Error: { Code: error.code, Message: error.message } })
      continue
    }
    const record = flowLogs.put(context, {
      id: flowLogs.newId(context),
      tags: tagsFor(input.TagSpecifications, 'vpc-flow-log'),
      resourceId: id,
      createdAt: context.world.clock.now(),
      ...options,
    })
    made.push(record.id)
  }
  return { ClientToken: input.ClientToken ?? token(context), FlowLogIds: made, Unsuccessful: failed }
}

const token = ({ world }: Scope) => Buffer.from(world.ids.hex(64), 'hex').toString('base64')

type Options = Omit<FlowLogRecord, 'id' | 'tags' | 'resourceId' | 'createdAt'>

/** Throws InvalidParameter for what does not fit together. */
function checked(input: sdk.CreateFlowLogsCommandInput): Options {
  if (input.LogDestinationType && input.LogDestinationType !== 'cloud-watch-logs')
    throw notSimulated(`flow logs to ${input.LogDestinationType}`)
  if (input.DeliverCrossAccountRole) throw notSimulated('flow logs to other accounts')
  if (input.LogGroupName && input.LogDestination)
    throw invalid('Please only provide LogGroupName or only provide LogDestination.')
  const group = input.LogGroupName ?? groupOfArn(input.LogDestination)
  if (!group) throw invalid("LogDestination can't be empty.")
  if (!input.DeliverLogsPermissionArn)
    throw invalid("DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
  const interval = input.MaxAggregationInterval ?? DEFAULT_INTERVAL
  if (interval !== 60 && interval !== DEFAULT_INTERVAL)
    throw invalid('Invalid Max Aggregation Interval. Valid values are 60 and 600.')
  const format = input.LogFormat ?? DEFAULT_FORMAT
  const fields = fieldsOf(format)
  const unknown = fields.find((name) => FLOW_FIELDS[name] === undefined)
  if (unknown !== undefined || fields.length === 0)
    throw invalid(`Unknown fields provided: ${unknown ?? format}`)
  return {
    trafficType: input.TrafficType ?? 'ALL',
    group,
    ...(input.LogDestination !== undefined && { destination: input.LogDestination }),
    roleArn: input.DeliverLogsPermissionArn,
    format,
    interval,
  }
}

const groupOfArn = (arn: string | undefined) => /:log-group:([^:]+)/.exec(arn ?? '')?.[1]

function whyNot(
  context: RequestContext,
  type: keyof typeof TABLES,
  id: string,
  { trafficType, group, format }: Options,
): AwsError | undefined {
  const table = TABLES[type]
  if (!table.find(context, id)) return table.missing(id)
  const same = flowLogs
    .list(context)
    .some(
      (one) =>
        one.resourceId === id &&
        one.trafficType === trafficType &&
        one.group === group &&
        one.format === format,
    )
  return same
    ? new AwsError(
        'FlowLogAlreadyExists',
        'Error. There is an existing Flow Log with the same configuration and log destination.',
      )
    : undefined
}

const toFlowLog = (record: FlowLogRecord): sdk.FlowLog => ({
  CreationTime: new Date(record.createdAt),
  DeliverLogsErrorMessage: record.error,
  DeliverLogsPermissionArn: record.roleArn,
  DeliverLogsStatus: record.error === undefined ? 'SUCCESS' : 'FAILED',
  FlowLogId: record.id,
  FlowLogStatus: 'ACTIVE',
  LogGroupName: record.group,
  ResourceId: record.resourceId,
  TrafficType: record.trafficType,
  LogDestinationType: 'cloud-watch-logs',
  LogDestination: record.destination,
  LogFormat: record.format,
  Tags: toTags(record.tags),
  MaxAggregationInterval: record.interval,
})

function describeFlowLogs(input: sdk.DescribeFlowLogsCommandInput, context: RequestContext) {
  // This one operation calls its filters by the singular.
  const asked = { ...input, Filters: input.Filter }
  const { page, NextToken } = select(flowLogs.list(context, input.FlowLogIds), asked, {
    'deliver-log-status': ({ error }) => (error === undefined ? 'SUCCESS' : 'FAILED'),
    'log-destination-type': () => 'cloud-watch-logs',
    'flow-log-id': ({ id }) => id,
    'log-group-name': ({ group }) => group,
    'resource-id': ({ resourceId }) => resourceId,
    'traffic-type': ({ trafficType }) => trafficType,
  })
  return { FlowLogs: page.map(toFlowLog), NextToken }
}

function deleteFlowLogs(input: sdk.DeleteFlowLogsCommandInput, context: RequestContext) {
  const failed = (input.FlowLogIds ?? []).flatMap((id): sdk.UnsuccessfulItem[] => {
    if (flowLogs.find(context, id)) {
      flowLogs.delete(context, id)
      return []
    }
    const { code: Code, message: Message } = flowLogs.missing(id)
    return [{ ResourceId: id, Error: { Code, Message } }]
  })
  return { Unsuccessful: failed }
}

export const flowLogHandlers: Record<string, Handler> = {
  CreateFlowLogs: createFlowLogs,
  DescribeFlowLogs: describeFlowLogs,
  DeleteFlowLogs: deleteFlowLogs,
}
