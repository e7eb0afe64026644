import type {
  DescribeAccountAttributesCommandInput,
  DescribeAvailabilityZonesCommandInput,
  DescribeAvailabilityZonesCommandOutput,
  DescribeRegionsCommandInput,
  DescribeRegionsCommandOutput,
} from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { regions } from './data/regions.ts'
import { applyFilters, never } from './filters.ts'
import type { Scope } from './scope.ts'
import { vpcs } from './tables.ts'

export interface Zone {
  /** `us-east-1a` */
  name: string
  /** `use1-az1` */
  id: string
}

/** The regions that accounts may use without opting in. */
export const regionNames: readonly string[] = regions.map(({ name }) => name)

/** Whether a region exists and accounts may use it without opting in. */
export const isRegion = (region: string): boolean => regions.some(({ name }) => name === region)

/** The availability zones of a region; a region that is not in the table has zones a, b and c. */
export function zonesOf(region: string): Zone[] {
  const known = regions.find(({ name }) => name === region)
  const letters = known?.zones ?? ['a', 'b', 'c']
  const prefix = known?.zoneIdPrefix ?? region.replaceAll('-', '')
  return letters.map((letter, index) => ({
    name: `${region}${letter}`,
    id: `${prefix}-az${known?.zoneNumbers?.[index] ?? index + 1}`,
  }))
}

export function describeAvailabilityZones(
  input: DescribeAvailabilityZonesCommandInput,
  context: RequestContext,
): DescribeAvailabilityZonesCommandOutput {
  const all = zonesOf(context.region)
  for (const name of input.ZoneNames ?? []) {
    if (!all.some((zone) => zone.name === name)) {
      throw new AwsError('InvalidParameterValue', `Invalid availability zone: [${name}]`)
    }
  }
  for (const id of input.ZoneIds ?? []) {
    if (!all.some((zone) => zone.id === id)) {
      throw new AwsError('InvalidParameterValue', `Invalid availability zone-id: [${id}]`)
    }
  }
  const asked = all.filter(
    (zone) =>
      (!input.ZoneNames?.length || input.ZoneNames.includes(zone.name)) &&
      (!input.ZoneIds?.length || input.ZoneIds.includes(zone.id)),
  )
  const kept = applyFilters(asked as (Zone & { tags?: never })[], input.Filters, {
    'zone-name': (zone) => zone.name,
    'zone-id': (zone) => zone.id,
    'zone-type': () => 'availability-zone',
    'region-name': () => context.region,
    'group-name': () => `${context.region}-zg-1`,
    'opt-in-status': () => 'opt-in-not-required',
    state: () => 'available',
    ...never('group-long-name', 'message', 'parent-zone-id', 'parent-zone-name'),
  })
  return {
    AvailabilityZones: kept.map((zone) => ({
      OptInStatus: 'opt-in-not-required',
      Messages: [],
      RegionName: context.region,
      ZoneName: zone.name,
      ZoneId: zone.id,
      GroupName: `${context.region}-zg-1`,
      NetworkBorderGroup: context.region,
      ZoneType: 'availability-zone',
      State: 'available',
    })),
    $metadata: {},
  }
}

export function describeRegions(
  input: DescribeRegionsCommandInput,
  _context: Scope,
): DescribeRegionsCommandOutput {
  for (const name of input.RegionNames ?? []) {
    if (!regions.some((region) => region.name === name)) {
      throw new AwsError('InvalidParameterValue', `Invalid region: [${name}]`)
    }
  }
  const asked = regions.filter(({ name }) => !input.RegionNames?.length || input.RegionNames.includes(name))
  const kept = applyFilters(asked as ((typeof regions)[number] & { tags?: never })[], input.Filters, {
    'region-name': ({ name }) => name,
    endpoint: ({ name }) => `ec2.${name}.amazonaws.com`,
    'opt-in-status': () => 'opt-in-not-required',
  })
  return {
    Regions: kept.map(({ name }) => ({
      OptInStatus: 'opt-in-not-required',
      RegionName: name,
      Endpoint: `ec2.${name}.amazonaws.com`,
    })),
    $metadata: {},
  }
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAccountAttributes.html */
export function describeAccountAttributes(
  input: DescribeAccountAttributesCommandInput,
  context: RequestContext,
) {
  const defaultVpc = vpcs.list(context).find((vpc) => vpc.isDefault)
  const attributes: Record<string, string[]> = {
    'vpc-max-security-groups-per-interface': ['5'],
    'max-instances': ['20'],
    'supported-platforms': ['VPC'],
    'default-vpc': [defaultVpc?.id ?? 'none'],
    'max-elastic-ips': ['5'],
    'vpc-max-elastic-ips': ['5'],
  }
  const names = input.AttributeNames?.length ? input.AttributeNames : Object.keys(attributes)
  return {
    AccountAttributes: names
      .filter((name) => attributes[name])
      .map((name) => ({
        AttributeName: name,
        AttributeValues: attributes[name]!.map((AttributeValue) => ({ AttributeValue })),
      })),
  }
}
