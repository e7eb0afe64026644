import { createAddon, deleteAddon, getAddons, updateAddon } from '../addons.ts'
import { createClients } from '../clients.ts'
import type { AddonConfig } from '../config.ts'
import { createFargateProfiles, deleteFargateProfile, getFargateProfiles } from '../fargate.ts'
import { createIdentityMapping, deleteIdentityMapping, getIdentityMappings } from '../identity-mappings.ts'
import { EksctlError } from '../log.ts'
import { requireCluster } from '../nodegroups.ts'
import {
  createServiceAccount,
  deleteServiceAccount,
  getServiceAccounts,
  isExcluded,
} from '../service-accounts.ts'
import { type Common, list, log, ofCluster, output, pairs, type Verbs } from './shared.ts'

interface OfCluster extends Common {
  cluster: string
  output: string
}

export function fargateCommands({ create, get, delete: remove }: Verbs): void {
  ofCluster(create.command('fargateprofile').description('Create a Fargate profile'))
    .option('--name <name>', "Fargate profile's name")
    .requiredOption('--namespace <namespace>', 'Kubernetes namespace of the pods to schedule on Fargate')
    .option('-l, --labels <labels>', 'Kubernetes selector labels of the pods', pairs)
    .action(
      async (options: OfCluster & { name?: string; namespace: string; labels?: Record<string, string> }) => {
        const clients = await createClients(options)
        const cluster = await requireCluster(clients, options.cluster)
        const { name = `fp-${options.namespace}`, namespace, labels } = options
        await createFargateProfiles(clients, log, cluster, [{ name, selectors: [{ namespace, labels }] }])
      },
    )
  ofCluster(get.command('fargateprofile').description('Get Fargate profile(s)'))
    .option('--name <name>', "Fargate profile's name")
    .addOption(output())
    .action(async (options: OfCluster & { name?: string }) => {
      await getFargateProfiles(await createClients(options), options.cluster, options.name, options.output)
    })
  ofCluster(remove.command('fargateprofile').description('Delete Fargate profile'))
    .requiredOption('--name <name>', "Fargate profile's name")
    .action(async (options: OfCluster & { name: string }) => {
      await deleteFargateProfile(await createClients(options), log, options.cluster, options.name)
    })
}

export function addonCommands({ create, get, update, delete: remove }: Verbs): void {
  const one = (command: ReturnType<typeof ofCluster>) =>
    command
      .requiredOption('--name <name>', 'add-on name')
      .option('--version <version>', 'add-on version')
      .option('--service-account-role-arn <arn>', 'role of its service account')
  interface AddonOptions extends OfCluster {
    name: string
    version?: string
    serviceAccountRoleArn?: string
  }
  const config = ({ name, version, serviceAccountRoleArn }: AddonOptions): AddonConfig => ({
    name,
    version,
    serviceAccountRoleARN: serviceAccountRoleArn,
  })
  one(ofCluster(create.command('addon').description('Create an Addon'))).action(
    async (options: AddonOptions) => {
      await createAddon(await createClients(options), log, options.cluster, config(options))
    },
  )
  ofCluster(get.command('addon').alias('addons').description('Get an Addon'))
    .option('--name <name>', 'add-on name')
    .addOption(output())
    .action(async (options: OfCluster & { name?: string }) => {
      await getAddons(await createClients(options), options.cluster, options.name, options.output)
    })
  one(ofCluster(update.command('addon').description('Upgrade an Addon'))).action(
    async (options: AddonOptions) => {
      await updateAddon(await createClients(options), log, options.cluster, config(options))
    },
  )
  ofCluster(remove.command('addon').description('Delete an Addon'))
    .requiredOption('--name <name>', 'add-on name')
    .action(async (options: AddonOptions) => {
      await deleteAddon(await createClients(options), log, options.cluster, options.name)
    })
}

