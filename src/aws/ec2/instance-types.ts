import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { coresOf, familyOf, type InstanceTypeInfo, instanceTypes } from './data/instance-types.ts'
import { select, shownFields } from './filters.ts'
import { zonesOf } from './regions.ts'

/** Throws `InvalidInstanceType` as DescribeInstanceTypes does. */
function known(name: string): InstanceTypeInfo {
  const type = instanceTypes.get(name)
  if (type) return type
  throw new AwsError('InvalidInstanceType', `The following supplied instance types do not exist: [${name}]`)
}

const untagged = (types: InstanceTypeInfo[]) => types as (InstanceTypeInfo & { tags?: never })[]

/** Filters that read what is shown. */
const SHOWN = {
  'auto-recovery-supported': 'AutoRecoverySupported',
  'bare-metal': 'BareMetal',
  'burstable-performance-supported': 'BurstablePerformanceSupported',
  'current-generation': 'CurrentGeneration',
  'dedicated-hosts-supported': 'DedicatedHostsSupported',
  'ebs-info.attachment-limit-type': 'EbsInfo.AttachmentLimitType',
  'ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps':
    'EbsInfo.EbsOptimizedInfo.BaselineBandwidthInMbps',
  'ebs-info.ebs-optimized-info.baseline-iops': 'EbsInfo.EbsOptimizedInfo.BaselineIops',
  'ebs-info.ebs-optimized-info.baseline-throughput-in-mbps':
    'EbsInfo.EbsOptimizedInfo.BaselineThroughputInMBps',
  'ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps': 'EbsInfo.EbsOptimizedInfo.MaximumBandwidthInMbps',
  'ebs-info.ebs-optimized-info.maximum-iops': 'EbsInfo.EbsOptimizedInfo.MaximumIops',
  'ebs-info.ebs-optimized-info.maximum-throughput-in-mbps':
    'EbsInfo.EbsOptimizedInfo.MaximumThroughputInMBps',
  'ebs-info.ebs-optimized-support': 'EbsInfo.EbsOptimizedSupport',
  'ebs-info.encryption-support': 'EbsInfo.EncryptionSupport',
  'ebs-info.maximum-ebs-attachments': 'EbsInfo.MaximumEbsAttachments',
  'ebs-info.nvme-support': 'EbsInfo.NvmeSupport',
  'free-tier-eligible': 'FreeTierEligible',
  'hibernation-supported': 'HibernationSupported',
  hypervisor: 'Hypervisor',
  'instance-storage-info.disk.count': 'InstanceStorageInfo.Disks.Count',
  'instance-storage-info.disk.size-in-gb': 'InstanceStorageInfo.Disks.SizeInGB',
  'instance-storage-info.disk.type': 'InstanceStorageInfo.Disks.Type',
  'instance-storage-info.encryption-support': 'InstanceStorageInfo.EncryptionSupport',
  'instance-storage-info.nvme-support': 'InstanceStorageInfo.NvmeSupport',
  'instance-storage-info.total-size-in-gb': 'InstanceStorageInfo.TotalSizeInGB',
  'instance-storage-supported': 'InstanceStorageSupported',
  'instance-type': 'InstanceType',
  'memory-info.size-in-mib': 'MemoryInfo.SizeInMiB',
  'network-info.bandwidth-weightings': 'NetworkInfo.BandwidthWeightings',
  'network-info.efa-info.maximum-efa-interfaces': 'NetworkInfo.EfaInfo.MaximumEfaInterfaces',
  'network-info.efa-supported': 'NetworkInfo.EfaSupported',
  'network-info.ena-support': 'NetworkInfo.EnaSupport',
  'network-info.encryption-in-transit-supported': 'NetworkInfo.EncryptionInTransitSupported',
  'network-info.flexible-ena-queues-support': 'NetworkInfo.FlexibleEnaQueuesSupport',
  'network-info.ipv4-addresses-per-interface': 'NetworkInfo.Ipv4AddressesPerInterface',
  'network-info.ipv6-addresses-per-interface': 'NetworkInfo.Ipv6AddressesPerInterface',
  'network-info.ipv6-supported': 'NetworkInfo.Ipv6Supported',
  'network-info.maximum-network-cards': 'NetworkInfo.MaximumNetworkCards',
  'network-info.maximum-network-interfaces': 'NetworkInfo.MaximumNetworkInterfaces',
  'network-info.network-performance': 'NetworkInfo.NetworkPerformance',
  'nitro-enclaves-support': 'NitroEnclavesSupport',
  'nitro-tpm-info.supported-versions': 'NitroTpmInfo.SupportedVersions',
  'nitro-tpm-support': 'NitroTpmSupport',
  'processor-info.supported-architecture': 'ProcessorInfo.SupportedArchitectures',
  'processor-info.supported-features': 'ProcessorInfo.SupportedFeatures',
  'processor-info.sustained-clock-speed-in-ghz': 'ProcessorInfo.SustainedClockSpeedInGhz',
  'reboot-migration-support': 'RebootMigrationSupport',
  'supported-boot-mode': 'SupportedBootModes',
  'supported-root-device-type': 'SupportedRootDeviceTypes',
  'supported-usage-class': 'SupportedUsageClasses',
  'supported-virtualization-type': 'SupportedVirtualizationTypes',
  'vcpu-info.default-cores': 'VCpuInfo.DefaultCores',
  'vcpu-info.default-threads-per-core': 'VCpuInfo.DefaultThreadsPerCore',
  'vcpu-info.default-vcpus': 'VCpuInfo.DefaultVCpus',
  'vcpu-info.valid-cores': 'VCpuInfo.ValidCores',
  'vcpu-info.valid-threads-per-core': 'VCpuInfo.ValidThreadsPerCore',
}

