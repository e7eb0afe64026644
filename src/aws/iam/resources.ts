import type { RequestContext } from '../wire/service.ts'
import { entitiesOf, iamArn } from './find.ts'

// biome-ignore lint/suspicious/noExplicitAny: read by member name, whatever the operation.
type Input = any

/** Which members name what an operation acts on, the most telling first. */
const NAMED = [
  ['PolicyArn', undefined],
  ['OpenIDConnectProviderArn', undefined],
  ['InstanceProfileName', 'instance-profile'],
  ['RoleName', 'role'],
  ['GroupName', 'group'],
  ['UserName', 'user'],
] as const

/** Operations of lists that IAM checks on all entities of a path. */
const LISTS: Record<string, string> = {
  ListUsers: 'user',
  ListRoles: 'role',
  ListGroups: 'group',
  ListInstanceProfiles: 'instance-profile',
}

/** The ARN that an operation of IAM acts on, by the members that name it. */
export function iamResource(operation: string, input: Input, context: RequestContext): string {
  const { accountId, principal } = context
  const listed = LISTS[operation]
  if (listed) return `arn:aws:iam::${accountId}:${listed}${input.PathPrefix ?? '/'}`
  if (operation === 'CreatePolicy') return iamArn(accountId, 'policy', input.Path ?? '/', input.PolicyName)
  // Attaching to somebody is asked of the somebody, with the policy as a condition.
  const attachment = /^(Attach|Detach)(User|Group|Role)Policy$/.test(operation)
  for (const [member, type] of NAMED) {
    const name = input[member]
    if (name === undefined || (attachment && member === 'PolicyArn')) continue
    if (type === undefined) return name
    const known = entitiesOf(context).get(type, name)
    return known?.arn ?? iamArn(accountId, type, input.Path ?? '/', name)
  }
  const own = /AccessKey|LoginProfile|^GetUser$/.test(operation) && principal.type === 'user'
  return own ? principal.arn : '*'
}

/** How IAM names a resource when it refuses: by name, not by ARN, unless the request would make it. */
export function iamResourceName(operation: string, arn: string): string {
  if (operation.startsWith('Create') || operation.startsWith('List')) {
    if (
      operation !== 'CreateAccessKey' &&
      !/^List(Attached|Role|User|Group)\w*(Policies|Tags)$/.test(operation)
    )
      return arn
  }
  const [, type, name] = /^arn:aws:iam::\d{12}:([a-z-]+)\/(?:.*\/)?([^/]+)$/.exec(arn) ?? []
  if (type === undefined) return arn.includes(':policy/') ? `policy ${arn}` : arn
  return type === 'policy' ? `policy ${arn}` : `${type.replace('-', ' ')} ${name}`
}
