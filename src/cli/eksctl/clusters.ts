import type { Cluster } from '@aws-sdk/client-eks'
import { type Clients, unlessMissing, until } from './clients.ts'
import type { ClusterConfig, NodeGroupConfig } from './config.ts'
import { addCluster, kubeconfigPath, removeCluster } from './kubeconfig.ts'
import { deleteLoadBalancers } from './kubectl.ts'
import { EksctlError, type Log } from './log.ts'
import { createNetwork, deleteNetwork, planSubnets } from './network.ts'
import { createNodegroup, deleteNodegroup, requireCluster } from './nodegroups.ts'
import { createServiceRole, deleteRole } from './roles.ts'
import { print } from './table.ts'
import { VERSION } from './version.ts'

const DEFAULT_ADDONS = ['metrics-server', 'vpc-cni', 'kube-proxy', 'coredns']

export interface CreateClusterOptions {
  kubeconfig?: string
  writeKubeconfig: boolean
  profile?: string
}

/** Makes everything that a cluster needs and waits until its nodes are ready. */
export async function createCluster(
  clients: Clients,
  log: Log,
  config: ClusterConfig,
  options: CreateClusterOptions,
): Promise<void> {
  const { name } = config.metadata
  const { region, eks } = clients
  const nodegroups: NodeGroupConfig[] = config.managedNodeGroups ?? []
  log.info(`eksctl version ${VERSION}`)
  log.info(`using region ${region}`)
  if (await unlessMissing(eks.describeCluster({ name }))) {
    throw new EksctlError(
      `creating CloudFormation stack "eksctl-${name}-cluster": a cluster named "${name}" already exists in region "${region}"`,
    )
  }
  const zones = config.availabilityZones ?? (await chooseZones(clients))
  log.info(`setting availability zones to [${zones.join(' ')}]`)
  const plan = planSubnets(zones)
  for (const { zone, publicCidr, privateCidr } of plan) {
    log.info(`subnets for ${zone} - public:${publicCidr} private:${privateCidr}`)
  }
  const version = config.metadata.version ?? (await defaultVersion(clients))
  for (const nodegroup of nodegroups) {
    log.info(`nodegroup "${nodegroup.name}" will use "" [AmazonLinux2023/${version}]`)
  }
  log.info(`using Kubernetes version ${version}`)
  log.info(
    `creating EKS cluster "${name}" in "${region}" region with ${nodegroups.length > 0 ? 'managed nodes' : ''}`.trimEnd(),
  )
  log.warning(
    'this is the eksctl of Drydock: it makes the resources of the stacks below itself, without CloudFormation',
  )
  log.info(
    `Kubernetes API endpoint access will use default of {publicAccess=true, privateAccess=false} for cluster "${name}" in "${region}"`,
  )
  log.info(`CloudWatch logging will not be enabled for cluster "${name}" in "${region}"`)
  const addons = config.addons ?? DEFAULT_ADDONS.map((addon) => ({ name: addon, version: undefined }))
  if (!config.addons) {
    log.info(
      `default addons ${DEFAULT_ADDONS.join(', ')} were not specified, will install them as EKS addons`,
    )
  }
  log.info(`building cluster stack "eksctl-${name}-cluster"`)
  const network = await createNetwork(clients, name, plan)
  const roleArn = await createServiceRole(clients, name)
  await eks.createCluster({
    name,
    version,
    roleArn,
    resourcesVpcConfig: {
      subnetIds: [...network.publicSubnets, ...network.privateSubnets],
      securityGroupIds: [network.controlPlaneGroup],
      endpointPublicAccess: true,
      endpointPrivateAccess: false,
    },
    accessConfig: {
      authenticationMode: config.accessConfig?.authenticationMode ?? 'API_AND_CONFIG_MAP',
      bootstrapClusterCreatorAdminPermissions: true,
    },
    tags: {
      Name: `eksctl-${name}-cluster/ControlPlane`,
      'alpha.eksctl.io/cluster-name': name,
      'alpha.eksctl.io/eksctl-version': VERSION,
      ...config.metadata.tags,
    },
  })
  log.info('waiting for the control plane to become ready')
  const cluster = await until(async (): Promise<Cluster | undefined> => {
    const { cluster: found } = await eks.describeCluster({ name })
    if (found?.status === 'FAILED') throw new EksctlError(`cluster "${name}" could not be created`)
    return found?.status === 'ACTIVE' ? found : undefined
  }, 'the control plane')
  for (const addon of addons) {
    log.info(`creating addon: ${addon.name}`)
    await eks.createAddon({ clusterName: name, addonName: addon.name, addonVersion: addon.version })
  }
  const kubeconfig = kubeconfigPath(options.kubeconfig)
  if (options.writeKubeconfig) {
    await addCluster(kubeconfig, cluster, await userName(clients), { profile: options.profile })
    log.success(`saved kubeconfig as "${kubeconfig}"`)
  }
  for (const nodegroup of nodegroups) await createNodegroup(clients, log, cluster, nodegroup)
  log.success(`all EKS cluster resources for "${name}" have been created`)
  if (nodegroups.length > 0) {
    log.success(`created ${nodegroups.length} managed nodegroup(s) in cluster "${name}"`)
  }
  if (options.writeKubeconfig) {
    log.info(`kubectl command should work with "${kubeconfig}", try 'kubectl get nodes'`)
  }
  log.success(`EKS cluster "${name}" in "${region}" region is ready`)
}

