import { createHash, randomBytes } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-kms'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { changeable } from './keys.ts'
import { page } from './paging.ts'
import type { KeyRecord, RotationRecord } from './records.ts'
import { putKey, putMaterial, requireKey } from './tables.ts'

const DAY = 86_400_000

/** How often a key may be rotated by hand: https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys-on-demand.html */
const MOST_ON_DEMAND = 25

/**
 * The name of a key's secret after so many rotations: 64 hex digits. Only symmetric encryption keys have one.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
 */
export const materialId = (
  { id, spec, rotations = [] }: KeyRecord,
  rotation = rotations.length,
): string | undefined =>
  spec === 'SYMMETRIC_DEFAULT' ? createHash('sha256').update(`${id}/${rotation}`).digest('hex') : undefined

/** Gives a key new material; what the older has encrypted stays readable. */
function rotate(scope: Scope, key: KeyRecord, type: RotationRecord['type']): KeyRecord {
  const rotations = [...(key.rotations ?? []), { at: scope.world.clock.now(), type }]
  putMaterial(scope, key.id, randomBytes(32).toString('base64'), rotations.length)
  return putKey(scope, { ...key, rotations })
}

/** When a key is rotated by itself; undefined: never. */
export function nextRotation({ rotationDays, rotatesFrom, createdAt, rotations }: KeyRecord) {
  if (rotationDays === undefined) return undefined
  const last = rotations?.findLast(({ type }) => type === 'AUTOMATIC')?.at ?? 0
  return Math.max(last, rotatesFrom ?? createdAt) + rotationDays * DAY
}

/** Rotates a key that is due; gives the time until it is, ms. */
export function rotateWhenDue(scope: Scope, key: KeyRecord): number | undefined {
  const next = nextRotation(key)
  if (next === undefined || key.state !== 'Enabled') return undefined
  const left = next - scope.world.clock.now()
  if (left <= 0) rotate(scope, key, 'AUTOMATIC')
  return left > 0 ? left : undefined
}

/** A key of the customer's that can have new material. Throws UnsupportedOperation and DisabledException. */
function rotatable(context: RequestContext, id: string): KeyRecord {
  const key = changeable(context, id)
  if (key.spec !== 'SYMMETRIC_DEFAULT') throw new AwsError('UnsupportedOperationException', '')
  if (key.state === 'Disabled') throw new AwsError('DisabledException', `${key.arn} is disabled.`)
  return key
}

export function enableKeyRotation(input: sdk.EnableKeyRotationCommandInput, context: RequestContext) {
  const key = rotatable(context, input.KeyId!)
  putKey(context, {
    ...key,
    rotationDays: input.RotationPeriodInDays ?? key.rotationDays ?? 365,
    rotatesFrom: context.world.clock.now(),
  })
  return {}
}

export function disableKeyRotation(input: sdk.DisableKeyRotationCommandInput, context: RequestContext) {
  const { rotationDays: _, ...key } = rotatable(context, input.KeyId!)
  putKey(context, key)
  return {}
}

export function getKeyRotationStatus(input: sdk.GetKeyRotationStatusCommandInput, context: RequestContext) {
  const key = requireKey(context, input.KeyId!)
  const next = nextRotation(key)
  return {
    KeyId: key.arn,
    KeyRotationEnabled: key.rotationDays !== undefined,
    RotationPeriodInDays: key.rotationDays,
    NextRotationDate: next === undefined ? undefined : new Date(next),
  }
}

export function rotateKeyOnDemand(input: sdk.RotateKeyOnDemandCommandInput, context: RequestContext) {
  const key = rotatable(context, input.KeyId!)
  const byHand = key.rotations?.filter(({ type }) => type === 'ON_DEMAND').length ?? 0
  if (byHand >= MOST_ON_DEMAND)
    throw new AwsError(
      'LimitExceededException',
      `${key.arn} has reached the maximum number of on-demand rotations.`,
    )
  return { KeyId: rotate(context, key, 'ON_DEMAND').arn }
}

export function listKeyRotations(input: sdk.ListKeyRotationsCommandInput, context: RequestContext) {
  const key = requireKey(context, input.KeyId!)
  const { arn: KeyId, rotations = [] } = key
  const rotated = rotations.map(({ at, type }, index) => ({
    KeyId,
    KeyMaterialId: materialId(key, index + 1),
    RotationDate: new Date(at),
    RotationType: type,
  }))
  const all: sdk.RotationsListEntry[] =
    input.IncludeKeyMaterial === 'ALL_KEY_MATERIAL'
      ? [{ KeyId, KeyMaterialId: materialId(key, 0) }, ...rotated].map((one, index) => ({
          ...one,
          KeyMaterialState: index === rotations.length ? ('CURRENT' as const) : ('NON_CURRENT' as const),
        }))
      : rotated
  const { items, paging } = page(all, input)
  return { Rotations: items, ...paging }
}
