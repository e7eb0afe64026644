import { createClients } from '../clients.ts'
import { createCluster, deleteCluster, getClusters } from '../clusters.ts'
import { type ClusterConfig, readClusterConfig } from '../config.ts'
import { EksctlError } from '../log.ts'
import { clusterName, nodegroupName } from '../names.ts'
import { upgradeCluster } from '../upgrade.ts'
import { type NodeOptions, nodegroupFrom, nodeOptions } from './nodegroup-options.ts'
import { type Common, common, list, log, output, required, type Verbs } from './shared.ts'

interface CreateOptions extends NodeOptions, Common {
  name?: string
  version?: string
  zones?: string[]
  vpcCidr?: string
  configFile?: string
  nodegroupName?: string
  withoutNodegroup?: boolean
  withOidc?: boolean
  fargate?: boolean
  enableAutoMode?: boolean
  kubeconfig?: string
  writeKubeconfig: boolean
}

interface NameOptions extends Common {
  name?: string
}

export function clusterCommands({ create, get, delete: remove, upgrade }: Verbs): void {
  nodeOptions(common(create.command('cluster [name]').description('Create a cluster')))
    .option('-n, --name <name>', 'EKS cluster name (generated if unspecified)')
    .option('--version <version>', 'Kubernetes version')
    .option('--zones <zones>', 'availability zones, separated by commas', list)
    .option('--vpc-cidr <cidr>', 'global CIDR to use for VPC')
    .option('-f, --config-file <file>', 'load configuration from a file (or stdin if set to "-")')
    .option('--nodegroup-name <name>', 'name of the nodegroup (generated if unspecified)')
    .option('--without-nodegroup', 'if set, initial nodegroup will not be created')
    .option('--with-oidc', 'enable the IAM OIDC provider')
    .option('--fargate', 'create a Fargate profile scheduling pods in the default and kube-system namespaces')
    .option('--enable-auto-mode', 'enable EKS Auto Mode')
    .option('--kubeconfig <path>', 'path to write kubeconfig')
    .option('--no-write-kubeconfig', 'toggle writing of kubeconfig')
    .action(async (argument: string | undefined, options: CreateOptions) => {
      if (options.configFile && (argument ?? options.name) !== undefined)
        throw new EksctlError('cannot use --name when --config-file/-f is set')
      const config = options.configFile
        ? await readClusterConfig(options.configFile)
        : configFrom(argument ?? options.name ?? clusterName(), options)
      const clients = await createClients({
        region: options.region ?? config.metadata.region,
        profile: options.profile,
      })
      await createCluster(clients, log, config, options)
    })

  common(get.command('cluster [name]').alias('clusters').description('Get cluster(s)'))
    .option('-n, --name <name>', 'EKS cluster name')
    .addOption(output())
    .action(async (argument: string | undefined, options: NameOptions & { output: string }) => {
      await getClusters(await createClients(options), argument ?? options.name, options.output)
    })

  common(upgrade.command('cluster [name]').description('Upgrade control plane to the next version'))
    .option('-n, --name <name>', 'EKS cluster name')
    .option('--version <version>', 'Kubernetes version')
    .option('--approve', 'Apply the changes')
    .action(
      async (
        argument: string | undefined,
        options: NameOptions & { version?: string; approve?: boolean },
      ) => {
        await upgradeCluster(await createClients(options), log, required(argument, options.name), options)
      },
    )

  common(remove.command('cluster [name]').description('Delete a cluster'))
    .option('-n, --name <name>', 'EKS cluster name')
    .option('-w, --wait', 'wait for deletion of all resources before exiting', false)
    .option('--kubeconfig <path>', 'path of the kubeconfig')
    .action(
      async (argument: string | undefined, options: NameOptions & { kubeconfig?: string; wait: boolean }) => {
        await deleteCluster(await createClients(options), log, required(argument, options.name), options)
      },
    )
}

function configFrom(name: string, options: CreateOptions): ClusterConfig {
  const nodegroup = nodegroupFrom(options.nodegroupName ?? nodegroupName(), options)
  const { spot: _, instanceTypes: __, ...selfManaged } = nodegroup
  const none = options.withoutNodegroup || options.fargate || options.enableAutoMode
  return {
    apiVersion: 'eksctl.io/v1alpha5',
    kind: 'ClusterConfig',
    metadata: { name, version: options.version },
    availabilityZones: options.zones,
    ...(options.vpcCidr === undefined ? {} : { vpc: { cidr: options.vpcCidr } }),
    ...(options.withOidc ? { iam: { withOIDC: true } } : {}),
    ...(options.enableAutoMode ? { autoModeConfig: { enabled: true } } : {}),
    ...(options.fargate
      ? {
          fargateProfiles: [
            { name: 'fp-default', selectors: [{ namespace: 'default' }, { namespace: 'kube-system' }] },
          ],
        }
      : {}),
    managedNodeGroups: none || !options.managed ? [] : [nodegroup],
    nodeGroups: none || options.managed ? [] : [selfManaged],
  }
}
