import type { Scope } from '#aws/ec2/index.ts'
import { accessPoints, accessPointsOf, fileSystems, MountFailure, makeAccessPoint } from '#aws/efs/index.ts'
import { efsArn } from '#aws/efs/tables.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'
import { nodeNamed } from '#aws/eks/node-index.ts'
import { decide, rolePrincipal } from '#aws/iam/identity.ts'
import { AwsError } from '#aws/wire/service.ts'
import type { ClusterApi } from '#kubernetes/api.ts'
import { type FileStorage, NodeMountError } from '#kubernetes/provider.ts'
import { driverRole } from './driver-role.ts'
import type { EfsFiles } from './efs-files.ts'
import type { VpcPaths } from './vpc-paths.ts'

const DRIVER = { account: 'efs-csi-controller-sa', app: 'efs-csi-controller' }
/** The driver's tag on what it makes, and the default range of group ids (its docs/README.md, read 2026-11). */
const CLUSTER_TAG = 'efs.csi.aws.com/cluster'
const GROUPS = { from: 50_000, to: 7_000_000 }
/** How long the kubelet waits for a driver (csiTimeout), ms. */
const CSI_TIMEOUT_MS = 120_000

const rpc = (code: string, description: string) =>
  new Error(`rpc error: code = ${code} desc = ${description}`)

export interface EfsClients {
  files: EfsFiles
  paths: VpcPaths
  clientOf(): ClusterApi | undefined
}

/** Access points for the claims of a cluster, and mounts of its nodes, as aws-efs-csi-driver makes them. */
export function efsVolumes(scope: Scope, cluster: ClusterRecord, clients: EfsClients): FileStorage {
  const tags = { [CLUSTER_TAG]: 'true' }
  const authorize = (
    operation: string,
    resource: string,
    conditions: Record<string, string | string[]> = {},
  ) => {
    const role = driverRole(scope, cluster, clients.clientOf()!, DRIVER, `EFS: ${operation}`)
    const principal = rolePrincipal(scope.world, role, 'aws-efs-csi-driver')
    const action = `elasticfilesystem:${operation}`
    if (principal && decide(scope.world, { principal, action, resource, conditions }).allowed) return
    throw rpc(
      'Unauthenticated',
      'Access Denied. Please ensure you have the right AWS permissions: Access denied',
    )
  }
  return {
    create({ name, parameters }) {
      const wanted = checked(parameters)
      try {
        authorize('DescribeFileSystems', efsArn(scope, 'file-system', wanted.fileSystemId))
      } catch (error) {
        const { message } = error as Error
        throw message.startsWith('rpc')
          ? error
          : rpc('Internal', `Failed to fetch File System info: Describe File System failed: ${message}`)
      }
      if (!fileSystems.find(scope, wanted.fileSystemId))
        throw rpc('InvalidArgument', 'File System does not exist: Resource was not found')
      authorize('CreateAccessPoint', efsArn(scope, 'file-system', wanted.fileSystemId), {
        [`aws:RequestTag/${CLUSTER_TAG}`]: 'true',
        'aws:TagKeys': [CLUSTER_TAG],
      })
      const present = accessPointsOf(scope, wanted.fileSystemId).find((one) => one.clientToken === name)
      const made = present ?? makePoint(scope, name, wanted, tags)
      return `${wanted.fileSystemId}::${made.id}`
    },
    delete(handle) {
      const point = accessPoints.find(scope, parts(handle).accessPointId ?? '')
      if (!point) return
      authorize(
        'DeleteAccessPoint',
        efsArn(scope, 'access-point', point.id),
        Object.fromEntries(
          Object.entries(point.tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]),
        ),
      )
      accessPoints.delete(scope, point)
    },
    mount(nodeName, { handle, options, target }) {
      const node = nodeNamed(scope.world, cluster.uid, nodeName)
      const from = node && clients.paths.endAt(node.internalIp, cluster.vpcId)
      if (!from)
        throw new NodeMountError(
          `rpc error: code = Internal desc = node ${nodeName} has no network interface`,
        )
      const request = parts(handle)
      const principal = options.includes('iam')
        ? rolePrincipal(scope.world, node.roleArn, node.instanceId)
        : undefined
      try {
        return clients.files.mount(scope, { ...request, from, principal })
      } catch (error) {
        if (!(error instanceof MountFailure)) throw error
        if (error.hangs)
          throw new NodeMountError(
            'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
            CSI_TIMEOUT_MS,
          )
        throw new NodeMountError(mountText(handle, options, target, error))
      }
    },
  }
}

