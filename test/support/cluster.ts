import { DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2'
import {
  CreateClusterCommand,
  CreateNodegroupCommand,
  EKSClient,
  waitUntilClusterActive,
  waitUntilNodegroupActive,
} from '@aws-sdk/client-eks'
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import type { TargetClients } from '#checks/target-clients.ts'
import type { LabShell } from './lab-shell.ts'

/** A role that a service may assume; gives its ARN. */
export async function createRole(
  clients: TargetClients,
  name: string,
  service: string,
  policies: string[] = [],
) {
  const iam = clients.aws(IAMClient)
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  })
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }))
  for (const policy of policies) {
    const PolicyArn = `arn:aws:iam::aws:policy/${policy}`
    await iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn }))
  }
  return Role!.Arn!
}

/** An EKS cluster in the default VPC, with a node group of so many t3.medium if any; resolves when both are active. */
export async function createCluster(clients: TargetClients, name: string, nodes = 0): Promise<void> {
  const eks = clients.aws(EKSClient)
  const { Subnets } = await clients.aws(EC2Client).send(new DescribeSubnetsCommand({}))
  const subnets = Subnets!.map(({ SubnetId }) => SubnetId!)
  const roleArn = await createRole(clients, `${name}-cluster`, 'eks.amazonaws.com', [
    'AmazonEKSClusterPolicy',
  ])
  await eks.send(new CreateClusterCommand({ name, roleArn, resourcesVpcConfig: { subnetIds: subnets } }))
  const wait = { client: eks, maxWaitTime: 60, minDelay: 1 }
  await waitUntilClusterActive(wait, { name })
  if (nodes === 0) return
  const nodeRole = await createRole(clients, `${name}-node`, 'ec2.amazonaws.com', [
    'AmazonEKSWorkerNodePolicy',
    'AmazonEKS_CNI_Policy',
    'AmazonEC2ContainerRegistryPullOnly',
    'service-role/AmazonEBSCSIDriverPolicy',
  ])
  const group = { clusterName: name, nodegroupName: 'workers' }
  const scalingConfig = { minSize: nodes, maxSize: nodes, desiredSize: nodes }
  await eks.send(new CreateNodegroupCommand({ ...group, nodeRole, subnets, scalingConfig }))
  await waitUntilNodegroupActive(wait, group)
}

/**
 * Connects a shell's kubectl to an EKS cluster, as `aws eks update-kubeconfig` does, but with a token in the file: a kubectl that asks
 * `aws eks get-token` each time costs as much as ten without. For tests that are not about signing in; good for a quarter of an hour.
 */
export async function useCluster(shell: LabShell, clients: TargetClients, name: string): Promise<void> {
  const config = JSON.parse((await clients.kubernetes(name)).exportConfig())
  // kubectl goes through the proxy of its environment, as learners' does.
  for (const { cluster } of config.clusters) delete cluster['proxy-url']
  await shell.write('.kube/config', JSON.stringify(config))
}
