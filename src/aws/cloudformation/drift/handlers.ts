import type * as sdk from '@aws-sdk/client-cloudformation'
import { AwsError, type Handler, type RequestContext } from '../../wire/service.ts'
import type { DriftDetectionRecord, ResourceRecord, StackRecord } from '../records.ts'
import { pageOf, validation } from '../requests.ts'
import { detections, resources, stacks } from '../tables.ts'
import { ACTUAL } from './actual.ts'

/** The states in which a stack can be looked at: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html */
const SETTLED = /^(CREATE_COMPLETE|UPDATE_COMPLETE|UPDATE_ROLLBACK_COMPLETE|UPDATE_ROLLBACK_FAILED)$/

function begin(context: RequestContext, stack: StackRecord, logicalIds?: string[]): DriftDetectionRecord {
  if (!SETTLED.test(stack.status))
    throw validation(
      `Drift detection cannot be performed on stack [${stack.arn}] while it is in ${stack.status} state.`,
    )
  return detections.put(context, {
    id: context.world.ids.uuid(),
    stackArn: stack.arn,
    status: 'DETECTION_IN_PROGRESS',
    principal: context.principal,
    ...(logicalIds?.length ? { logicalIds } : {}),
    at: context.world.clock.now(),
  })
}

export const stackDrift = ({ drift }: StackRecord): sdk.StackDriftInformation => ({
  StackDriftStatus: drift?.status ?? 'NOT_CHECKED',
  ...(drift && { LastCheckTimestamp: new Date(drift.at) }),
})

export const resourceDrift = ({ drift }: ResourceRecord): sdk.StackResourceDriftInformation => ({
  StackResourceDriftStatus: drift?.status ?? 'NOT_CHECKED',
  ...(drift && { LastCheckTimestamp: new Date(drift.at) }),
})

const toDrift = (record: ResourceRecord): sdk.StackResourceDrift => {
  const drift = record.drift!
  return {
    StackId: record.stackArn,
    LogicalResourceId: record.logicalId,
    PhysicalResourceId: record.physicalId,
    ResourceType: record.type,
    ExpectedProperties: JSON.stringify(record.properties),
    ...(drift.actual && { ActualProperties: JSON.stringify({ ...record.properties, ...drift.actual }) }),
    PropertyDifferences: drift.differences.map(({ path, expected, actual, type }) => ({
      PropertyPath: path,
      ExpectedValue: expected,
      ActualValue: actual,
      DifferenceType: type,
    })),
    StackResourceDriftStatus: drift.status,
    Timestamp: new Date(drift.at),
  }
}

export const driftHandlers: Record<string, Handler> = {
  DetectStackDrift(input: sdk.DetectStackDriftCommandInput, context) {
    const { id } = begin(context, stacks.get(context, input.StackName!), input.LogicalResourceIds)
    return { StackDriftDetectionId: id }
  },

  DescribeStackDriftDetectionStatus(input: sdk.DescribeStackDriftDetectionStatusCommandInput, context) {
    const id = input.StackDriftDetectionId!
    const detection = detections.find(context, id)
    if (!detection) throw validation(`No drift detection is found with id: ${id}`)
    return {
      StackId: detection.stackArn,
      StackDriftDetectionId: id,
      ...(detection.status !== 'DETECTION_IN_PROGRESS' && {
        StackDriftStatus: detection.result,
        DriftedStackResourceCount: detection.drifted ?? 0,
      }),
      DetectionStatus: detection.status,
      ...(detection.reason !== undefined && { DetectionStatusReason: detection.reason }),
      Timestamp: new Date(detection.at),
    }
  },

  async DetectStackResourceDrift(input: sdk.DetectStackResourceDriftCommandInput, context) {
    const stack = stacks.get(context, input.StackName!)
    const logicalId = input.LogicalResourceId!
    const record = resources.find(context, stack.arn, logicalId)
    if (!record) throw validation(`Resource ${logicalId} does not exist for stack ${stack.name}`)
    if (!ACTUAL[record.type])
      throw validation(`Drift detection is not supported for resource type ${record.type}`)
    const { id } = begin(context, stack, [logicalId])
    await detections.ended(context, id)
    const { status, reason = '' } = detections.find(context, id)!
    if (status === 'DETECTION_FAILED') throw new AwsError('ValidationError', reason)
    return { StackResourceDrift: toDrift(resources.find(context, stack.arn, logicalId)!) }
  },

  DescribeStackResourceDrifts(input: sdk.DescribeStackResourceDriftsCommandInput, context) {
    const { arn } = stacks.get(context, input.StackName!)
    const wanted = input.StackResourceDriftStatusFilters ?? []
    const found = resources
      .list(context, arn)
      .filter(({ drift }) => drift && (wanted.length === 0 || wanted.includes(drift.status)))
    const { items, ...next } = pageOf(found, input.NextToken, input.MaxResults)
    return { StackResourceDrifts: items.map(toDrift), ...next }
  },
}
