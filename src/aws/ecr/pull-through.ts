import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { quotas } from './data/quotas.ts'
import { invalidParameter, limitExceeded } from './errors.ts'
import type { PullThroughCacheRule } from './records.ts'
import { page } from './repositories.ts'
import { upstreamCredentials } from './upstream-credentials.ts'

/** Upstream registries by their hosts, and whether they want credentials (API reference of CreatePullThroughCacheRule). */
const UPSTREAMS: { host: RegExp; name: sdk.UpstreamRegistry; credentials: boolean }[] = [
  { host: /^public\.ecr\.aws$/, name: 'ecr-public', credentials: false },
  { host: /^registry\.k8s\.io$/, name: 'k8s', credentials: false },
  { host: /^quay\.io$/, name: 'quay', credentials: false },
  { host: /^registry-1\.docker\.io$/, name: 'docker-hub', credentials: true },
  { host: /^ghcr\.io$/, name: 'github-container-registry', credentials: true },
  { host: /^registry\.gitlab\.com$/, name: 'gitlab-container-registry', credentials: true },
  { host: /^[a-z0-9]+\.azurecr\.io$/, name: 'azure-container-registry', credentials: true },
  { host: /^cgr\.dev$/, name: 'chainguard', credentials: true },
  { host: /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com$/, name: 'ecr', credentials: false },
]

const key = ({ accountId, region }: Scope, prefix: string) =>
  awsKey(accountId, region, 'ecr', 'pull-through-cache-rules', encodeURIComponent(prefix))

const allRules = ({ world, accountId, region }: Scope): PullThroughCacheRule[] =>
  world.store.values<PullThroughCacheRule>(awsPrefix(accountId, region, 'ecr', 'pull-through-cache-rules'))

function requireRule(context: RequestContext, prefix: string): PullThroughCacheRule {
  const rule = context.world.store.get<PullThroughCacheRule>(key(context, prefix))?.value
  if (rule) return rule
  throw new AwsError(
    'PullThroughCacheRuleNotFoundException',
    `Pull through cache rule with repository prefix '${prefix}' does not exist in the registry with id '${context.accountId}'`,
  )
}

const common = (rule: PullThroughCacheRule, { accountId }: RequestContext) => ({
  ecrRepositoryPrefix: rule.prefix,
  registryId: accountId,
  credentialArn: rule.credentialArn,
  customRoleArn: rule.customRoleArn,
  upstreamRepositoryPrefix: rule.upstreamPrefix,
})

