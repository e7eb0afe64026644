import { spawnSync } from 'node:child_process'
import { Command, Option } from 'commander'
import { createClients } from './clients.ts'
import { createCluster, deleteCluster, getClusters, userName } from './clusters.ts'
import { type ClusterConfig, type NodeGroupConfig, readClusterConfig } from './config.ts'
import { addCluster, kubeconfigPath } from './kubeconfig.ts'
import { createLog, EksctlError } from './log.ts'
import { clusterName, nodegroupName } from './names.ts'
import {
  createNodegroup,
  deleteNodegroup,
  getNodegroups,
  requireCluster,
  scaleNodegroup,
} from './nodegroups.ts'
import { VERSION } from './version.ts'

const log = createLog(process.stdout)

const count = (text: string) => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0)
    throw new EksctlError(`invalid argument "${text}": must be a whole number`)
  return value
}

const program = new Command('eksctl')
  .description('The official CLI for Amazon EKS, in the edition of Drydock')
  .configureHelp({ sortSubcommands: true })
  .showHelpAfterError("(usage: see 'eksctl help')")

/** Options of every command that talks to AWS. */
const common = (command: Command) =>
  command
    .option('-r, --region <region>', 'AWS region')
    .option('-p, --profile <profile>', 'AWS credentials profile')

const output = () =>
  new Option('-o, --output <format>', 'output format').choices(['table', 'json', 'yaml']).default('table')

/** Options that describe a node group. */
const nodeOptions = (command: Command) =>
  command
    .option('-t, --node-type <type>', 'node instance type (default m5.large)')
    .option('-N, --nodes <n>', 'total number of nodes', count)
    .option('-m, --nodes-min <n>', 'minimum nodes in ASG', count)
    .option('-M, --nodes-max <n>', 'maximum nodes in ASG', count)
    .option('--node-volume-size <GiB>', 'node volume size in GB', count)
    .option('--node-private-networking', 'whether to make nodegroup networking private')
    .option('--spot', 'create a spot nodegroup')
    .option('--managed', 'create EKS-managed nodegroup', true)

interface NodeOptions {
  nodeType?: string
  nodes?: number
  nodesMin?: number
  nodesMax?: number
  nodeVolumeSize?: number
  nodePrivateNetworking?: boolean
  spot?: boolean
}

const nodegroupFrom = (name: string, options: NodeOptions): NodeGroupConfig => ({
  name,
  instanceType: options.nodeType,
  desiredCapacity: options.nodes,
  minSize: options.nodesMin,
  maxSize: options.nodesMax,
  volumeSize: options.nodeVolumeSize,
  privateNetworking: options.nodePrivateNetworking,
  spot: options.spot,
})

interface CreateOptions extends NodeOptions {
  name?: string
  version?: string
  zones?: string
  configFile?: string
  nodegroupName?: string
  withoutNodegroup?: boolean
  kubeconfig?: string
  writeKubeconfig: boolean
  region?: string
  profile?: string
}

const create = program.command('create').description('Create resource(s)')
nodeOptions(common(create.command('cluster [name]').description('Create a cluster')))
  .option('-n, --name <name>', 'EKS cluster name (generated if unspecified)')
  .option('--version <version>', 'Kubernetes version')
  .option('--zones <zones>', 'availability zones, separated by commas')
  .option('-f, --config-file <file>', 'load configuration from a file (or stdin if set to "-")')
  .option('--nodegroup-name <name>', 'name of the nodegroup (generated if unspecified)')
  .option('--without-nodegroup', 'if set, initial nodegroup will not be created')
  .option('--kubeconfig <path>', 'path to write kubeconfig')
  .option('--no-write-kubeconfig', 'toggle writing of kubeconfig')
  .action(async (argument: string | undefined, options: CreateOptions) => {
    const config = options.configFile
      ? await readClusterConfig(options.configFile)
      : configFrom(argument ?? options.name ?? clusterName(), options)
    const clients = await createClients({
      region: options.region ?? config.metadata.region,
      profile: options.profile,
    })
    await createCluster(clients, log, config, options)
  })

function configFrom(name: string, options: CreateOptions): ClusterConfig {
  return {
    apiVersion: 'eksctl.io/v1alpha5',
    kind: 'ClusterConfig',
    metadata: { name, version: options.version },
    availabilityZones: options.zones?.split(','),
    managedNodeGroups: options.withoutNodegroup
      ? []
      : [nodegroupFrom(options.nodegroupName ?? nodegroupName(), options)],
  }
}

interface NodegroupOptions extends NodeOptions {
  cluster: string
  name?: string
  region?: string
  profile?: string
  output: string
}

