import type { Cluster } from '@aws-sdk/client-eks'
import type { Clients } from './clients.ts'
import type { ClusterConfig } from './config.ts'
import { EksctlError } from './log.ts'
import { clusterStack, findStack, outputOf } from './stacks.ts'
import type { GivenNetwork } from './templates/cluster.ts'

export interface ClusterNetwork {
  publicSubnets: string[]
  privateSubnets: string[]
  /** What eksctl's nodes share, in a cluster that it made. */
  sharedNodeGroup?: string
}

/** The network of a cluster: by its stack, or what the cluster itself says of it. */
export async function networkOf(clients: Clients, cluster: Cluster): Promise<ClusterNetwork> {
  const stack = await findStack(clients, clusterStack(cluster.name!))
  const list = (key: string) => outputOf(stack, key)?.split(',') ?? []
  if (stack) {
    const sharedNodeGroup = outputOf(stack, 'SharedNodeSecurityGroup')
    return {
      publicSubnets: list('SubnetsPublic'),
      privateSubnets: list('SubnetsPrivate'),
      ...(sharedNodeGroup === undefined ? {} : { sharedNodeGroup }),
    }
  }
  const subnetIds = cluster.resourcesVpcConfig?.subnetIds ?? []
  return { publicSubnets: subnetIds, privateSubnets: subnetIds }
}

/** The subnets for machines or pods of a cluster: those named, else the private or public ones. */
export function subnetsFor(
  network: ClusterNetwork,
  options: { privateNetworking?: boolean; subnets?: string[] },
) {
  if (options.subnets) return options.subnets
  const chosen = options.privateNetworking ? network.privateSubnets : network.publicSubnets
  return chosen.length > 0 ? chosen : [...network.publicSubnets, ...network.privateSubnets]
}

/** A network that was there before, if the config names one. Throws EksctlError when its subnets are not of one VPC. */
export async function givenNetwork(
  { ec2 }: Clients,
  config: ClusterConfig,
): Promise<GivenNetwork | undefined> {
  const { subnets, id } = config.vpc ?? {}
  if (!subnets) return undefined
  const ids = (map: Record<string, { id: string }> | undefined) =>
    Object.values(map ?? {}).map((one) => one.id)
  const publicSubnets = ids(subnets.public)
  const privateSubnets = ids(subnets.private)
  const { Subnets = [] } = await ec2.describeSubnets({ SubnetIds: [...publicSubnets, ...privateSubnets] })
  const vpcs = [...new Set(Subnets.map(({ VpcId }) => VpcId!))]
  if (vpcs.length !== 1 || (id !== undefined && vpcs[0] !== id))
    throw new EksctlError(
      `subnets ${ids(subnets.public).concat(privateSubnets).join(', ')} are not all in the same VPC as "${id ?? vpcs[0]}"`,
    )
  return { vpcId: vpcs[0]!, publicSubnets, privateSubnets }
}
