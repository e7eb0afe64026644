import { createHash, createPrivateKey, sign, X509Certificate } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-signer'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { signingIdentity } from './authority.ts'
import { profileArn, requireProfile, validation } from './profiles.ts'
import { type ProfileRecord, profiles } from './records.ts'

/** What Notation has signed: https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md */
export const PAYLOAD_TYPE = 'application/vnd.cncf.notary.payload.v1+json'
export const ENVELOPE_TYPE = 'application/jose+json'
const MAX_PAYLOAD = 4096

const DAYS = { DAYS: 1, MONTHS: 30, YEARS: 365 }

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A JWS envelope around a payload, and the SHA-256 thumbprints of the certificates in it, the signer's first. */
export interface Signature {
  jobId: string
  envelope: Buffer
  thumbprints: string[]
}

/** Why a profile signs nothing; undefined when it does. */
export function cannotSign(profile: ProfileRecord | undefined): string | undefined {
  if (!profile) return 'The signing profile was not found.'
  if (profile.status === 'Active') return undefined
  return `The signing profile ${profile.name} is ${profile.status.toLowerCase()}.`
}

/** The profile that an ARN names, of any account and region. */
export function profileByArn({ world }: Pick<Scope, 'world'>, arn: string): ProfileRecord | undefined {
  const [, region, accountId, name] =
    /^arn:aws:signer:([^:]+):(\d{12}):\/signing-profiles\/(\w+)$/.exec(arn) ?? []
  return region && accountId && name ? profiles.find({ world, accountId, region }, name) : undefined
}

/** Signs what a Notation payload says of an artifact, by ECDSA P-384 with SHA-384, in the scheme of signing authorities. */
export async function signNotation(
  scope: Scope,
  profile: ProfileRecord,
  payload: Uint8Array,
): Promise<Signature> {
  const { privateKey, certificate, root } = await signingIdentity(scope)
  const { world, region, accountId } = scope
  const now = world.clock.now()
  const jobId = world.ids.uuid()
  const time = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
  const { value, type } = profile.validity
  const extended = {
    'io.cncf.notary.signingScheme': 'notary.x509.signingAuthority',
    'io.cncf.notary.authenticSigningTime': time(now),
    'io.cncf.notary.expiry': time(now + value * DAYS[type] * 86_400_000),
    'com.amazonaws.signer.signingProfileVersion': `${profile.arn}/${profile.version}`,
    'com.amazonaws.signer.signingJob': `arn:aws:signer:${region}:${accountId}:/signing-jobs/${jobId}`,
  }
  const protectedHeader = base64url({
    alg: 'ES384',
    cty: PAYLOAD_TYPE,
    crit: Object.keys(extended),
    ...extended,
  })
  const body = Buffer.from(payload).toString('base64url')
  const signature = sign('sha384', Buffer.from(`${protectedHeader}.${body}`), {
    key: createPrivateKey(privateKey),
    dsaEncoding: 'ieee-p1363',
  })
  const chain = [certificate, root].map((pem) => new X509Certificate(pem).raw)
  const envelope = {
    payload: body,
    protected: protectedHeader,
    header: { x5c: chain.map((der) => der.toString('base64')), 'io.cncf.notary.signingAgent': 'aws-signer' },
    signature: signature.toString('base64url'),
  }
  return {
    jobId,
    envelope: Buffer.from(JSON.stringify(envelope)),
    thumbprints: chain.map((der) => createHash('sha256').update(der).digest('hex')),
  }
}

/** Signs for Notation's plugin of AWS Signer. */
export async function signPayload(input: sdk.SignPayloadCommandInput, context: RequestContext) {
  const { payload, payloadFormat, profileOwner = context.accountId } = input
  if (profileOwner !== context.accountId)
    throw new AwsError(
      'AccessDeniedException',
      `User: ${context.principal.arn} is not authorized to perform: signer:SignPayload on resource: ${profileArn({ ...context, accountId: profileOwner }, input.profileName!)}`,
      { status: 403 },
    )
  if (payloadFormat !== PAYLOAD_TYPE) throw validation(`The payload format must be ${PAYLOAD_TYPE}.`)
  if (payload!.length > MAX_PAYLOAD) throw validation('The payload is too large.')
  const profile = requireProfile(context, input.profileName!)
  const reason = cannotSign(profile)
  if (reason) throw validation(reason)
  const { jobId, envelope, thumbprints } = await signNotation(context, profile, payload!)
  return {
    jobId,
    jobOwner: context.accountId,
    metadata: { 'io.cncf.notary.x509chain.thumbprint#S256': JSON.stringify(thumbprints) },
    signature: envelope,
  }
}