nodeOptions(common(create.command('nodegroup').alias('ng').description('Create a nodegroup')))
  .requiredOption('-c, --cluster <name>', 'name of the EKS cluster to add the nodegroup to')
  .option('-n, --name <name>', 'name of the new nodegroup (generated if unspecified)')
  .action(async (options: NodegroupOptions) => {
    const clients = await createClients(options)
    const cluster = await requireCluster(clients, options.cluster)
    log.info(`using region ${clients.region}`)
    await createNodegroup(clients, log, cluster, nodegroupFrom(options.name ?? nodegroupName(), options))
    log.success(`created 1 managed nodegroup(s) in cluster "${options.cluster}"`)
  })

const get = program.command('get').description('Get resource(s)')
common(get.command('cluster [name]').alias('clusters').description('Get cluster(s)'))
  .option('-n, --name <name>', 'EKS cluster name')
  .addOption(output())
  .action(
    async (argument: string | undefined, options: { name?: string; output: string; region?: string }) => {
      await getClusters(await createClients(options), argument ?? options.name, options.output)
    },
  )
common(get.command('nodegroup').aliases(['nodegroups', 'ng']).description('Get nodegroup(s)'))
  .requiredOption('-c, --cluster <name>', 'EKS cluster name')
  .option('-n, --name <name>', 'name of the nodegroup')
  .addOption(output())
  .action(async (options: NodegroupOptions) => {
    await getNodegroups(await createClients(options), options.cluster, options.name, options.output)
  })

const scale = program.command('scale').description('Scale resources(s)')
common(scale.command('nodegroup [name]').alias('ng').description('Scale a nodegroup'))
  .requiredOption('-c, --cluster <name>', 'EKS cluster name')
  .option('-n, --name <name>', 'name of the nodegroup to scale')
  .option('-N, --nodes <n>', 'desired number of nodes', count)
  .option('-m, --nodes-min <n>', 'minimum number of nodes', count)
  .option('-M, --nodes-max <n>', 'maximum number of nodes', count)
  .action(async (argument: string | undefined, options: NodegroupOptions) => {
    const name = argument ?? options.name
    if (name === undefined) throw new EksctlError('--name must be set')
    await scaleNodegroup(await createClients(options), log, options.cluster, name, {
      nodes: options.nodes,
      min: options.nodesMin,
      max: options.nodesMax,
    })
  })

const remove = program.command('delete').description('Delete resource(s)')
common(remove.command('cluster [name]').description('Delete a cluster'))
  .option('-n, --name <name>', 'EKS cluster name')
  .option('-w, --wait', 'wait for deletion of all resources before exiting', true)
  .option('--kubeconfig <path>', 'path of the kubeconfig')
  .action(
    async (
      argument: string | undefined,
      options: { name?: string; region?: string; kubeconfig?: string },
    ) => {
      const name = argument ?? options.name
      if (name === undefined) throw new EksctlError('--name must be set')
      await deleteCluster(await createClients(options), log, name, options.kubeconfig)
    },
  )
common(remove.command('nodegroup [name]').alias('ng').description('Delete a nodegroup'))
  .requiredOption('-c, --cluster <name>', 'EKS cluster name')
  .option('-n, --name <name>', 'name of the nodegroup to delete')
  .option('-w, --wait', 'wait for deletion of all resources before exiting', true)
  .action(async (argument: string | undefined, options: NodegroupOptions) => {
    const name = argument ?? options.name
    if (name === undefined) throw new EksctlError('--name must be set')
    await deleteNodegroup(await createClients(options), log, options.cluster, name)
    log.success(`deleted 1 nodegroup(s) from cluster "${options.cluster}"`)
  })

const utils = program.command('utils').description('Various utils')
common(utils.command('write-kubeconfig').description('Write kubeconfig file for a given cluster'))
  .requiredOption('-c, --cluster <name>', 'EKS cluster name')
  .option('--kubeconfig <path>', 'path to write kubeconfig')
  .action(async (options: { cluster: string; kubeconfig?: string; region?: string; profile?: string }) => {
    const clients = await createClients(options)
    const path = kubeconfigPath(options.kubeconfig)
    const cluster = await requireCluster(clients, options.cluster)
    await addCluster(path, cluster, await userName(clients), { profile: options.profile })
    log.success(`saved kubeconfig as "${path}"`)
  })

program
  .command('version')
  .description('Output the version of eksctl')
  .action(() => {
    process.stdout.write(`${VERSION}\n`)
  })

program
  .command('info')
  .description('Output the version of eksctl, kubectl and OS info')
  .action(() => {
    const { stdout } = spawnSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' })
    const kubectl = /"gitVersion": "([^"]+)"/.exec(stdout ?? '')?.[1] ?? 'not found'
    process.stdout.write(`eksctl version: ${VERSION}\nkubectl version: ${kubectl}\nOS: ${process.platform}\n`)
  })

try {
  await program.parseAsync()
} catch (error) {
  const known = error instanceof EksctlError || (error as { $metadata?: unknown }).$metadata !== undefined
  const { name, message } = error as Error
  process.stderr.write(
    `Error: ${error instanceof EksctlError ? message : known ? `${name}: ${message}` : String((error as Error).stack)}\n`,
  )
  process.exitCode = 1
}
