/** What an instance type offers. */
export interface InstanceTypeInfo {
  name: string
  architecture: 'x86_64' | 'arm64'
  vcpus: number
  memoryMiB: number
  /** Most network interfaces, and IPv4 addresses on each: what limits pods on EKS. */
  maxInterfaces: number
  addressesPerInterface: number
  /** Linux, on demand, us-east-1, US dollars an hour. */
  pricePerHour: number
  gpus?: number
  burstable: boolean
}

/** What the types of a family share. */
export interface FamilyInfo {
  manufacturer: 'Intel' | 'AMD' | 'AWS'
  /** GHz. */
  clock: number
  network: string
  encryptionInTransit: boolean
  dedicatedHosts: boolean
  hibernation: boolean
  /** GB of its own disk. */
  diskGB?: number
}

const family = (
  [manufacturer, clock, network]: [FamilyInfo['manufacturer'], number, string],
  [encryptionInTransit, dedicatedHosts, hibernation]: [boolean, boolean, boolean],
): FamilyInfo => ({ manufacturer, clock, network, encryptionInTransit, dedicatedHosts, hibernation })

/**
 * Processors and encryption of m5, t3, t4g, c6g and g4dn as in what AWS answered Karpenter's authors (pkg/fake/zz_generated.describe_instance_types.go
 * of aws/karpenter-provider-aws, read 2026-11-29); t2 as in the AWS CLI's example; the rest from knowledge.
 */
const families: Record<string, FamilyInfo> = {
  t2: family(['Intel', 2.5, 'Low to Moderate'], [false, false, true]),
  t3: family(['Intel', 2.5, 'Up to 5 Gigabit'], [false, true, true]),
  t3a: family(['AMD', 2.2, 'Up to 5 Gigabit'], [false, false, true]),
  t4g: family(['AWS', 2.5, 'Up to 5 Gigabit'], [false, false, true]),
  m5: family(['Intel', 3.1, 'Up to 10 Gigabit'], [false, true, true]),
  m6i: family(['Intel', 3.5, 'Up to 12.5 Gigabit'], [true, true, true]),
  m6g: family(['AWS', 2.5, 'Up to 10 Gigabit'], [false, true, true]),
  m7i: family(['Intel', 3.2, 'Up to 12.5 Gigabit'], [true, true, true]),
  m7g: family(['AWS', 2.6, 'Up to 12.5 Gigabit'], [true, true, true]),
  c5: family(['Intel', 3.4, 'Up to 10 Gigabit'], [false, true, true]),
  c6i: family(['Intel', 3.5, 'Up to 12.5 Gigabit'], [true, true, true]),
  c7g: family(['AWS', 2.6, 'Up to 12.5 Gigabit'], [true, true, true]),
  r5: family(['Intel', 3.1, 'Up to 10 Gigabit'], [false, true, true]),
  r6i: family(['Intel', 3.5, 'Up to 12.5 Gigabit'], [true, true, true]),
  g4dn: { ...family(['Intel', 2.5, 'Up to 25 Gigabit'], [true, true, false]), diskGB: 125 },
}

export const familyOf = ({ name }: InstanceTypeInfo): FamilyInfo => families[name.split('.')[0]!]!

/** What spot capacity costs of the price on demand: a typical share, from knowledge (2026-11). */
export const SPOT_SHARE = 0.35

/** Cores of a type: Intel's and AMD's run two threads each, but those of T2 one. */
export const coresOf = ({ name, architecture, vcpus }: InstanceTypeInfo): number =>
  architecture === 'arm64' || name.startsWith('t2.') ? vcpus : Math.max(1, vcpus / 2)

/**
 * name: vCPUs, memory (MiB), interfaces, addresses per interface, price.
 * Sizes and limits: https://docs.aws.amazon.com/ec2/latest/instancetypes/ (gp, co, mo; written 2026-11-21, not verified line by line).
 * Prices: us-east-1, Linux, compared with AWS's list for Karpenter (pkg/providers/pricing/zz_generated.pricing_aws.go of
 * aws/karpenter-provider-aws, made 2026-01-19 from the price list; read 2026-11-28); those of m6i from knowledge.
 */
