import type { Scope } from '#aws/ec2/index.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'
import { nodeNamed } from '#aws/eks/node-index.ts'
import { roleMay } from '#aws/iam/identity.ts'
import type { ClusterApi } from '#kubernetes/api.ts'
import { MissingPermission, type PluginCaller } from '#kubernetes/provider.ts'
import { accountRole } from './driver-role.ts'

/** What ipamd asks of EC2 before it serves: which interfaces the node has, and addresses for them. */
const ACTIONS = ['ec2:DescribeNetworkInterfaces', 'ec2:AssignPrivateIpAddresses']

/** What ipamd of the VPC CNI calls when it starts, as the role that its environment names (an association or IRSA), else as the node's. */
export function beginVpcCni(
  scope: Scope,
  cluster: ClusterRecord,
  client: ClusterApi,
  { node, account, env }: PluginCaller,
): void {
  const ownRole = env.has('AWS_ROLE_ARN') || env.has('AWS_CONTAINER_CREDENTIALS_FULL_URI')
  const role = ownRole
    ? accountRole(scope, cluster, client, { account, node }, 'EC2: DescribeNetworkInterfaces')
    : (nodeNamed(scope.world, cluster.uid, node)?.roleArn ?? '')
  const missing = ACTIONS.find((action) => !roleMay(scope.world, role, action, '*').allowed)
  if (missing) throw new MissingPermission(missing)
}
