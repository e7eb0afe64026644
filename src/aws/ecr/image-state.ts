import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import type { Principal } from '../wire/service.ts'
import type { ImageState } from './records.ts'
import { setting } from './settings.ts'

/** How long ECR waits before it writes a newer pull time, ms: a day. */
const PULL_PRECISION = 86_400_000

const key = ({ accountId, region }: Scope, repository: string, digest: string) =>
  awsKey(accountId, region, 'ecr', 'images', `${encodeURIComponent(repository)}/${digest}`)

export const imageState = (scope: Scope, repository: string, digest: string): ImageState | undefined =>
  scope.world.store.get<ImageState>(key(scope, repository, digest))?.value

/** Writes what `change` makes of an image's state; undefined leaves it as it is. */
export function changeImageState(
  scope: Scope,
  repository: string,
  digest: string,
  change: (state: ImageState) => ImageState | undefined,
): void {
  scope.world.store.update<ImageState>(
    key(scope, repository, digest),
    (known) => change(known ?? { repository, digest }) ?? known,
  )
}

export const forgetImage = (scope: Scope, repository: string, digest: string) =>
  void scope.world.store.delete(key(scope, repository, digest))

/** The states of all images of a repository. */
export const imageStates = (scope: Scope, repository: string): ImageState[] =>
  scope.world.store.values<ImageState>(
    `${awsPrefix(scope.accountId, scope.region, 'ecr', 'images')}${encodeURIComponent(repository)}/`,
  )

/** Remembers that an image was pulled, unless the registry was told not to by whom. */
export function recordPull(
  scope: Scope,
  repository: string,
  digest: string,
  puller: Principal | undefined,
): void {
  const excluded = setting(scope, 'pullTimeExclusions') ?? {}
  if (puller && (excluded[puller.arn] !== undefined || excluded[puller.roleArn ?? ''] !== undefined)) return
  const now = scope.world.clock.now()
  changeImageState(scope, repository, digest, (state) =>
    state.pulledAt !== undefined && now - state.pulledAt < PULL_PRECISION
      ? undefined
      : { ...state, pulledAt: now },
  )
}

/** `ACTIVE`, or where it stands on its way to or from the archive. */
export const storageStatus = (state: ImageState | undefined) => state?.storage?.status ?? 'ACTIVE'