/** Two zones in us-east-1, three elsewhere if there are so many: eksctl's own rule. */
async function chooseZones({ ec2, region }: Clients): Promise<string[]> {
  const { AvailabilityZones = [] } = await ec2.describeAvailabilityZones({
    Filters: [
      { Name: 'region-name', Values: [region] },
      { Name: 'state', Values: ['available'] },
      { Name: 'zone-type', Values: ['availability-zone'] },
    ],
  })
  return AvailabilityZones.map(({ ZoneName }) => ZoneName!).slice(0, region === 'us-east-1' ? 2 : 3)
}

async function defaultVersion({ eks }: Clients): Promise<string> {
  const { clusterVersions } = await eks.describeClusterVersions({ defaultOnly: true })
  return clusterVersions![0]!.clusterVersion!
}

/** What eksctl puts before the `@` of a context: the user's or role's name. */
export async function userName({ sts }: Clients): Promise<string> {
  const { Arn } = await sts.getCallerIdentity({})
  return Arn!.split('/').at(-1)!
}

export async function getClusters(clients: Clients, name: string | undefined, output: string): Promise<void> {
  if (name !== undefined) {
    const cluster = await requireCluster(clients, name)
    const { vpcId = '', subnetIds = [], securityGroupIds = [] } = cluster.resourcesVpcConfig ?? {}
    const header = ['NAME', 'VERSION', 'STATUS', 'CREATED', 'VPC', 'SUBNETS', 'SECURITYGROUPS', 'PROVIDER']
    const created = cluster.createdAt!.toISOString().replace(/\.\d+Z$/, 'Z')
    const row = [
      name,
      cluster.version!,
      cluster.status!,
      created,
      vpcId,
      subnetIds.join(','),
      securityGroupIds.join(','),
      'EKS',
    ]
    return print(output, header, [row], [cluster])
  }
  const { clusters = [] } = await clients.eks.listClusters({})
  if (clusters.length === 0 && output === 'table') {
    process.stdout.write('No clusters found\n')
    return
  }
  const items = await Promise.all(
    clusters.map(async (clusterName) => {
      const { cluster } = await clients.eks.describeCluster({ name: clusterName })
      const own = cluster?.tags?.['alpha.eksctl.io/cluster-name'] !== undefined
      return { Name: clusterName, Region: clients.region, Owned: own ? 'True' : 'False' }
    }),
  )
  const rows = items.map(({ Name, Region, Owned }) => [Name, Region, Owned])
  return print(output, ['NAME', 'REGION', 'EKSCTL CREATED'], rows, items)
}

/** Deletes a cluster with its node groups, load balancers, roles and network. */
export async function deleteCluster(
  clients: Clients,
  log: Log,
  name: string,
  kubeconfig?: string,
): Promise<void> {
  const { eks, region } = clients
  log.info(`deleting EKS cluster "${name}"`)
  const cluster = await requireCluster(clients, name)
  const { nodegroups = [] } = await eks.listNodegroups({ clusterName: name })
  log.info(`will drain 0 unmanaged nodegroup(s) in cluster "${name}"`)
  log.info('deleted 0 Fargate profile(s)')
  const path = kubeconfigPath(kubeconfig)
  if (await removeCluster(path, name, region)) log.success('kubeconfig has been updated')
  log.info('cleaning up AWS load balancers created by Kubernetes objects of Kind Service or Ingress')
  await deleteLoadBalancers(cluster).catch((error: Error) => {
    log.warning(`could not ask the cluster for its load balancers: ${error.message.split('\n')[0]}`)
  })
  for (const nodegroup of nodegroups) await deleteNodegroup(clients, log, name, nodegroup)
  log.info(`will delete stack "eksctl-${name}-cluster"`)
  await eks.deleteCluster({ name })
  await until(
    async () => ((await unlessMissing(eks.describeCluster({ name }))) ? undefined : true),
    'the cluster to be deleted',
  )
  await deleteRole(clients, name, cluster.roleArn!)
  await deleteNetwork(clients, name)
  log.success('all cluster resources were deleted')
}
