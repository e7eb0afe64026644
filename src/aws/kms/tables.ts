import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError } from '../wire/service.ts'
import type { AliasRecord, KeyRecord } from './records.ts'

const keyOf = (scope: Scope, type: string, id: string) =>
  awsKey(scope.accountId, scope.region, 'kms', type, encodeURIComponent(id))

export const listKeyRecords = (scope: Scope): KeyRecord[] =>
  scope.world.store.values<KeyRecord>(awsPrefix(scope.accountId, scope.region, 'kms', 'keys'))

export const putKey = (scope: Scope, key: KeyRecord): KeyRecord =>
  scope.world.store.put(keyOf(scope, 'keys', key.id), key).value

export const listAliasRecords = (scope: Scope): AliasRecord[] =>
  scope.world.store.values<AliasRecord>(awsPrefix(scope.accountId, scope.region, 'kms', 'aliases'))

export const findAlias = (scope: Scope, name: string): AliasRecord | undefined =>
  scope.world.store.get<AliasRecord>(keyOf(scope, 'aliases', name))?.value

export const putAlias = (scope: Scope, alias: AliasRecord): AliasRecord =>
  scope.world.store.put(keyOf(scope, 'aliases', alias.name), alias).value

export const deleteAliasRecord = (scope: Scope, name: string) =>
  scope.world.store.delete(keyOf(scope, 'aliases', name))

/** Where the material is that a key has after so many rotations. */
const materialKey = (scope: Scope, keyId: string, rotation: number) =>
  keyOf(scope, 'materials', rotation === 0 ? keyId : `${keyId}.${rotation}`)

/** A key's secret: for symmetric and HMAC keys 32 bytes or more in base64, for others a private key in PEM. */
export const findMaterial = (
  scope: Scope,
  { id, rotations = [] }: KeyRecord,
  rotation = rotations.length,
): string | undefined => scope.world.store.get<string>(materialKey(scope, id, rotation))?.value

export const putMaterial = (scope: Scope, keyId: string, material: string, rotation: number) =>
  scope.world.store.put(materialKey(scope, keyId, rotation), material)

/** Removes a key with all that belongs to it. */
export function eraseKey(scope: Scope, keyId: string): void {
  for (const { name, keyId: target } of listAliasRecords(scope))
    if (target === keyId) deleteAliasRecord(scope, name)
  const { rotations = [] } = findKey(scope, keyId) ?? {}
  for (let rotation = 0; rotation <= rotations.length; rotation++)
    scope.world.store.delete(materialKey(scope, keyId, rotation))
  scope.world.store.delete(keyOf(scope, 'keys', keyId))
}

export const aliasArn = (scope: Scope, name: string) =>
  `arn:aws:kms:${scope.region}:${scope.accountId}:${name}`

export const notFound = (message: string) => new AwsError('NotFoundException', message)

const ARN = /^arn:aws:kms:([a-z0-9-]+):(\d{12}):(key\/(.+)|alias\/.+)$/

/** The scope of an ARN, which may be another account's or region's; otherwise the caller's own. */
export function scopeOf(scope: Scope, id: string): Scope {
  const [, region, accountId] = ARN.exec(id) ?? []
  return region && accountId ? { world: scope.world, region, accountId } : scope
}

/** A key by id, key ARN, alias or alias ARN; undefined when there is none. */
export function findKey(scope: Scope, id: string): KeyRecord | undefined {
  const [, , , resource, keyId] = ARN.exec(id) ?? []
  const where = scopeOf(scope, id)
  const name = resource ?? id
  if (name.startsWith('alias/')) {
    const alias = findAlias(where, name)
    return alias && findKey(where, alias.keyId)
  }
  return scope.world.store.get<KeyRecord>(keyOf(where, 'keys', keyId ?? id))?.value
}

/** Throws NotFoundException with KMS's text for what was asked. */
export function requireKey(scope: Scope, id: string): KeyRecord {
  // A region's KMS knows the keys of its region alone.
  const [, region] = ARN.exec(id) ?? []
  if (region !== undefined && region !== scope.region) throw notFound(`Invalid arn ${region}`)
  const key = findKey(scope, id)
  if (key) return key
  if (id.startsWith('alias/')) throw notFound(`Alias ${aliasArn(scope, id)} is not found.`)
  if (/:alias\//.test(id)) throw notFound(`Alias ${id} is not found.`)
  if (id.startsWith('arn:')) throw notFound(`Key '${id}' does not exist`)
  if (/^[0-9a-f-]{36}$/.test(id)) throw notFound(`Key '${aliasArn(scope, `key/${id}`)}' does not exist`)
  throw notFound(`Invalid keyId '${id}'`)
}
