import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Scope } from '../ec2/index.ts'
import { groupAttribute } from './attributes.ts'
import type { Picked } from './pick-target.ts'
import { targetGroups } from './tables.ts'

/** The cookies of duration-based stickiness: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html */
const COOKIE = 'AWSALB'
const CROSS_ORIGIN_COOKIE = 'AWSALBCORS'

/** A target in a cookie. */
export interface Sticky {
  groupArn: string
  id: string
  port: number
}

/** The target that a client is bound to by its cookie, if its group is sticky still. */
export function stickyTarget(scope: Scope, req: IncomingMessage): Sticky | undefined {
  const [, value = ''] =
    new RegExp(`(?:^|;\\s*)${COOKIE}=([A-Za-z0-9_-]+)`).exec(req.headers.cookie ?? '') ?? []
  const [groupArn = '', id = '', port = ''] = Buffer.from(value, 'base64url').toString().split('|')
  const group = targetGroups.find(scope, groupArn)
  return group && isSticky(group) ? { groupArn, id, port: Number(port) } : undefined
}

export const isSticky = (group: Picked['group']) => groupAttribute(group, 'stickiness.enabled') === 'true'

/** Binds a client to the target that answers it, anew with each answer. */
export function bind(scope: Scope, res: ServerResponse, { group, id, port }: Picked): void {
  if (!isSticky(group)) return
  const seconds = Number(groupAttribute(group, 'stickiness.lb_cookie.duration_seconds'))
  const value = Buffer.from(`${group.arn}|${id}|${port}`).toString('base64url')
  const expires = new Date(scope.world.clock.now() + seconds * 1000).toUTCString()
  res.appendHeader('Set-Cookie', `${COOKIE}=${value}; Expires=${expires}; Path=/`)
  res.appendHeader('Set-Cookie', `${CROSS_ORIGIN_COOKIE}=${value}; Expires=${expires}; Path=/; SameSite=None`)
}
