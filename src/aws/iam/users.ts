import type * as sdk from '@aws-sdk/client-iam'
import type { Handler, RequestContext } from '../wire/service.ts'
import { AwsError } from '../wire/service.ts'
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity } from './errors.ts'
import { entitiesOf, find, iamArn, now, policyByArn } from './find.ts'
import { uniqueId } from './ids.ts'
import { byName, page } from './paging.ts'
import { QUOTAS } from './quotas.ts'
import type { GroupRecord, UserRecord } from './records.ts'
import { mergeTags } from './tags.ts'

/** The user named in a request, or the caller when none is. */
export function userNameOf(context: RequestContext, name: string | undefined): string {
  if (name !== undefined) return name
  const { principal } = context
  if (principal.type === 'user') return principal.arn.split('/').at(-1)!
  throw new AwsError('ValidationError', 'Must specify userName when calling with non-User credentials')
}

/** A permissions boundary in IAM's shape. The wire says `Policy`, whatever the SDK's enum has. */
export function boundaryOf(arn: string): sdk.AttachedPermissionsBoundary {
  return { PermissionsBoundaryType: 'Policy' as 'PermissionsBoundaryPolicy', PermissionsBoundaryArn: arn }
}

/** Throws NoSuchEntity when a boundary names no policy. */
export function checkBoundary(context: RequestContext, arn: string | undefined): void {
  if (arn !== undefined && !policyByArn(context, arn))
    throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`)
}

/** A user in IAM's shape; lists leave out tags and boundary. */
export function userOutput(user: UserRecord, detailed: boolean): sdk.User {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: user.arn,
    CreateDate: new Date(user.created),
    ...(detailed && user.tags.length > 0 ? { Tags: user.tags } : {}),
    ...(detailed && user.boundary ? { PermissionsBoundary: boundaryOf(user.boundary) } : {}),
  }
}

export function groupOutput(group: GroupRecord): sdk.Group {
  return {
    Path: group.path,
    GroupName: group.name,
    GroupId: group.id,
    Arn: group.arn,
    CreateDate: new Date(group.created),
  }
}

export const userHandlers: Record<string, Handler> = {
  CreateUser: (input: sdk.CreateUserCommandInput, context) => {
    const entities = entitiesOf(context)
    const { UserName: name = '', Path: path = '/' } = input
    if (entities.get('user', name)) throw alreadyExists(`User with name ${name} already exists.`)
    if (entities.list('user').length >= QUOTAS.Users) throw limitExceeded('UsersPerAccount', QUOTAS.Users)
    checkBoundary(context, input.PermissionsBoundary)
    const user: UserRecord = {
      name,
      path,
      id: uniqueId(context.world, 'AIDA'),
      arn: iamArn(context.accountId, 'user', path, name),
      created: now(context),
      tags: mergeTags([], input.Tags),
      ...(input.PermissionsBoundary ? { boundary: input.PermissionsBoundary } : {}),
      attached: [],
      inline: {},
      groups: [],
      accessKeys: [],
    }
    entities.put('user', name, user)
    return { User: userOutput(user, true) }
  },

  GetUser: (input: sdk.GetUserCommandInput, context) => {
    if (input.UserName === undefined && context.principal.type === 'root') {
      const { principal } = context
      return {
        User: {
          Path: '/',
          UserId: principal.userId,
          Arn: principal.arn,
          CreateDate: new Date(accountCreated(context)),
        },
      }
    }
    return { User: userOutput(find(context, 'user', userNameOf(context, input.UserName)), true) }
  },

  ListUsers: (input: sdk.ListUsersCommandInput, context) => {
    const users = byName(entitiesOf(context).list('user')).filter(({ path }) =>
      path.startsWith(input.PathPrefix ?? '/'),
    )
    const { items, paging } = page(users, input)
    return { Users: items.map((user) => userOutput(user, false)), ...paging }
  },

  UpdateUser: (input: sdk.UpdateUserCommandInput, context) => {
    const entities = entitiesOf(context)
    const user = find(context, 'user', input.UserName!)
    const name = input.NewUserName ?? user.name
    const path = input.NewPath ?? user.path
    if (name.toLowerCase() !== user.name.toLowerCase() && entities.get('user', name))
      throw alreadyExists(`User with name ${name} already exists.`)
    entities.delete('user', user.name)
    entities.put('user', name, { ...user, name, path, arn: iamArn(context.accountId, 'user', path, name) })
    for (const id of user.accessKeys) {
      const key = entities.accessKey(id)
      if (key) entities.putAccessKey({ ...key, userName: name })
    }
  },

  DeleteUser: (input: sdk.DeleteUserCommandInput, context) => {
    const user = find(context, 'user', input.UserName!)
    if (user.login) throw deleteConflict('delete login profile')
    if (user.accessKeys.length > 0) throw deleteConflict('delete access keys')
    if (user.attached.length > 0) throw deleteConflict('detach all policies')
    if (Object.keys(user.inline).length > 0) throw deleteConflict('delete policies')
    if (user.groups.length > 0) throw deleteConflict('remove users from group')
    entitiesOf(context).delete('user', user.name)
  },

  PutUserPermissionsBoundary: (input: sdk.PutUserPermissionsBoundaryCommandInput, context) => {
    const user = find(context, 'user', input.UserName!)
    checkBoundary(context, input.PermissionsBoundary)
    entitiesOf(context).put('user', user.name, { ...user, boundary: input.PermissionsBoundary! })
  },

  DeleteUserPermissionsBoundary: (input: sdk.DeleteUserPermissionsBoundaryCommandInput, context) => {
    const { boundary: _dropped, ...user } = find(context, 'user', input.UserName!)
    entitiesOf(context).put('user', user.name, user)
  },
}

function accountCreated(context: RequestContext): number {
  return entitiesOf(context).get('account', context.accountId)?.created ?? now(context)
}

export const groupHandlers: Record<string, Handler> = {
  CreateGroup: (input: sdk.CreateGroupCommandInput, context) => {
    const entities = entitiesOf(context)
    const { GroupName: name = '', Path: path = '/' } = input
    if (entities.get('group', name)) throw alreadyExists(`Group with name ${name} already exists.`)
    const group: GroupRecord = {
      name,
      path,
      id: uniqueId(context.world, 'AGPA'),
      arn: iamArn(context.accountId, 'group', path, name),
      created: now(context),
      attached: [],
      inline: {},
    }
    entities.put('group', name, group)
    return { Group: groupOutput(group) }
  },

  UpdateGroup: (input: sdk.UpdateGroupCommandInput, context) => {
    const entities = entitiesOf(context)
    const group = find(context, 'group', input.GroupName!)
    const name = input.NewGroupName ?? group.name
    const path = input.NewPath ?? group.path
    if (name.toLowerCase() !== group.name.toLowerCase() && entities.get('group', name))
      throw alreadyExists(`Group with name ${name} already exists.`)
    const members = membersOf(context, group.name)
    entities.delete('group', group.name)
    entities.put('group', name, { ...group, name, path, arn: iamArn(context.accountId, 'group', path, name) })
    for (const user of members) {
      const groups = user.groups.map((one) => (one === group.name ? name : one))
      entities.put('user', user.name, { ...user, groups })
    }
  },

  GetGroup: (input: sdk.GetGroupCommandInput, context) => {
    const group = find(context, 'group', input.GroupName!)
    const { items, paging } = page(membersOf(context, group.name), input)
    return { Group: groupOutput(group), Users: items.map((user) => userOutput(user, false)), ...paging }
  },

  ListGroups: (input: sdk.ListGroupsCommandInput, context) => {
    const groups = byName(entitiesOf(context).list('group')).filter(({ path }) =>
      path.startsWith(input.PathPrefix ?? '/'),
    )
    const { items, paging } = page(groups, input)
    return { Groups: items.map(groupOutput), ...paging }
  },

  ListGroupsForUser: (input: sdk.ListGroupsForUserCommandInput, context) => {
    const user = find(context, 'user', input.UserName!)
    const { items, paging } = page(user.groups, input)
    return { Groups: items.map((name) => groupOutput(find(context, 'group', name))), ...paging }
  },

  AddUserToGroup: (input: sdk.AddUserToGroupCommandInput, context) => {
    const group = find(context, 'group', input.GroupName!)
    const user = find(context, 'user', input.UserName!)
    if (user.groups.includes(group.name)) return
    if (user.groups.length >= QUOTAS.GroupsPerUser) throw limitExceeded('GroupsPerUser', QUOTAS.GroupsPerUser)
    entitiesOf(context).put('user', user.name, { ...user, groups: [...user.groups, group.name] })
  },

  RemoveUserFromGroup: (input: sdk.RemoveUserFromGroupCommandInput, context) => {
    const group = find(context, 'group', input.GroupName!)
    const user = find(context, 'user', input.UserName!)
    const groups = user.groups.filter((name) => name !== group.name)
    entitiesOf(context).put('user', user.name, { ...user, groups })
  },

  DeleteGroup: (input: sdk.DeleteGroupCommandInput, context) => {
    const group = find(context, 'group', input.GroupName!)
    if (membersOf(context, group.name).length > 0) throw deleteConflict('remove users from group')
    if (group.attached.length > 0) throw deleteConflict('detach all policies')
    if (Object.keys(group.inline).length > 0) throw deleteConflict('delete policies')
    entitiesOf(context).delete('group', group.name)
  },
}

function membersOf(context: RequestContext, group: string): UserRecord[] {
  return byName(entitiesOf(context).list('user')).filter(({ groups }) => groups.includes(group))
}
