import type * as sdk from '@aws-sdk/client-iam'
import type { Handler, RequestContext } from '../wire/service.ts'
import { AwsError } from '../wire/service.ts'
import { alreadyExists, noSuchEntity } from './errors.ts'
import { encodeDocument, entitiesOf, findPolicy, iamArn, now } from './find.ts'
import { uniqueId } from './ids.ts'
import { managedPolicies, managedPolicy } from './managed.ts'
import { byName, page } from './paging.ts'
import { validatePolicy } from './policy/validate.ts'
import { QUOTAS } from './quotas.ts'
import type { PolicyRecord, PolicyVersionRecord } from './records.ts'
import { mergeTags } from './tags.ts'

/** Who uses a policy, attached or as a boundary. */
export function usage(context: RequestContext) {
  const entities = entitiesOf(context)
  const users = entities.list('user')
  const groups = entities.list('group')
  const roles = entities.list('role')
  const all = [...users, ...groups, ...roles]
  return {
    users: (arn: string) => users.filter(({ attached }) => attached.includes(arn)),
    groups: (arn: string) => groups.filter(({ attached }) => attached.includes(arn)),
    roles: (arn: string) => roles.filter(({ attached }) => attached.includes(arn)),
    attachments: (arn: string) => all.filter(({ attached }) => attached.includes(arn)).length,
    boundaries: (arn: string) =>
      all.filter((holder) => 'boundary' in holder && holder.boundary === arn).length,
  }
}

export function policyOutput(
  policy: PolicyRecord,
  used: ReturnType<typeof usage>,
  detailed: boolean,
): sdk.Policy {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: used.attachments(policy.arn),
    PermissionsBoundaryUsageCount: used.boundaries(policy.arn),
    IsAttachable: true,
    ...(detailed && policy.description !== undefined ? { Description: policy.description } : {}),
    CreateDate: new Date(policy.created),
    UpdateDate: new Date(policy.updated),
    ...(detailed ? { Tags: policy.tags } : {}),
  }
}

export function versionOutput(
  policy: PolicyRecord,
  version: PolicyVersionRecord,
  withDocument: boolean,
): sdk.PolicyVersion {
  return {
    ...(withDocument ? { Document: encodeDocument(version.document) } : {}),
    VersionId: version.id,
    IsDefaultVersion: version.id === policy.defaultVersion,
    CreateDate: new Date(version.created),
  }
}

function checkDocument(document: string): void {
  validatePolicy(document, 'identity')
  if (document.replace(/\s/g, '').length > QUOTAS.PolicySize)
    throw new AwsError('LimitExceeded', `Cannot exceed quota for PolicySize: ${QUOTAS.PolicySize}`)
}

/** A policy of the account itself; those of AWS cannot be changed. */
function findOwn(context: RequestContext, arn: string): PolicyRecord {
  if (managedPolicy(arn))
    throw new AwsError('AccessDenied', 'Cannot modify AWS managed policies.', { status: 403 })
  return findPolicy(context, arn)
}

function findVersion(policy: PolicyRecord, id: string): PolicyVersionRecord {
  const version = policy.versions.find((one) => one.id === id)
  if (!version) throw noSuchEntity(`Policy ${policy.arn} version ${id} does not exist or is not attachable.`)
  return version
}