const table: Record<string, [number, number, number, number, number]> = {
  't2.micro': [1, 1024, 2, 2, 0.0116],
  't2.small': [1, 2048, 3, 4, 0.023],
  't2.medium': [2, 4096, 3, 6, 0.0464],
  't2.large': [2, 8192, 3, 12, 0.0928],
  't3.nano': [2, 512, 2, 2, 0.0052],
  't3.micro': [2, 1024, 2, 2, 0.0104],
  't3.small': [2, 2048, 3, 4, 0.0208],
  't3.medium': [2, 4096, 3, 6, 0.0416],
  't3.large': [2, 8192, 3, 12, 0.0832],
  't3.xlarge': [4, 16384, 4, 15, 0.1664],
  't3.2xlarge': [8, 32768, 4, 15, 0.3328],
  't3a.small': [2, 2048, 2, 4, 0.0188],
  't3a.medium': [2, 4096, 3, 6, 0.0376],
  't3a.large': [2, 8192, 3, 12, 0.0752],
  't3a.xlarge': [4, 16384, 4, 15, 0.1504],
  't4g.micro': [2, 1024, 2, 2, 0.0084],
  't4g.small': [2, 2048, 3, 4, 0.0168],
  't4g.medium': [2, 4096, 3, 6, 0.0336],
  't4g.large': [2, 8192, 3, 12, 0.0672],
  't4g.xlarge': [4, 16384, 4, 15, 0.1344],
  'm5.large': [2, 8192, 3, 10, 0.096],
  'm5.xlarge': [4, 16384, 4, 15, 0.192],
  'm5.2xlarge': [8, 32768, 4, 15, 0.384],
  'm5.4xlarge': [16, 65536, 8, 30, 0.768],
  'm6i.large': [2, 8192, 3, 10, 0.096],
  'm6i.xlarge': [4, 16384, 4, 15, 0.192],
  'm6i.2xlarge': [8, 32768, 4, 15, 0.384],
  'm6g.medium': [1, 4096, 2, 4, 0.0385],
  'm6g.large': [2, 8192, 3, 10, 0.077],
  'm6g.xlarge': [4, 16384, 4, 15, 0.154],
  'm7i.large': [2, 8192, 3, 10, 0.1008],
  'm7i.xlarge': [4, 16384, 4, 15, 0.2016],
  'm7g.medium': [1, 4096, 2, 4, 0.0408],
  'm7g.large': [2, 8192, 3, 10, 0.0816],
  'c5.large': [2, 4096, 3, 10, 0.085],
  'c5.xlarge': [4, 8192, 4, 15, 0.17],
  'c5.2xlarge': [8, 16384, 4, 15, 0.34],
  'c6i.large': [2, 4096, 3, 10, 0.085],
  'c6i.xlarge': [4, 8192, 4, 15, 0.17],
  'c7g.large': [2, 4096, 3, 10, 0.0725],
  'r5.large': [2, 16384, 3, 10, 0.126],
  'r5.xlarge': [4, 32768, 4, 15, 0.252],
  'r6i.large': [2, 16384, 3, 10, 0.126],
  'g4dn.xlarge': [4, 16384, 3, 10, 0.526],
}

export const instanceTypes: ReadonlyMap<string, InstanceTypeInfo> = new Map(
  Object.entries(table).map(
    ([name, [vcpus, memoryMiB, maxInterfaces, addressesPerInterface, pricePerHour]]) => [
      name,
      {
        name,
        architecture: /^[a-z]\d+g\./.test(name) ? 'arm64' : 'x86_64',
        vcpus,
        memoryMiB,
        maxInterfaces,
        addressesPerInterface,
        pricePerHour,
        gpus: name.startsWith('g') ? 1 : undefined,
        burstable: name.startsWith('t'),
      },
    ],
  ),
)
