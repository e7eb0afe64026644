import { instanceTypes } from '../../ec2/data/instance-types.ts'

/** What AWS bills something by. `-Mo` units are for a month of 730 hours, metered by the hour. */
export type PriceUnit =
  | 'Hrs'
  | 'hours'
  | 'GB-Mo'
  | 'GB-Hours'
  | 'vCPU-Hours'
  | 'IOPS-Mo'
  | 'MiBps-Mo'
  | 'Key-Mo'
  | 'Secret-Mo'

export interface Price {
  /** As AWS's price list names what is sold. */
  serviceCode: string
  productFamily: string
  usageType: string
  operation: string
  description: string
  unit: PriceUnit
  usd: number
  /** Page of AWS that states the price. */
  source: string
  /** Further attributes of the product. */
  attributes?: Record<string, string>
}

/**
 * When the prices were last gone through: EC2's instances, EKS and ECS against AWS's own pages, the others against third parties' lists,
 * in which gp3's GB-month and the hour of an ALB were not found.
 */
export const PRICES_DATE = '2026-11-28'
/** The region that they are for; other regions cost somewhat more. */
export const PRICES_REGION = { code: 'us-east-1', location: 'US East (N. Virginia)', prefix: 'USE1' }

const EC2 = 'https://aws.amazon.com/ec2/pricing/on-demand/'
const EBS = 'https://aws.amazon.com/ebs/pricing/'
const VPC = 'https://aws.amazon.com/vpc/pricing/'
const ELB = 'https://aws.amazon.com/elasticloadbalancing/pricing/'
const EKS = 'https://aws.amazon.com/eks/pricing/'
const FARGATE = 'https://aws.amazon.com/fargate/pricing/'
const EFS = 'https://aws.amazon.com/efs/pricing/'
const ECR = 'https://aws.amazon.com/ecr/pricing/'
const KMS = 'https://aws.amazon.com/kms/pricing/'
const SECRETS = 'https://aws.amazon.com/secrets-manager/pricing/'

const volume = (type: string, usd: number, volumeType: string, usage = `VolumeUsage.${type}`): Price => ({
  serviceCode: 'AmazonEC2',
  productFamily: 'Storage',
  usageType: `EBS:${usage}`,
  operation: '',
  description: `$${usd} per GB-month of ${volumeType} (${type}) provisioned storage - US East (Northern Virginia)`,
  unit: 'GB-Mo',
  usd,
  source: EBS,
  attributes: { volumeApiName: type, volumeType },
})

const balancer = (family: string, operation: string, usd: number, what: string): Price => ({
  serviceCode: 'AWSELB',
  productFamily: family,
  usageType: 'LoadBalancerUsage',
  operation,
  description: `$${usd} per ${what}-hour (or partial hour)`,
  unit: 'Hrs',
  usd,
  source: ELB,
})

const fargate = (
  usageType: string,
  usd: number,
  unit: PriceUnit,
  description: string,
  attributes: Record<string, string>,
): Price => ({
  serviceCode: 'AmazonECS',
  productFamily: 'Compute',
  usageType,
  operation: '',
  description,
  unit,
  usd,
  source: FARGATE,
  attributes,
})

