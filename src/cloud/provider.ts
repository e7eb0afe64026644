import { allocatePodAddress, releasePodAddress, type Scope } from '#aws/ec2/index.ts'
import { registryPassword } from '#aws/ecr/index.ts'
import { type ClusterRecord, nodegroups, nodes } from '#aws/eks/index.ts'
import { roleMay, rolePrincipal } from '#aws/iam/identity.ts'
import type { CloudProvider } from '#kubernetes/provider.ts'
import { serviceLoadBalancers } from './load-balancers.ts'

const ECR_REFERENCE = /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com\//

/** What AWS does for the Kubernetes of an EKS cluster: the VPC CNI, the ECR credential provider, load balancers. */
export function eksProvider(scope: Scope, cluster: ClusterRecord): CloudProvider {
  const nodeNamed = (name: string) => nodes.list(scope, cluster.name).find((node) => node.name === name)
  return {
    ...serviceLoadBalancers(scope, cluster),
    allocatePodAddress(nodeName, podUid) {
      const node = nodeNamed(nodeName)
      if (!node)
        throw new Error(`failed to assign an IP address to container: node ${nodeName} has no instance`)
      return allocatePodAddress(scope, node.instanceId, podUid)
    },
    releasePodAddress(nodeName, podUid) {
      const node = nodeNamed(nodeName)
      if (node) releasePodAddress(scope, node.instanceId, podUid)
    },
    async registryCredentials(nodeName, reference) {
      const node = nodeNamed(nodeName)
      if (!node || !ECR_REFERENCE.test(reference)) return undefined
      const role = nodegroups.find(scope, cluster.name, node.nodegroupName)?.nodeRole
      // As ecr-credential-provider: without the right to a token it gives none, and the pull goes out anonymous.
      if (!role || !roleMay(scope.world, role, 'ecr:GetAuthorizationToken', '*').allowed) return undefined
      const principal = rolePrincipal(scope.world, role, node.instanceId)!
      return { username: 'AWS', password: registryPassword(scope.world, principal).password }
    },
  }
}
