import type { NodeRepairConfig } from '@aws-sdk/client-eks'

export type Tags = Record<string, string>

export type AuthenticationMode = 'API' | 'API_AND_CONFIG_MAP' | 'CONFIG_MAP'

/** A cluster as the store holds it; times are ms since the epoch. Its CA is a record of its own (see certificate-authority). */
export interface ClusterRecord {
  /** Names the cluster's objects in the store: `kubernetes/<uid>/…`. */
  uid: string
  name: string
  arn: string
  /** 32 hex digits in upper case: the host name's first label and the OIDC issuer's last. */
  endpointId: string
  endpoint: string
  oidcIssuer: string
  version: string
  /** `v1.35.0-eks-…` of the API server. */
  gitVersion: string
  platformVersion: string
  /** The version before its last upgrade in place, and when that ended. */
  upgraded?: { from: string; at: number }
  roleArn: string
  /** ARN of who created it; for an assumed role the role's own. */
  creatorArn: string
  createdAt: number
  status: 'CREATING' | 'ACTIVE' | 'DELETING' | 'FAILED' | 'UPDATING'
  /** When the present status began. */
  since: number
  vpcId: string
  subnetIds: string[]
  securityGroupIds: string[]
  /** The one that EKS makes; there soon after creation has begun. */
  clusterSecurityGroupId?: string
  networkInterfaceIds: string[]
  endpointPublicAccess: boolean
  endpointPrivateAccess: boolean
  publicAccessCidrs: string[]
  serviceIpv4Cidr: string
  authenticationMode: AuthenticationMode
  bootstrapCreatorAdmin: boolean
  /** PEM certificate of the cluster's CA. */
  caCertificate: string
  enabledLogTypes: string[]
  supportType: 'STANDARD' | 'EXTENDED'
  deletionProtection: boolean
  /** Whether ARC may shift traffic away from a zone. Default false. */
  zonalShift?: boolean
  /** KMS key of the envelope encryption of secrets. */
  encryptionKeyArn?: string
  /** EKS Auto Mode, once it has been asked for. */
  autoMode?: AutoModeRecord
  /** Whether a new cluster brings networking, proxy and DNS of its own (`bootstrapSelfManagedAddons`). Default true. */
  bootstrapAddons?: boolean
  /** The OIDC provider of the customer's, for people. */
  identityProvider?: { name: string; arn: string; config: Record<string, unknown>; tags: Tags }
  /** When the insights were last looked at, if somebody has asked for it. */
  insightsAt?: number
  /** The update under way. */
  updateId?: string
  tags: Tags
}

/** Auto Mode of a cluster; load balancing and block storage are on and off with compute. */
export interface AutoModeRecord {
  enabled: boolean
  /** The pools of EKS's own that are on. */
  nodePools: string[]
  /** Role of their machines. */
  nodeRoleArn?: string
}

export interface Issue {
  code: string
  message: string
  resourceIds: string[]
}

export interface Taint {
  key: string
  value?: string
  effect: 'NO_SCHEDULE' | 'NO_EXECUTE' | 'PREFER_NO_SCHEDULE'
}

export interface NodegroupRecord {
  uid: string
  name: string
  clusterName: string
  arn: string
  version: string
  releaseVersion: string
  createdAt: number
  modifiedAt: number
  status: 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING' | 'CREATE_FAILED' | 'DELETE_FAILED' | 'DEGRADED'
  since: number
  capacityType: 'ON_DEMAND' | 'SPOT'
  scaling: { minSize: number; maxSize: number; desiredSize: number }
  instanceTypes: string[]
  subnetIds: string[]
  amiType: string
  nodeRole: string
  labels: Record<string, string>
  taints: Taint[]
  diskSize?: number
  remoteAccess?: { ec2SshKey?: string; sourceSecurityGroups?: string[] }
  launchTemplate?: { id: string; name: string; version: string }
  /** Of a launch template that names its own. */
  imageId?: string
  updateConfig: {
    maxUnavailable?: number
    maxUnavailablePercentage?: number
    updateStrategy?: 'DEFAULT' | 'MINIMAL'
  }
  /** As given; nothing here looks for nodes to repair. */
  nodeRepairConfig?: NodeRepairConfig
  autoScalingGroup: string
  issues: Issue[]
  updateId?: string
  tags: Tags
}