/** What the worlds bill, by names of our own. Data transfer, requests and load balancer capacity units are not metered. */
export const PRICES = {
  'eks.cluster': {
    serviceCode: 'AmazonEKS',
    productFamily: 'Compute',
    usageType: 'USE1-AmazonEKS-Hours:perCluster',
    operation: 'CreateOperation',
    description: 'Amazon EKS cluster usage in US East (N. Virginia)',
    unit: 'hours',
    usd: 0.1,
    source: EKS,
  },
  // On top of the cluster's own hour, once its version is out of standard support.
  'eks.extended-support': {
    serviceCode: 'AmazonEKS',
    productFamily: 'Compute',
    usageType: 'USE1-AmazonEKS-Hours:extendedSupport',
    operation: 'ExtendedSupport',
    description: 'Amazon EKS extended support for Kubernetes version in US East (N. Virginia)',
    unit: 'hours',
    usd: 0.5,
    source: EKS,
  },
  'fargate.vcpu': fargate(
    'USE1-Fargate-vCPU-Hours:perCPU',
    0.04048,
    'hours',
    'AWS Fargate - vCPU - US East (N.Virginia)',
    { cputype: 'perCPU' },
  ),
  'fargate.memory': fargate(
    'USE1-Fargate-GB-Hours',
    0.004445,
    'hours',
    'AWS Fargate - Memory - US East (N.Virginia)',
    { memorytype: 'perGB' },
  ),
  'fargate.arm.vcpu': fargate(
    'USE1-Fargate-ARM-vCPU-Hours:perCPU',
    0.03238,
    'hours',
    'AWS Fargate - ARM vCPU - US East (N.Virginia)',
    { cputype: 'perCPU' },
  ),
  'fargate.arm.memory': fargate(
    'USE1-Fargate-ARM-GB-Hours',
    0.00356,
    'hours',
    'AWS Fargate - ARM Memory - US East (N.Virginia)',
    { memorytype: 'perGB' },
  ),
  'nat-gateway': {
    serviceCode: 'AmazonEC2',
    productFamily: 'NAT Gateway',
    usageType: 'NatGateway-Hours',
    operation: 'NatGateway',
    description: '$0.045 per NAT Gateway Hour',
    unit: 'Hrs',
    usd: 0.045,
    source: VPC,
    attributes: { group: 'NGW:NatGateway', groupDescription: 'Hourly charge for NAT Gateways' },
  },
  'public-ipv4': {
    serviceCode: 'AmazonVPC',
    productFamily: 'Public IPv4 Address',
    usageType: 'USE1-PublicIPv4:InUseAddress',
    operation: '',
    description: '$0.005 per In-use public IPv4 address per hour',
    unit: 'Hrs',
    usd: 0.005,
    source: VPC,
    attributes: { group: 'VPCPublicIPv4Address' },
  },
  'public-ipv4.idle': {
    serviceCode: 'AmazonVPC',
    productFamily: 'Public IPv4 Address',
    usageType: 'USE1-PublicIPv4:IdleAddress',
    operation: '',
    description: '$0.005 per Idle public IPv4 address per hour',
    unit: 'Hrs',
    usd: 0.005,
    source: VPC,
    attributes: { group: 'VPCPublicIPv4Address' },
  },
  'vpc-endpoint': {
    serviceCode: 'AmazonVPC',
    productFamily: 'VpcEndpoint',
    usageType: 'VpcEndpoint-Hours',
    operation: 'VpcEndpoint',
    description: '$0.01 per VPC Endpoint Hour',
    unit: 'Hrs',
    usd: 0.01,
    source: 'https://aws.amazon.com/privatelink/pricing/',
  },
  'elb.application': balancer(
    'Load Balancer-Application',
    'LoadBalancing:Application',
    0.0225,
    'Application LoadBalancer',
  ),
  'elb.network': balancer('Load Balancer-Network', 'LoadBalancing:Network', 0.0225, 'Network LoadBalancer'),
  'elb.classic': balancer('Load Balancer', 'LoadBalancing', 0.025, 'LoadBalancer'),
  'ebs.gp3': volume('gp3', 0.08, 'General Purpose'),
  'ebs.gp2': volume('gp2', 0.1, 'General Purpose'),
  'ebs.io1': volume('io1', 0.125, 'Provisioned IOPS', 'VolumeUsage.piops'),
  'ebs.io2': volume('io2', 0.125, 'Provisioned IOPS'),
  'ebs.st1': volume('st1', 0.045, 'Throughput Optimized HDD'),
  'ebs.sc1': volume('sc1', 0.015, 'Cold HDD'),
  'ebs.standard': volume('standard', 0.05, 'Magnetic', 'VolumeUsage'),
  'ebs.piops': {
    serviceCode: 'AmazonEC2',
    productFamily: 'System Operation',
    usageType: 'EBS:VolumeP-IOPS.piops',
    operation: '',
    description: '$0.065 per IOPS-month provisioned',
    unit: 'IOPS-Mo',
    usd: 0.065,
    source: EBS,
  },
  'ebs.gp3.iops': {
    serviceCode: 'AmazonEC2',
    productFamily: 'System Operation',
    usageType: 'EBS:VolumeP-IOPS.gp3',
    operation: '',
    description: '$0.005 per provisioned IOPS-month of gp3',
    unit: 'IOPS-Mo',
    usd: 0.005,
    source: EBS,
  },
  'ebs.gp3.throughput': {
    serviceCode: 'AmazonEC2',
    productFamily: 'Provisioned Throughput',
    usageType: 'EBS:VolumeP-Throughput.gp3',
    operation: '',
    description: '$0.04 per provisioned MiBps-month of gp3',
    unit: 'MiBps-Mo',
    usd: 0.04,
    source: EBS,
  },
  'ebs.snapshot': {
    serviceCode: 'AmazonEC2',
    productFamily: 'Storage Snapshot',
    usageType: 'EBS:SnapshotUsage',
    operation: 'CreateSnapshot',
    description: '$0.05 per GB-Month of snapshot data stored - US East (Northern Virginia)',
    unit: 'GB-Mo',
    usd: 0.05,
    source: EBS,
  },
  'efs.standard': {
    serviceCode: 'AmazonEFS',
    productFamily: 'Storage',
    usageType: 'USE1-TimedStorage-ByteHrs',
    operation: '',
    description: 'USD $0.30 per GB-Mo for Standard storage (US-East)',
    unit: 'GB-Mo',
    usd: 0.3,
    source: EFS,
    attributes: { storageClass: 'General Purpose' },
  },
  'efs.one-zone': {
    serviceCode: 'AmazonEFS',
    productFamily: 'Storage',
    usageType: 'USE1-TimedStorage-Z-ByteHrs',
    operation: '',
    description: 'USD $0.16 per GB-Mo for One Zone storage (US-East)',
    unit: 'GB-Mo',
    usd: 0.16,
    source: EFS,
    attributes: { storageClass: 'One Zone-General Purpose' },
  },
  'efs.throughput': {
    serviceCode: 'AmazonEFS',
    productFamily: 'Provisioned Throughput',
    usageType: 'USE1-ProvisionedTP-MiBpsHrs',
    operation: '',
    description: 'USD $6.00 per MiBps-Mo for Provisioned Throughput (US-East)',
    unit: 'MiBps-Mo',
    usd: 6,
    source: EFS,
  },
  'ecr.storage': {
    serviceCode: 'AmazonECR',
    productFamily: 'EC2 Container Registry',
    usageType: 'USE1-TimedStorage-ByteHrs',
    operation: '',
    description: '$0.10 per GB-month of data storage',
    unit: 'GB-Mo',
    usd: 0.1,
    source: ECR,
  },
  'kms.key': {
    serviceCode: 'awskms',
    productFamily: 'Encryption Key',
    usageType: 'us-east-1-KMS-Keys',
    operation: '',
    description: '$1 per customer managed KMS key version in US East (N. Virginia)',
    unit: 'Key-Mo',
    usd: 1,
    source: KMS,
  },
  secret: {
    serviceCode: 'AWSSecretsManager',
    productFamily: 'Secret',
    usageType: 'USE1-AWSSecretsManager-Secrets',
    operation: '',
    description: '$0.40 per Secret',
    unit: 'Secret-Mo',
    usd: 0.4,
    source: SECRETS,
  },
} satisfies Record<string, Price>

