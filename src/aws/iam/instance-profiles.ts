import type * as sdk from '@aws-sdk/client-iam'
import type { Handler, RequestContext } from '../wire/service.ts'
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity } from './errors.ts'
import { entitiesOf, find, iamArn, now } from './find.ts'
import { uniqueId } from './ids.ts'
import { byName, page } from './paging.ts'
import type { InstanceProfileRecord } from './records.ts'
import { roleOutput } from './roles.ts'
import { mergeTags } from './tags.ts'

export function profileOutput(context: RequestContext, profile: InstanceProfileRecord): sdk.InstanceProfile {
  const entities = entitiesOf(context)
  const roles = profile.roles.map((name) => entities.get('role', name)).filter((role) => role !== undefined)
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: profile.arn,
    CreateDate: new Date(profile.created),
    Roles: roles.map((role) => {
      const { MaxSessionDuration: _notShown, ...shown } = roleOutput(role, false)
      return shown
    }),
    ...(profile.tags.length > 0 ? { Tags: profile.tags } : {}),
  }
}

export const instanceProfileHandlers: Record<string, Handler> = {
  CreateInstanceProfile: (input: sdk.CreateInstanceProfileCommandInput, context) => {
    const entities = entitiesOf(context)
    const { InstanceProfileName: name = '', Path: path = '/' } = input
    if (entities.get('instance-profile', name))
      throw alreadyExists(`Instance Profile ${name} already exists.`)
    const profile: InstanceProfileRecord = {
      name,
      path,
      id: uniqueId(context.world, 'AIPA'),
      arn: iamArn(context.accountId, 'instance-profile', path, name),
      created: now(context),
      roles: [],
      tags: mergeTags([], input.Tags),
    }
    entities.put('instance-profile', name, profile)
    return { InstanceProfile: profileOutput(context, profile) }
  },

  GetInstanceProfile: (input: sdk.GetInstanceProfileCommandInput, context) => ({
    InstanceProfile: profileOutput(context, find(context, 'instance-profile', input.InstanceProfileName!)),
  }),

  ListInstanceProfiles: (input: sdk.ListInstanceProfilesCommandInput, context) => {
    const all = byName(entitiesOf(context).list('instance-profile'))
    const { items, paging } = page(
      all.filter(({ path }) => path.startsWith(input.PathPrefix ?? '/')),
      input,
    )
    return { InstanceProfiles: items.map((profile) => profileOutput(context, profile)), ...paging }
  },

  ListInstanceProfilesForRole: (input: sdk.ListInstanceProfilesForRoleCommandInput, context) => {
    const role = find(context, 'role', input.RoleName!)
    const all = byName(entitiesOf(context).list('instance-profile'))
    const { items, paging } = page(
      all.filter(({ roles }) => roles.includes(role.name)),
      input,
    )
    return { InstanceProfiles: items.map((profile) => profileOutput(context, profile)), ...paging }
  },

  AddRoleToInstanceProfile: (input: sdk.AddRoleToInstanceProfileCommandInput, context) => {
    const profile = find(context, 'instance-profile', input.InstanceProfileName!)
    const role = find(context, 'role', input.RoleName!)
    if (profile.roles.length > 0) throw limitExceeded('InstanceSessionsPerInstanceProfile', 1)
    context.authorize('iam:PassRole', role.arn, { 'iam:PassedToService': 'ec2.amazonaws.com' })
    entitiesOf(context).put('instance-profile', profile.name, { ...profile, roles: [role.name] })
  },

  RemoveRoleFromInstanceProfile: (input: sdk.RemoveRoleFromInstanceProfileCommandInput, context) => {
    const profile = find(context, 'instance-profile', input.InstanceProfileName!)
    if (!profile.roles.includes(input.RoleName!))
      throw noSuchEntity(`The role with name ${input.RoleName} cannot be found.`)
    const roles = profile.roles.filter((name) => name !== input.RoleName)
    entitiesOf(context).put('instance-profile', profile.name, { ...profile, roles })
  },

  DeleteInstanceProfile: (input: sdk.DeleteInstanceProfileCommandInput, context) => {
    const profile = find(context, 'instance-profile', input.InstanceProfileName!)
    if (profile.roles.length > 0) throw deleteConflict('remove roles from instance profile')
    entitiesOf(context).delete('instance-profile', profile.name)
  },
}
