import type { World } from '#world/world.ts'
import { header, type WireRequest } from './request.ts'
import type { Principal } from './service.ts'

/**
 * The global condition keys of a request.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function conditionsOf(
  world: World,
  request: Pick<WireRequest, 'headers' | 'secure' | 'sourceIp'>,
  principal: Principal,
  region: string,
  input: Record<string, unknown>,
  calledVia?: string,
): Record<string, string | string[]> {
  const now = world.clock.now()
  const conditions: Record<string, string | string[]> = {
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1000)),
    'aws:PrincipalAccount': principal.accountId,
    'aws:PrincipalArn': principal.roleArn ?? principal.arn,
    'aws:PrincipalType':
      principal.type === 'root' ? 'Account' : principal.type === 'user' ? 'User' : 'AssumedRole',
    'aws:RequestedRegion': region,
    'aws:SecureTransport': String(request.secure),
    'aws:SourceIp': request.sourceIp,
    'aws:userid': principal.userId,
    'aws:UserAgent': header(request, 'user-agent') ?? '',
    'aws:ViaAWSService': String(calledVia !== undefined),
  }
  if (calledVia !== undefined) {
    conditions['aws:CalledVia'] = [calledVia]
    conditions['aws:CalledViaFirst'] = calledVia
    conditions['aws:CalledViaLast'] = calledVia
  }
  if (principal.type === 'user') conditions['aws:username'] = principal.arn.split('/').at(-1)!
  const tags = requestTags(input)
  if (tags) {
    for (const [key, value] of tags) conditions[`aws:RequestTag/${key}`] = value
    conditions['aws:TagKeys'] = tags.map(([key]) => key)
  }
  return conditions
}

/** The tags that a request would set, in any of the shapes that AWS services use. */
function requestTags(input: Record<string, unknown>): [string, string][] | undefined {
  const specifications = input.TagSpecifications as { Tags?: unknown }[] | undefined
  const given = input.Tags ?? input.tags ?? specifications?.flatMap(({ Tags }) => (Tags as unknown[]) ?? [])
  if (!given || typeof given !== 'object') return undefined
  if (!Array.isArray(given)) return Object.entries(given as Record<string, string>)
  return given.map((tag) => [tag.Key ?? tag.key, tag.Value ?? tag.value ?? ''])
}
