import { createHash } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { instanceTypes, SPOT_SHARE } from './data/instance-types.ts'
import { wholeSecond } from './dates.ts'
import { select, shownFields } from './filters.ts'
import type { InstanceRecord } from './records.ts'
import { zonesOf } from './regions.ts'
import type { Scope } from './scope.ts'
import { instances } from './tables.ts'
import { toTags } from './tags.ts'

// Spot capacity is launched through RunInstances, Auto Scaling groups and node groups; each of its machines has a request that is fulfilled.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-requests.html

const PRODUCT = 'Linux/UNIX'

/** The id of the request behind a spot instance: `sir-` and eight letters or digits, which follow from the instance's. */
export const spotRequestId = ({ id, lifecycle }: InstanceRecord): string | undefined =>
  lifecycle === 'spot'
    ? `sir-${BigInt(`0x${createHash('sha256').update(id).digest('hex').slice(0, 12)}`)
        .toString(36)
        .padStart(8, '0')
        .slice(-8)}`
    : undefined

/** USD an hour as EC2 tells it; `share` of the price on demand. */
const priceText = (type: string, share: number): string =>
  ((instanceTypes.get(type)?.pricePerHour ?? 0) * share).toFixed(6)

/** The present price of each type in each zone; prices do not change here. */
function describeSpotPriceHistory(input: sdk.DescribeSpotPriceHistoryCommandInput, context: RequestContext) {
  const { InstanceTypes: types, ProductDescriptions: products, AvailabilityZone: zone } = input
  const wrong = types?.find((type) => !instanceTypes.has(type))
  if (wrong !== undefined)
    throw new AwsError('InvalidParameterValue', `Invalid value '${wrong}' for instanceType.`)
  const at = wholeSecond(context.world.clock.now())
  const wanted = (products ?? [PRODUCT]).some((product) => product.startsWith(PRODUCT))
    ? (types ?? [...instanceTypes.keys()])
    : []
  const all = wanted.flatMap((type) =>
    zonesOf(context.region)
      .filter(({ name }) => zone === undefined || name === zone)
      .map(
        ({ name, id }): sdk.SpotPrice => ({
          AvailabilityZone: name,
          AvailabilityZoneId: id,
          InstanceType: type as sdk._InstanceType,
          ProductDescription: PRODUCT,
          SpotPrice: priceText(type, SPOT_SHARE),
          Timestamp: at,
        }),
      ),
  )
  const { page, NextToken } = select(
    all as (sdk.SpotPrice & { tags?: never })[],
    input,
    shownFields((price) => price, {
      'availability-zone': 'AvailabilityZone',
      'availability-zone-id': 'AvailabilityZoneId',
      'instance-type': 'InstanceType',
      'product-description': 'ProductDescription',
      'spot-price': 'SpotPrice',
      timestamp: 'Timestamp',
    }),
  )
  return { SpotPriceHistory: page, NextToken: NextToken ?? '' }
}

function toRequest(scope: Scope, instance: InstanceRecord): sdk.SpotInstanceRequest {
  const over = instance.state === 'terminated' || instance.state === 'shutting-down'
  return {
    SpotInstanceRequestId: spotRequestId(instance),
    CreateTime: wholeSecond(instance.launchedAt),
    InstanceId: instance.id,
    InstanceInterruptionBehavior: 'terminate',
    LaunchedAvailabilityZone: instance.zone,
    LaunchedAvailabilityZoneId: zonesOf(scope.region).find(({ name }) => name === instance.zone)?.id,
    LaunchSpecification: {
      ImageId: instance.imageId,
      InstanceType: instance.type as sdk._InstanceType,
      KeyName: instance.keyName,
      SubnetId: instance.subnetId,
      Placement: { AvailabilityZone: instance.zone },
      Monitoring: { Enabled: instance.monitored ?? false },
    },
    ProductDescription: PRODUCT,
    SpotPrice: priceText(instance.type, 1),
    State: over ? 'closed' : 'active',
    Status: over
      ? {
          Code: 'instance-terminated-by-user',
          Message: 'Your Spot Instance was terminated.',
          UpdateTime: wholeSecond(instance.since),
        }
      : {
          Code: 'fulfilled',
          Message: 'Your spot request is fulfilled.',
          UpdateTime: wholeSecond(instance.launchedAt),
        },
    Tags: toTags({}),
    Type: 'one-time',
  }
}

function describeSpotInstanceRequests(
  input: sdk.DescribeSpotInstanceRequestsCommandInput,
  context: RequestContext,
) {
  const all = instances.list(context).filter(({ lifecycle }) => lifecycle === 'spot')
  const { SpotInstanceRequestIds: ids } = input
  const missing = ids?.find((id) => !all.some((instance) => spotRequestId(instance) === id))
  if (missing !== undefined)
    throw new AwsError(
      'InvalidSpotInstanceRequestID.NotFound',
      `The spot instance request ID '${missing}' does not exist`,
    )
  const asked = ids?.length ? all.filter((instance) => ids.includes(spotRequestId(instance)!)) : all
  const requests = asked.map((instance) => toRequest(context, instance))
  const { page, NextToken } = select(
    requests as (sdk.SpotInstanceRequest & { tags?: never })[],
    input,
    shownFields((request) => request, {
      'availability-zone': 'LaunchedAvailabilityZone',
      'create-time': 'CreateTime',
      'instance-id': 'InstanceId',
      'launch.image-id': 'LaunchSpecification.ImageId',
      'launch.instance-type': 'LaunchSpecification.InstanceType',
      'launch.key-name': 'LaunchSpecification.KeyName',
      'launched-availability-zone': 'LaunchedAvailabilityZone',
      'network-interface.subnet-id': 'LaunchSpecification.SubnetId',
      'product-description': 'ProductDescription',
      'spot-instance-request-id': 'SpotInstanceRequestId',
      'spot-price': 'SpotPrice',
      state: 'State',
      'status-code': 'Status.Code',
      'status-message': 'Status.Message',
      type: 'Type',
    }),
  )
  return { SpotInstanceRequests: page, NextToken }
}

export const spotHandlers: Record<string, Handler> = {
  DescribeSpotPriceHistory: describeSpotPriceHistory,
  DescribeSpotInstanceRequests: describeSpotInstanceRequests,
}
