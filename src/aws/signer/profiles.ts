import type * as sdk from '@aws-sdk/client-signer'
import type { Scope } from '../ec2/index.ts'
import { pageOf } from '../table.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { DEFAULT_VALIDITY, PLATFORMS } from './data/platforms.ts'
import { type ProfileRecord, profiles } from './records.ts'

export const profileArn = ({ accountId, region }: Pick<Scope, 'accountId' | 'region'>, name: string) =>
  `arn:aws:signer:${region}:${accountId}:/signing-profiles/${name}`

export const validation = (message: string) => new AwsError('ValidationException', message)

const versionArn = ({ arn, version }: ProfileRecord) => `${arn}/${version}`

/** Throws ResourceNotFoundException. */
export function requireProfile(scope: Scope, name: string): ProfileRecord {
  const found = profiles.find(scope, name)
  if (found) return found
  throw new AwsError('ResourceNotFoundException', `Signing profile ${name} was not found.`, { status: 404 })
}

export function platformOf(platformId: string) {
  const found = PLATFORMS.find((platform) => platform.platformId === platformId)
  if (found) return found
  throw new AwsError('ResourceNotFoundException', `Signing platform ${platformId} was not found.`, {
    status: 404,
  })
}

export function putSigningProfile(input: sdk.PutSigningProfileCommandInput, context: RequestContext) {
  const name = input.profileName!
  const { platformId } = platformOf(input.platformId!)
  if (profiles.find(context, name)) throw validation(`The profile name ${name} is already in use.`)
  if (input.signingMaterial) throw validation('Signing material is not supported by this platform.')
  const { value = DEFAULT_VALIDITY.value, type = DEFAULT_VALIDITY.type } = input.signatureValidityPeriod ?? {}
  const record = profiles.put(context, {
    name,
    arn: profileArn(context, name),
    version: context.world.ids.text(10, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'),
    platformId,
    validity: { value, type },
    ...(input.signingParameters && { signingParameters: input.signingParameters }),
    status: 'Active',
    tags: input.tags ?? {},
  })
  return { arn: record.arn, profileVersion: record.version, profileVersionArn: versionArn(record) }
}

const toProfile = (record: ProfileRecord) => ({
  profileName: record.name,
  profileVersion: record.version,
  profileVersionArn: versionArn(record),
  platformId: record.platformId,
  platformDisplayName: platformOf(record.platformId).displayName,
  signatureValidityPeriod: record.validity,
  signingParameters: record.signingParameters,
  status: record.status,
  arn: record.arn,
  tags: record.tags,
})

export function getSigningProfile(input: sdk.GetSigningProfileCommandInput, context: RequestContext) {
  const record = requireProfile(context, input.profileName!)
  const { revocation, statusReason } = record
  return {
    ...toProfile(record),
    statusReason,
    revocationRecord: revocation && {
      revocationEffectiveFrom: new Date(revocation.effectiveAt),
      revokedAt: new Date(revocation.revokedAt),
      revokedBy: revocation.by,
    },
  }
}

export function listSigningProfiles(input: sdk.ListSigningProfilesCommandInput, context: RequestContext) {
  const wanted = profiles
    .list(context)
    .filter(({ status }) => status !== 'Canceled' || input.includeCanceled || input.statuses?.length)
    .filter(({ status }) => !input.statuses?.length || input.statuses.includes(status))
    .filter(({ platformId }) => !input.platformId || platformId === input.platformId)
  const { items, next } = pageOf(wanted, input.maxResults ?? 25, input.nextToken, () =>
    validation('The pagination token is not valid.'),
  )
  return { profiles: items.map(toProfile), nextToken: next }
}

export function cancelSigningProfile(
  input: sdk.CancelSigningProfileCommandInput,
  context: RequestContext,
): object {
  profiles.put(context, { ...requireProfile(context, input.profileName!), status: 'Canceled' })
  return {}
}

export function revokeSigningProfile(
  input: sdk.RevokeSigningProfileCommandInput,
  context: RequestContext,
): object {
  const record = requireProfile(context, input.profileName!)
  if (input.profileVersion !== record.version)
    throw new AwsError(
      'ResourceNotFoundException',
      `Signing profile ${record.name} has no version ${input.profileVersion}.`,
      { status: 404 },
    )
  profiles.put(context, {
    ...record,
    status: 'Revoked',
    statusReason: input.reason,
    revocation: {
      effectiveAt: input.effectiveTime!.getTime(),
      revokedAt: context.world.clock.now(),
      by: context.principal.arn,
    },
  })
  return {}
}
