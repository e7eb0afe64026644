import type * as sdk from '@aws-sdk/client-ecr'
import type { World } from '#world/world.ts'
import { issueSession, openSession } from '../iam/session.ts'
import type { Principal, RequestContext } from '../wire/service.ts'
import { registryHost } from './repositories.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
const TOKEN_SECONDS = 12 * 3600

/** The user name of every ECR token. */
const USERNAME = 'AWS'

/** The password for the registry that a principal's token holds; the registry gives it back to verifyPassword. */
export function registryPassword(world: World, principal: Principal): { password: string; expiresAt: Date } {
  const { SessionToken } = issueSession(world, principal, TOKEN_SECONDS)
  return { password: SessionToken, expiresAt: new Date(world.clock.now() + TOKEN_SECONDS * 1000) }
}

export function getAuthorizationToken(
  input: sdk.GetAuthorizationTokenCommandInput,
  context: RequestContext,
): Partial<sdk.GetAuthorizationTokenCommandOutput> {
  const { password, expiresAt } = registryPassword(context.world, context.principal)
  const authorizationToken = Buffer.from(`${USERNAME}:${password}`).toString('base64')
  const registries = input.registryIds?.length ? input.registryIds : [context.accountId]
  return {
    authorizationData: registries.map((accountId) => ({
      authorizationToken,
      expiresAt,
      proxyEndpoint: `https://${registryHost({ accountId, region: context.region })}`,
    })),
  }
}

/** Whose token a user name and password are; `expired` or `invalid` when nobody's. */
export function verifyPassword(
  world: World,
  username: string,
  password: string,
): Principal | 'expired' | 'invalid' {
  if (username !== USERNAME) return 'invalid'
  let session: ReturnType<typeof openSession>
  try {
    session = openSession(world, password)
  } catch {
    return 'invalid'
  }
  if (!session) return 'invalid'
  return session.expires <= world.clock.now() ? 'expired' : session.principal
}
