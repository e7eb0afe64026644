import { allocatePodAddress, releasePodAddress, releasePodsOf, type Scope } from '#aws/ec2/index.ts'
import { registryPassword } from '#aws/ecr/index.ts'
import { AUTO_CLUSTER_TAG } from '#aws/eks/auto-machines.ts'
import { type ClusterRecord, clusters, type NodeRecord } from '#aws/eks/index.ts'
import { nodeNamed } from '#aws/eks/node-index.ts'
import { roleMay, rolePrincipal } from '#aws/iam/identity.ts'
import type { ClusterApi } from '#kubernetes/api.ts'
import type { CloudProvider } from '#kubernetes/provider.ts'
import { ConnectError } from '#network/virtual-network.ts'
import { clusterPrincipal } from './balancer-principal.ts'
import { type BalancerTags, balancerStacks } from './balancer-stacks.ts'
import { ebsVolumes } from './ebs-volumes.ts'
import type { EfsFiles } from './efs-files.ts'
import { efsVolumes } from './efs-volumes.ts'
import { serviceLoadBalancers } from './load-balancers.ts'
import { beginVpcCni } from './network-plugin.ts'
import { eksPodWebhooks } from './pod-webhooks.ts'
import type { VpcPaths } from './vpc-paths.ts'

const AUTO_TAGS: BalancerTags = { cluster: AUTO_CLUSTER_TAG, domain: 'eks.amazonaws.com' }
const ECR_REFERENCE = /^\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\//

/** What the provider needs of the world's networks. */
export interface ProviderNetwork {
  paths: VpcPaths
  files: EfsFiles
  /** The cluster's own API, once it runs. */
  clientOf(uid: string): ClusterApi | undefined
  /** The public address of a host name. */
  addressOf(name: string): string | undefined
}

/** What AWS does for the Kubernetes of an EKS cluster: the VPC CNI, the ECR credential provider, load balancers. */
export function eksProvider(
  { paths, files, addressOf, clientOf }: ProviderNetwork,
  scope: Scope,
  cluster: ClusterRecord,
): CloudProvider {
  const nodeOf = (name: string) => nodeNamed(scope.world, cluster.uid, name)
  const reaches = (node: NodeRecord, host: string, port: number) => {
    const from = paths.endAt(node.internalIp, cluster.vpcId)
    const address = addressOf(host)
    if (!from || !address || paths.toHost(from, host, address, port).open) return
    const shown = paths.privateAddress(scope, cluster.vpcId, host) ?? address
    throw new ConnectError('ETIMEDOUT', shown, port)
  }
  return {
    ...serviceLoadBalancers(scope, cluster),
    balancers: balancerStacks(scope, cluster),
    autoBalancers: {
      ...balancerStacks(scope, cluster, () => clusterPrincipal(scope, cluster, 'eks-auto-mode'), AUTO_TAGS),
      cluster: () => (clusters.find(scope, cluster.name)?.autoMode?.enabled ? cluster.name : undefined),
    },
    mutatePod: eksPodWebhooks(scope, cluster),
    volumes: ebsVolumes(scope, cluster, () => clientOf(cluster.uid)),
    files: efsVolumes(scope, cluster, { files, paths, clientOf: () => clientOf(cluster.uid) }),
    allocatePodAddress(nodeName, podUid) {
      const node = nodeOf(nodeName)
      if (!node)
        throw new Error(`failed to assign an IP address to container: node ${nodeName} has no instance`)
      if (node.fargateProfile !== undefined) return node.internalIp
      return allocatePodAddress(scope, node.instanceId, podUid)
    },
    releasePodAddress(nodeName, podUid) {
      const node = nodeOf(nodeName)
      if (node && node.fargateProfile === undefined) releasePodAddress(scope, node.instanceId, podUid)
    },
    keepPodAddresses(nodeName, podUids) {
      const node = nodeOf(nodeName)
      if (node) releasePodsOf(scope, node.instanceId, podUids)
    },
    beginNetwork(caller) {
      const node = nodeOf(caller.node)
      if (node) reaches(node, `ec2.${scope.region}.amazonaws.com`, 443)
      beginVpcCni(scope, cluster, clientOf(cluster.uid)!, caller)
    },
    dial(nodeName, host, port) {
      const node = nodeOf(nodeName)
      if (node) reaches(node, host, port)
    },
    async registryCredentials(nodeName, reference) {
      const node = nodeOf(nodeName)
      const region = ECR_REFERENCE.exec(reference)?.[1]
      if (!node || !region || !connects(() => reaches(node, `api.ecr.${region}.amazonaws.com`, 443)))
        return undefined
      const role = node.roleArn
      // As ecr-credential-provider: without the right to a token it gives none, and the pull goes out anonymous.
      if (!roleMay(scope.world, role, 'ecr:GetAuthorizationToken', '*').allowed) return undefined
      const principal = rolePrincipal(scope.world, role, node.instanceId)!
      return { username: 'AWS', password: registryPassword(scope.world, principal).password }
    },
  }
}

function connects(dial: () => void): boolean {
  try {
    dial()
    return true
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    return false
  }
}