const filters = shownFields<InstanceTypeInfo>(toInstanceType, SHOWN)

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html */
export function describeInstanceTypes(
  input: sdk.DescribeInstanceTypesCommandInput,
  _context: RequestContext,
) {
  const all = input.InstanceTypes?.length ? input.InstanceTypes.map(known) : [...instanceTypes.values()]
  const { page, NextToken } = select(untagged(all), input, filters)
  return { InstanceTypes: page.map(toInstanceType), NextToken }
}

function toInstanceType(type: InstanceTypeInfo): Partial<sdk.InstanceTypeInfo> {
  const { network, encryptionInTransit, dedicatedHosts, hibernation, diskGB, ...processor } = familyOf(type)
  const nitro = !type.name.startsWith('t2.')
  const cores = coresOf(type)
  const arm = type.architecture === 'arm64'
  return {
    InstanceType: type.name as never,
    CurrentGeneration: true,
    FreeTierEligible: type.name === 't3.micro' || type.name === 't2.micro',
    SupportedUsageClasses: ['on-demand', 'spot'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    BareMetal: false,
    Hypervisor: nitro ? 'nitro' : 'xen',
    ProcessorInfo: {
      SupportedArchitectures: nitro ? [type.architecture] : ['i386', 'x86_64'],
      SustainedClockSpeedInGhz: processor.clock,
      Manufacturer: processor.manufacturer,
    },
    VCpuInfo: {
      DefaultVCpus: type.vcpus,
      DefaultCores: cores,
      DefaultThreadsPerCore: type.vcpus / cores,
      ValidCores: validCores(cores, arm),
      ValidThreadsPerCore: arm || !nitro ? [1] : [1, 2],
    },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    InstanceStorageSupported: diskGB !== undefined,
    InstanceStorageInfo: diskGB
      ? {
          TotalSizeInGB: diskGB,
          Disks: [{ SizeInGB: diskGB, Count: 1, Type: 'ssd' }],
          NvmeSupport: 'required',
          EncryptionSupport: 'required',
        }
      : undefined,
    EbsInfo: {
      EbsOptimizedSupport: nitro ? 'default' : 'unsupported',
      EncryptionSupport: 'supported',
      NvmeSupport: nitro ? 'required' : 'unsupported',
    },
    NetworkInfo: {
      NetworkPerformance: network,
      MaximumNetworkInterfaces: type.maxInterfaces,
      MaximumNetworkCards: 1,
      DefaultNetworkCardIndex: 0,
      NetworkCards: [
        {
          NetworkCardIndex: 0,
          NetworkPerformance: network,
          MaximumNetworkInterfaces: type.maxInterfaces,
        },
      ],
      Ipv4AddressesPerInterface: type.addressesPerInterface,
      Ipv6AddressesPerInterface: type.addressesPerInterface,
      Ipv6Supported: true,
      EnaSupport: nitro ? 'required' : 'unsupported',
      EfaSupported: false,
      EncryptionInTransitSupported: encryptionInTransit,
      EnaSrdSupported: false,
    },
    GpuInfo: type.gpus
      ? {
          Gpus: [{ Name: 'T4', Manufacturer: 'NVIDIA', Count: type.gpus, MemoryInfo: { SizeInMiB: T4_MIB } }],
          TotalGpuMemoryInMiB: T4_MIB * type.gpus,
        }
      : undefined,
    PlacementGroupInfo: {
      SupportedStrategies: type.burstable ? ['partition', 'spread'] : ['cluster', 'partition', 'spread'],
    },
    HibernationSupported: hibernation,
    BurstablePerformanceSupported: type.burstable,
    DedicatedHostsSupported: dedicatedHosts,
    AutoRecoverySupported: diskGB === undefined,
    SupportedBootModes: arm ? ['uefi'] : nitro ? ['legacy-bios', 'uefi'] : ['legacy-bios'],
  }
}

/** Memory of an NVIDIA T4, MiB. */
const T4_MIB = 16384

/** How many cores a launch may ask for: of Graviton any number, of others an even one. */
function validCores(cores: number, any: boolean): number[] {
  if (cores <= 2 && !any) return [cores]
  return Array.from({ length: cores }, (_, index) => index + 1).filter((count) => any || count % 2 === 0)
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
