import type * as sdk from '@aws-sdk/client-iam'
import type { Handler, RequestContext } from '../wire/service.ts'
import { AwsError } from '../wire/service.ts'
import { alreadyExists, deleteConflict, limitExceeded } from './errors.ts'
import { encodeDocument, entitiesOf, find, iamArn, now } from './find.ts'
import { uniqueId } from './ids.ts'
import { byName, page } from './paging.ts'
import { QUOTAS } from './quotas.ts'
import type { RoleRecord } from './records.ts'
import { mergeTags } from './tags.ts'
import { checkTrustPolicy } from './trust.ts'
import { boundaryOf, checkBoundary } from './users.ts'

/** A role in IAM's shape; lists leave out tags, boundary and last use, which is not tracked. */
export function roleOutput(role: RoleRecord, detailed: boolean): sdk.Role {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: new Date(role.created),
    AssumeRolePolicyDocument: encodeDocument(role.trustPolicy),
    ...(role.description !== undefined ? { Description: role.description } : {}),
    MaxSessionDuration: role.maxSessionDuration,
    ...(detailed && role.boundary ? { PermissionsBoundary: boundaryOf(role.boundary) } : {}),
    ...(detailed && role.tags.length > 0 ? { Tags: role.tags } : {}),
    ...(detailed ? { RoleLastUsed: {} } : {}),
  }
}

/** A service's own role may be changed by that service only. */
export function refuseLinked(role: RoleRecord): void {
  if (role.linkedService)
    throw new AwsError(
      'UnmodifiableEntity',
      `Cannot perform the operation on the protected role '${role.name}' - this role is only modifiable by AWS`,
    )
}

function update(context: RequestContext, name: string, change: (role: RoleRecord) => RoleRecord): RoleRecord {
  const role = find(context, 'role', name)
  refuseLinked(role)
  const next = change(role)
  entitiesOf(context).put('role', name, next)
  return next
}

export const roleHandlers: Record<string, Handler> = {
  CreateRole: (input: sdk.CreateRoleCommandInput, context) => {
    const entities = entitiesOf(context)
    const { RoleName: name = '', Path: path = '/', AssumeRolePolicyDocument: trustPolicy = '' } = input
    if (path.startsWith('/aws-service-role/'))
      throw new AwsError(
        'ValidationError',
        'Path must not start with /aws-service-role/; use CreateServiceLinkedRole.',
      )
    if (entities.get('role', name)) throw alreadyExists(`Role with name ${name} already exists.`)
    if (entities.list('role').length >= QUOTAS.Roles) throw limitExceeded('RolesPerAccount', QUOTAS.Roles)
    checkTrustPolicy(context, trustPolicy)
    checkBoundary(context, input.PermissionsBoundary)
    const role: RoleRecord = {
      name,
      path,
      id: uniqueId(context.world, 'AROA'),
      arn: iamArn(context.accountId, 'role', path, name),
      created: now(context),
      trustPolicy,
      ...(input.Description !== undefined ? { description: input.Description } : {}),
      maxSessionDuration: input.MaxSessionDuration ?? 3600,
      ...(input.PermissionsBoundary ? { boundary: input.PermissionsBoundary } : {}),
      tags: mergeTags([], input.Tags),
      attached: [],
      inline: {},
    }
    entities.put('role', name, role)
    const { RoleLastUsed: _unused, MaxSessionDuration: duration, ...created } = roleOutput(role, true)
    return {
      Role: input.MaxSessionDuration === undefined ? created : { ...created, MaxSessionDuration: duration },
    }
  },

  GetRole: (input: sdk.GetRoleCommandInput, context) => ({
    Role: roleOutput(find(context, 'role', input.RoleName!), true),
  }),

  ListRoles: (input: sdk.ListRolesCommandInput, context) => {
    const roles = byName(entitiesOf(context).list('role')).filter(({ path }) =>
      path.startsWith(input.PathPrefix ?? '/'),
    )
    const { items, paging } = page(roles, input)
    return { Roles: items.map((role) => roleOutput(role, false)), ...paging }
  },

  UpdateRole: (input: sdk.UpdateRoleCommandInput, context) => {
    update(context, input.RoleName!, (role) => ({
      ...role,
      ...(input.Description !== undefined ? { description: input.Description } : {}),
      maxSessionDuration: input.MaxSessionDuration ?? role.maxSessionDuration,
    }))
    return {}
  },

  UpdateRoleDescription: (input: sdk.UpdateRoleDescriptionCommandInput, context) => {
    const role = update(context, input.RoleName!, (role) => ({ ...role, description: input.Description! }))
    return { Role: roleOutput(role, true) }
  },

  UpdateAssumeRolePolicy: (input: sdk.UpdateAssumeRolePolicyCommandInput, context) => {
    update(context, input.RoleName!, (role) => {
      checkTrustPolicy(context, input.PolicyDocument!)
      return { ...role, trustPolicy: input.PolicyDocument! }
    })
  },

  PutRolePermissionsBoundary: (input: sdk.PutRolePermissionsBoundaryCommandInput, context) => {
    checkBoundary(context, input.PermissionsBoundary)
    update(context, input.RoleName!, (role) => ({ ...role, boundary: input.PermissionsBoundary! }))
  },

  DeleteRolePermissionsBoundary: (input: sdk.DeleteRolePermissionsBoundaryCommandInput, context) => {
    update(context, input.RoleName!, ({ boundary: _dropped, ...role }) => role)
  },

  DeleteRole: (input: sdk.DeleteRoleCommandInput, context) => {
    const entities = entitiesOf(context)
    const role = find(context, 'role', input.RoleName!)
    refuseLinked(role)
    if (entities.list('instance-profile').some(({ roles }) => roles.includes(role.name)))
      throw deleteConflict('remove roles from instance profile')
    if (role.attached.length > 0) throw deleteConflict('detach all policies')
    if (Object.keys(role.inline).length > 0) throw deleteConflict('delete policies')
    entities.delete('role', role.name)
  },
}
