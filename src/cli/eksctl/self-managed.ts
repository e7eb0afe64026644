import type { Cluster } from '@aws-sdk/client-eks'
import type { Clients } from './clients.ts'
import type { SelfManagedConfig } from './config.ts'
import type { Log } from './log.ts'
import { networkOf, subnetsFor } from './network.ts'
import { reportNodes } from './nodegroups.ts'
import { deployStack, nodegroupStack } from './stacks.ts'
import { scalingOf, selfManagedTemplate } from './templates/nodegroups.ts'

/** The SSM parameter with the recommended image: https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html */
const imageParameter = (version: string) =>
  `/aws/service/eks/optimized-ami/${version}/amazon-linux-2023/x86_64/standard/recommended/image_id`

/** Makes a self-managed node group (an Auto Scaling group whose machines join by themselves) and waits for its nodes. */
export async function createSelfManaged(
  clients: Clients,
  log: Log,
  cluster: Cluster,
  config: SelfManagedConfig,
): Promise<void> {
  const name = cluster.name!
  const stack = nodegroupStack(name, config.name)
  const network = await networkOf(clients, cluster)
  const { Parameter } = await clients.ssm.getParameter({ Name: imageParameter(cluster.version!) })
  log.info(`building nodegroup stack "${stack}"`)
  const template = selfManagedTemplate(
    {
      name,
      endpoint: cluster.endpoint!,
      certificateAuthority: cluster.certificateAuthority!.data!,
      serviceCidr: cluster.kubernetesNetworkConfig!.serviceIpv4Cidr!,
      vpcId: cluster.resourcesVpcConfig!.vpcId!,
      securityGroups: [
        cluster.resourcesVpcConfig!.clusterSecurityGroupId!,
        ...(network.sharedNodeGroup === undefined ? [] : [network.sharedNodeGroup]),
      ],
      imageId: Parameter!.Value!,
    },
    config,
    subnetsFor(network, config),
  )
  await deployStack(clients, log, name, stack, template, {
    'alpha.eksctl.io/nodegroup-name': config.name,
    'alpha.eksctl.io/nodegroup-type': 'unmanaged',
    ...config.tags,
  })
  await reportNodes(log, cluster, config.name, scalingOf(config).minSize)
}
