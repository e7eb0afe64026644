import { verify } from 'node:crypto'
import type { AssumeRoleWithWebIdentityCommandInput } from '@aws-sdk/client-sts'
import { issuerKey } from '../eks/oidc.ts'
import { Entities } from '../iam/entities.ts'
import { roleByArn, rolePrincipal } from '../iam/identity.ts'
import { trusts } from '../iam/policy/evaluate.ts'
import { issueSession } from '../iam/session.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { checkDuration, packedSize, readSessionPolicies } from './assume-role.ts'

interface Claims {
  iss: string
  sub: string
  aud: string | string[]
  exp: number
  nbf?: number
}

const invalidToken = (message: string) => new AwsError('InvalidIdentityToken', message)

/**
 * Credentials of a role for a token of an identity provider that the account knows: an EKS cluster's service accounts (IRSA).
 * Texts as users report them for IRSA in the issues of eksctl and terraform-aws-eks (2026-11).
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
export function assumeRoleWithWebIdentity(
  input: AssumeRoleWithWebIdentityCommandInput,
  context: RequestContext,
) {
  const { world } = context
  const roleArn = input.RoleArn!
  const accountId = roleArn.split(':')[4] ?? ''
  const claims = readToken(input.WebIdentityToken!)
  const issuer = claims.iss.replace(/^https:\/\//, '')
  const entities = new Entities(world, accountId)
  const providerArn = `arn:aws:iam::${accountId}:oidc-provider/${issuer}`
  const provider = entities.get('oidc-provider', providerArn)
  if (!provider) throw invalidToken(`No OpenIDConnect provider found in your account for ${claims.iss}`)
  checkSignature(context, claims.iss, input.WebIdentityToken!)
  const seconds = Math.floor(world.clock.now() / 1000)
  if (claims.exp <= seconds) {
    throw new AwsError(
      'ExpiredTokenException',
      `Token expired: current date/time ${seconds} must be before the expiration date/time ${claims.exp}`,
    )
  }
  const audiences = [claims.aud].flat()
  if (!audiences.some((audience) => provider.clientIds.includes(audience)))
    throw invalidToken('Incorrect token audience')
  const role = roleByArn(world, roleArn)
  const conditions = { [`${issuer}:sub`]: claims.sub, [`${issuer}:aud`]: audiences }
  const trusted =
    role && trusts(role.trustPolicy, { federated: providerArn }, 'sts:AssumeRoleWithWebIdentity', conditions)
  if (!trusted) {
    throw new AwsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', {
      status: 403,
    })
  }
  const duration = input.DurationSeconds ?? 3600
  checkDuration(role, duration)
  const session = rolePrincipal(world, roleArn, input.RoleSessionName!)!
  const sessionPolicies = readSessionPolicies(input, entities)
  const assumed = sessionPolicies.length > 0 ? { ...session, sessionPolicies } : session
  return {
    Credentials: issueSession(world, assumed, duration),
    SubjectFromWebIdentityToken: claims.sub,
    AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
    Provider: providerArn,
    Audience: audiences[0],
    ...(sessionPolicies.length > 0 ? { PackedPolicySize: packedSize(sessionPolicies) } : {}),
  }
}

function readToken(token: string): Claims {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8'))
    if (typeof claims.iss === 'string' && typeof claims.sub === 'string') return claims
  } catch {}
  throw invalidToken(
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  )
}

/** The keys of a cluster's issuer are in the world; those of others are out of its reach. */
function checkSignature({ world }: RequestContext, issuer: string, token: string): void {
  const key = issuerKey(world, issuer)
  if (!key) {
    throw invalidToken(
      "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
    )
  }
  const [header = '', payload = '', signature = ''] = token.split('.')
  const good = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key: key.publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  if (!good) throw invalidToken('Provided token is not signed by the identity provider')
}
