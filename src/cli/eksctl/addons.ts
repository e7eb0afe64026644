import { type Clients, unlessMissing, until } from './clients.ts'
import type { AddonConfig } from './config.ts'
import { EksctlError, type Log } from './log.ts'
import { print } from './table.ts'

const CONFLICTS = { none: 'NONE', overwrite: 'OVERWRITE', preserve: 'PRESERVE' } as const

/** Installs an add-on; does not wait for its pods, which may have no node yet. */
export async function createAddon(
  { eks }: Clients,
  log: Log,
  clusterName: string,
  addon: AddonConfig,
): Promise<void> {
  log.info(`creating addon: ${addon.name}`)
  await eks.createAddon({
    clusterName,
    addonName: addon.name,
    addonVersion: addon.version,
    serviceAccountRoleArn: addon.serviceAccountRoleARN,
    configurationValues: addon.configurationValues,
    ...(addon.resolveConflicts ? { resolveConflicts: CONFLICTS[addon.resolveConflicts] } : {}),
  })
  log.info(`successfully created addon: ${addon.name}`)
}

export async function getAddons(
  { eks }: Clients,
  clusterName: string,
  only: string | undefined,
  output: string,
): Promise<void> {
  const { addons = [] } = await eks.listAddons({ clusterName })
  const names = addons.filter((name) => only === undefined || name === only)
  const items = await Promise.all(
    names.map(async (addonName) => {
      const { addon } = await eks.describeAddon({ clusterName, addonName })
      return {
        Name: addonName,
        Version: addon!.addonVersion!,
        Status: addon!.status!,
        Issues: addon!.health?.issues?.length ?? 0,
        IAMRole: addon!.serviceAccountRoleArn ?? '',
        ConfigurationValues: addon!.configurationValues ?? '',
      }
    }),
  )
  const header = ['NAME', 'VERSION', 'STATUS', 'ISSUES', 'IAMROLE', 'CONFIGURATION VALUES']
  await print(
    output,
    header,
    items.map((item) => Object.values(item).map(String)),
    items,
  )
}

export async function updateAddon(
  { eks }: Clients,
  log: Log,
  clusterName: string,
  addon: AddonConfig,
): Promise<void> {
  await eks.updateAddon({
    clusterName,
    addonName: addon.name,
    addonVersion: addon.version,
    serviceAccountRoleArn: addon.serviceAccountRoleARN,
    configurationValues: addon.configurationValues,
  })
  log.info(`updating addon ${addon.name}`)
  await until(async () => {
    const found = await eks.describeAddon({ clusterName, addonName: addon.name })
    return found.addon?.status === 'UPDATING' ? undefined : true
  }, `addon ${addon.name}`)
  log.info(`addon "${addon.name}" active`)
}

export async function deleteAddon(
  { eks }: Clients,
  log: Log,
  clusterName: string,
  addonName: string,
): Promise<void> {
  if (!(await unlessMissing(eks.describeAddon({ clusterName, addonName }))))
    throw new EksctlError(`could not find addon ${addonName}`)
  await eks.deleteAddon({ clusterName, addonName })
  log.info(`deleted addon: ${addonName}`)
}
