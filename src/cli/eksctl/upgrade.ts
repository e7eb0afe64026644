import { type Clients, until } from './clients.ts'
import { EksctlError, type Log } from './log.ts'
import { requireCluster } from './nodegroups.ts'

const next = (version: string) => {
  const [major, minor] = version.split('.')
  return `${major}.${Number(minor) + 1}`
}

/** Waits for an update of EKS. Throws EksctlError when it fails. */
async function finished(clients: Clients, name: string, updateId: string, nodegroupName?: string) {
  await until(async () => {
    const { update } = await clients.eks.describeUpdate({ name, updateId, nodegroupName })
    if (update?.status === 'InProgress') return undefined
    if (update?.status === 'Successful') return true
    const [problem] = update?.errors ?? []
    throw new EksctlError(`update ${updateId} failed: ${problem?.errorCode}: ${problem?.errorMessage}`)
  }, `update ${updateId}`)
}

/** Takes a control plane to the next minor version; without `approve` only says what it would do. */
export async function upgradeCluster(
  clients: Clients,
  log: Log,
  name: string,
  options: { version?: string; approve?: boolean },
): Promise<void> {
  const cluster = await requireCluster(clients, name)
  const current = cluster.version!
  const wanted = options.version ?? next(current)
  if (wanted === current) {
    log.info(`no cluster version update required`)
    return
  }
  if (wanted !== next(current))
    throw new EksctlError(
      `upgrading more than one version at a time is not supported; found current control plane version ${current} and wanted ${wanted}`,
    )
  const plan = options.approve ? 'will' : '(plan) would'
  log.info(`${plan} upgrade cluster "${name}" control plane from current version "${current}" to "${wanted}"`)
  if (!options.approve) {
    log.warning("no changes were applied, run again with '--approve' to apply the changes")
    return
  }
  const { update } = await clients.eks.updateClusterVersion({ name, version: wanted })
  await finished(clients, name, update!.id!)
  log.success(`cluster "${name}" control plane has been upgraded to version "${wanted}"`)
  log.info(`you will need to follow the upgrade procedure for all of nodegroups and add-ons`)
}

/** Takes a managed node group to the version of its control plane, or to the one named. */
export async function upgradeNodegroup(
  clients: Clients,
  log: Log,
  clusterName: string,
  nodegroupName: string,
  { kubernetesVersion }: { kubernetesVersion?: string },
): Promise<void> {
  const cluster = await requireCluster(clients, clusterName)
  const version = kubernetesVersion ?? cluster.version!
  log.info(`upgrade of nodegroup "${nodegroupName}" in progress`)
  const { update } = await clients.eks.updateNodegroupVersion({ clusterName, nodegroupName, version })
  await finished(clients, clusterName, update!.id!, nodegroupName)
  log.info(`nodegroup successfully upgraded`)
}
