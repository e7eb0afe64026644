import type { ClusterApi } from '../api.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../objects.ts'
import { parseQuantity } from '../quantity.ts'
import { selects } from '../selectors.ts'

export const CLAIMS = 'persistentvolumeclaims'
export const VOLUMES = 'persistentvolumes'
export const CLASSES = 'storageclasses.storage.k8s.io'

/** On a claim: the node that the scheduler wants its volume for. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
/** On a claim: who is to make its volume. */
export const PROVISIONER = 'volume.kubernetes.io/storage-provisioner'
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'

/** The EBS CSI driver, and the in-tree plugin that it took over from. */
export const EBS_DRIVER = 'ebs.csi.aws.com'
/** That of EKS Auto Mode, which runs outside of the cluster: https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html */
export const AUTO_EBS_DRIVER = 'ebs.csi.eks.amazonaws.com'
/** The EFS CSI driver: https://github.com/kubernetes-sigs/aws-efs-csi-driver */
export const EFS_DRIVER = 'efs.csi.aws.com'
const MIGRATED: Record<string, string> = { 'kubernetes.io/aws-ebs': EBS_DRIVER }

/** The provisioner that really serves a class. */
export const provisionerOf = ({ provisioner }: StorageClass): string => MIGRATED[provisioner] ?? provisioner

export const classOf = (
  api: Pick<ClusterApi, 'get'>,
  claim: PersistentVolumeClaim,
): StorageClass | undefined =>
  claim.spec.storageClassName ? api.get<StorageClass>(CLASSES, '', claim.spec.storageClassName) : undefined

/** Waits with binding until a pod that uses it is scheduled. */
export const isDelayed = (api: Pick<ClusterApi, 'get'>, claim: PersistentVolumeClaim): boolean =>
  classOf(api, claim)?.volumeBindingMode === 'WaitForFirstConsumer'

export const isBound = ({ spec, metadata }: PersistentVolumeClaim): boolean =>
  Boolean(spec.volumeName) && metadata.annotations?.[BIND_COMPLETED] !== undefined

/** Whether a volume is this claim's. */
export const isClaimedBy = ({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean =>
  spec.claimRef?.name === metadata.name &&
  spec.claimRef.namespace === metadata.namespace &&
  (spec.claimRef.uid === undefined || spec.claimRef.uid === metadata.uid)

/** The smallest volume that would do for a claim; one that names the claim goes first. Models volume.FindMatchingVolume. */
export function matchingVolume(
  volumes: PersistentVolume[],
  claim: PersistentVolumeClaim,
  fits: (volume: PersistentVolume) => boolean = () => true,
): PersistentVolume | undefined {
  const wanted = parseQuantity(claim.spec.resources?.requests?.storage)
  const size = ({ spec }: PersistentVolume) => parseQuantity(spec.capacity?.storage)
  const named = volumes.find((volume) => isClaimedBy(volume, claim))
  if (named) return named
  return volumes
    .filter(
      (volume) =>
        !volume.metadata.deletionTimestamp &&
        !volume.spec.claimRef &&
        (volume.spec.storageClassName ?? '') === (claim.spec.storageClassName ?? '') &&
        (volume.spec.volumeMode ?? 'Filesystem') === (claim.spec.volumeMode ?? 'Filesystem') &&
        (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode)) &&
        (!claim.spec.selector || selects(claim.spec.selector, volume.metadata.labels)) &&
        size(volume) >= wanted &&
        fits(volume),
    )
    .sort((a, b) => size(a) - size(b))[0]
}

/** The names of the claims that a pod mounts. */
export const claimNames = ({ spec, metadata }: Pod): string[] =>
  (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) =>
    persistentVolumeClaim ? [persistentVolumeClaim.claimName] : ephemeral ? [`${metadata.name}-${name}`] : [],
  )

/** What binds a volume to a claim. */
export const claimReference = ({ metadata }: PersistentVolumeClaim) => ({
  kind: 'PersistentVolumeClaim',
  apiVersion: 'v1',
  namespace: metadata.namespace!,
  name: metadata.name,
  uid: metadata.uid!,
})
