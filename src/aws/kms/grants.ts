import type * as sdk from '@aws-sdk/client-kms'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { pendingDeletion } from './keys.ts'
import { page } from './paging.ts'
import type { GrantRecord, KeyRecord } from './records.ts'
import { listKeyRecords, notFound, putKey, requireKey, scopeOf } from './tables.ts'

const toGrant = (key: KeyRecord, grant: GrantRecord): sdk.GrantListEntry => ({
  KeyId: key.arn,
  GrantId: grant.id,
  Name: grant.name ?? '',
  CreationDate: new Date(grant.createdAt),
  GranteePrincipal: grant.granteePrincipal,
  RetiringPrincipal: grant.retiringPrincipal,
  IssuingAccount: `arn:aws:iam::${grant.issuingAccount}:root`,
  Operations: grant.operations as sdk.GrantOperation[],
  Constraints: grant.constraints,
})

export function createGrant(input: sdk.CreateGrantCommandInput, context: RequestContext) {
  const key = requireKey(context, input.KeyId!)
  if (key.state === 'PendingDeletion') throw pendingDeletion(key)
  if (key.state === 'Disabled') throw new AwsError('DisabledException', `${key.arn} is disabled.`)
  const same = key.grants.find(
    ({ name, granteePrincipal, operations }) =>
      input.Name !== undefined &&
      name === input.Name &&
      granteePrincipal === input.GranteePrincipal &&
      operations.join() === input.Operations!.join(),
  )
  if (same) return { GrantId: same.id, GrantToken: same.token }
  const { grant } = grantUse(context, key, {
    name: input.Name,
    granteePrincipal: input.GranteePrincipal!,
    retiringPrincipal: input.RetiringPrincipal,
    operations: input.Operations!,
    constraints: input.Constraints as GrantRecord['constraints'],
  })
  return { GrantId: grant.id, GrantToken: grant.token }
}

/** Adds a grant to a key. */
export function grantUse(
  scope: Scope,
  key: KeyRecord,
  options: Omit<GrantRecord, 'id' | 'token' | 'issuingAccount' | 'createdAt'>,
): { key: KeyRecord; grant: GrantRecord } {
  const { world, accountId } = scope
  const grant: GrantRecord = {
    ...options,
    id: world.ids.hex(64),
    token: Buffer.from(world.ids.bytes(48)).toString('base64'),
    issuingAccount: accountId,
    createdAt: world.clock.now(),
  }
  return { key: putKey(scopeOf(scope, key.arn), { ...key, grants: [...key.grants, grant] }), grant }
}

export function listGrants(input: sdk.ListGrantsCommandInput, context: RequestContext) {
  const key = requireKey(context, input.KeyId!)
  const wanted = key.grants.filter(
    ({ id, granteePrincipal }) =>
      (!input.GrantId || id === input.GrantId) &&
      (!input.GranteePrincipal || granteePrincipal === input.GranteePrincipal),
  )
  const { items, paging } = page(wanted, input)
  return { Grants: items.map((grant) => toGrant(key, grant)), ...paging }
}

export function listRetirableGrants(input: sdk.ListRetirableGrantsCommandInput, context: RequestContext) {
  const all = listKeyRecords(context).flatMap((key) =>
    key.grants
      .filter(({ retiringPrincipal }) => retiringPrincipal === input.RetiringPrincipal)
      .map((grant) => toGrant(key, grant)),
  )
  const { items, paging } = page(all, input)
  return { Grants: items, ...paging }
}

function without(context: RequestContext, key: KeyRecord, grantId: string | undefined): void {
  if (!key.grants.some(({ id }) => id === grantId)) throw notFound(`Grant ID ${grantId} not found`)
  putKey(context, { ...key, grants: key.grants.filter(({ id }) => id !== grantId) })
}

export function revokeGrant(input: sdk.RevokeGrantCommandInput, context: RequestContext) {
  without(context, requireKey(context, input.KeyId!), input.GrantId)
  return {}
}

export function retireGrant(input: sdk.RetireGrantCommandInput, context: RequestContext) {
  const key = input.KeyId
    ? requireKey(context, input.KeyId)
    : listKeyRecords(context).find(({ grants }) => grants.some(({ token }) => token === input.GrantToken))
  if (!key) throw new AwsError('InvalidGrantTokenException', 'Invalid grant token')
  const id = input.GrantId ?? key.grants.find(({ token }) => token === input.GrantToken)?.id
  without(context, key, id)
  return {}
}

/** A key's policy with its grants as statements: both allow. */
export function policyWithGrants({ policy, grants }: KeyRecord): string {
  if (grants.length === 0) return policy
  const document = JSON.parse(policy) as { Statement: unknown }
  const granted = grants.map(({ granteePrincipal, operations, constraints }) => ({
    Effect: 'Allow',
    Principal: granteePrincipal.endsWith('.amazonaws.com')
      ? { Service: granteePrincipal }
      : { AWS: granteePrincipal },
    Action: operations.map((operation) => `kms:${operation}`),
    Resource: '*',
    ...condition(constraints),
  }))
  return JSON.stringify({ ...document, Statement: [document.Statement, granted].flat() })
}

function condition(constraints: GrantRecord['constraints']): { Condition?: object } {
  const wanted = { ...constraints?.EncryptionContextEquals, ...constraints?.EncryptionContextSubset }
  const keys = Object.entries(wanted).map(([name, value]) => [`kms:EncryptionContext:${name}`, value])
  if (keys.length === 0) return {}
  return { Condition: { StringEquals: Object.fromEntries(keys) } }
}
