import type { Scope } from '#aws/ec2/index.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'
import { nodeNamed } from '#aws/eks/node-index.ts'
import { roleByArn, rolePrincipal } from '#aws/iam/identity.ts'
import { trusts } from '#aws/iam/policy/evaluate.ts'
import type { Principal } from '#aws/wire/service.ts'
import type { BalancerCaller } from '#kubernetes/balancers/stack.ts'

const FIRST_CALL =
  'operation error Elastic Load Balancing v2: DescribeLoadBalancers, get identity: get credentials: failed to refresh cached credentials'

/** As whom EKS works for a cluster. Throws when its role is gone. */
export function clusterPrincipal(scope: Scope, { roleArn }: ClusterRecord, session: string): Principal {
  const principal = rolePrincipal(scope.world, roleArn, session)
  if (principal) return principal
  throw new Error(`AccessDenied: the role ${roleArn} does not exist`)
}

/**
 * As whom the controller calls AWS: the role of its service account, which must trust the cluster's issuer, else the node's.
 * https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
 */
export function controllerPrincipal(scope: Scope, cluster: ClusterRecord, caller: BalancerCaller): Principal {
  if (caller.roleArn) {
    const issuer = cluster.oidcIssuer.replace(/^https:\/\//, '')
    const provider = `arn:aws:iam::${scope.accountId}:oidc-provider/${issuer}`
    const role = roleByArn(scope.world, caller.roleArn)
    const claims = {
      [`${issuer}:sub`]: `system:serviceaccount:${caller.namespace}:${caller.serviceAccount}`,
      [`${issuer}:aud`]: 'sts.amazonaws.com',
    }
    const action = 'sts:AssumeRoleWithWebIdentity'
    if (!role || !trusts(role.trustPolicy, { federated: provider }, action, claims)) {
      throw new Error(
        `${FIRST_CALL}, failed to retrieve credentials, operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 403, RequestID: ${scope.world.ids.uuid()}, api error AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity`,
      )
    }
    return rolePrincipal(scope.world, caller.roleArn, String(scope.world.clock.now()))!
  }
  const node = nodeNamed(scope.world, cluster.uid, caller.nodeName)
  const principal = node && rolePrincipal(scope.world, node.roleArn, node.instanceId)
  if (!principal) throw new Error(`${FIRST_CALL}, no EC2 IMDS role found`)
  return principal
}
