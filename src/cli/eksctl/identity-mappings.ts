import type { Cluster } from '@aws-sdk/client-eks'
import { parse, stringify } from 'yaml'
import { applyObject, kubectl } from './kubectl.ts'
import { EksctlError, type Log } from './log.ts'
import { print } from './table.ts'

export interface IdentityMapping {
  arn: string
  username?: string
  groups?: string[]
}

interface AwsAuth {
  mapRoles: { rolearn: string; username?: string; groups?: string[] }[]
  mapUsers: { userarn: string; username?: string; groups?: string[] }[]
}

/** The `aws-auth` ConfigMap: https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html */
async function readAwsAuth(cluster: Cluster): Promise<AwsAuth> {
  const text = await kubectl(cluster, [
    'get',
    'configmap',
    'aws-auth',
    '-n',
    'kube-system',
    '--ignore-not-found',
    '-o',
    'json',
  ])
  const data = text.trim() === '' ? {} : ((JSON.parse(text) as { data?: Record<string, string> }).data ?? {})
  return { mapRoles: parse(data.mapRoles ?? '[]') ?? [], mapUsers: parse(data.mapUsers ?? '[]') ?? [] }
}

const writeAwsAuth = (cluster: Cluster, { mapRoles, mapUsers }: AwsAuth) =>
  applyObject(cluster, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name: 'aws-auth' },
    data: { mapRoles: stringify(mapRoles), mapUsers: stringify(mapUsers) },
  })

const isRole = (arn: string) => /:role\//.test(arn)

export async function createIdentityMapping(
  log: Log,
  cluster: Cluster,
  { arn, username, groups = [] }: IdentityMapping,
): Promise<void> {
  if (!/:(role|user)\//.test(arn))
    throw new EksctlError(`arn "${arn}" is not of a role or user: cannot be mapped`)
  const auth = await readAwsAuth(cluster)
  log.info(`adding identity "${arn}" to auth ConfigMap`)
  const identity = { ...(username === undefined ? {} : { username }), groups }
  if (isRole(arn)) auth.mapRoles.push({ rolearn: arn, ...identity })
  else auth.mapUsers.push({ userarn: arn, ...identity })
  await writeAwsAuth(cluster, auth)
}

export async function getIdentityMappings(cluster: Cluster, output: string): Promise<void> {
  const { mapRoles, mapUsers } = await readAwsAuth(cluster)
  const items = [
    ...mapRoles.map(({ rolearn, ...rest }) => ({ arn: rolearn, ...rest })),
    ...mapUsers.map(({ userarn, ...rest }) => ({ arn: userarn, ...rest })),
  ]
  const rows = items.map(({ arn, username = '', groups = [] }) => [arn, username, groups.join(','), ''])
  await print(output, ['ARN', 'USERNAME', 'GROUPS', 'ACCOUNT'], rows, items)
}

export async function deleteIdentityMapping(log: Log, cluster: Cluster, arn: string): Promise<void> {
  const auth = await readAwsAuth(cluster)
  const role = auth.mapRoles.findIndex(({ rolearn }) => rolearn === arn)
  const user = auth.mapUsers.findIndex(({ userarn }) => userarn === arn)
  if (role < 0 && user < 0)
    throw new EksctlError(`instance identity ARN "${arn}" not found in auth ConfigMap`)
  if (role >= 0) auth.mapRoles.splice(role, 1)
  else auth.mapUsers.splice(user, 1)
  log.info(`removing identity "${arn}" from auth ConfigMap`)
  await writeAwsAuth(cluster, auth)
}
