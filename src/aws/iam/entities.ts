import type { World } from '#world/world.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import type {
  AccessKeyRecord,
  AccountRecord,
  GroupRecord,
  InstanceProfileRecord,
  OidcProviderRecord,
  PolicyRecord,
  RoleRecord,
  UserRecord,
} from './records.ts'

interface Records {
  user: UserRecord
  group: GroupRecord
  role: RoleRecord
  'instance-profile': InstanceProfileRecord
  policy: PolicyRecord
  'oidc-provider': OidcProviderRecord
  account: AccountRecord
}

export type EntityType = keyof Records
export type EntityOf<T extends EntityType> = Records[T]

const ACCESS_KEYS = 'aws/access-keys/'

/** IAM's records of one account in the world's store. Names are unique without regard to case, as in IAM. */
export class Entities {
  readonly world: World
  readonly accountId: string

  constructor(world: World, accountId: string) {
    this.world = world
    this.accountId = accountId
  }

  get<T extends EntityType>(type: T, name: string): Records[T] | undefined {
    return this.world.store.get<Records[T]>(this.#key(type, name))?.value
  }

  put<T extends EntityType>(type: T, name: string, record: Records[T]): void {
    this.world.store.put(this.#key(type, name), record)
  }

  delete(type: EntityType, name: string): void {
    this.world.store.delete(this.#key(type, name))
  }

  list<T extends EntityType>(type: T): Records[T][] {
    return this.world.store.values<Records[T]>(awsPrefix(this.accountId, 'global', 'iam', type))
  }

  accessKey(id: string): AccessKeyRecord | undefined {
    return this.world.store.get<AccessKeyRecord>(ACCESS_KEYS + id)?.value
  }

  putAccessKey(key: AccessKeyRecord): void {
    this.world.store.put(ACCESS_KEYS + key.id, key)
  }

  deleteAccessKey(id: string): void {
    this.world.store.delete(ACCESS_KEYS + id)
  }

  #key(type: EntityType, name: string): string {
    // ARNs of OIDC providers hold slashes; a key is a path, so they are escaped.
    return awsKey(this.accountId, 'global', 'iam', type, encodeURIComponent(name.toLowerCase()))
  }
}
