import type { World } from '#world/world.ts'
import { Entities } from './entities.ts'
import { uniqueId } from './ids.ts'

export interface BootstrapOptions {
  accountId: string
  administrator: { accessKeyId: string; secretAccessKey: string }
}

/**
 * Makes an account as its owner would find it: the user `admin` with AdministratorAccess and the given key.
 * An account that exists is left as it is.
 */
export function bootstrapAccount(world: World, { accountId, administrator }: BootstrapOptions): void {
  const entities = new Entities(world, accountId)
  if (entities.get('account', accountId)) return
  const created = Math.floor(world.clock.now() / 1000) * 1000
  entities.put('user', 'admin', {
    name: 'admin',
    path: '/',
    id: uniqueId(world, 'AIDA'),
    arn: `arn:aws:iam::${accountId}:user/admin`,
    created,
    tags: [],
    attached: ['arn:aws:iam::aws:policy/AdministratorAccess'],
    inline: {},
    groups: [],
    accessKeys: [administrator.accessKeyId],
  })
  entities.putAccessKey({
    id: administrator.accessKeyId,
    secret: administrator.secretAccessKey,
    accountId,
    userName: 'admin',
    active: true,
    created,
  })
  // Last, so that a crash in between is made good by the next call.
  entities.put('account', accountId, { id: accountId, created })
}
