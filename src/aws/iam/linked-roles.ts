import type * as sdk from '@aws-sdk/client-iam'
import type { World } from '#world/world.ts'
import type { Handler } from '../wire/service.ts'
import { AwsError } from '../wire/service.ts'
import { LINKED_SERVICES } from './data/linked-roles.ts'
import { Entities } from './entities.ts'
import { invalidInput, noSuchEntity } from './errors.ts'
import { entitiesOf, find, iamArn } from './find.ts'
import { uniqueId } from './ids.ts'
import type { RoleRecord } from './records.ts'
import { roleOutput } from './roles.ts'

/**
 * Makes a service's own role when the account has none, as services do at their first use.
 * Throws InvalidInput for a service that has no such role.
 */
export function ensureLinkedRole(world: World, accountId: string, service: string): RoleRecord {
  const linked = Object.hasOwn(LINKED_SERVICES, service) ? LINKED_SERVICES[service] : undefined
  if (!linked) throw invalidInput(`Service name ${service} is not supported for service-linked roles.`)
  const entities = new Entities(world, accountId)
  const present = entities.get('role', linked.role)
  if (present) return present
  const path = `/aws-service-role/${service}/`
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  }
  const role: RoleRecord = {
    name: linked.role,
    path,
    id: uniqueId(world, 'AROA'),
    arn: iamArn(accountId, 'role', path, linked.role),
    created: Math.floor(world.clock.now() / 1000) * 1000,
    trustPolicy: JSON.stringify(trust),
    description: linked.description,
    maxSessionDuration: 3600,
    tags: [],
    attached: [`arn:aws:iam::aws:policy/aws-service-role/${linked.policy}`],
    inline: {},
    linkedService: service,
  }
  entities.put('role', role.name, role)
  return role
}

export const linkedRoleHandlers: Record<string, Handler> = {
  CreateServiceLinkedRole: (input: sdk.CreateServiceLinkedRoleCommandInput, { world, accountId }) => {
    const service = input.AWSServiceName!
    const name = Object.hasOwn(LINKED_SERVICES, service) ? LINKED_SERVICES[service]?.role : undefined
    if (input.CustomSuffix !== undefined) throw invalidInput(`Custom suffix is not allowed for ${service}`)
    if (name && new Entities(world, accountId).get('role', name))
      throw invalidInput(
        `Service role name ${name} has been taken in this account, please try a different suffix.`,
      )
    const {
      MaxSessionDuration: _notShown,
      Description: _nor,
      ...role
    } = roleOutput(ensureLinkedRole(world, accountId, service), false)
    return { Role: role }
  },

  DeleteServiceLinkedRole: (input: sdk.DeleteServiceLinkedRoleCommandInput, context) => {
    const role = find(context, 'role', input.RoleName!)
    if (!role.linkedService)
      throw new AwsError('ValidationError', `${role.name} is not a service-linked role.`)
    entitiesOf(context).delete('role', role.name)
    return { DeletionTaskId: `task${role.path}${role.name}/${context.world.ids.uuid()}` }
  },

  GetServiceLinkedRoleDeletionStatus: (input: sdk.GetServiceLinkedRoleDeletionStatusCommandInput) => {
    if (!input.DeletionTaskId!.startsWith('task/aws-service-role/'))
      throw noSuchEntity(`Deletion task ${input.DeletionTaskId} not found`)
    return { Status: 'SUCCEEDED' }
  },
}
