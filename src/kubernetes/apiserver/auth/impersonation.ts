import type { IncomingHttpHeaders } from 'node:http'
import { StatusError } from '../../api.ts'
import type { UserInfo } from '../../provider.ts'
import { type Authorization, refusal } from './authorization.ts'

const EXTRA = 'impersonate-extra-'

const all = (value: string | string[] | undefined): string[] =>
  value === undefined ? [] : Array.isArray(value) ? value : value.split(',').map((part) => part.trim())

/** The user that `Impersonate-*` headers ask to act as, or the one who asks. Throws Forbidden. */
export function impersonate(
  headers: IncomingHttpHeaders,
  user: UserInfo,
  authorization: Authorization,
): UserInfo {
  const username = headers['impersonate-user'] as string | undefined
  if (!username) return user
  const groups = all(headers['impersonate-group'])
  const account = username.match(/^system:serviceaccount:([^:]+):([^:]+)$/)
  if (account) require(authorization, user, 'serviceaccounts', account[2]!, account[1]!)
  else require(authorization, user, 'users', username, '')
  for (const group of groups) require(authorization, user, 'groups', group, '')
  const extra: Record<string, string[]> = {}
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(EXTRA)) continue
    const key = decodeURIComponent(header.slice(EXTRA.length))
    require(authorization, user, 'userextras', all(value)[0] ?? '', '', key)
    extra[key] = all(value)
  }
  const implied = account ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`] : []
  const everyone = username === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated'
  return {
    username,
    ...(headers['impersonate-uid'] && { uid: String(headers['impersonate-uid']) }),
    groups: [...new Set([...groups, ...(groups.length === 0 ? implied : []), everyone])],
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}

function require(
  authorization: Authorization,
  user: UserInfo,
  resource: string,
  name: string,
  namespace: string,
  subresource = '',
): void {
  const group = resource === 'userextras' ? 'authentication.k8s.io' : ''
  const attributes = {
    user,
    verb: 'impersonate',
    group,
    version: 'v1',
    resource,
    subresource,
    namespace,
    name,
  }
  const { allowed, reason } = authorization.authorize(attributes)
  if (allowed) return
  throw new StatusError(
    403,
    'Forbidden',
    `${resource} "${name}" is forbidden: ${refusal(attributes, reason)}`,
    {
      name,
      kind: resource,
    },
  )
}
