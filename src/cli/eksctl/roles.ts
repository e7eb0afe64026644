import { type Clients, unlessMissing } from './clients.ts'
import { suffix } from './names.ts'

const SERVICE_POLICIES = ['AmazonEKSClusterPolicy', 'AmazonEKSVPCResourceController']
const NODE_POLICIES = [
  'AmazonEC2ContainerRegistryPullOnly',
  'AmazonEKSWorkerNodePolicy',
  'AmazonEKS_CNI_Policy',
  'AmazonSSMManagedInstanceCore',
]

const CLUSTER_TAG = 'alpha.eksctl.io/cluster-name'

async function createRole(
  { iam }: Clients,
  cluster: string,
  prefix: string,
  service: string,
  policies: string[],
): Promise<string> {
  const trust = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: [service] }, Action: ['sts:AssumeRole', 'sts:TagSession'] },
    ],
  }
  const { Role } = await iam.createRole({
    // Names have at most 64 characters; CloudFormation shortens the front.
    RoleName: `${prefix.slice(0, 51)}-${suffix()}`,
    AssumeRolePolicyDocument: JSON.stringify(trust),
    Tags: [
      { Key: CLUSTER_TAG, Value: cluster },
      { Key: 'Name', Value: prefix },
    ],
  })
  for (const policy of policies) {
    await iam.attachRolePolicy({
      RoleName: Role!.RoleName,
      PolicyArn: `arn:aws:iam::aws:policy/${policy}`,
    })
  }
  return Role!.Arn!
}

/** The control plane's role; gives its ARN. */
export const createServiceRole = (clients: Clients, cluster: string) =>
  createRole(clients, cluster, `eksctl-${cluster}-cluster-ServiceRole`, 'eks.amazonaws.com', SERVICE_POLICIES)

/** The role of a node group's machines; gives its ARN. */
export const createNodeRole = (clients: Clients, cluster: string, nodegroup: string) =>
  createRole(
    clients,
    cluster,
    `eksctl-${cluster}-nodegroup-${nodegroup}-NodeInstanceRole`,
    'ec2.amazonaws.com',
    NODE_POLICIES,
  )

/** Deletes a role that eksctl made for this cluster; leaves others alone. */
export async function deleteRole({ iam }: Clients, cluster: string, arn: string): Promise<void> {
  const RoleName = arn.slice(arn.lastIndexOf('/') + 1)
  const role = await unlessMissing(iam.getRole({ RoleName }))
  const own = role?.Role?.Tags?.some(({ Key, Value }) => Key === CLUSTER_TAG && Value === cluster)
  if (!own) return
  const { AttachedPolicies = [] } = await iam.listAttachedRolePolicies({ RoleName })
  for (const { PolicyArn } of AttachedPolicies) await iam.detachRolePolicy({ RoleName, PolicyArn })
  await iam.deleteRole({ RoleName })
}