export type PriceName = keyof typeof PRICES

/** Linux on demand, shared tenancy; undefined: a type that is not known. */
export function instancePrice(type: string): Price | undefined {
  const info = instanceTypes.get(type)
  if (!info) return undefined
  return {
    serviceCode: 'AmazonEC2',
    productFamily: 'Compute Instance',
    usageType: `BoxUsage:${type}`,
    operation: 'RunInstances',
    description: `$${info.pricePerHour} per On Demand Linux ${type} Instance Hour`,
    unit: 'Hrs',
    usd: info.pricePerHour,
    source: EC2,
    attributes: {
      instanceType: type,
      vcpu: String(info.vcpus),
      memory: `${info.memoryMiB / 1024} GiB`,
      operatingSystem: 'Linux',
      tenancy: 'Shared',
      preInstalledSw: 'NA',
      capacitystatus: 'Used',
      licenseModel: 'No License required',
      marketoption: 'OnDemand',
      processorArchitecture: '64-bit',
      physicalProcessor: info.architecture === 'arm64' ? 'AWS Graviton Processor' : 'Intel or AMD',
      currentGeneration: type.startsWith('t2.') ? 'No' : 'Yes',
    },
  }
}

/** What EKS Auto Mode adds to the price on demand of a machine, for spot ones, too: https://aws.amazon.com/eks/pricing/ (from knowledge, 2026-11). */
const AUTO_MODE_SHARE = 0.12

/** The fee of EKS Auto Mode for an instance of a type; undefined: a type that is not known. */
export function autoModePrice(type: string): Price | undefined {
  const info = instanceTypes.get(type)
  if (!info) return undefined
  const usd = Number((info.pricePerHour * AUTO_MODE_SHARE).toFixed(5))
  return {
    serviceCode: 'AmazonEKS',
    productFamily: 'Compute',
    usageType: `USE1-EKS-Auto:${type}`,
    operation: 'EKSAutoUsage',
    description: `$${usd} per hour of ${type} managed by Amazon EKS Auto Mode`,
    unit: 'Hrs',
    usd,
    source: EKS,
    attributes: { instanceType: type },
  }
}

/** US dollars a unit of something by the name it has here, or of an hour of an instance type; undefined: not known. */
export const usdOf = (name: string): number | undefined =>
  (PRICES as Record<string, Price>)[name]?.usd ?? instancePrice(name)?.usd

/** Every price there is. */
export const allPrices = (): Price[] => [
  ...[...instanceTypes.keys()].flatMap((type) => [instancePrice(type)!, autoModePrice(type)!]),
  ...Object.values<Price>(PRICES),
]