export function identityMappingCommands({ create, get, delete: remove }: Verbs): void {
  ofCluster(create.command('iamidentitymapping').description('Create an IAM identity mapping'))
    .requiredOption('--arn <arn>', 'ARN of the IAM role or user')
    .option('--username <name>', 'user name within Kubernetes')
    .option('--group <groups>', 'groups within Kubernetes', list)
    .action(async (options: OfCluster & { arn: string; username?: string; group?: string[] }) => {
      const clients = await createClients(options)
      const cluster = await requireCluster(clients, options.cluster)
      const { arn, username, group } = options
      await createIdentityMapping(log, cluster, { arn, username, groups: group })
    })
  ofCluster(get.command('iamidentitymapping').description('Get IAM identity mapping(s)'))
    .addOption(output())
    .action(async (options: OfCluster) => {
      const clients = await createClients(options)
      await getIdentityMappings(await requireCluster(clients, options.cluster), options.output)
    })
  ofCluster(remove.command('iamidentitymapping').description('Delete an IAM identity mapping'))
    .requiredOption('--arn <arn>', 'ARN of the IAM role or user')
    .action(async (options: OfCluster & { arn: string }) => {
      const clients = await createClients(options)
      await deleteIdentityMapping(log, await requireCluster(clients, options.cluster), options.arn)
    })
}

export function serviceAccountCommands({ create, get, delete: remove }: Verbs): void {
  interface AccountOptions extends OfCluster {
    name: string
    namespace: string
    attachPolicyArn?: string[]
    roleName?: string
    roleOnly?: boolean
    overrideExistingServiceaccounts?: boolean
    approve?: boolean
  }
  const one = (command: ReturnType<typeof ofCluster>) =>
    command
      .requiredOption('--name <name>', 'name of the iamserviceaccount')
      .option('--namespace <namespace>', 'namespace of the iamserviceaccount', 'default')
  one(ofCluster(create.command('iamserviceaccount').description('Create an iamserviceaccount')))
    .option('--attach-policy-arn <arns>', 'ARNs of the policies to attach', list)
    .option('--role-name <name>', 'name of the role')
    .option('--role-only', 'create only the IAM role')
    .option(
      '--override-existing-serviceaccounts',
      'create IAM roles for existing serviceaccounts and update the serviceaccount',
    )
    .option('--approve', 'Apply the changes')
    .action(async (options: AccountOptions) => {
      const { name, namespace, attachPolicyArn, roleName, roleOnly } = options
      if (!attachPolicyArn) throw new EksctlError('--attach-policy-arn or --attach-role-arn must be set')
      const clients = await createClients(options)
      const cluster = await requireCluster(clients, options.cluster)
      const account = `${namespace}/${name}`
      const config = { metadata: { name, namespace }, attachPolicyARNs: attachPolicyArn, roleName, roleOnly }
      const override = options.overrideExistingServiceaccounts ?? false
      const excluded = await isExcluded(clients, cluster, config, override)
      if (excluded) log.info(`1 existing iamserviceaccount(s) (${account}) will be excluded`)
      log.info(
        `1 iamserviceaccount (${account}) was ${excluded ? 'excluded' : 'included'} (based on the include/exclude rules)`,
      )
      log.warning(
        override
          ? 'metadata of serviceaccounts that exist in Kubernetes will be updated, as --override-existing-serviceaccounts was set'
          : 'serviceaccounts that exist in Kubernetes will be excluded, use --override-existing-serviceaccounts to override',
      )
      if (excluded) return log.info('no tasks')
      if (!options.approve) {
        log.warning("no changes were applied, run again with '--approve' to apply the changes")
        return
      }
      await createServiceAccount(clients, log, cluster, config)
    })
  ofCluster(get.command('iamserviceaccount').description('Get iamserviceaccount(s)'))
    .addOption(output())
    .action(async (options: OfCluster) => {
      await getServiceAccounts(await createClients(options), options.cluster, options.output)
    })
  one(ofCluster(remove.command('iamserviceaccount').description('Delete an iamserviceaccount'))).action(
    async (options: AccountOptions) => {
      const clients = await createClients(options)
      const cluster = await requireCluster(clients, options.cluster)
      await deleteServiceAccount(clients, log, cluster, options.namespace, options.name)
    },
  )
}
