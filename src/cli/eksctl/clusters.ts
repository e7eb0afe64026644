import type { Cluster } from '@aws-sdk/client-eks'
import { createAddon } from './addons.ts'
import { type Clients, unlessMissing } from './clients.ts'
import type { ClusterConfig } from './config.ts'
import { createFargateProfiles, deleteFargateProfiles } from './fargate.ts'
import { createIdentityMapping } from './identity-mappings.ts'
import { addCluster, kubeconfigPath, removeCluster } from './kubeconfig.ts'
import { deleteLoadBalancers } from './kubectl.ts'
import { EksctlError, type Log } from './log.ts'
import { givenNetwork } from './network.ts'
import { createNodegroup, requireCluster } from './nodegroups.ts'
import { associateProvider, deleteProvider } from './oidc.ts'
import { createSelfManaged } from './self-managed.ts'
import { createServiceAccount } from './service-accounts.ts'
import { clusterStack, deleteStack, deployStack, findStack, stacksOf } from './stacks.ts'
import { print } from './table.ts'
import { clusterTemplate } from './templates/cluster.ts'
import { planNetwork } from './templates/network.ts'
import { VERSION } from './version.ts'

/** What a cluster gets beside the add-ons that its file lists; Auto Mode brings networking, proxy and DNS of its own. */
const defaultAddons = ({ autoModeConfig, addons = [], addonsConfig }: ClusterConfig): string[] =>
  addonsConfig?.disableDefaultAddons
    ? []
    : ['metrics-server', ...(autoModeConfig?.enabled ? [] : ['vpc-cni', 'kube-proxy', 'coredns'])].filter(
        (name) => !addons.some((addon) => addon.name === name),
      )

export interface CreateClusterOptions {
  kubeconfig?: string
  writeKubeconfig: boolean
  profile?: string
}

/** Makes everything that a cluster needs, in CloudFormation stacks, and waits until its nodes are ready. */
export async function createCluster(
  clients: Clients,
  log: Log,
  config: ClusterConfig,
  options: CreateClusterOptions,
): Promise<void> {
  const { name } = config.metadata
  const { region, eks } = clients
  const managed = config.managedNodeGroups ?? []
  const selfManaged = config.nodeGroups ?? []
  log.info(`eksctl version ${VERSION}`)
  log.info(`using region ${region}`)
  if (await unlessMissing(eks.describeCluster({ name }))) {
    throw new EksctlError(
      `creating CloudFormation stack "${clusterStack(name)}": a cluster named "${name}" already exists in region "${region}"`,
    )
  }
  const network = await chooseNetwork(clients, log, config)
  const version = config.metadata.version ?? (await defaultVersion(clients))
  for (const nodegroup of [...managed, ...selfManaged])
    log.info(`nodegroup "${nodegroup.name}" will use "${nodegroup.ami ?? ''}" [AmazonLinux2023/${version}]`)
  log.info(`using Kubernetes version ${version}`)
  announce(log, config, region)
  log.info(`building cluster stack "${clusterStack(name)}"`)
  await deployStack(
    clients,
    log,
    name,
    clusterStack(name),
    clusterTemplate(config, version, network),
    config.metadata.tags,
  )
  const { cluster } = await eks.describeCluster({ name })
  const addons = [...(config.addons ?? []), ...defaultAddons(config).map((addon) => ({ name: addon }))]
  for (const addon of addons) await createAddon(clients, log, name, addon)
  for (const nodegroup of managed) await createNodegroup(clients, log, cluster!, nodegroup)
  for (const nodegroup of selfManaged) await createSelfManaged(clients, log, cluster!, nodegroup)
  log.info('waiting for the control plane to become ready')
  const kubeconfig = kubeconfigPath(options.kubeconfig)
  if (options.writeKubeconfig) {
    await addCluster(kubeconfig, cluster!, await userName(clients), { profile: options.profile })
    log.success(`saved kubeconfig as "${kubeconfig}"`)
  }
  await createExtras(clients, log, cluster!, config)
  log.success(`all EKS cluster resources for "${name}" have been created`)
  if (managed.length > 0) log.success(`created ${managed.length} managed nodegroup(s) in cluster "${name}"`)
  if (selfManaged.length > 0) log.success(`created ${selfManaged.length} nodegroup(s) in cluster "${name}"`)
  if (options.writeKubeconfig) {
    log.info(`kubectl command should work with "${kubeconfig}", try 'kubectl get nodes'`)
  }
  log.success(`EKS cluster "${name}" in "${region}" region is ready`)
}

/** What a config asks for once the control plane is there: identity, mappings, Fargate. */
async function createExtras(clients: Clients, log: Log, cluster: Cluster, config: ClusterConfig) {
  const { iam, fargateProfiles = [], iamIdentityMappings = [] } = config
  if (iam?.withOIDC || iam?.serviceAccounts) await associateProvider(clients, log, cluster)
  for (const account of iam?.serviceAccounts ?? []) await createServiceAccount(clients, log, cluster, account)
  for (const mapping of iamIdentityMappings) await createIdentityMapping(log, cluster, mapping)
  await createFargateProfiles(clients, log, cluster, fargateProfiles)
}

