import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { durations } from './data/durations.ts'
import { invalidParameter } from './errors.ts'
import type { ImageCatalogs } from './image-catalog.ts'
import { copyImage } from './replicate.ts'
import { replicatesTo } from './replication.ts'
import { allRepositories, page } from './repositories.ts'

/** A run that copies what was pushed before replication was configured. Times are ms since the epoch. */
export interface Backfill {
  id: string
  destination: { region: string; registryId: string }
  status: 'PREPARING' | 'IN_PROGRESS' | 'COMPLETE' | 'FAILED' | 'STOPPED'
  startedAt: number
  endedAt?: number
  /** What there is to copy, known once it is prepared. */
  images?: { repository: string; digest: string }[]
  results: { repository: string; digest: string; failureCode?: string }[]
}

const key = ({ accountId, region }: Scope, id: string) =>
  awsKey(accountId, region, 'ecr', 'replication-backfills', id)

const allBackfills = ({ world, accountId, region }: Scope): Backfill[] =>
  world.store
    .values<Backfill>(awsPrefix(accountId, region, 'ecr', 'replication-backfills'))
    .sort((a, b) => b.startedAt - a.startedAt)

function requireBackfill(context: RequestContext, id: string): Backfill {
  const found = context.world.store.get<Backfill>(key(context, id))?.value
  if (found) return found
  throw new AwsError(
    'ReplicationBackfillNotFoundException',
    `The replication backfill with id '${id}' does not exist in the registry with id '${context.accountId}'`,
  )
}

const running = ({ status }: Backfill) => status === 'PREPARING' || status === 'IN_PROGRESS'

const heading = ({ id, destination, status, startedAt }: Backfill, { accountId }: RequestContext) => ({
  replicationBackfillId: id,
  registryId: accountId,
  destination,
  status,
  startedAt: new Date(startedAt),
})

function progress({ images, results }: Backfill): sdk.ReplicationBackfillProgress | undefined {
  if (!images) return undefined
  const failed = results.filter(({ failureCode }) => failureCode !== undefined)
  return {
    totalReplicationCount: images.length,
    completedReplicationCount: results.length - failed.length,
    failedReplicationCount: failed.length,
    failureCodes: [...new Set(failed.map(({ failureCode }) => failureCode!))],
  }
}

export function startReplicationBackfill(
  { destination }: sdk.StartReplicationBackfillCommandInput,
  context: RequestContext,
) {
  const { region = '', registryId = '' } = destination ?? {}
  const same = (one: { region: string; registryId: string }) =>
    one.region === region && one.registryId === registryId
  if (!replicatesTo(context, { region, registryId }, undefined))
    throw invalidParameter('destination', 'The destination is not part of the replication configuration')
  if (allBackfills(context).some((one) => running(one) && same(one.destination))) {
    throw new AwsError(
      'ReplicationBackfillInProgressException',
      `A replication backfill to the registry with id '${registryId}' in ${region} is already in progress`,
    )
  }
  const { world } = context
  const backfill: Backfill = {
    id: world.ids.uuid(),
    destination: { region, registryId },
    status: 'PREPARING',
    startedAt: world.clock.now(),
    results: [],
  }
  world.store.put(key(context, backfill.id), backfill)
  return heading(backfill, context)
}

export function stopReplicationBackfill(
  { replicationBackfillId }: sdk.StopReplicationBackfillCommandInput,
  context: RequestContext,
) {
  const backfill = requireBackfill(context, replicationBackfillId!)
  if (!running(backfill)) {
    throw new AwsError(
      'ReplicationBackfillInvalidStatusException',
      `The replication backfill with id '${backfill.id}' cannot be stopped because its status is ${backfill.status}`,
    )
  }
  const stopped: Backfill = { ...backfill, status: 'STOPPED', endedAt: context.world.clock.now() }
  context.world.store.put(key(context, backfill.id), stopped)
  return { ...heading(stopped, context), status: 'STOPPING' as const }
}

const ended = ({ endedAt }: Backfill) => (endedAt === undefined ? undefined : new Date(endedAt))

export function listReplicationBackfills(
  input: sdk.ListReplicationBackfillsCommandInput,
  context: RequestContext,
) {
  const { items, nextToken } = page(allBackfills(context), input, 25)
  return {
    backfills: items.map((backfill) => ({
      ...heading(backfill, context),
      progress: progress(backfill),
      endedAt: ended(backfill),
    })),
    nextToken,
  }
}

export function describeReplicationBackfillResults(
  input: sdk.DescribeReplicationBackfillResultsCommandInput,
  context: RequestContext,
) {
  const backfill = requireBackfill(context, input.replicationBackfillId!)
  const results = backfill.results
    .map(
      ({ repository, digest, failureCode }): sdk.ReplicationBackfillResult => ({
        repositoryName: repository,
        imageId: { imageDigest: digest },
        status: failureCode === undefined ? 'COMPLETE' : 'FAILED',
        failureCode,
      }),
    )
    .filter(({ status }) => input.resultStatusFilter === undefined || status === input.resultStatusFilter)
  const { items, nextToken } = page(results, input)
  return {
    ...heading(backfill, context),
    progress: progress(backfill),
    results: items,
    endedAt: ended(backfill),
    nextToken,
  }
}

/** Moves a backfill on, an image a time. Gives after how many ms (world's time) to look again. */
export async function reconcileBackfill(
  scope: Scope,
  backfill: Backfill,
  catalogs: ImageCatalogs,
): Promise<number | undefined> {
  const { world } = scope
  if (!running(backfill)) return undefined
  const left = backfill.startedAt + world.provisioningTime(durations.replication) - world.clock.now()
  if (left > 0) return left
  const { accountId, region } = scope
  const to: Scope = { world, accountId: backfill.destination.registryId, region: backfill.destination.region }
  const change = (next: Partial<Backfill>) =>
    world.store.update<Backfill>(
      awsKey(accountId, region, 'ecr', 'replication-backfills', backfill.id),
      (known) => (known && running(known) ? { ...known, ...next } : known),
    )
  if (!backfill.images) {
    const images = catalogs(scope)
    const found = allRepositories(scope)
      .filter(({ name }) => replicatesTo(scope, backfill.destination, name))
      .flatMap(({ name }) => images.manifests(name).map(({ digest }) => ({ repository: name, digest })))
    change({ status: 'IN_PROGRESS', images: found })
    return undefined
  }
  const next = backfill.images[backfill.results.length]
  if (!next) {
    const failed =
      backfill.results.length > 0 && backfill.results.every(({ failureCode }) => failureCode !== undefined)
    change({ status: failed ? 'FAILED' : 'COMPLETE', endedAt: world.clock.now() })
    return undefined
  }
  const failureCode = await copyImage(scope, to, next.repository, next.digest, catalogs)
  change({ results: [...backfill.results, { ...next, ...(failureCode && { failureCode }) }] })
  return undefined
}
