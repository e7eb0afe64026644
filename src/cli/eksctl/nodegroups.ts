import type { Cluster } from '@aws-sdk/client-eks'
import { type Clients, unlessMissing, until } from './clients.ts'
import type { NodeGroupConfig } from './config.ts'
import { nodesOf } from './kubectl.ts'
import { EksctlError, type Log } from './log.ts'
import { networkOf, subnetsFor } from './network.ts'
import { deleteStack, deployStack, findStack, nodegroupStack } from './stacks.ts'
import { print } from './table.ts'
import { managedNodegroupTemplate, scalingOf } from './templates/nodegroups.ts'

/** Makes a managed node group in a stack of its own and waits until its nodes are ready. */
export async function createNodegroup(
  clients: Clients,
  log: Log,
  cluster: Cluster,
  config: NodeGroupConfig,
): Promise<void> {
  const name = cluster.name!
  const stack = nodegroupStack(name, config.name)
  log.info(`building managed nodegroup stack "${stack}"`)
  const network = await networkOf(clients, cluster)
  const template = managedNodegroupTemplate(
    name,
    config,
    subnetsFor(network, config),
    cluster.resourcesVpcConfig?.clusterSecurityGroupId,
  )
  await deployStack(clients, log, name, stack, template, {
    'alpha.eksctl.io/nodegroup-name': config.name,
    'alpha.eksctl.io/nodegroup-type': 'managed',
    ...config.tags,
  })
  await reportNodes(log, cluster, config.name, scalingOf(config).minSize)
}

/** Tells of a node group's nodes, and waits until enough of them are ready. */
export async function reportNodes(
  log: Log,
  cluster: Cluster,
  nodegroup: string,
  minimum: number,
): Promise<void> {
  const report = (nodes: { name: string; ready: boolean }[]) => {
    log.info(`nodegroup "${nodegroup}" has ${nodes.length} node(s)`)
    for (const { name, ready } of nodes) log.info(`node "${name}" is ${ready ? 'ready' : 'not ready'}`)
  }
  report(await nodesOf(cluster, nodegroup))
  log.info(`waiting for at least ${minimum} node(s) to become ready in "${nodegroup}"`)
  const nodes = await until(async () => {
    const found = await nodesOf(cluster, nodegroup)
    return found.filter(({ ready }) => ready).length >= minimum ? found : undefined
  }, `nodes of "${nodegroup}"`)
  report(nodes)
}

export async function requireCluster({ eks, region }: Clients, name: string): Promise<Cluster> {
  const found = await unlessMissing(eks.describeCluster({ name }))
  if (found?.cluster) return found.cluster
  throw new EksctlError(
    `unable to describe cluster control plane: cluster "${name}" does not exist in region "${region}"`,
  )
}

export async function getNodegroups(
  clients: Clients,
  clusterName: string,
  only: string | undefined,
  output: string,
) {
  await requireCluster(clients, clusterName)
  const { nodegroups = [] } = await clients.eks.listNodegroups({ clusterName })
  const names = only === undefined ? nodegroups : nodegroups.filter((name) => name === only)
  if (names.length === 0) throw new EksctlError(`no nodegroups found in cluster "${clusterName}"`)
  const found = await Promise.all(
    names.map(
      async (nodegroupName) =>
        (await clients.eks.describeNodegroup({ clusterName, nodegroupName })).nodegroup!,
    ),
  )
  const items = found.map((nodegroup) => ({
    StackName: nodegroupStack(clusterName, nodegroup.nodegroupName!),
    Cluster: clusterName,
    Name: nodegroup.nodegroupName,
    Status: nodegroup.status,
    MaxSize: nodegroup.scalingConfig?.maxSize,
    MinSize: nodegroup.scalingConfig?.minSize,
    DesiredCapacity: nodegroup.scalingConfig?.desiredSize,
    InstanceType: nodegroup.instanceTypes?.join(','),
    ImageID: nodegroup.amiType,
    CreationTime: nodegroup.createdAt?.toISOString().replace(/\.\d+Z$/, 'Z'),
    NodeInstanceRoleARN: nodegroup.nodeRole,
    AutoScalingGroupName: nodegroup.resources?.autoScalingGroups?.[0]?.name,
    Version: nodegroup.version,
    NodeGroupType: 'managed',
  }))
  const header = [
    'CLUSTER',
    'NODEGROUP',
    'STATUS',
    'CREATED',
    'MIN SIZE',
    'MAX SIZE',
    'DESIRED CAPACITY',
    'INSTANCE TYPE',
    'IMAGE ID',
    'ASG NAME',
    'TYPE',
  ]
  const rows = items.map((item) =>
    [
      item.Cluster,
      item.Name,
      item.Status,
      item.CreationTime,
      item.MinSize,
      item.MaxSize,
      item.DesiredCapacity,
      item.InstanceType,
      item.ImageID,
      item.AutoScalingGroupName,
      item.NodeGroupType,
    ].map(String),
  )
  await print(output, header, rows, items)
}

export async function scaleNodegroup(
  clients: Clients,
  log: Log,
  clusterName: string,
  nodegroupName: string,
  sizes: { nodes?: number; min?: number; max?: number },
): Promise<void> {
  await requireCluster(clients, clusterName)
  const found = await unlessMissing(clients.eks.describeNodegroup({ clusterName, nodegroupName }))
  if (!found)
    throw new EksctlError(
      `failed to scale nodegroup for cluster "${clusterName}", error: nodegroup "${nodegroupName}" not found`,
    )
  log.info(`scaling nodegroup "${nodegroupName}" in cluster ${clusterName}`)
  const present = found.nodegroup!.scalingConfig!
  const desiredSize = sizes.nodes ?? present.desiredSize!
  const minSize = sizes.min ?? present.minSize!
  const maxSize = sizes.max ?? present.maxSize!
  if (desiredSize > maxSize) {
    throw new EksctlError(
      `failed to scale nodegroup for cluster "${clusterName}", error: the desired nodes ${desiredSize} is greater than current nodes-max/maxSize ${maxSize}`,
    )
  }
  if (desiredSize < minSize) {
    throw new EksctlError(
      `failed to scale nodegroup for cluster "${clusterName}", error: the desired nodes ${desiredSize} is less than current nodes-min/minSize ${minSize}`,
    )
  }
  await clients.eks.updateNodegroupConfig({
    clusterName,
    nodegroupName,
    scalingConfig: { desiredSize, minSize, maxSize },
  })
  log.info('initiated scaling of nodegroup')
  log.info(
    `to see the status of the scaling run \`eksctl get nodegroup --cluster ${clusterName} --region ${clients.region} --name ${nodegroupName}\``,
  )
}

/** Deletes a node group with its stack; with `wait`, returns when it is gone. */
export async function deleteNodegroup(
  clients: Clients,
  log: Log,
  clusterName: string,
  nodegroupName: string,
  options: { wait: boolean },
): Promise<void> {
  const stack = nodegroupStack(clusterName, nodegroupName)
  if (!(await findStack(clients, stack)))
    throw new EksctlError(`nodegroup "${nodegroupName}" not found in the stacks of cluster "${clusterName}"`)
  log.info(`1 nodegroup (${nodegroupName}) was included (based on the include/exclude rules)`)
  log.info(`will drain 1 nodegroup(s) in cluster "${clusterName}"`)
  await deleteStack(clients, log, stack, options)
  log.success(`deleted 1 nodegroup(s) from cluster "${clusterName}"`)
}
