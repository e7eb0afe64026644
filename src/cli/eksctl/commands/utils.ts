import { createClients } from '../clients.ts'
import { userName } from '../clusters.ts'
import { addCluster, kubeconfigPath } from '../kubeconfig.ts'
import { requireCluster } from '../nodegroups.ts'
import { associateProvider } from '../oidc.ts'
import { stacksOf } from '../stacks.ts'
import { type Common, list, log, ofCluster, type Verbs } from './shared.ts'

interface OfCluster extends Common {
  cluster: string
}

const LOG_TYPES = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'] as const

export function utilsCommands({ utils }: Verbs): void {
  ofCluster(utils.command('write-kubeconfig').description('Write kubeconfig file for a given cluster'))
    .option('--kubeconfig <path>', 'path to write kubeconfig')
    .action(async (options: OfCluster & { kubeconfig?: string }) => {
      const clients = await createClients(options)
      const path = kubeconfigPath(options.kubeconfig)
      const cluster = await requireCluster(clients, options.cluster)
      await addCluster(path, cluster, await userName(clients), { profile: options.profile })
      log.success(`saved kubeconfig as "${path}"`)
    })

  ofCluster(
    utils
      .command('associate-iam-oidc-provider')
      .description('Setup IAM OIDC provider for a cluster to enable IAM roles for pods'),
  )
    .option('--approve', 'Apply the changes')
    .action(async (options: OfCluster & { approve?: boolean }) => {
      const clients = await createClients(options)
      const cluster = await requireCluster(clients, options.cluster)
      if (options.approve) await associateProvider(clients, log, cluster)
      else {
        log.info(
          `(plan) would create IAM Open ID Connect provider for cluster "${options.cluster}" in "${clients.region}"`,
        )
        log.warning("no changes were applied, run again with '--approve' to apply the changes")
      }
    })

  ofCluster(utils.command('update-cluster-logging').description('Update cluster logging configuration'))
    .option('--enable-types <types>', 'log types to be enabled (or "all")', list, [])
    .option('--disable-types <types>', 'log types to be disabled (or "all")', list, [])
    .option('--approve', 'Apply the changes')
    .action(
      async (options: OfCluster & { enableTypes: string[]; disableTypes: string[]; approve?: boolean }) => {
        const clients = await createClients(options)
        const { cluster: name } = options
        await requireCluster(clients, name)
        const chosen = (types: string[]) =>
          LOG_TYPES.filter((type) => types.includes('all') || types.includes(type))
        const [on, off] = [chosen(options.enableTypes), chosen(options.disableTypes)]
        const plan = options.approve ? 'will' : '(plan) would'
        log.info(
          `${plan} update CloudWatch logging for cluster "${name}" in "${clients.region}" (enable types: ${on.join(', ') || 'no types to enable'} & disable types: ${off.join(', ') || 'no types to disable'})`,
        )
        if (!options.approve) {
          log.warning("no changes were applied, run again with '--approve' to apply the changes")
          return
        }
        await clients.eks.updateClusterConfig({
          name,
          logging: {
            clusterLogging: [
              ...(on.length > 0 ? [{ types: [...on], enabled: true }] : []),
              ...(off.length > 0 ? [{ types: [...off], enabled: false }] : []),
            ],
          },
        })
        log.success(`configured CloudWatch logging for cluster "${name}" in "${clients.region}"`)
      },
    )

  ofCluster(utils.command('describe-stacks').description('Describe CloudFormation stack for a given cluster'))
    .option('--events', 'include stack events')
    .action(async (options: OfCluster & { events?: boolean }) => {
      const clients = await createClients(options)
      for (const stack of await stacksOf(clients, options.cluster)) {
        log.info(`stack/${stack.StackName} = ${JSON.stringify(stack)}`)
        if (!options.events) continue
        const { StackEvents = [] } = await clients.cloudFormation.describeStackEvents({
          StackName: stack.StackId,
        })
        for (const event of StackEvents) log.info(`events/${stack.StackName} = ${JSON.stringify(event)}`)
      }
    })
}