function announce(log: Log, config: ClusterConfig, region: string): void {
  const { name } = config.metadata
  const managed = config.managedNodeGroups?.length ?? 0
  const own = config.nodeGroups?.length ?? 0
  const kinds = [
    ...(config.fargateProfiles ? ['Fargate profile'] : []),
    ...(own > 0 ? ['un-managed nodes'] : []),
    ...(managed > 0 ? ['managed nodes'] : []),
  ]
  log.info(
    `creating EKS cluster "${name}" in "${region}" region${kinds.length > 0 ? ` with ${kinds.join(' and ')}` : ''}`,
  )
  if (managed + own === 1)
    log.info(
      `will create 2 separate CloudFormation stacks for cluster itself and the initial ${managed ? 'managed ' : ''}nodegroup`,
    )
  else
    log.info(
      `will create a CloudFormation stack for cluster itself and ${own} nodegroup stack(s) and ${managed} managed nodegroup stack(s)`,
    )
  log.info(
    `if you encounter any issues, check CloudFormation console or try 'eksctl utils describe-stacks --region=${region} --cluster=${name}'`,
  )
  const { publicAccess = true, privateAccess = false } = config.vpc?.clusterEndpoints ?? {}
  log.info(
    `Kubernetes API endpoint access will use ${config.vpc?.clusterEndpoints ? 'provided values' : 'default of'} {publicAccess=${publicAccess}, privateAccess=${privateAccess}} for cluster "${name}" in "${region}"`,
  )
  const types = config.cloudWatch?.clusterLogging?.enableTypes
  if (types)
    log.info(
      `configuring CloudWatch logging for cluster "${name}" in "${region}" (enabled types: ${types.join(', ')})`,
    )
  else {
    log.info(`CloudWatch logging will not be enabled for cluster "${name}" in "${region}"`)
    log.info(
      `you can enable it with 'eksctl utils update-cluster-logging --enable-types={SPECIFY-YOUR-LOG-TYPES-HERE (e.g. all)} --region=${region} --cluster=${name}'`,
    )
  }
  if (defaultAddons(config).length > 0)
    log.info(
      `default addons ${defaultAddons(config).join(', ')} were not specified, will install them as EKS addons`,
    )
}

async function chooseNetwork(clients: Clients, log: Log, config: ClusterConfig) {
  const given = await givenNetwork(clients, config)
  if (given) {
    const text = `(subnets: private=[${given.privateSubnets.join(' ')}] public=[${given.publicSubnets.join(' ')}])`
    log.success(`using existing VPC (${given.vpcId}) and subnets ${text}`)
    return { given }
  }
  const zones = config.availabilityZones ?? (await chooseZones(clients))
  log.info(`setting availability zones to [${zones.join(' ')}]`)
  const plan = planNetwork(zones, { cidr: config.vpc?.cidr, nat: config.vpc?.nat?.gateway })
  for (const { zone, publicCidr, privateCidr } of plan.subnets)
    log.info(`subnets for ${zone} - public:${publicCidr} private:${privateCidr}`)
  return { plan }
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
      const own = (await findStack(clients, clusterStack(clusterName))) !== undefined
      return { Name: clusterName, Region: clients.region, Owned: own ? 'True' : 'False' }
    }),
  )
  const rows = items.map(({ Name, Region, Owned }) => [Name, Region, Owned])
  return print(output, ['NAME', 'REGION', 'EKSCTL CREATED'], rows, items)
}

/** Deletes a cluster: its load balancers, Fargate profiles, and stacks, the cluster's own last. */
export async function deleteCluster(
  clients: Clients,
  log: Log,
  name: string,
  options: { kubeconfig?: string; wait: boolean },
): Promise<void> {
  const { region } = clients
  log.info(`deleting EKS cluster "${name}"`)
  const cluster = await requireCluster(clients, name)
  const stacks = (await stacksOf(clients, name)).map(({ StackName }) => StackName!)
  if (!stacks.includes(clusterStack(name)))
    throw new EksctlError(
      `no eksctl-managed CloudFormation stacks found for "${name}": it was not made by eksctl; delete it with the AWS CLI`,
    )
  const nodegroups = stacks.filter((stack) => stack.startsWith(`eksctl-${name}-nodegroup-`))
  log.info(`will drain 0 unmanaged nodegroup(s) in cluster "${name}"`)
  await deleteFargateProfiles(clients, log, name)
  const path = kubeconfigPath(options.kubeconfig)
  if (await removeCluster(path, name, region)) log.success('kubeconfig has been updated')
  log.info('cleaning up AWS load balancers created by Kubernetes objects of Kind Service or Ingress')
  await deleteLoadBalancers(cluster).catch((error: Error) => {
    log.warning(`could not ask the cluster for its load balancers: ${error.message.split('\n')[0]}`)
  })
  await deleteProvider(clients, cluster)
  for (const stack of nodegroups) await deleteStack(clients, log, stack, { wait: true })
  for (const stack of stacks)
    if (!nodegroups.includes(stack) && stack !== clusterStack(name))
      await deleteStack(clients, log, stack, { wait: true })
  await deleteStack(clients, log, clusterStack(name), options)
  log.success('all cluster resources were deleted')
}
