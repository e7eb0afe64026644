import type * as sdk from '@aws-sdk/client-eks'
import { internetPath, type Scope, tables } from '../ec2/index.ts'
import { ensureLinkedRole } from '../iam/linked-roles.ts'
import type { RequestContext } from '../wire/service.ts'
import { putEntry } from './access-entry-records.ts'
import { inUse, invalidParameter, notFound, requireActiveCluster, requireCluster } from './errors.ts'
import { page } from './pagination.ts'
import type { ClusterRecord, FargateProfileRecord } from './records.ts'
import { roleTrusts } from './roles.ts'
import { accessEntries, eksArn, fargateProfiles } from './tables.ts'

/** https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html (from knowledge, 2026-11) */
const SELECTORS = 5
const PODS = 'eks-fargate-pods.amazonaws.com'

const toProfile = (profile: FargateProfileRecord): sdk.FargateProfile => ({
  fargateProfileName: profile.name,
  fargateProfileArn: profile.arn,
  clusterName: profile.clusterName,
  createdAt: new Date(profile.createdAt),
  podExecutionRoleArn: profile.podExecutionRoleArn,
  subnets: profile.subnetIds,
  selectors: profile.selectors,
  status: profile.status,
  tags: profile.tags,
  health: { issues: [] },
})

export function createFargateProfile(input: sdk.CreateFargateProfileCommandInput, context: RequestContext) {
  const cluster = requireActiveCluster(context, input.clusterName)
  const name = input.fargateProfileName!
  const role = input.podExecutionRoleArn!
  context.authorize('iam:PassRole', role, { 'iam:PassedToService': PODS })
  const all = fargateProfiles.list(context, cluster.name)
  if (all.some((profile) => profile.name === name)) {
    throw inUse(`FargateProfile already exists with name ${name} and cluster name ${cluster.name}`, {
      clusterName: cluster.name,
    })
  }
  checkNoneMoves(all, cluster.name, `create Fargate Profile ${name}`)
  if (!roleTrusts(context, role, PODS)) {
    throw invalidParameter(
      `Misconfigured PodExecutionRole Trust Policy; Please add the ${PODS} Service Principal`,
    )
  }
  const selectors = input.selectors ?? []
  if (selectors.length === 0) throw invalidParameter('Fargate Profile must have at least one selector.')
  if (selectors.length > SELECTORS) {
    throw invalidParameter(`Fargate Profile can have at most ${SELECTORS} selectors.`)
  }
  const subnetIds = input.subnets?.length ? input.subnets : privateSubnetsOf(context, cluster)
  checkSubnets(context, cluster, subnetIds)
  ensureLinkedRole(context.world, context.accountId, 'eks-fargate.amazonaws.com')
  const uid = context.world.ids.uuid()
  const now = context.world.clock.now()
  const profile: FargateProfileRecord = {
    uid,
    name,
    clusterName: cluster.name,
    arn: eksArn(context, 'fargateprofile', cluster.name, name, uid),
    status: 'CREATING',
    since: now,
    createdAt: now,
    podExecutionRoleArn: role,
    subnetIds,
    selectors: selectors.map(({ namespace = '', labels = {} }) => ({ namespace, labels })),
    tags: input.tags ?? {},
  }
  fargateProfiles.put(context, profile, cluster.name, name)
  if (cluster.authenticationMode !== 'CONFIG_MAP' && !accessEntries.find(context, cluster.name, role))
    putEntry(context, { clusterName: cluster.name, principalArn: role, type: 'FARGATE_LINUX' })
  return { fargateProfile: toProfile(profile) }
}

/** Only one profile of a cluster may be on its way at a time. */
function checkNoneMoves(all: FargateProfileRecord[], clusterName: string, what: string): void {
  const moving = all.find(({ status }) => status !== 'ACTIVE')
  if (!moving) return
  throw inUse(
    `Cannot ${what} because cluster ${clusterName} currently has Fargate profile ${moving.name} in status ${moving.status}`,
    { clusterName },
  )
}

const isPrivate = (scope: Scope, subnet: { id: string; vpcId: string }) =>
  internetPath(scope, subnet) !== 'internet-gateway'

const privateSubnetsOf = (scope: Scope, cluster: ClusterRecord) =>
  tables.subnets
    .list(scope, cluster.subnetIds)
    .filter((subnet) => isPrivate(scope, subnet))
    .map(({ id }) => id)

function checkSubnets(context: RequestContext, cluster: ClusterRecord, ids: string[]): void {
  for (const id of ids) {
    const subnet = tables.subnets.find(context, id)
    if (subnet?.vpcId !== cluster.vpcId) {
      throw invalidParameter(
        `The subnet ID '${id}' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: InvalidSubnetID.NotFound; Request ID: ${context.requestId})`,
      )
    }
    if (!isPrivate(context, subnet)) {
      throw invalidParameter(`Subnet ${id} provided in Fargate Profile is not a private subnet`)
    }
  }
  if (ids.length === 0)
    throw invalidParameter('No private subnets found in the cluster for the Fargate Profile')
}

function requireProfile(context: RequestContext, clusterName: string, name: string): FargateProfileRecord {
  requireCluster(context, clusterName)
  const profile = fargateProfiles.find(context, clusterName, name)
  if (profile) return profile
  throw notFound(`No Fargate Profile found with name: ${name}.`, { clusterName, fargateProfileName: name })
}

export function describeFargateProfile(
  input: sdk.DescribeFargateProfileCommandInput,
  context: RequestContext,
) {
  return { fargateProfile: toProfile(requireProfile(context, input.clusterName!, input.fargateProfileName!)) }
}

export function listFargateProfiles(input: sdk.ListFargateProfilesCommandInput, context: RequestContext) {
  const cluster = requireCluster(context, input.clusterName)
  const { items, nextToken } = page(fargateProfiles.list(context, cluster.name), input)
  return { fargateProfileNames: items.map(({ name }) => name), nextToken }
}

export function deleteFargateProfile(input: sdk.DeleteFargateProfileCommandInput, context: RequestContext) {
  const profile = requireProfile(context, input.clusterName!, input.fargateProfileName!)
  if (profile.status === 'DELETING') return { fargateProfile: toProfile(profile) }
  checkNoneMoves(
    fargateProfiles.list(context, profile.clusterName),
    profile.clusterName,
    `delete Fargate Profile ${profile.name}`,
  )
  const next = { ...profile, status: 'DELETING' as const, since: context.world.clock.now() }
  fargateProfiles.put(context, next, profile.clusterName, profile.name)
  return { fargateProfile: toProfile(next) }
}

/** The active profile that takes a pod: the first by name whose selector has its namespace and labels; `*` and `?` are wildcards. */
export function profileFor(
  scope: Scope,
  clusterName: string,
  namespace: string,
  labels: Record<string, string>,
): FargateProfileRecord | undefined {
  return fargateProfiles
    .list(scope, clusterName)
    .find(
      ({ status, selectors }) =>
        status === 'ACTIVE' &&
        selectors.some(
          (selector) =>
            matches(selector.namespace, namespace) &&
            Object.entries(selector.labels).every(
              ([key, value]) => labels[key] !== undefined && matches(value, labels[key]),
            ),
        ),
    )
}

const matches = (pattern: string, text: string) =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  ).test(text)
