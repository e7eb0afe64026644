import type { RequestContext } from '../wire/service.ts'
import { Entities, type EntityOf, type EntityType } from './entities.ts'
import { noSuchEntity } from './errors.ts'
import { managedPolicy } from './managed.ts'
import type { AccountRecord, PolicyRecord } from './records.ts'

/** The IAM records of the caller's account. */
export function entitiesOf({ world, accountId }: RequestContext): Entities {
  return new Entities(world, accountId)
}

/** The record of the caller's account itself. */
export function accountOf(context: RequestContext): AccountRecord {
  const { accountId: id } = context
  return entitiesOf(context).get('account', id) ?? { id, created: now(context) }
}

type NamedType = Exclude<EntityType, 'policy' | 'oidc-provider' | 'account'>

/** A record by name. Throws NoSuchEntity as IAM words it for the type. */
export function find<T extends NamedType>(context: RequestContext, type: T, name: string): EntityOf<T> {
  const found = entitiesOf(context).get(type, name) as (EntityOf<T> & { name: string }) | undefined
  if (found?.name === name) return found
  throw noSuchEntity(
    type === 'instance-profile'
      ? `Instance Profile ${name} cannot be found.`
      : `The ${type} with name ${name} cannot be found.`,
  )
}

/** A managed policy of the account or of AWS. Throws NoSuchEntity. */
export function findPolicy(context: RequestContext, arn: string): PolicyRecord {
  const policy = policyByArn(context, arn)
  if (policy) return policy
  throw noSuchEntity(`Policy ${arn} was not found.`)
}

export function policyByArn(context: RequestContext, arn: string): PolicyRecord | undefined {
  const own = managedPolicy(arn) ?? entitiesOf(context).get('policy', arn.split('/').at(-1)!)
  return own?.arn === arn ? own : undefined
}

/** Now, in IAM's whole seconds; ms since the epoch. */
export function now({ world }: RequestContext): number {
  return Math.floor(world.clock.now() / 1000) * 1000
}

/** `arn:aws:iam::111122223333:role/path/name` */
export function iamArn(accountId: string, type: string, path: string, name: string): string {
  return `arn:aws:iam::${accountId}:${type}${path}${name}`
}

/** Policies travel percent-encoded in IAM's answers. */
export function encodeDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** NoSuchEntity for the entity of an ARN. */
export function noUserError(arn: string) {
  return noSuchEntity(`The entity with ARN ${arn} cannot be found.`)
}
