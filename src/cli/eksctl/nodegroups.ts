import type { Cluster } from '@aws-sdk/client-eks'
import { type Clients, unlessMissing, until } from './clients.ts'
import type { NodeGroupConfig } from './config.ts'
import { nodesOf } from './kubectl.ts'
import { EksctlError, type Log } from './log.ts'
import { clusterSubnets } from './network.ts'
import { createNodeRole, deleteRole } from './roles.ts'
import { print } from './table.ts'

const EFFECTS: Record<string, 'NO_SCHEDULE' | 'NO_EXECUTE' | 'PREFER_NO_SCHEDULE'> = {
  NoSchedule: 'NO_SCHEDULE',
  NoExecute: 'NO_EXECUTE',
  PreferNoSchedule: 'PREFER_NO_SCHEDULE',
}

/** Minimum, maximum and desired size: what is not given follows from what is, as in eksctl (default 2). */
function scalingOf({ desiredCapacity, minSize, maxSize }: NodeGroupConfig) {
  const desired = desiredCapacity ?? minSize ?? (maxSize === undefined ? 2 : Math.min(2, maxSize))
  return { desiredSize: desired, minSize: minSize ?? desired, maxSize: maxSize ?? Math.max(desired, 1) }
}

/** Makes a managed node group with its role and waits until it is active and its nodes are ready. */
export async function createNodegroup(
  clients: Clients,
  log: Log,
  cluster: Cluster,
  config: NodeGroupConfig,
): Promise<void> {
  const clusterName = cluster.name!
  const { name } = config
  log.info(`building managed nodegroup stack "eksctl-${clusterName}-nodegroup-${name}"`)
  const own = await clusterSubnets(clients, clusterName)
  const made = config.privateNetworking ? own.privateSubnets : own.publicSubnets
  const subnets = made.length > 0 ? made : cluster.resourcesVpcConfig!.subnetIds!
  const nodeRole = await createNodeRole(clients, clusterName, name)
  try {
    await clients.eks.createNodegroup({
      clusterName,
      nodegroupName: name,
      nodeRole,
      subnets,
      scalingConfig: scalingOf(config),
      instanceTypes: config.instanceTypes ?? [config.instanceType ?? 'm5.large'],
      diskSize: config.volumeSize ?? 80,
      capacityType: config.spot ? 'SPOT' : 'ON_DEMAND',
      labels: {
        'alpha.eksctl.io/cluster-name': clusterName,
        'alpha.eksctl.io/nodegroup-name': name,
        ...config.labels,
      },
      taints: config.taints?.map(({ key, value, effect }) => ({ key, value, effect: EFFECTS[effect] })),
      tags: {
        'alpha.eksctl.io/cluster-name': clusterName,
        'alpha.eksctl.io/nodegroup-name': name,
        'alpha.eksctl.io/nodegroup-type': 'managed',
        ...config.tags,
      },
    })
  } catch (error) {
    await deleteRole(clients, clusterName, nodeRole)
    throw error
  }
  log.info(`waiting for nodegroup "${name}" to become active`)
  await until(async () => {
    const { nodegroup } = await clients.eks.describeNodegroup({ clusterName, nodegroupName: name })
    if (nodegroup?.status === 'CREATE_FAILED') {
      const issue = nodegroup.health?.issues?.[0]
      throw new EksctlError(`nodegroup "${name}" could not be created: ${issue?.code}: ${issue?.message}`)
    }
    return nodegroup?.status === 'ACTIVE' ? true : undefined
  }, `nodegroup "${name}"`)
  await reportNodes(log, cluster, name, scalingOf(config).minSize)
}

async function reportNodes(log: Log, cluster: Cluster, nodegroup: string, minimum: number): Promise<void> {
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
    StackName: '',
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

/** Deletes a node group and its role; returns when it is gone. */
export async function deleteNodegroup(
  clients: Clients,
  log: Log,
  clusterName: string,
  nodegroupName: string,
): Promise<void> {
  const found = await unlessMissing(clients.eks.describeNodegroup({ clusterName, nodegroupName }))
  if (!found) throw new EksctlError(`nodegroup "${nodegroupName}" not found in cluster "${clusterName}"`)
  log.info(`will drain 1 nodegroup(s) in cluster "${clusterName}"`)
  await clients.eks.deleteNodegroup({ clusterName, nodegroupName })
  log.info(`waiting for deletion of nodegroup "${nodegroupName}"`)
  await until(async () => {
    const left = await unlessMissing(clients.eks.describeNodegroup({ clusterName, nodegroupName }))
    return left ? undefined : true
  }, `nodegroup "${nodegroupName}" to be deleted`)
  await deleteRole(clients, clusterName, found.nodegroup!.nodeRole!)
}
