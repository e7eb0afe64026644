import type {
  AssumeRoleCommandInput,
  AssumeRoleCommandOutput,
  AssumeRoleWithWebIdentityCommandInput,
} from '@aws-sdk/client-sts'
import { Entities } from '../iam/entities.ts'
import { decide, documentOf, roleByArn, rolePrincipal } from '../iam/identity.ts'
import { validatePolicy } from '../iam/policy/validate.ts'
import { issueSession } from '../iam/session.ts'
import { denial } from '../wire/denial.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'

type Output = Omit<AssumeRoleCommandOutput, '$metadata'>

/** Sessions of a role assumed by a role last an hour at most. */
const CHAINED_LIMIT_SECONDS = 3600

/** Gives temporary credentials of a role when its trust policy and the caller's own policies agree. */
export function assumeRole(input: AssumeRoleCommandInput, context: RequestContext): Output {
  const { world, principal } = context
  const roleArn = input.RoleArn!
  const role = roleByArn(world, roleArn)
  if (principal.type === 'root')
    throw new AwsError('AccessDenied', 'Roles may not be assumed by root accounts.', { status: 403 })
  const conditions: Record<string, string> = { 'sts:RoleSessionName': input.RoleSessionName! }
  if (input.ExternalId !== undefined) conditions['sts:ExternalId'] = input.ExternalId
  const resourcePolicy = role && {
    document: role.trustPolicy,
    accountId: roleArn.split(':')[4]!,
    required: true,
  }
  // Who asks for a role that does not exist learns no more than that it is not allowed.
  const may =
    resourcePolicy &&
    decide(world, { principal, action: 'sts:AssumeRole', resource: roleArn, conditions, resourcePolicy })
      .allowed
  if (!may) throw denial('query', principal, 'sts:AssumeRole', roleArn, { allowed: false })
  const duration = input.DurationSeconds ?? Math.min(3600, role.maxSessionDuration)
  if (duration > role.maxSessionDuration)
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
  if (principal.type === 'assumed-role' && duration > CHAINED_LIMIT_SECONDS)
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    )
  const session = rolePrincipal(world, roleArn, input.RoleSessionName!)!
  const sessionPolicies = readSessionPolicies(input, new Entities(world, session.accountId))
  const assumed = sessionPolicies.length > 0 ? { ...session, sessionPolicies } : session
  return {
    Credentials: issueSession(world, assumed, duration),
    AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
    ...(sessionPolicies.length > 0 ? { PackedPolicySize: packedSize(sessionPolicies) } : {}),
  }
}

/** The inline and managed session policies of a request, as JSON text. */
function readSessionPolicies(input: AssumeRoleCommandInput, entities: Entities): string[] {
  if (input.Policy !== undefined) validatePolicy(input.Policy, 'session')
  const managed = (input.PolicyArns ?? []).map(({ arn }) => {
    const document = documentOf(entities, arn!)
    if (document === undefined)
      throw new AwsError('ValidationError', `Policy ${arn} does not exist or is not attachable.`)
    return document
  })
  return input.Policy === undefined ? managed : [input.Policy, ...managed]
}

/** Share of the allowed 2,048 characters, in percent. */
function packedSize(policies: string[]): number {
  return Math.min(100, Math.ceil((policies.join('').length / 2048) * 100))
}

/**
 * Tokens of an identity provider. The provider is looked up as IAM does; verifying its signature would need the
 * provider's keys, which the simulation does not fetch, so nobody gets in this way.
 */
export function assumeRoleWithWebIdentity(
  input: AssumeRoleWithWebIdentityCommandInput,
  { world }: RequestContext,
): never {
  const issuer = issuerOf(input.WebIdentityToken!)
  const accountId = input.RoleArn!.split(':')[4] ?? ''
  const provider = `arn:aws:iam::${accountId}:oidc-provider/${issuer.replace(/^https:\/\//, '')}`
  if (!new Entities(world, accountId).get('oidc-provider', provider))
    throw new AwsError(
      'InvalidIdentityToken',
      `No OpenIDConnect provider found in your account for ${issuer}`,
    )
  throw new AwsError(
    'NotImplemented',
    'Drydock does not verify tokens of identity providers, so sts:AssumeRoleWithWebIdentity gives no credentials.',
    { status: 501 },
  )
}

function issuerOf(token: string): string {
  try {
    const { iss } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8'))
    if (typeof iss === 'string') return iss
  } catch {}
  throw new AwsError(
    'InvalidIdentityToken',
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  )
}
