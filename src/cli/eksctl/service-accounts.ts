import type { Cluster } from '@aws-sdk/client-eks'
import type { Clients } from './clients.ts'
import type { ServiceAccountConfig } from './config.ts'
import { applyObject, kubectl } from './kubectl.ts'
import { EksctlError, type Log } from './log.ts'
import { issuerOf, requireProvider } from './oidc.ts'
import { deleteStack, deployStack, findStack, outputOf, serviceAccountStack, stacksOf } from './stacks.ts'
import { print } from './table.ts'
import { serviceAccountTemplate } from './templates/roles.ts'

/** Makes a role that only one service account may take on, and the service account that names it. */
export async function createServiceAccount(
  clients: Clients,
  log: Log,
  cluster: Cluster,
  config: ServiceAccountConfig,
): Promise<void> {
  const providerArn = await requireProvider(clients, cluster)
  const { namespace = 'default', name } = config.metadata
  const stackName = serviceAccountStack(cluster.name!, namespace, name)
  if (await findStack(clients, stackName)) {
    log.info(`1 existing iamserviceaccount(s) (${namespace}/${name}) will be excluded`)
    return
  }
  log.info(`building iamserviceaccount stack "${stackName}"`)
  const stack = await deployStack(
    clients,
    log,
    cluster.name!,
    stackName,
    serviceAccountTemplate({
      providerArn,
      issuer: issuerOf(cluster),
      namespace,
      name,
      policyArns: config.attachPolicyARNs ?? [],
      ...(config.roleName === undefined ? {} : { roleName: config.roleName }),
    }),
    { 'alpha.eksctl.io/iamserviceaccount-name': `${namespace}/${name}` },
  )
  if (config.roleOnly) return
  const metadata = {
    labels: { 'app.kubernetes.io/managed-by': 'eksctl' },
    annotations: { 'eks.amazonaws.com/role-arn': outputOf(stack, 'Role1') },
  }
  if (await isInCluster(cluster, namespace, name)) {
    log.info(`serviceaccount "${namespace}/${name}" already exists`)
    const patch = ['patch', 'serviceaccount', name, '-n', namespace, '--type=merge']
    await kubectl(cluster, [...patch, '-p', JSON.stringify({ metadata })])
    log.info(`updated serviceaccount "${namespace}/${name}"`)
    return
  }
  await applyObject(cluster, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace, name, ...metadata },
  })
  log.info(`created serviceaccount "${namespace}/${name}"`)
}

/** Whether `create iamserviceaccount` leaves an account alone: one of an earlier run, or one that others made in the cluster. */
export async function isExcluded(
  clients: Clients,
  cluster: Cluster,
  { metadata: { namespace = 'default', name }, roleOnly }: ServiceAccountConfig,
  override: boolean,
): Promise<boolean> {
  await requireProvider(clients, cluster)
  if (await findStack(clients, serviceAccountStack(cluster.name!, namespace, name))) return true
  return !override && !roleOnly && (await isInCluster(cluster, namespace, name))
}

async function isInCluster(cluster: Cluster, namespace: string, name: string): Promise<boolean> {
  const found = await kubectl(cluster, [
    'get',
    'serviceaccount',
    name,
    '-n',
    namespace,
    '--ignore-not-found',
    '-o',
    'name',
  ])
  return found.trim() !== ''
}

const NAME_TAG = 'alpha.eksctl.io/iamserviceaccount-name'

export async function getServiceAccounts(clients: Clients, cluster: string, output: string): Promise<void> {
  const items = (await stacksOf(clients, cluster)).flatMap((stack) => {
    const tag = stack.Tags?.find(({ Key }) => Key === NAME_TAG)?.Value
    if (tag === undefined) return []
    const [namespace = '', name = ''] = tag.split('/')
    return [{ namespace, name, roleARN: outputOf(stack, 'Role1') ?? '' }]
  })
  const header = ['NAMESPACE', 'NAME', 'ROLE ARN']
  await print(
    output,
    header,
    items.map((item) => Object.values(item)),
    items,
  )
}

export async function deleteServiceAccount(
  clients: Clients,
  log: Log,
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<void> {
  const stack = serviceAccountStack(cluster.name!, namespace, name)
  if (!(await findStack(clients, stack)))
    throw new EksctlError(`iamserviceaccount "${namespace}/${name}" not found in cluster "${cluster.name}"`)
  await deleteStack(clients, log, stack, { wait: true })
  await kubectl(cluster, ['delete', 'serviceaccount', name, '-n', namespace, '--ignore-not-found'])
  log.info(`deleted serviceaccount "${namespace}/${name}"`)
}
