import type { Scope } from '../ec2/index.ts'
import { Table } from '../table.ts'
import { efsError } from './errors.ts'
import type { AccessPointRecord, FileSystemRecord, MountTargetRecord } from './records.ts'

export const fileSystems = new Table<FileSystemRecord>('efs', 'file-systems', ({ id }) => id)
export const mountTargets = new Table<MountTargetRecord>('efs', 'mount-targets', ({ id }) => id)
export const accessPoints = new Table<AccessPointRecord>('efs', 'access-points', ({ id }) => id)

export const efsArn = ({ region, accountId }: Scope, type: 'file-system' | 'access-point', id: string) =>
  `arn:aws:elasticfilesystem:${region}:${accountId}:${type}/${id}`

/** The id in what callers may give as an id or an ARN. */
export const idOf = (given: string): string => given.slice(given.lastIndexOf('/') + 1)

/** Throws FileSystemNotFound. */
export function requireFileSystem(scope: Scope, given: string | undefined): FileSystemRecord {
  const id = idOf(given ?? '')
  const found = fileSystems.find(scope, id)
  if (!found) throw efsError('FileSystemNotFound', `File system '${id}' does not exist.`, 404)
  return found
}

/** As `requireFileSystem`; throws IncorrectFileSystemLifeCycleState unless it can be worked on. */
export function requireAvailable(scope: Scope, given: string | undefined): FileSystemRecord {
  const found = requireFileSystem(scope, given)
  if (found.state === 'available' || found.state === 'updating') return found
  throw efsError(
    'IncorrectFileSystemLifeCycleState',
    `None of the file system's mount targets, access points or settings can be changed while it is in the state '${found.state}'.`,
    409,
  )
}

/** Throws MountTargetNotFound. */
export function requireMountTarget(scope: Scope, id: string | undefined): MountTargetRecord {
  const found = mountTargets.find(scope, id ?? '')
  if (!found) throw efsError('MountTargetNotFound', `Mount target '${id}' does not exist.`, 404)
  return found
}

/** Throws AccessPointNotFound. */
export function requireAccessPoint(scope: Scope, given: string | undefined): AccessPointRecord {
  const id = idOf(given ?? '')
  const found = accessPoints.find(scope, id)
  if (!found) throw efsError('AccessPointNotFound', `Access Point ${id} does not exist.`, 404)
  return found
}

export const mountTargetsOf = (scope: Scope, fileSystemId: string): MountTargetRecord[] =>
  mountTargets.list(scope).filter((target) => target.fileSystemId === fileSystemId)

export const accessPointsOf = (scope: Scope, fileSystemId: string): AccessPointRecord[] =>
  accessPoints.list(scope).filter((point) => point.fileSystemId === fileSystemId)

/** Under what the files of a file system are kept: `<prefix><path>`, whoever mounts it. */
export const dataPrefix = (
  { accountId, region }: Pick<Scope, 'accountId' | 'region'>,
  fileSystemId: string,
): string => `efs-data/${accountId}/${region}/${fileSystemId}/`
