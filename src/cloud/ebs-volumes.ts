import { type Scope, tables } from '#aws/ec2/index.ts'
import { attach, detach, makeVolume } from '#aws/ec2/volumes.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'
import { nodes as nodeTable } from '#aws/eks/tables.ts'
import { decide, rolePrincipal } from '#aws/iam/identity.ts'
import { managedKey } from '#aws/kms/index.ts'
import { denialText } from '#aws/wire/denial.ts'
import { AwsError } from '#aws/wire/service.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '#kubernetes/objects.ts'
import { isFinished } from '#kubernetes/pods.ts'
import type { BlockStorage, VolumeRequest } from '#kubernetes/provider.ts'
import { AUTO_EBS_DRIVER, CLAIMS, claimNames, EBS_DRIVER, VOLUMES } from '#kubernetes/volumes/claims.ts'
import type { Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import type { Clusters, RunningCluster } from './clusters.ts'
import { driverRole } from './driver-role.ts'

const DRIVER = { account: 'ebs-csi-controller-sa', app: 'ebs-csi-controller' }
/** The driver's tags (docs of aws-ebs-csi-driver, tagging.md). */
const CSI_NAME = 'CSIVolumeName'
const DRIVERS = [EBS_DRIVER, AUTO_EBS_DRIVER]
const clusterTag = (driver: string) => `${driver}/cluster`
/** The driver that has made a volume, if it is one's. */
const driverOf = (tags: Record<string, string>) =>
  DRIVERS.find((driver) => tags[clusterTag(driver)] === 'true')

/** What the AWS SDK for Go says around an error of EC2. */
const operationError = (scope: Scope, operation: string, status: number, code: string, message: string) =>
  `operation error EC2: ${operation}, https response error StatusCode: ${status}, RequestID: ${scope.world.ids.uuid()}, api error ${code}: ${message}`

/**
 * EBS volumes for the claims of a cluster, made as aws-ebs-csi-driver makes them, with the rights of its controller's pods; in EKS Auto
 * Mode, where EKS runs it, with those of the cluster's role.
 */
export function ebsVolumes(
  scope: Scope,
  cluster: ClusterRecord,
  clientOf: () => RunningCluster['kubernetes']['client'] | undefined,
): BlockStorage {
  const authorize = (operation: string, resource: string, tags: Record<string, string>) => {
    const role =
      driverOf(tags) === AUTO_EBS_DRIVER
        ? cluster.roleArn
        : driverRole(scope, cluster, clientOf()!, DRIVER, `EC2: ${operation}`)
    const principal = rolePrincipal(scope.world, role, 'aws-ebs-csi-driver')
    const conditions = Object.fromEntries(
      Object.entries(tags).flatMap(([key, value]) => [
        [`aws:RequestTag/${key}`, value],
        [`aws:ResourceTag/${key}`, value],
        [`ec2:ResourceTag/${key}`, value],
      ]),
    )
    const action = `ec2:${operation}`
    const decision = principal && decide(scope.world, { principal, action, resource, conditions })
    if (decision?.allowed) return
    const why = principal
      ? denialText(principal, action, resource, decision!)
      : `The role ${role} does not exist.`
    throw new Error(
      operationError(
        scope,
        operation,
        403,
        'UnauthorizedOperation',
        `You are not authorized to perform this operation. ${why}`,
      ),
    )
  }
  const arn = (id: string) => `arn:aws:ec2:${scope.region}:${scope.accountId}:volume/${id}`
  return {
    create(request) {
      const present = tables.volumes.list(scope).find(({ tags }) => tags[CSI_NAME] === request.name)
      if (present) return present.id
      const tags = tagsOf(cluster, request)
      const failed = (text: string) =>
        new Error(
          `rpc error: code = Internal desc = Could not create volume "${request.name}": could not create volume in EC2: ${text}`,
        )
      try {
        authorize('CreateVolume', arn('*'), tags)
        const { parameters } = request
        const number = (text: string | undefined) => (text === undefined ? undefined : Number(text))
        return makeVolume(scope, {
          zone: request.zone,
          tags,
          sizeGiB: request.sizeGiB,
          type: parameters.type ?? 'gp3',
          iops: number(parameters.iops),
          throughput: number(parameters.throughput),
          kmsKeyId:
            parameters.encrypted === 'true'
              ? (parameters.kmsKeyId ?? managedKey(scope, 'ebs').arn)
              : undefined,
        }).id
      } catch (error) {
        if (error instanceof AwsError)
          throw failed(operationError(scope, 'CreateVolume', 400, error.code, error.message))
        throw failed((error as Error).message)
      }
    },
    delete(handle) {
      const volume = tables.volumes.find(scope, handle)
      if (!volume) return
      authorize('DeleteVolume', arn(handle), volume.tags)
      if (volume.attachment) throw new Error(`Could not delete volume ID "${handle}": volume is in use`)
      tables.volumes.delete(scope, handle)
    },
  }
}

const tagsOf = (cluster: ClusterRecord, { driver, name, claim }: VolumeRequest): Record<string, string> => ({
  Name: `${cluster.name}-dynamic-${name}`,
  [CSI_NAME]: name,
  [clusterTag(driver)]: 'true',
  ...(driver === AUTO_EBS_DRIVER && { 'eks:eks-cluster-name': cluster.name }),
  KubernetesCluster: cluster.name,
  [`kubernetes.io/cluster/${cluster.name}`]: 'owned',
  'kubernetes.io/created-for/pv/name': name,
  'kubernetes.io/created-for/pvc/name': claim.name,
  'kubernetes.io/created-for/pvc/namespace': claim.namespace,
})

const ATTACH_RETRY_MS = 1000
const POD_KEY = /^kubernetes\/([^/]+)\/core\/(pods|persistentvolumes)\//

/** Attaches the volumes of pods to the instances that the pods are on, and takes off those that no pod there needs. */
export class EbsAttachments {
  readonly #world: World
  readonly #clusters: Clusters
  #controller: { stop(): void } | undefined

  constructor(world: World, clusters: Clusters) {
    this.#world = world
    this.#clusters = clusters
  }

  start(): void {
    this.#controller = this.#world.controllers.start({
      name: 'ebs-attachments',
      sources: [
        {
          prefix: 'kubernetes/',
          keys: ({ key, entry }) => {
            const [, uid, resource] = POD_KEY.exec(key) ?? []
            if (!uid) return []
            const concerns = resource === 'persistentvolumes' || claimNames(entry.value as Pod).length > 0
            return concerns ? [uid] : []
          },
        },
      ],
      reconcile: (uid) => {
        const cluster = this.#clusters.find(uid)
        return cluster && reconcileAttachments(cluster)
      },
    })
  }

  stop(): void {
    this.#controller?.stop()
  }
}

