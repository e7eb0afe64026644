import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { durations } from './data/durations.ts'
import type { ImageCatalog } from './image-catalog.ts'
import { changeImageState, forgetImage, imageState } from './image-state.ts'
import { type Candidate, evaluateLifecycle } from './lifecycle.ts'
import { parseLifecyclePolicy } from './lifecycle-policy.ts'
import type { LifecycleAction, RepositoryRecord } from './records.ts'
import { page, putRepository, requireRepository } from './repositories.ts'

const base = (record: RepositoryRecord, context: RequestContext) => ({
  registryId: context.accountId,
  repositoryName: record.name,
})

export function putLifecyclePolicy(input: sdk.PutLifecyclePolicyCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  const text = input.lifecyclePolicyText!
  parseLifecyclePolicy(text)
  putRepository(context, { ...record, lifecyclePolicy: { text, evaluatedAt: context.world.clock.now() } })
  return { ...base(record, context), lifecyclePolicyText: text }
}

function requireLifecycle(record: RepositoryRecord, context: RequestContext) {
  if (record.lifecyclePolicy) return record.lifecyclePolicy
  throw new AwsError(
    'LifecyclePolicyNotFoundException',
    `Lifecycle policy does not exist for the repository with name '${record.name}' in the registry with id '${context.accountId}'`,
  )
}

export function getLifecyclePolicy(input: sdk.GetLifecyclePolicyCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  const { text, evaluatedAt } = requireLifecycle(record, context)
  return {
    ...base(record, context),
    lifecyclePolicyText: text,
    lastEvaluatedAt: new Date(evaluatedAt),
  }
}

export function deleteLifecyclePolicy(input: sdk.DeleteLifecyclePolicyCommandInput, context: RequestContext) {
  const answer = getLifecyclePolicy(input, context)
  putRepository(context, { ...requireRepository(context, input), lifecyclePolicy: undefined })
  return answer
}

export function startLifecyclePolicyPreview(
  input: sdk.StartLifecyclePolicyPreviewCommandInput,
  context: RequestContext,
) {
  const record = requireRepository(context, input)
  const { lifecyclePreview: running } = record
  if (running && !running.results) {
    throw new AwsError(
      'LifecyclePolicyPreviewInProgressException',
      `The previous lifecycle policy preview request for the repository with name '${record.name}' in the registry with id '${context.accountId}' has not completed. Wait and try again.`,
    )
  }
  const text = input.lifecyclePolicyText ?? requireLifecycle(record, context).text
  parseLifecyclePolicy(text)
  putRepository(context, { ...record, lifecyclePreview: { text, startedAt: context.world.clock.now() } })
  return { ...base(record, context), lifecyclePolicyText: text, status: 'IN_PROGRESS' as const }
}

export function getLifecyclePolicyPreview(
  input: sdk.GetLifecyclePolicyPreviewCommandInput,
  context: RequestContext,
) {
  const record = requireRepository(context, input)
  const preview = record.lifecyclePreview
  if (!preview) {
    throw new AwsError(
      'LifecyclePolicyPreviewNotFoundException',
      `Lifecycle policy preview does not exist for the repository with name '${record.name}' in the registry with id '${context.accountId}'`,
    )
  }
  const answer = { ...base(record, context), lifecyclePolicyText: preview.text }
  const { results } = preview
  if (!results) return { ...answer, status: 'IN_PROGRESS' as const }
  const status = input.filter?.tagStatus ?? 'ANY'
  const wanted = results.filter(
    ({ digest, tags }) =>
      (status === 'ANY' || (status === 'TAGGED') === tags.length > 0) &&
      (!input.imageIds?.length ||
        input.imageIds.some((id) => id.imageDigest === digest || tags.includes(id.imageTag ?? ''))),
  )
  const { items, nextToken } = page(wanted, input)
  const transitions = results.filter(({ action }) => action === 'TRANSITION').length
  return {
    ...answer,
    status: 'COMPLETE' as const,
    previewResults: items.map(previewResult),
    nextToken,
    summary: {
      expiringImageTotalCount: results.length - transitions,
      transitioningImageTotalCounts:
        transitions > 0
          ? [{ targetStorageClass: 'ARCHIVE' as const, imageTotalCount: transitions }]
          : undefined,
    },
  }
}

const previewResult = ({
  digest,
  tags,
  pushedAt,
  rulePriority,
  action,
}: LifecycleAction): sdk.LifecyclePolicyPreviewResult => ({
  imageTags: tags,
  imageDigest: digest,
  imagePushedAt: new Date(pushedAt),
  action: action === 'EXPIRE' ? { type: 'EXPIRE' } : { type: 'TRANSITION', targetStorageClass: 'ARCHIVE' },
  appliedRulePriority: rulePriority,
})

/** What a policy would do to a repository now. */
function actionsOf(scope: Scope, text: string, repository: string, images: ImageCatalog): LifecycleAction[] {
  const tags = Map.groupBy(images.tags(repository), ({ digest }) => digest)
  const candidates = images.manifests(repository).map(
    (manifest): Candidate => ({
      manifest,
      tags: (tags.get(manifest.digest) ?? []).map(({ tag }) => tag),
      state: imageState(scope, repository, manifest.digest),
    }),
  )
  return evaluateLifecycle(parseLifecyclePolicy(text), candidates, scope.world.clock.now())
}

/** Moves a repository's preview and policy on. Gives after how many ms (world's time) to look again. */
export function reconcileLifecycle(
  scope: Scope,
  record: RepositoryRecord,
  images: ImageCatalog,
): number | undefined {
  const { world } = scope
  const now = world.clock.now()
  const waits: number[] = []
  let next = record
  const preview = record.lifecyclePreview
  if (preview && !preview.results) {
    const left = preview.startedAt + world.provisioningTime(durations.lifecyclePreview) - now
    if (left > 0) waits.push(left)
    else
      next = {
        ...next,
        lifecyclePreview: { ...preview, results: actionsOf(scope, preview.text, record.name, images) },
      }
  }
  const policy = record.lifecyclePolicy
  if (policy) {
    const interval = Math.max(world.provisioningTime(durations.lifecycleEvaluation), 60_000)
    const left = policy.evaluatedAt + interval - now
    if (left > 0) waits.push(left)
    else {
      for (const action of actionsOf(scope, policy.text, record.name, images))
        perform(scope, record.name, action, images)
      next = { ...next, lifecyclePolicy: { ...policy, evaluatedAt: now } }
    }
  }
  if (next !== record) putRepository(scope, next)
  return waits.length > 0 ? Math.min(...waits) : undefined
}

function perform(
  scope: Scope,
  repository: string,
  { digest, action }: LifecycleAction,
  images: ImageCatalog,
): void {
  if (action === 'TRANSITION') {
    const archivedAt = scope.world.clock.now()
    changeImageState(scope, repository, digest, (state) => ({
      ...state,
      storage: { status: 'ARCHIVED' },
      archivedAt,
    }))
    return
  }
  // What refers to an image goes with it.
  const referrers = images.manifests(repository).filter(({ subject }) => subject === digest)
  for (const gone of [digest, ...referrers.map((referrer) => referrer.digest)]) {
    images.deleteManifest(repository, gone)
    forgetImage(scope, repository, gone)
  }
}
