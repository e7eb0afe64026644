import type { Scope } from '../ec2/index.ts'
import { rootPrincipal } from '../iam/identity.ts'
import { evaluate } from '../iam/policy/evaluate.ts'
import { durations } from './data/durations.ts'
import { type ImageCatalog, type ImageCatalogs, tagsOf } from './image-catalog.ts'
import { changeImageState } from './image-state.ts'
import { keyFailure } from './keys.ts'
import { imagePushed } from './pushes.ts'
import type { ImageState, Replication } from './records.ts'
import { findRepository, makeRepository, repositoryArn, tagIsImmutable } from './repositories.ts'
import { setting } from './settings.ts'
import { templateFor } from './templates.ts'

/** Makes the copies whose time has come. Gives after how many ms (world's time) to look again. */
export async function reconcileReplication(
  scope: Scope,
  { repository, digest, replications }: ImageState,
  catalogs: ImageCatalogs,
): Promise<number | undefined> {
  const { world } = scope
  const waits: number[] = []
  for (const replication of replications ?? []) {
    if (replication.status !== 'IN_PROGRESS') continue
    const left = replication.startedAt + world.provisioningTime(durations.replication) - world.clock.now()
    if (left > 0) {
      waits.push(left)
      continue
    }
    const target: Scope = { world, accountId: replication.registryId, region: replication.region }
    const failureCode = await copyImage(scope, target, repository, digest, catalogs)
    const ended: Replication = failureCode
      ? { ...replication, status: 'FAILED', failureCode }
      : { ...replication, status: 'COMPLETE' }
    changeImageState(scope, repository, digest, (state) => ({
      ...state,
      replications: state.replications?.map((one) =>
        one.region === ended.region &&
        one.registryId === ended.registryId &&
        one.startedAt === ended.startedAt
          ? ended
          : one,
      ),
    }))
  }
  return waits.length > 0 ? Math.min(...waits) : undefined
}

/** Copies an image with its tags. Gives why it cannot be, undefined when it was. */
export async function copyImage(
  from: Scope,
  to: Scope,
  repository: string,
  digest: string,
  catalogs: ImageCatalogs,
): Promise<string | undefined> {
  if (!mayReplicate(from, to, repository)) return 'AccessDenied'
  const record =
    findRepository(to, repository) ??
    makeRepository(to, repository, templateFor(to, repository, 'REPLICATION') ?? {})
  const [source, target] = [catalogs(from), catalogs(to)]
  const tags = tagsOf(source, repository, digest)
  const taken = new Map(target.tags(repository).map((one) => [one.tag, one.digest]))
  const immutable = tags.some(
    (tag) => taken.has(tag) && taken.get(tag) !== digest && tagIsImmutable(record, tag),
  )
  if (immutable) return 'ImageTagAlreadyExists'
  const origin = findRepository(from, repository)
  if (origin && keyFailure(from, origin, 'Decrypt') !== undefined) return 'KmsError'
  if (keyFailure(to, record, 'GenerateDataKey') !== undefined) return 'KmsError'
  if (!(await copyManifest(source, target, repository, digest))) return 'ImageNotFound'
  for (const tag of tags) target.putTag(repository, tag, digest)
  imagePushed(to, target, repository, digest, 'replication')
  return undefined
}

async function copyManifest(
  source: ImageCatalog,
  target: ImageCatalog,
  repository: string,
  digest: string,
): Promise<boolean> {
  const manifest = source.manifests(repository).find((one) => one.digest === digest)
  const read = manifest && (await source.readManifest(repository, digest))
  if (!read) return false
  for (const part of manifest.references) {
    const size = source.blobSize(repository, part)
    if (size !== undefined) target.putBlob(repository, { digest: part, size })
    else if (!(await copyManifest(source, target, repository, part))) return false
  }
  await target.storeManifest(repository, read.bytes, read.mediaType, undefined)
  return true
}

/** Another account must let the source in by its registry policy; within an account nobody is asked. */
function mayReplicate(from: Scope, to: Scope, repository: string): boolean {
  if (from.accountId === to.accountId) return true
  const document = setting(to, 'policy')
  if (document === undefined) return false
  const everything = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] })
  return evaluate(
    rootPrincipal(from.accountId),
    'ecr:ReplicateImage',
    repositoryArn(to, repository),
    () => ({}),
    {
      identity: [everything],
      resource: { document, accountId: to.accountId },
    },
  ).allowed
}
