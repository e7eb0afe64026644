/** Tags of a resource, key → value, in the order they were set. */
export type Tags = Record<string, string>

interface Resource {
  id: string
  tags: Tags
}

export interface VpcRecord extends Resource {
  cidr: string
  associations: { id: string; cidr: string }[]
  dhcpOptionsId: string
  isDefault: boolean
  tenancy: 'default' | 'dedicated'
  enableDnsSupport: boolean
  enableDnsHostnames: boolean
  /** Default false. */
  addressUsageMetrics?: boolean
}

export interface SubnetRecord extends Resource {
  vpcId: string
  cidr: string
  zone: string
  zoneId: string
  isDefault: boolean
  mapPublicIp: boolean
  /** Default `ip-name`. */
  hostnameType?: 'ip-name' | 'resource-name'
  /** Names by the id of a machine are answered, too. Default false. */
  resourceNameDns?: boolean
}

export interface RouteRecord {
  /** An IPv4 block, or the id of a prefix list (`pl-…`). */
  destination: string
  /** `local`, or the id of a gateway, NAT gateway, endpoint, peering connection, network interface or instance. */
  target: string
  /** `endpoint`: put there with a gateway endpoint, and taken away with it. */
  origin: 'CreateRouteTable' | 'CreateRoute' | 'endpoint'
}

export interface RouteTableRecord extends Resource {
  vpcId: string
  routes: RouteRecord[]
  /** `subnetId` is missing for the main association. */
  associations: { id: string; subnetId?: string }[]
}

export interface InternetGatewayRecord extends Resource {
  vpcId?: string
}

export interface NatGatewayRecord extends Resource {
  vpcId: string
  subnetId: string
  state: 'pending' | 'available' | 'deleting' | 'deleted'
  connectivity: 'public' | 'private'
  networkInterfaceId: string
  privateIp: string
  allocationId?: string
  publicIp?: string
  /** ms since the epoch; `since` is when the present state began. */
  createdAt: number
  since: number
}

/** A rule of a network ACL; `protocol` is a number, `-1` for all. */
export interface NetworkAclEntry {
  ruleNumber: number
  egress: boolean
  action: 'allow' | 'deny'
  protocol: string
  cidr?: string
  cidr6?: string
  fromPort?: number
  toPort?: number
  icmp?: { type: number; code: number }
}

export interface NetworkAclRecord extends Resource {
  vpcId: string
  isDefault: boolean
  entries: NetworkAclEntry[]
  /** Subnets that were given this ACL; all others of the VPC have the default one. */
  associations?: { id: string; subnetId: string }[]
}

export interface VpcEndpointRecord extends Resource {
  type: 'Gateway' | 'Interface'
  vpcId: string
  /** `com.amazonaws.us-east-1.s3` */
  serviceName: string
  state: 'pending' | 'available' | 'deleting'
  since: number
  createdAt: number
  policy: string
  privateDns: boolean
  routeTableIds: string[]
  subnetIds: string[]
  groupIds: string[]
  networkInterfaceIds: string[]
  dnsNames: string[]
}

/** One side of a peering connection. */
export interface PeeringSide {
  accountId: string
  region: string
  vpcId: string
  cidrs: string[]
}

export interface PeeringRecord extends Resource {
  requester: PeeringSide
  accepter: PeeringSide
  status: 'pending-acceptance' | 'active' | 'rejected' | 'deleted' | 'expired' | 'failed'
  since: number
}

export interface DhcpOptionsRecord extends Resource {
  configurations: { key: string; values: string[] }[]
}

export interface SecurityGroupRecord extends Resource {
  name: string
  description: string
  vpcId: string
}

/** One rule; exactly one of cidr, cidr6, prefixListId and groupId names the peer. Ports are -1 for all. */
export interface SecurityGroupRuleRecord extends Resource {
  groupId: string
  egress: boolean
  /** `tcp`, `udp`, `icmp`, `-1` for all, or a protocol number. */
  protocol: string
  fromPort?: number
  toPort?: number
  cidr?: string
  cidr6?: string
  prefixListId?: string
  peerGroupId?: string
  description?: string
}

export interface NetworkInterfaceRecord extends Resource {
  subnetId: string
  vpcId: string
  zone: string
  description: string
  groupIds: string[]
  interfaceType: string
  /** The AWS service that made it for the customer, if any. */
  requesterId?: string
  macAddress: string
  /** The first one is the primary address. */
  addresses: string[]
  publicIp?: string
  allocationId?: string
  sourceDestCheck: boolean
  attachment?: {
    id: string
    instanceId?: string
    /** Who holds it when no instance of the account does. */
    instanceOwnerId: string
    deviceIndex: number
    attachedAt: number
    deleteOnTermination: boolean
  }
  createdAt: number
}

export interface AddressRecord extends Resource {
  publicIp: string
  associationId?: string
  networkInterfaceId?: string
  instanceId?: string
  privateIp?: string
}

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped'

