/**
 * Regions enabled by default in an account, with the letters of the zones that default subnets are made in.
 * https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html (written 2026-11-21, not verified line by line).
 * Zone ids differ between accounts on AWS; here letter a is always number 1.
 */
export const regions: {
  name: string
  zoneIdPrefix: string
  zones: string[]
  /** Numbers of the zone ids where they are not 1, 2, 3: zones without EKS control planes are left out. */
  zoneNumbers?: number[]
}[] = [
  { name: 'ap-northeast-1', zoneIdPrefix: 'apne1', zones: ['a', 'c', 'd'] },
  { name: 'ap-northeast-2', zoneIdPrefix: 'apne2', zones: ['a', 'b', 'c'] },
  { name: 'ap-northeast-3', zoneIdPrefix: 'apne3', zones: ['a', 'b', 'c'] },
  { name: 'ap-south-1', zoneIdPrefix: 'aps1', zones: ['a', 'b', 'c'] },
  { name: 'ap-southeast-1', zoneIdPrefix: 'apse1', zones: ['a', 'b', 'c'] },
  { name: 'ap-southeast-2', zoneIdPrefix: 'apse2', zones: ['a', 'b', 'c'] },
  { name: 'ca-central-1', zoneIdPrefix: 'cac1', zones: ['a', 'b', 'd'] },
  { name: 'eu-central-1', zoneIdPrefix: 'euc1', zones: ['a', 'b', 'c'] },
  { name: 'eu-north-1', zoneIdPrefix: 'eun1', zones: ['a', 'b', 'c'] },
  { name: 'eu-west-1', zoneIdPrefix: 'euw1', zones: ['a', 'b', 'c'] },
  { name: 'eu-west-2', zoneIdPrefix: 'euw2', zones: ['a', 'b', 'c'] },
  { name: 'eu-west-3', zoneIdPrefix: 'euw3', zones: ['a', 'b', 'c'] },
  { name: 'sa-east-1', zoneIdPrefix: 'sae1', zones: ['a', 'b', 'c'] },
  { name: 'us-east-1', zoneIdPrefix: 'use1', zones: ['a', 'b', 'c'], zoneNumbers: [1, 2, 4] },
  { name: 'us-east-2', zoneIdPrefix: 'use2', zones: ['a', 'b', 'c'] },
  { name: 'us-west-1', zoneIdPrefix: 'usw1', zones: ['a', 'c'], zoneNumbers: [1, 3] },
  { name: 'us-west-2', zoneIdPrefix: 'usw2', zones: ['a', 'b', 'c'] },
]
