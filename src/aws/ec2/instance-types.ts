import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { type InstanceTypeInfo, instanceTypes } from './data/instance-types.ts'
import { select } from './filters.ts'
import { zonesOf } from './regions.ts'

/** Throws `InvalidInstanceType` as DescribeInstanceTypes does. */
function known(name: string): InstanceTypeInfo {
  const type = instanceTypes.get(name)
  if (type) return type
  throw new AwsError('InvalidInstanceType', `The following supplied instance types do not exist: [${name}]`)
}

const untagged = (types: InstanceTypeInfo[]) => types as (InstanceTypeInfo & { tags?: never })[]

export function describeInstanceTypes(
  input: sdk.DescribeInstanceTypesCommandInput,
  _context: RequestContext,
) {
  const all = input.InstanceTypes?.length ? input.InstanceTypes.map(known) : [...instanceTypes.values()]
  const { page, NextToken } = select(untagged(all), input, {
    'instance-type': (type) => type.name,
    'burstable-performance-supported': (type) => type.burstable,
    'current-generation': (type) => !type.name.startsWith('t2.'),
    'memory-info.size-in-mib': (type) => type.memoryMiB,
    'processor-info.supported-architecture': (type) => type.architecture,
    'vcpu-info.default-vcpus': (type) => type.vcpus,
    'bare-metal': () => false,
    hypervisor: () => 'nitro',
    'supported-usage-class': () => ['on-demand', 'spot'],
    'network-info.maximum-network-interfaces': (type) => type.maxInterfaces,
    'network-info.ipv4-addresses-per-interface': (type) => type.addressesPerInterface,
  })
  return { InstanceTypes: page.map(toInstanceType), NextToken }
}

function toInstanceType(type: InstanceTypeInfo): Partial<sdk.InstanceTypeInfo> {
  return {
    InstanceType: type.name as never,
    CurrentGeneration: !type.name.startsWith('t2.'),
    FreeTierEligible: type.name === 't3.micro' || type.name === 't2.micro',
    SupportedUsageClasses: ['on-demand', 'spot'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    BareMetal: false,
    Hypervisor: type.name.startsWith('t2.') ? 'xen' : 'nitro',
    ProcessorInfo: { SupportedArchitectures: [type.architecture] },
    VCpuInfo: { DefaultVCpus: type.vcpus },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    InstanceStorageSupported: false,
    EbsInfo: { EbsOptimizedSupport: 'default', EncryptionSupport: 'supported' },
    NetworkInfo: {
      MaximumNetworkInterfaces: type.maxInterfaces,
      Ipv4AddressesPerInterface: type.addressesPerInterface,
      Ipv6AddressesPerInterface: type.addressesPerInterface,
      Ipv6Supported: true,
      MaximumNetworkCards: 1,
      DefaultNetworkCardIndex: 0,
    },
    GpuInfo: type.gpus ? { Gpus: [{ Count: type.gpus, Manufacturer: 'NVIDIA', Name: 'T4' }] } : undefined,
    BurstablePerformanceSupported: type.burstable,
  }
}

export function describeInstanceTypeOfferings(
  input: sdk.DescribeInstanceTypeOfferingsCommandInput,
  context: RequestContext,
) {
  const kind = input.LocationType ?? 'region'
  const zones = zonesOf(context.region)
  const locations =
    kind === 'availability-zone'
      ? zones.map(({ name }) => name)
      : kind === 'availability-zone-id'
        ? zones.map(({ id }) => id)
        : [context.region]
  const all = [...instanceTypes.keys()].flatMap((name) => locations.map((location) => ({ name, location })))
  const { page, NextToken } = select(all as ((typeof all)[number] & { tags?: never })[], input, {
    'instance-type': (offering) => offering.name,
    location: (offering) => offering.location,
  })
  return {
    InstanceTypeOfferings: page.map((offering) => ({
      InstanceType: offering.name as never,
      LocationType: kind,
      Location: offering.location,
    })),
    NextToken,
  }
}