function reconcileAttachments({ scope, record, kubernetes: { client } }: RunningCluster): Result | undefined {
  let waiting = false
  const wanted = new Map<string, string>()
  const machines = new Map(nodeTable.list(scope, record.name).map((node) => [node.name, node.instanceId]))
  for (const pod of client.list<Pod>('pods')) {
    const instanceId = machines.get(pod.spec.nodeName ?? '')
    if (!instanceId || isFinished(pod)) continue
    for (const name of claimNames(pod)) {
      const claim = client.get<PersistentVolumeClaim>(CLAIMS, pod.metadata.namespace!, name)
      const volume = client.get<PersistentVolume>(VOLUMES, '', claim?.spec.volumeName ?? '')
      if (volume?.spec.csi && DRIVERS.includes(volume.spec.csi.driver))
        wanted.set(volume.spec.csi.volumeHandle, instanceId)
    }
  }
  for (const volume of tables.volumes.list(scope)) {
    if (volume.tags.KubernetesCluster !== record.name || !driverOf(volume.tags)) continue
    const target = wanted.get(volume.id)
    const present = volume.attachment?.instanceId
    if (present === target) continue
    if (present) detach(scope, volume.id)
    if (!target || tables.instances.find(scope, target)?.state !== 'running') continue
    if (volume.state === 'available') attach(scope, volume.id, target, freeDevice(scope, target))
    else waiting = true
  }
  return waiting ? { requeueAfterMs: ATTACH_RETRY_MS } : undefined
}

/** The driver takes `/dev/xvdaa` and on. */
function freeDevice(scope: Scope, instanceId: string): string {
  const taken = new Set(
    tables.volumes
      .list(scope)
      .flatMap(({ attachment }) => (attachment?.instanceId === instanceId ? [attachment.device] : [])),
  )
  for (let index = 0; ; index++) {
    const device = `/dev/xvda${String.fromCharCode(97 + (index % 26))}${index >= 26 ? Math.floor(index / 26) : ''}`
    if (!taken.has(device)) return device
  }
}
