import type { Cluster } from '@aws-sdk/client-eks'
import { type Clients, unlessMissing, until } from './clients.ts'
import type { FargateProfileConfig } from './config.ts'
import type { Log } from './log.ts'
import { networkOf } from './network.ts'
import { deployStack, fargateStack, findStack, outputOf } from './stacks.ts'
import { print } from './table.ts'
import { fargateTemplate } from './templates/roles.ts'

/** Makes Fargate profiles one after another, as EKS demands, with a role for their pods. */
export async function createFargateProfiles(
  clients: Clients,
  log: Log,
  cluster: Cluster,
  profiles: FargateProfileConfig[],
): Promise<void> {
  const clusterName = cluster.name!
  for (const { name, podExecutionRoleARN, selectors, subnets } of profiles) {
    const network = await networkOf(clients, cluster)
    const podExecutionRoleArn = podExecutionRoleARN ?? (await executionRole(clients, log, clusterName))
    log.info(`creating Fargate profile "${name}" on EKS cluster "${clusterName}"`)
    await clients.eks.createFargateProfile({
      clusterName,
      fargateProfileName: name,
      podExecutionRoleArn,
      selectors,
      subnets: subnets ?? network.privateSubnets,
    })
    await until(async () => {
      const found = await clients.eks.describeFargateProfile({ clusterName, fargateProfileName: name })
      return found.fargateProfile?.status === 'ACTIVE' ? true : undefined
    }, `Fargate profile "${name}"`)
    log.info(`created Fargate profile "${name}" on EKS cluster "${clusterName}"`)
  }
}

/** The role of the cluster's Fargate pods, made when it is not there. */
async function executionRole(clients: Clients, log: Log, cluster: string): Promise<string> {
  const stack =
    (await findStack(clients, fargateStack(cluster))) ??
    (await deployStack(clients, log, cluster, fargateStack(cluster), fargateTemplate()))
  return outputOf(stack, 'FargatePodExecutionRoleARN')!
}

export async function getFargateProfiles(
  { eks }: Clients,
  clusterName: string,
  only: string | undefined,
  output: string,
): Promise<void> {
  const { fargateProfileNames = [] } = await eks.listFargateProfiles({ clusterName })
  const names = fargateProfileNames.filter((name) => only === undefined || name === only)
  const found = await Promise.all(
    names.map(
      async (fargateProfileName) =>
        (await eks.describeFargateProfile({ clusterName, fargateProfileName })).fargateProfile!,
    ),
  )
  const text = (map: Record<string, string> | undefined) =>
    Object.entries(map ?? {})
      .map((pair) => pair.join('='))
      .join(',') || '<none>'
  const rows = found.flatMap((profile) =>
    (profile.selectors ?? []).map(({ namespace, labels }) => [
      profile.fargateProfileName!,
      namespace!,
      text(labels),
      profile.podExecutionRoleArn!,
      profile.subnets?.join(',') ?? '',
      text(profile.tags),
      profile.status!,
    ]),
  )
  const header = [
    'NAME',
    'SELECTOR_NAMESPACE',
    'SELECTOR_LABELS',
    'POD_EXECUTION_ROLE_ARN',
    'SUBNETS',
    'TAGS',
    'STATUS',
  ]
  await print(output, header, rows, found)
}

export async function deleteFargateProfile(
  { eks }: Clients,
  log: Log,
  clusterName: string,
  fargateProfileName: string,
): Promise<void> {
  await eks.deleteFargateProfile({ clusterName, fargateProfileName })
  await until(async () => {
    const left = await unlessMissing(eks.describeFargateProfile({ clusterName, fargateProfileName }))
    return left ? undefined : true
  }, `Fargate profile "${fargateProfileName}" to be deleted`)
  log.info(`deleted Fargate profile "${fargateProfileName}"`)
}

/** Deletes all profiles of a cluster. */
export async function deleteFargateProfiles(clients: Clients, log: Log, clusterName: string): Promise<void> {
  const { fargateProfileNames = [] } = await clients.eks.listFargateProfiles({ clusterName })
  for (const name of fargateProfileNames) await deleteFargateProfile(clients, log, clusterName, name)
  log.info(`deleted ${fargateProfileNames.length} Fargate profile(s)`)
}
