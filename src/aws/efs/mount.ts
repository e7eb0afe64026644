import { type InsideEnd, reach, type Scope, tables } from '../ec2/index.ts'
import { decide } from '../iam/identity.ts'
import type { Principal } from '../wire/service.ts'
import type { FileSystemRecord } from './records.ts'
import { accessPoints, dataPrefix, efsArn, fileSystems, mountTargetsOf } from './tables.ts'

const NFS_PORT = 2049

/** What somebody mounts. */
export interface MountRequest {
  fileSystemId: string
  accessPointId?: string
  /** Folder of the file system; default `/`. With an access point the access point's. */
  path?: string
  /** The network interface that the client mounts by. */
  from: InsideEnd
  /** Who the client is, when it mounts with the option `iam`. */
  principal?: Principal
}

/** Why a file system is not mounted, as `mount -t efs` says it. */
export class MountFailure extends Error {
  override readonly name = 'MountFailure'
  /** Of the mount command. */
  readonly exitStatus: number
  /** Nothing answers: the command waits until who asked for it gives up. */
  readonly hangs: boolean
  constructor(message: string, exitStatus: number, hangs = false) {
    super(message)
    this.exitStatus = exitStatus
    this.hangs = hangs
  }
}

const refused = (text: string) => new MountFailure(`b'mount.nfs4: ${text}'`, 32)

/**
 * What a client of a VPC sees of a file system: gives the folder that it has mounted, without a slash at its beginning.
 * Names resolve to the mount target of the client's zone, packets obey the VPC, the file system's policy decides.
 * Throws MountFailure. https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-helper.html
 */
export function mountedFolder(scope: Scope, request: MountRequest): string {
  const { fileSystemId, from } = request
  const fileSystem = fileSystems.find(scope, fileSystemId)
  const target = fileSystem && mountTargetFor(scope, fileSystemId, from)
  if (!target) throw unresolved(scope, fileSystemId)
  const eni = tables.networkInterfaces.get(scope, target.networkInterfaceId)
  const to = { eni, accountId: scope.accountId, region: scope.region, address: target.address }
  if (!reach(scope.world, from, to, { port: NFS_PORT }).open)
    throw new MountFailure("b'mount.nfs4: Connection timed out'", 32, true)
  if (!mayMount(scope, fileSystem, request))
    throw refused('access denied by server while mounting 127.0.0.1:/')
  return folderFor(scope, request)
}

/** The mount target that the file system's name leads to: the one of the client's own zone. */
function mountTargetFor(scope: Scope, fileSystemId: string, from: InsideEnd) {
  return mountTargetsOf(scope, fileSystemId).find(
    ({ vpcId, zone, state }) => vpcId === from.eni.vpcId && zone === from.eni.zone && state === 'available',
  )
}

/** https://docs.aws.amazon.com/efs/latest/ug/troubleshooting-efs-mounting.html */
const unresolved = ({ region }: Scope, id: string) =>
  new MountFailure(
    `Failed to resolve "${id}.efs.${region}.amazonaws.com" - check that your file system ID is correct, and ensure that the VPC has an EFS mount target for this file system ID.\nSee https://docs.aws.amazon.com/console/efs/mount-dns-name for more detail.\nAttempting to lookup mount target ip address using botocore. Failed to import necessary dependency botocore, please install botocore first.`,
    1,
  )

/** Without a policy everybody whom the network lets in; else those whom it names, or all when it names all. */
function mayMount(scope: Scope, fileSystem: FileSystemRecord, request: MountRequest): boolean {
  const { policy, id } = fileSystem
  if (policy === undefined) return true
  const resource = efsArn(scope, 'file-system', id)
  const action = 'elasticfilesystem:ClientMount'
  const conditions = {
    'elasticfilesystem:AccessedViaMountTarget': 'true',
    'aws:SecureTransport': 'true',
    ...(request.accessPointId && {
      'elasticfilesystem:AccessPointArn': efsArn(scope, 'access-point', request.accessPointId),
    }),
  }
  // A client without the option `iam` is nobody: only a statement about everybody means it.
  const principal = request.principal ?? anonymous(scope)
  const resourcePolicy = { document: policy, accountId: scope.accountId }
  return decide(scope.world, { principal, action, resource, conditions, resourcePolicy }).allowed
}

const anonymous = ({ accountId }: Scope): Principal => ({ arn: '', accountId, userId: '', type: 'anonymous' })

function folderFor(scope: Scope, { fileSystemId, accessPointId, path = '/' }: MountRequest): string {
  if (accessPointId === undefined) return existing(scope, fileSystemId, path)
  const point = accessPoints.find(scope, accessPointId)
  if (point?.fileSystemId !== fileSystemId || point.state !== 'available')
    throw refused('access denied by server while mounting 127.0.0.1:/')
  const { Path, CreationInfo } = point.rootDirectory
  // The first client of an access point makes its root folder, if the access point says how.
  return CreationInfo ? trimmed(Path) : existing(scope, fileSystemId, Path)
}

const trimmed = (path: string) => path.replace(/^\/+|\/+$/g, '')

function existing(scope: Scope, fileSystemId: string, path: string): string {
  const folder = trimmed(path)
  if (folder === '') return folder
  const { entries } = scope.world.store.list(
    `${dataPrefix(scope, fileSystemId)}${encodeURIComponent(`${folder}/`)}`,
  )
  if (entries.length > 0) return folder
  throw refused(`mounting 127.0.0.1:/${folder} failed, reason given by server: No such file or directory`)
}
