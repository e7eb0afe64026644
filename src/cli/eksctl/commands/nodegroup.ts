import { createClients } from '../clients.ts'
import { readClusterConfig } from '../config.ts'
import { EksctlError } from '../log.ts'
import { nodegroupName } from '../names.ts'
import {
  createNodegroup,
  deleteNodegroup,
  getNodegroups,
  requireCluster,
  scaleNodegroup,
} from '../nodegroups.ts'
import { createSelfManaged } from '../self-managed.ts'
import { upgradeNodegroup } from '../upgrade.ts'
import { type NodeOptions, nodegroupFrom, nodeOptions } from './nodegroup-options.ts'
import { type Common, common, count, log, ofCluster, output, required, type Verbs } from './shared.ts'

interface OfCluster extends Common {
  cluster: string
  name?: string
}

export function nodegroupCommands({ create, get, scale, upgrade, delete: remove }: Verbs): void {
  nodeOptions(common(create.command('nodegroup').alias('ng').description('Create a nodegroup')))
    .option('-c, --cluster <name>', 'name of the EKS cluster to add the nodegroup to')
    .option('-n, --name <name>', 'name of the new nodegroup (generated if unspecified)')
    .option('-f, --config-file <file>', 'load configuration from a file (or stdin if set to "-")')
    .action(async (options: Partial<OfCluster> & NodeOptions & { configFile?: string }) => {
      const config = options.configFile ? await readClusterConfig(options.configFile) : undefined
      const name = config?.metadata.name ?? options.cluster
      if (name === undefined) throw new EksctlError('--cluster must be set')
      const clients = await createClients({ region: config?.metadata.region, ...options })
      const cluster = await requireCluster(clients, name)
      log.info(`using region ${clients.region}`)
      const one = nodegroupFrom(options.name ?? nodegroupName(), options)
      const { spot: _, instanceTypes: __, ...plain } = one
      const managed = config ? (config.managedNodeGroups ?? []) : options.managed ? [one] : []
      const selfManaged = config ? (config.nodeGroups ?? []) : options.managed ? [] : [plain]
      for (const group of managed) await createNodegroup(clients, log, cluster, group)
      for (const group of selfManaged) await createSelfManaged(clients, log, cluster, group)
      log.success(`created ${selfManaged.length} nodegroup(s) in cluster "${name}"`)
      log.success(`created ${managed.length} managed nodegroup(s) in cluster "${name}"`)
    })

  ofCluster(get.command('nodegroup').aliases(['nodegroups', 'ng']).description('Get nodegroup(s)'))
    .option('-n, --name <name>', 'name of the nodegroup')
    .addOption(output())
    .action(async (options: OfCluster & { output: string }) => {
      await getNodegroups(await createClients(options), options.cluster, options.name, options.output)
    })

  ofCluster(scale.command('nodegroup [name]').alias('ng').description('Scale a nodegroup'))
    .option('-n, --name <name>', 'name of the nodegroup to scale')
    .option('-N, --nodes <n>', 'desired number of nodes', count)
    .option('-m, --nodes-min <n>', 'minimum number of nodes', count)
    .option('-M, --nodes-max <n>', 'maximum number of nodes', count)
    .action(async (argument: string | undefined, options: OfCluster & NodeOptions) => {
      const name = required(argument, options.name)
      await scaleNodegroup(await createClients(options), log, options.cluster, name, {
        nodes: options.nodes,
        min: options.nodesMin,
        max: options.nodesMax,
      })
    })

  ofCluster(upgrade.command('nodegroup').alias('ng').description('Upgrade a nodegroup'))
    .requiredOption('-n, --name <name>', 'name of the nodegroup')
    .option('--kubernetes-version <version>', 'Kubernetes version')
    .action(async (options: OfCluster & { name: string; kubernetesVersion?: string }) => {
      await upgradeNodegroup(await createClients(options), log, options.cluster, options.name, options)
    })

  ofCluster(remove.command('nodegroup [name]').alias('ng').description('Delete a nodegroup'))
    .option('-n, --name <name>', 'name of the nodegroup to delete')
    .option('-w, --wait', 'wait for deletion of all resources before exiting', false)
    .action(async (argument: string | undefined, options: OfCluster & { wait: boolean }) => {
      const name = required(argument, options.name)
      await deleteNodegroup(await createClients(options), log, options.cluster, name, options)
    })
}