/** What may be changed of an instance by ModifyInstanceAttribute and its like, where it is not as by default. */
export interface InstanceAttributes {
  disableApiTermination?: boolean
  disableApiStop?: boolean
  /** What `shutdown` inside of it does; default: it stops. */
  terminatesAtShutdown?: boolean
  ebsOptimized?: boolean
  /** Detailed monitoring. */
  monitored?: boolean
  /** Default of a T3 or T4g: `unlimited`, of a T2: `standard`. */
  cpuCredits?: 'standard' | 'unlimited'
}

export interface InstanceRecord extends Resource, InstanceAttributes {
  reservationId: string
  launchIndex: number
  imageId: string
  type: string
  state: InstanceState
  /** When the present state began, ms since the epoch. */
  since: number
  launchedAt: number
  /** When it was last rebooted, ms since the epoch. */
  rebootedAt?: number
  stateReason?: { code: string; message: string }
  keyName?: string
  subnetId: string
  vpcId: string
  zone: string
  groupIds: string[]
  networkInterfaceIds: string[]
  privateIp: string
  privateDnsName: string
  publicIp?: string
  profile?: { arn: string; id: string; associationId: string }
  /** Base64, as given. */
  userData?: string
  lifecycle?: 'spot'
  clientToken?: string
  requesterId?: string
  volumeId: string
  volumeSizeGiB: number
  metadataHttpTokens: 'optional' | 'required'
  metadataHopLimit: number
  /** Nothing answers at the metadata address. Default false. */
  metadataDisabled?: boolean
  /** Whether it would answer at its IPv6 address, too. Default false. */
  metadataIpv6?: boolean
  /** Whether it tells the machine's tags. Default false. */
  metadataTags?: boolean
}

export interface KeyPairRecord extends Resource {
  name: string
  type: 'rsa' | 'ed25519'
  fingerprint: string
  publicKey: string
  createdAt: number
}

export interface LaunchTemplateRecord extends Resource {
  name: string
  createdAt: number
  createdBy: string
  defaultVersion: number
  versions: {
    number: number
    description?: string
    createdAt: number
    createdBy: string
    /** RequestLaunchTemplateData as the caller gave it. */
    data: Record<string, unknown>
  }[]
}

export interface VolumeRecord extends Resource {
  sizeGiB: number
  type: string
  iops?: number
  /** MiB a second. */
  throughput?: number
  zone: string
  /** Of a volume that is attached, what it is when it no longer is. */
  state: 'creating' | 'available'
  since: number
  createdAt: number
  snapshotId?: string
  /** Name of the public image whose system is on it, if one is. */
  system?: string
  /** ARN; missing: not encrypted. */
  kmsKeyId?: string
  attachment?: {
    instanceId: string
    device: string
    state: 'attached'
    attachedAt: number
    deleteOnTermination: boolean
  }
  modification?: { at: number; before: { sizeGiB: number; type: string; iops?: number; throughput?: number } }
}

export interface SnapshotRecord extends Resource {
  volumeId: string
  sizeGiB: number
  /** As of its volume. */
  system?: string
  description: string
  kmsKeyId?: string
  state: 'pending' | 'completed'
  since: number
  createdAt: number
}

/** A volume that the machines of an image start with. */
export interface ImageVolume {
  device: string
  /** Missing: it starts empty. */
  snapshotId?: string
  sizeGiB: number
  type: string
  iops?: number
  throughput?: number
  /** ARN; missing: not encrypted. */
  kmsKeyId?: string
  /** Default true. */
  deleteOnTermination?: boolean
}

/** An image that an account has made. */
export interface ImageRecord extends Resource {
  ownerId: string
  name: string
  description?: string
  architecture: 'x86_64' | 'arm64'
  /** Name of the public image whose system is on its root volume, if one is. */
  system?: string
  volumes: ImageVolume[]
  state: 'pending' | 'available' | 'disabled'
  since: number
  createdAt: number
  /** What it was made from. */
  source: { instanceId?: string; imageId?: string; region?: string }
  isPublic: boolean
  /** Accounts that may launch it, too. */
  sharedWith: string[]
  /** ms since the epoch. */
  deprecatedAt?: number
  /** `enabled-with-cooldown`: for a day after it was taken away, too. */
  protection?: { kind: 'enabled' | 'enabled-with-cooldown'; endsAt?: number }
}

/** Where the records of a VPC's, subnet's or network interface's traffic go. */
export interface FlowLogRecord extends Resource {
  resourceId: string
  trafficType: 'ACCEPT' | 'REJECT' | 'ALL'
  /** Name of the log group. */
  group: string
  /** The log group's ARN, where it was named by that. */
  destination?: string
  roleArn: string
  /** `${version} ${account-id} …` */
  format: string
  /** s */
  interval: number
  createdAt: number
  /** Why the last records could not be delivered. */
  error?: string | undefined
}