export function createPullThroughCacheRule(
  input: sdk.CreatePullThroughCacheRuleCommandInput,
  context: RequestContext,
) {
  const prefix = input.ecrRepositoryPrefix!
  const upstreamUrl = input.upstreamRegistryUrl!.replace(/^https:\/\//, '')
  const upstream = UPSTREAMS.find(({ host }) => host.test(upstreamUrl))
  if (!upstream || (input.upstreamRegistry && input.upstreamRegistry !== upstream.name)) {
    throw new AwsError(
      'UnsupportedUpstreamRegistryException',
      'The specified upstream registry isn’t supported.',
    )
  }
  if (upstream.credentials && !input.credentialArn)
    throw invalidParameter('credentialArn', `must be specified for the upstream registry ${upstream.name}`)
  if (input.credentialArn) upstreamCredentials(context, input.credentialArn)
  if (allRules(context).some((rule) => rule.prefix === prefix)) {
    throw new AwsError(
      'PullThroughCacheRuleAlreadyExistsException',
      `A pull through cache rule with repository prefix '${prefix}' already exists in the registry with id '${context.accountId}'`,
    )
  }
  if (allRules(context).length >= quotas.pullThroughCacheRules)
    throw limitExceeded('The maximum number of pull through cache rules has been exceeded')
  const now = context.world.clock.now()
  const rule: PullThroughCacheRule = {
    prefix,
    upstreamUrl,
    upstream: upstream.name,
    credentialArn: input.credentialArn,
    customRoleArn: input.customRoleArn,
    upstreamPrefix: input.upstreamRepositoryPrefix ?? 'ROOT',
    createdAt: now,
    updatedAt: now,
  }
  context.world.store.put(key(context, prefix), rule)
  return {
    ...common(rule, context),
    upstreamRegistryUrl: upstreamUrl,
    upstreamRegistry: upstream.name,
    createdAt: new Date(now),
  }
}

export function describePullThroughCacheRules(
  input: sdk.DescribePullThroughCacheRulesCommandInput,
  context: RequestContext,
) {
  const wanted = input.ecrRepositoryPrefixes?.length
    ? input.ecrRepositoryPrefixes.map((prefix) => requireRule(context, prefix))
    : allRules(context)
  const { items, nextToken } = page(wanted, input)
  return {
    pullThroughCacheRules: items.map(
      (rule): sdk.PullThroughCacheRule => ({
        ...common(rule, context),
        upstreamRegistryUrl: rule.upstreamUrl,
        upstreamRegistry: rule.upstream as sdk.UpstreamRegistry,
        createdAt: new Date(rule.createdAt),
        updatedAt: new Date(rule.updatedAt),
      }),
    ),
    nextToken,
  }
}

export function updatePullThroughCacheRule(
  input: sdk.UpdatePullThroughCacheRuleCommandInput,
  context: RequestContext,
) {
  const known = requireRule(context, input.ecrRepositoryPrefix!)
  if (input.credentialArn === undefined && input.customRoleArn === undefined)
    throw invalidParameter('credentialArn', 'credentialArn or customRoleArn must be specified')
  if (input.credentialArn) upstreamCredentials(context, input.credentialArn)
  const rule: PullThroughCacheRule = {
    ...known,
    credentialArn: input.credentialArn ?? known.credentialArn,
    customRoleArn: input.customRoleArn ?? known.customRoleArn,
    updatedAt: context.world.clock.now(),
  }
  context.world.store.put(key(context, rule.prefix), rule)
  return { ...common(rule, context), updatedAt: new Date(rule.updatedAt) }
}

export function deletePullThroughCacheRule(
  input: sdk.DeletePullThroughCacheRuleCommandInput,
  context: RequestContext,
) {
  const rule = requireRule(context, input.ecrRepositoryPrefix!)
  context.world.store.delete(key(context, rule.prefix))
  return {
    ...common(rule, context),
    upstreamRegistryUrl: rule.upstreamUrl,
    createdAt: new Date(rule.createdAt),
  }
}

/** How an upstream registry answers to the credentials of a rule; undefined: it takes them. */
export type UpstreamCheck = (scope: Scope, rule: PullThroughCacheRule) => Promise<string | undefined>

export async function validatePullThroughCacheRule(
  input: sdk.ValidatePullThroughCacheRuleCommandInput,
  context: RequestContext,
  check: UpstreamCheck,
) {
  const rule = requireRule(context, input.ecrRepositoryPrefix!)
  const failure = await check(context, rule)
  return {
    ...common(rule, context),
    upstreamRegistryUrl: rule.upstreamUrl,
    isValid: failure === undefined,
    failure,
  }
}

/** The rule that a repository falls under, and its name upstream. */
export function upstreamOf(
  scope: Scope,
  repository: string,
): { rule: PullThroughCacheRule; name: string } | undefined {
  const rules = allRules(scope).sort((a, b) => b.prefix.length - a.prefix.length)
  const rule =
    rules.find(({ prefix }) => prefix !== 'ROOT' && repository.startsWith(`${prefix.replace(/\/$/, '')}/`)) ??
    rules.find(({ prefix }) => prefix === 'ROOT')
  if (!rule) return undefined
  const rest =
    rule.prefix === 'ROOT' ? repository : repository.slice(rule.prefix.replace(/\/$/, '').length + 1)
  const { upstreamPrefix = 'ROOT' } = rule
  return { rule, name: upstreamPrefix === 'ROOT' ? rest : `${upstreamPrefix.replace(/\/$/, '')}/${rest}` }
}

/** How long an image that is cached is good before upstream is asked again, ms: a day. */
const FRESH = 86_400_000

/** Whether a tag has been compared with upstream within the last day; says so from now on with `checked`. */
export function upstreamFresh(scope: Scope, repository: string, tag: string, checked = false): boolean {
  const { world, accountId, region } = scope
  const at = awsKey(accountId, region, 'ecr', 'upstream-checks', `${encodeURIComponent(repository)}/${tag}`)
  if (checked) world.store.put(at, world.clock.now())
  const last = world.store.get<number>(at)?.value
  return last !== undefined && world.clock.now() - last < FRESH
}