export const policyHandlers: Record<string, Handler> = {
  CreatePolicy: (input: sdk.CreatePolicyCommandInput, context) => {
    const entities = entitiesOf(context)
    const { PolicyName: name = '', Path: path = '/', PolicyDocument: document = '' } = input
    checkDocument(document)
    if (entities.get('policy', name))
      throw alreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`)
    const created = now(context)
    const policy: PolicyRecord = {
      name,
      path,
      id: uniqueId(context.world, 'ANPA'),
      arn: iamArn(context.accountId, 'policy', path, name),
      created,
      updated: created,
      ...(input.Description !== undefined ? { description: input.Description } : {}),
      versions: [{ id: 'v1', document, created }],
      defaultVersion: 'v1',
      nextVersion: 2,
      tags: mergeTags([], input.Tags),
    }
    entities.put('policy', name, policy)
    const { Description: _notShown, Tags: tags, ...shown } = policyOutput(policy, usage(context), true)
    return { Policy: policy.tags.length > 0 ? { ...shown, Tags: tags } : shown }
  },

  GetPolicy: (input: sdk.GetPolicyCommandInput, context) => ({
    Policy: policyOutput(findPolicy(context, input.PolicyArn!), usage(context), true),
  }),

  ListPolicies: (input: sdk.ListPoliciesCommandInput, context) => {
    const used = usage(context)
    const own = input.Scope === 'AWS' ? [] : entitiesOf(context).list('policy')
    const aws = input.Scope === 'Local' ? [] : managedPolicies()
    const listed = byName([...own, ...aws]).filter(
      ({ path, arn }) =>
        path.startsWith(input.PathPrefix ?? '/') &&
        (!input.OnlyAttached || used.attachments(arn) > 0) &&
        (input.PolicyUsageFilter !== 'PermissionsBoundary' || used.boundaries(arn) > 0),
    )
    const { items, paging } = page(listed, input)
    return { Policies: items.map((policy) => policyOutput(policy, used, false)), ...paging }
  },

  DeletePolicy: (input: sdk.DeletePolicyCommandInput, context) => {
    const policy = findOwn(context, input.PolicyArn!)
    const used = usage(context)
    if (used.attachments(policy.arn) + used.boundaries(policy.arn) > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete a policy attached to entities.')
    if (policy.versions.length > 1)
      throw new AwsError(
        'DeleteConflict',
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      )
    entitiesOf(context).delete('policy', policy.name)
  },

  CreatePolicyVersion: (input: sdk.CreatePolicyVersionCommandInput, context) => {
    const policy = findOwn(context, input.PolicyArn!)
    checkDocument(input.PolicyDocument!)
    if (policy.versions.length >= QUOTAS.VersionsPerPolicy)
      throw new AwsError(
        'LimitExceeded',
        `A managed policy can have up to ${QUOTAS.VersionsPerPolicy} versions. Before you create a new version, you must delete an existing version.`,
      )
    const version = { id: `v${policy.nextVersion}`, document: input.PolicyDocument!, created: now(context) }
    const next: PolicyRecord = {
      ...policy,
      versions: [version, ...policy.versions],
      nextVersion: policy.nextVersion + 1,
      defaultVersion: input.SetAsDefault ? version.id : policy.defaultVersion,
      updated: version.created,
    }
    entitiesOf(context).put('policy', policy.name, next)
    return { PolicyVersion: versionOutput(next, version, false) }
  },

  GetPolicyVersion: (input: sdk.GetPolicyVersionCommandInput, context) => {
    const policy = findPolicy(context, input.PolicyArn!)
    return { PolicyVersion: versionOutput(policy, findVersion(policy, input.VersionId!), true) }
  },

  ListPolicyVersions: (input: sdk.ListPolicyVersionsCommandInput, context) => {
    const policy = findPolicy(context, input.PolicyArn!)
    const { items, paging } = page(policy.versions, input)
    return { Versions: items.map((version) => versionOutput(policy, version, false)), ...paging }
  },

  SetDefaultPolicyVersion: (input: sdk.SetDefaultPolicyVersionCommandInput, context) => {
    const policy = findOwn(context, input.PolicyArn!)
    const { id } = findVersion(policy, input.VersionId!)
    entitiesOf(context).put('policy', policy.name, { ...policy, defaultVersion: id, updated: now(context) })
  },

  DeletePolicyVersion: (input: sdk.DeletePolicyVersionCommandInput, context) => {
    const policy = findOwn(context, input.PolicyArn!)
    const { id } = findVersion(policy, input.VersionId!)
    if (id === policy.defaultVersion)
      throw new AwsError('DeleteConflict', 'Cannot delete the default version of a policy.')
    const versions = policy.versions.filter((version) => version.id !== id)
    entitiesOf(context).put('policy', policy.name, { ...policy, versions })
  },

  ListEntitiesForPolicy: (input: sdk.ListEntitiesForPolicyCommandInput, context) => {
    const { arn } = findPolicy(context, input.PolicyArn!)
    const used = usage(context)
    const wanted = (kind: sdk.EntityType) => input.EntityFilter === undefined || input.EntityFilter === kind
    const all = [
      ...(wanted('User') ? used.users(arn).map((one) => ({ kind: 'User', ...one })) : []),
      ...(wanted('Group') ? used.groups(arn).map((one) => ({ kind: 'Group', ...one })) : []),
      ...(wanted('Role') ? used.roles(arn).map((one) => ({ kind: 'Role', ...one })) : []),
    ]
    const { items, paging } = page(all, input)
    const of = (kind: string) =>
      items
        .filter((one) => one.kind === kind)
        .map(({ name, id }) => ({ [`${kind}Name`]: name, [`${kind}Id`]: id }))
    return { PolicyUsers: of('User'), PolicyGroups: of('Group'), PolicyRoles: of('Role'), ...paging }
  },
}
