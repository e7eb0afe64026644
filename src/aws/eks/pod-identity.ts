import type * as sdk from '@aws-sdk/client-eks'
import type { Scope } from '../ec2/index.ts'
import { roleByArn, rolePrincipal } from '../iam/identity.ts'
import { trusts } from '../iam/policy/evaluate.ts'
import { issueSession, type TemporaryCredentials } from '../iam/session.ts'
import type { RequestContext } from '../wire/service.ts'
import {
  inUse,
  invalidParameter,
  invalidRequest,
  notFound,
  requireActiveCluster,
  requireCluster,
} from './errors.ts'
import { page } from './pagination.ts'
import type { AddonRecord, PodIdentityRecord } from './records.ts'
import { eksArn, podIdentities } from './tables.ts'

/** For whom the tokens of pod identity are, and who may assume its roles. */
export const POD_IDENTITY_SERVICE = 'pods.eks.amazonaws.com'
const SESSION_SECONDS = 6 * 3600
/** Where the add-ons of AWS that have service accounts run. */
const ADDON_NAMESPACE = 'kube-system'

const toAssociation = (record: PodIdentityRecord): sdk.PodIdentityAssociation => ({
  clusterName: record.clusterName,
  namespace: record.namespace,
  serviceAccount: record.serviceAccount,
  roleArn: record.roleArn,
  associationArn: record.arn,
  associationId: record.id,
  targetRoleArn: record.targetRoleArn,
  disableSessionTags: record.disableSessionTags,
  ownerArn: record.ownerArn,
  createdAt: new Date(record.createdAt),
  modifiedAt: new Date(record.modifiedAt),
  tags: record.tags,
})

/** The association of a service account, if it has one. */
export function podIdentityOf(scope: Scope, clusterName: string, namespace: string, serviceAccount: string) {
  return podIdentities
    .list(scope, clusterName)
    .find((one) => one.namespace === namespace && one.serviceAccount === serviceAccount)
}

export function createPodIdentityAssociation(
  input: sdk.CreatePodIdentityAssociationCommandInput,
  context: RequestContext,
) {
  requireActiveCluster(context, input.clusterName)
  checkRoles(context, input)
  return { association: toAssociation(associate(context, input)) }
}

/** Stores a new association. Throws ResourceInUseException when the service account has one. */
function associate(
  context: RequestContext,
  input: sdk.CreatePodIdentityAssociationCommandInput & { ownerArn?: string },
): PodIdentityRecord {
  const clusterName = input.clusterName!
  const present = podIdentityOf(context, clusterName, input.namespace!, input.serviceAccount!)
  if (present) throw inUse(`Association already exists: ${present.id}`, { clusterName })
  const id = `a-${context.world.ids.text(17, 'abcdefghijklmnopqrstuvwxyz0123456789')}`
  const now = context.world.clock.now()
  const record: PodIdentityRecord = {
    id,
    arn: eksArn(context, 'podidentityassociation', clusterName, id),
    clusterName,
    namespace: input.namespace!,
    serviceAccount: input.serviceAccount!,
    roleArn: input.roleArn!,
    targetRoleArn: input.targetRoleArn,
    disableSessionTags: input.disableSessionTags ?? false,
    createdAt: now,
    modifiedAt: now,
    tags: input.tags ?? {},
    ...(input.ownerArn && { ownerArn: input.ownerArn }),
  }
  return podIdentities.put(context, record, clusterName, id)
}

/** The associations that EKS keeps for an add-on. */
export function associationsOfAddon(scope: Scope, addon: AddonRecord): PodIdentityRecord[] {
  return podIdentities.list(scope, addon.clusterName).filter(({ ownerArn }) => ownerArn === addon.arn)
}

/**
 * Makes the associations of an add-on those that are wanted, in the add-on's namespace.
 * https://docs.aws.amazon.com/eks/latest/APIReference/API_AddonPodIdentityAssociations.html (from knowledge)
 */
export function associateAddon(
  context: RequestContext,
  addon: AddonRecord,
  wanted: sdk.AddonPodIdentityAssociations[],
): void {
  for (const { roleArn } of wanted) checkRoles(context, { roleArn })
  const { clusterName } = addon
  for (const { id } of associationsOfAddon(context, addon)) podIdentities.delete(context, clusterName, id)
  const owned = { clusterName, namespace: ADDON_NAMESPACE, ownerArn: addon.arn }
  for (const { serviceAccount, roleArn } of wanted) associate(context, { ...owned, serviceAccount, roleArn })
}