export interface AccessEntryRecord {
  uid: string
  clusterName: string
  principalArn: string
  arn: string
  username: string
  kubernetesGroups: string[]
  type: string
  policies: {
    policyArn: string
    scope: { type: 'cluster' | 'namespace'; namespaces: string[] }
    associatedAt: number
    modifiedAt: number
  }[]
  createdAt: number
  modifiedAt: number
  tags: Tags
}

export interface AddonRecord {
  uid: string
  name: string
  clusterName: string
  arn: string
  version: string
  status: 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING' | 'DEGRADED' | 'CREATE_FAILED' | 'UPDATE_FAILED'
  since: number
  createdAt: number
  modifiedAt: number
  serviceAccountRoleArn?: string
  configurationValues?: string
  updateId?: string
  /** What becomes of fields that somebody else has set to other values. Default NONE. */
  resolveConflicts?: 'NONE' | 'OVERWRITE' | 'PRESERVE'
  /** What it was before the update under way, to which it goes back when that fails. */
  before?: Pick<AddonRecord, 'version' | 'serviceAccountRoleArn' | 'configurationValues'>
  /** Of one that goes: its objects stay in the cluster. */
  preserve?: boolean
  issues?: Issue[]
  tags: Tags
}

export interface UpdateRecord {
  id: string
  clusterName: string
  nodegroupName?: string
  addonName?: string
  type: string
  status: 'InProgress' | 'Successful' | 'Failed' | 'Cancelled'
  params: { type: string; value: string }[]
  errors?: { code: string; message: string; resourceIds: string[] }[]
  /** Go on where disruption budgets forbid it. */
  force?: boolean
  createdAt: number
}

/**
 * A machine that has joined a cluster, or is trying to: what the glue makes a Kubernetes node and its kubelet from.
 * Lives at `aws/<account>/<region>/eks/nodes/<cluster>/<instance id>`.
 */
export interface NodeRecord {
  clusterName: string
  clusterUid: string
  /** Empty for a node that no node group manages. */
  nodegroupName: string
  /** Whose credentials the machine has. */
  roleArn: string
  /** Its kubelet does not get through to the API server any more. Default true. */
  connected?: boolean
  /** The Fargate profile by whose order the node is there. */
  fargateProfile?: string
  /** Of Fargate: what is provisioned and paid for, milli-CPU and MiB. */
  fargateSize?: { cpu: number; memory: number }
  /** Name of the NodeClaim that it was launched for, in Auto Mode. */
  nodeClaim?: string
  /** Of Fargate: the uid of its pod. */
  instanceId: string
  /** Private DNS name, which EKS makes the node's name. */
  name: string
  /** `aws:///us-east-1a/i-…` */
  providerId: string
  internalIp: string
  externalIp?: string
  labels: Record<string, string>
  taints: { key: string; value?: string; effect: 'NoSchedule' | 'NoExecute' | 'PreferNoSchedule' }[]
  /** Kubernetes quantities. */
  capacity: Record<string, string>
  allocatable: Record<string, string>
  kubeletVersion: string
  architecture: 'amd64' | 'arm64'
  /** Set when the node is on its way out: evict its pods, then it is terminated. */
  draining: boolean
  /** When the drain of a roll began, and whether pods that a disruption budget holds stay. */
  drainingSince?: number
  keepBudgets?: boolean
  joinedAt: number
  /** When its machine was last rebooted. */
  rebootedAt?: number
}

/** A role for the pods of a service account, given by the pod identity agent. */
export interface PodIdentityRecord {
  /** `a-…` */
  id: string
  arn: string
  clusterName: string
  namespace: string
  serviceAccount: string
  roleArn: string
  targetRoleArn?: string
  disableSessionTags: boolean
  /** ARN of the add-on that it belongs to, and goes with. */
  ownerArn?: string
  createdAt: number
  modifiedAt: number
  tags: Tags
}

export interface FargateProfileRecord {
  uid: string
  name: string
  clusterName: string
  arn: string
  status: 'CREATING' | 'ACTIVE' | 'DELETING'
  since: number
  createdAt: number
  podExecutionRoleArn: string
  subnetIds: string[]
  selectors: { namespace: string; labels: Record<string, string> }[]
  tags: Tags
}