interface Wanted {
  fileSystemId: string
  basePath: string
  permissions: string
  user?: number
  group?: number
  from: number
  to: number
}

/** The parameters of a storage class. Throws as the driver's CreateVolume does. */
function checked(parameters: Record<string, string>): Wanted {
  const { provisioningMode, fileSystemId, basePath = '', directoryPerms = '700' } = parameters
  const missing = (name: string) => rpc('InvalidArgument', `Missing ${name} parameter`)
  if (provisioningMode === undefined) throw missing('provisioningMode')
  if (provisioningMode !== 'efs-ap')
    throw rpc(
      'InvalidArgument',
      `Provisioning mode ${provisioningMode} is not supported. Only Access point provisioning: 'efs-ap' is supported`,
    )
  if (fileSystemId === undefined) throw missing('fileSystemId')
  if (fileSystemId.trim() === '') throw rpc('InvalidArgument', 'Parameter fileSystemId cannot be empty')
  const number = (name: string) => {
    const text = parameters[name]
    if (text === undefined) return undefined
    if (!/^\d+$/.test(text))
      throw rpc(
        'InvalidArgument',
        `Failed to parse invalid ${name}: strconv.Atoi: parsing "${text}": invalid syntax`,
      )
    return Number(text)
  }
  const [from, to] = [number('gidRangeStart'), number('gidRangeEnd')]
  if (from !== undefined && to === undefined) throw missing('gidRangeEnd')
  if (to !== undefined && from === undefined) throw missing('gidRangeStart')
  if (from !== undefined && to! <= from)
    throw rpc('InvalidArgument', 'gidRangeEnd must be greater than gidRangeStart')
  return {
    fileSystemId,
    basePath,
    permissions: directoryPerms,
    user: number('uid'),
    group: number('gid'),
    from: from ?? GROUPS.from,
    to: to ?? GROUPS.to,
  }
}

function makePoint(scope: Scope, name: string, wanted: Wanted, tags: Record<string, string>) {
  const taken = new Set(accessPointsOf(scope, wanted.fileSystemId).map(({ posixUser }) => posixUser?.Gid))
  let free = wanted.from
  while (taken.has(free)) free++
  if (free > wanted.to && wanted.group === undefined)
    throw rpc(
      'Internal',
      'Failed to locate a free GID for given file system: ' +
        wanted.fileSystemId +
        '. Please create a new storage class with a new file-system',
    )
  const [Uid, Gid] = [wanted.user ?? free, wanted.group ?? free]
  try {
    return makeAccessPoint(scope, {
      ClientToken: name,
      FileSystemId: wanted.fileSystemId,
      PosixUser: { Uid, Gid },
      RootDirectory: {
        Path: `${wanted.basePath}/${name}`,
        CreationInfo: { OwnerUid: Uid, OwnerGid: Gid, Permissions: wanted.permissions },
      },
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    })
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    throw rpc(
      'Internal',
      `Failed to create Access point in File System ${wanted.fileSystemId} : Failed to create access point: ${error.code}: ${error.message}`,
    )
  }
}

/** `fs-…`, `fs-…:/folder` and `fs-…::fsap-…`. */
function parts(handle: string): { fileSystemId: string; path?: string; accessPointId?: string } {
  const [fileSystemId = '', path, accessPointId] = handle.split(':')
  return { fileSystemId, ...(path && { path }), ...(accessPointId && { accessPointId }) }
}

/** As k8s.io/mount-utils tells of a mount command that failed. */
function mountText(handle: string, options: string[], target: string, failure: MountFailure): string {
  const { fileSystemId, path = '/', accessPointId } = parts(handle)
  const all = [...(accessPointId ? [`accesspoint=${accessPointId}`] : []), 'tls', ...options]
  const source = `${fileSystemId}:${path}`
  const command = `-t efs -o ${[...new Set(all)].join(',')} ${source} ${target}`
  return `rpc error: code = Internal desc = Could not mount "${source}" at "${target}": mount failed: exit status ${failure.exitStatus}\nMounting command: mount\nMounting arguments: ${command}\nOutput: ${failure.message}\n`
}
