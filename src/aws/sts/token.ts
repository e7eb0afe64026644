import type { World } from '#world/world.ts'
import { iamIdentity } from '../iam/identity.ts'
import type { WireRequest } from '../wire/request.ts'
import type { Principal } from '../wire/service.ts'
import { PRESIGNED_LIFE_MS, readSignature, SignatureFault, verifySignature } from '../wire/sigv4.ts'

const TOKEN_PREFIX = 'k8s-aws-v1.'
/** https://github.com/kubernetes-sigs/aws-iam-authenticator: what a token's URL may carry. */
const PARAMETERS = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
  'x-amz-user-agent',
])
const STS_HOST = /^sts(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?\.(?:amazonaws\.com|api\.aws)$/

/**
 * Verifies a presigned `sts:GetCallerIdentity` URL together with headers that it signs (`x-k8s-aws-id`), and says
 * whose it is. Good for 15 minutes after it was signed. Throws SignatureFault.
 */
export function verifyCallerIdentityUrl(
  world: World,
  url: string,
  headers: Record<string, string>,
): Principal {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const query = parsed?.searchParams
  const proper =
    parsed?.protocol === 'https:' &&
    STS_HOST.test(parsed.hostname) &&
    parsed.pathname === '/' &&
    query?.get('Action') === 'GetCallerIdentity' &&
    [...query.keys()].every((name) => PARAMETERS.has(name.toLowerCase()))
  if (!proper) throw new SignatureFault('incomplete-signature', 'not a presigned GetCallerIdentity request')
  const request: WireRequest = {
    method: 'GET',
    path: parsed.pathname,
    query: parsed.search.slice(1),
    headers: Object.fromEntries(
      Object.entries({ ...headers, host: parsed.host }).map(([name, value]) => [name.toLowerCase(), [value]]),
    ),
    body: Buffer.alloc(0),
    sourceIp: '',
    secure: true,
  }
  const signature = readSignature(request)
  if (!signature) throw new SignatureFault('missing-token', 'Request is missing Authentication Token')
  // A longer life would let the URL outlive the 15 minutes that a token is good for.
  if (!(signature.expires !== undefined && signature.expires <= PRESIGNED_LIFE_MS / 1000))
    throw new SignatureFault('incomplete-signature', 'invalid X-Amz-Expires parameter in pre-signed URL')
  const missing = Object.keys(headers).find((name) => !signature.signedHeaders.includes(name.toLowerCase()))
  if (missing)
    throw new SignatureFault('signature-mismatch', `the signature does not cover the header ${missing}`)
  const options = { now: world.clock.hostNow(), services: ['sts'] }
  return verifySignature(request, signature, iamIdentity(world, ''), options).principal
}

/** The caller whom an EKS bearer token (`aws eks get-token`) stands for; undefined: another kind of token. Throws SignatureFault. */
export function verifyEksToken(world: World, token: string, clusterName: string): Principal | undefined {
  if (!token.startsWith(TOKEN_PREFIX)) return undefined
  const url = Buffer.from(token.slice(TOKEN_PREFIX.length), 'base64url').toString('utf8')
  return verifyCallerIdentityUrl(world, url, { 'x-k8s-aws-id': clusterName })
}
