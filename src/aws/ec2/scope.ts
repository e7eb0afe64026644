import type { World } from '#world/world.ts'

/** One account in one region of a world; every RequestContext is one. */
export interface Scope {
  world: World
  accountId: string
  region: string
}

/** `arn:aws:ec2:<region>:<account>:<type>/<id>`; images and snapshots, which are shared, are named without an account. */
export function ec2Arn(scope: Scope, type: string, id: string): string {
  const accountId = type === 'image' || type === 'snapshot' ? '' : scope.accountId
  return `arn:aws:ec2:${scope.region}:${accountId}:${type}/${id}`
}

/** Reads account and region out of a store key `aws/<account>/<region>/…`. */
export function scopeOfKey(world: World, key: string): Scope {
  const [, accountId = '', region = ''] = key.split('/')
  return { world, accountId, region }
}