function checkRoles(context: RequestContext, input: { roleArn?: string; targetRoleArn?: string }): void {
  if (input.targetRoleArn)
    throw invalidRequest('Drydock does not simulate targetRoleArn of pod identity associations.')
  if (!input.roleArn) return
  context.authorize('iam:PassRole', input.roleArn, { 'iam:PassedToService': POD_IDENTITY_SERVICE })
  if (!roleByArn(context.world, input.roleArn)) {
    throw invalidParameter(`Role provided in the request does not exist: ${input.roleArn}`)
  }
}

function requireAssociation(
  context: RequestContext,
  clusterName: string,
  id: string | undefined,
): PodIdentityRecord {
  requireCluster(context, clusterName)
  const record = podIdentities.find(context, clusterName, id ?? '')
  if (!record) throw notFound(`No association found for ID: ${id}`, { clusterName })
  return record
}

export function describePodIdentityAssociation(
  input: sdk.DescribePodIdentityAssociationCommandInput,
  context: RequestContext,
) {
  return { association: toAssociation(requireAssociation(context, input.clusterName!, input.associationId)) }
}

export function listPodIdentityAssociations(
  input: sdk.ListPodIdentityAssociationsCommandInput,
  context: RequestContext,
) {
  const cluster = requireCluster(context, input.clusterName)
  const wanted = podIdentities
    .list(context, cluster.name)
    .filter(
      ({ namespace, serviceAccount }) =>
        (!input.namespace || namespace === input.namespace) &&
        (!input.serviceAccount || serviceAccount === input.serviceAccount),
    )
  const { items, nextToken } = page(wanted, input)
  return {
    associations: items.map(({ clusterName, namespace, serviceAccount, arn, id }) => ({
      clusterName,
      namespace,
      serviceAccount,
      associationArn: arn,
      associationId: id,
    })),
    nextToken,
  }
}

export function updatePodIdentityAssociation(
  input: sdk.UpdatePodIdentityAssociationCommandInput,
  context: RequestContext,
) {
  const record = requireAssociation(context, input.clusterName!, input.associationId)
  checkRoles(context, input)
  const next = podIdentities.put(
    context,
    {
      ...record,
      roleArn: input.roleArn ?? record.roleArn,
      disableSessionTags: input.disableSessionTags ?? record.disableSessionTags,
      modifiedAt: context.world.clock.now(),
    },
    record.clusterName,
    record.id,
  )
  return { association: toAssociation(next) }
}

export function deletePodIdentityAssociation(
  input: sdk.DeletePodIdentityAssociationCommandInput,
  context: RequestContext,
) {
  const record = requireAssociation(context, input.clusterName!, input.associationId)
  podIdentities.delete(context, record.clusterName, record.id)
  return { association: toAssociation(record) }
}

/** Who asks the agent of their node for credentials, as their token says. */
export interface PodIdentity {
  clusterName: string
  namespace: string
  serviceAccount: string
  pod: string
}

/** Why a pod gets no credentials, as the EKS Auth API answers. */
export class PodIdentityRefusal extends Error {
  override readonly name = 'PodIdentityRefusal'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Credentials for a pod by its service account's association: what eks-auth:AssumeRoleForPodIdentity gives the agent.
 * Throws PodIdentityRefusal. https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
 */
export function assumeRoleForPodIdentity(scope: Scope, identity: PodIdentity): TemporaryCredentials {
  const { clusterName, namespace, serviceAccount, pod } = identity
  const association = podIdentityOf(scope, clusterName, namespace, serviceAccount)
  if (!association) {
    throw new PodIdentityRefusal(
      'ResourceNotFoundException',
      `No pod identity association found for service account ${namespace}/${serviceAccount} in cluster ${clusterName}`,
    )
  }
  const role = roleByArn(scope.world, association.roleArn)
  const may = (action: string) =>
    role &&
    trusts(role.trustPolicy, { service: POD_IDENTITY_SERVICE }, action, {
      'aws:SourceAccount': scope.accountId,
    })
  if (!may('sts:AssumeRole') || !may('sts:TagSession')) {
    throw new PodIdentityRefusal(
      'AccessDeniedException',
      'Unauthorized Exception! EKS does not have permissions to assume the associated role.',
    )
  }
  const session = `eks-${clusterName}-${pod}`.slice(0, 27)
  const name = `${session}-${scope.world.ids.uuid()}`
  return issueSession(scope.world, rolePrincipal(scope.world, association.roleArn, name)!, SESSION_SECONDS)
}
