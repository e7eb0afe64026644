import type { AssumeRoleCommandInput, AssumeRoleCommandOutput } from '@aws-sdk/client-sts'
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
  checkDuration(role, duration)
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

/** Throws ValidationError when a session would be longer than its role allows. */
export function checkDuration({ maxSessionDuration }: { maxSessionDuration: number }, seconds: number): void {
  if (seconds <= maxSessionDuration) return
  throw new AwsError(
    'ValidationError',
    'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  )
}

/** The inline and managed session policies of a request, as JSON text. */
export function readSessionPolicies(
  input: Pick<AssumeRoleCommandInput, 'Policy' | 'PolicyArns'>,
  entities: Entities,
): string[] {
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
export function packedSize(policies: string[]): number {
  return Math.min(100, Math.ceil((policies.join('').length / 2048) * 100))
}
