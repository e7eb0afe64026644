import type { Controller, Result } from '#world/controller.ts'
import type { KubernetesObject } from '../../api.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../objects.ts'
import { isReady, nameOf, splitName } from '../../pods.ts'
import { parseQuantity } from '../../quantity.ts'
import {
  CLAIMS,
  claimReference,
  classOf,
  isBound,
  isDelayed,
  PROVISIONED_BY,
  PROVISIONER,
  SELECTED_NODE,
  VOLUMES,
} from '../../volumes/claims.ts'
import type { ControlPlane } from '../control-plane.ts'
import { unlessGone } from '../replicas.ts'

/** A driver that is not there yet is looked for again after this, ms. */
const RETRY_MS = 10_000
const DELETER = 'external-provisioner.volume.kubernetes.io/finalizer'
const GIB = 2 ** 30

/** What tells one storage driver from another; the provisioner beside it is the same for all. */
export interface CsiDriver {
  /** `ebs.csi.aws.com` */
  name: string
  /** Label `app` of the pods that make volumes. */
  controller: string
  /** How long it takes until a volume is there, ms. */
  createMs: number
  /** Why no volume can be what a claim asks for, as the driver says it. */
  refusal(claim: PersistentVolumeClaim): string | undefined
  /** Makes the volume. Throws with the driver's text. */
  create(
    claim: PersistentVolumeClaim,
    name: string,
    gib: number,
  ): Pick<PersistentVolume['spec'], 'csi' | 'nodeAffinity'>
  /** Deletes it. Throws with the driver's text. */
  delete(handle: string): void
}

export const gibOf = (claim: PersistentVolumeClaim): number =>
  Math.max(1, Math.ceil(parseQuantity(claim.spec.resources?.requests?.storage) / GIB))

/** A ready pod of a driver's controller; undefined when the driver is not installed or not running. */
export function driverPod(
  { api }: ControlPlane,
  driver: Pick<CsiDriver, 'name' | 'controller'>,
): Pod | undefined {
  if (!api.get('csidrivers.storage.k8s.io', '', driver.name)) return
  return api
    .list<Pod>('pods', 'kube-system')
    .find((pod) => pod.metadata.labels?.app === driver.controller && isReady(pod))
}

/** Makes and deletes the volumes of a driver while the driver's pods run. Models external-provisioner. */
export function csiProvisioner(plane: ControlPlane, driver: CsiDriver): Controller {
  const { api, world, options } = plane

  function reconcile(key: string): Result | undefined {
    const slash = key.indexOf('/')
    const name = key.slice(slash + 1)
    if (key.slice(0, slash) === VOLUMES) {
      const volume = api.get<PersistentVolume>(VOLUMES, '', name)
      return volume && reclaim(volume)
    }
    const claim = api.get<PersistentVolumeClaim>(CLAIMS, ...splitName(name))
    return claim && !claim.metadata.deletionTimestamp ? provision(claim) : undefined
  }

  const running = () => driverPod(plane, driver)

  function provision(claim: PersistentVolumeClaim): Result | undefined {
    if (isBound(claim) || claim.spec.volumeName) return
    if (claim.metadata.annotations?.[PROVISIONER] !== driver.name) return
    if (isDelayed(api, claim) && !claim.metadata.annotations[SELECTED_NODE]) return
    const name = `pvc-${claim.metadata.uid}`
    if (api.get(VOLUMES, '', name)) return
    const pod = running()
    if (!pod) return { requeueAfterMs: RETRY_MS }
    const source = { component: `${driver.name}_${pod.metadata.name}_${pod.metadata.uid}` }
    const failed = (text: string): Result => {
      const message = `failed to provision volume with StorageClass "${claim.spec.storageClassName}": ${text}`
      api.event(claim, 'Warning', 'ProvisioningFailed', message, source)
      return { requeueAfterMs: RETRY_MS }
    }
    const refusal = driver.refusal(claim)
    if (refusal) return failed(refusal)
    const begun = `provisioning/${options.uid}/${claim.metadata.uid}`
    const since = world.store.get<number>(begun)?.value
    if (since === undefined) {
      const message = `External provisioner is provisioning volume for claim "${nameOf(claim)}"`
      api.event(claim, 'Normal', 'Provisioning', message, source)
      world.store.put(begun, plane.now())
      return { requeueAfterMs: driver.createMs }
    }
    const left = since + driver.createMs - plane.now()
    if (left > 0) return { requeueAfterMs: left }
    try {
      create(claim, name, driver.create(claim, name, gibOf(claim)))
    } catch (error) {
      return failed((error as Error).message)
    }
    world.store.delete(begun)
    api.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`, source)
  }

  function create(claim: PersistentVolumeClaim, name: string, made: ReturnType<CsiDriver['create']>): void {
    const found = classOf(api, claim)
    api.create<PersistentVolume>(VOLUMES, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: {
        name,
        finalizers: [DELETER, 'kubernetes.io/pv-protection'],
        annotations: {
          [PROVISIONED_BY]: driver.name,
          'volume.kubernetes.io/provisioner-deletion-secret-name': '',
          'volume.kubernetes.io/provisioner-deletion-secret-namespace': '',
        },
      },
      spec: {
        capacity: { storage: `${gibOf(claim)}Gi` },
        accessModes: claim.spec.accessModes,
        volumeMode: claim.spec.volumeMode,
        storageClassName: claim.spec.storageClassName,
        persistentVolumeReclaimPolicy: found?.reclaimPolicy ?? 'Delete',
        ...(found?.mountOptions && { mountOptions: found.mountOptions }),
        claimRef: claimReference(claim),
        ...made,
        csi: {
          ...made.csi,
          volumeAttributes: {
            'storage.kubernetes.io/csiProvisionerIdentity': `${Math.floor(plane.now())}-1-${driver.name}`,
          },
        },
      },
      status: {},
    } as PersistentVolume)
  }

  /** Deletes what its claim has left, and what an administrator deletes. */
  function reclaim(volume: PersistentVolume): Result | undefined {
    if (volume.spec.csi?.driver !== driver.name) return
    const { finalizers = [], deletionTimestamp, name } = volume.metadata
    const deletes = volume.spec.persistentVolumeReclaimPolicy === 'Delete'
    if (!deletionTimestamp) {
      if (!deletes || volume.status?.phase !== 'Released') return
      if (!running()) return { requeueAfterMs: RETRY_MS }
      unlessGone(() => api.delete(VOLUMES, '', name))
      return
    }
    if (!finalizers.includes(DELETER)) return
    if (deletes) {
      if (!running()) return { requeueAfterMs: RETRY_MS }
      try {
        driver.delete(volume.spec.csi.volumeHandle)
      } catch (error) {
        const { message } = error as Error
        api.event(volume, 'Warning', 'VolumeFailedDelete', message, { component: driver.name })
        return { requeueAfterMs: RETRY_MS }
      }
    }
    const left = finalizers.filter((finalizer) => finalizer !== DELETER)
    api.update(VOLUMES, { ...volume, metadata: { ...volume.metadata, finalizers: left } })
  }

  return {
    name: `${driver.controller.replace('-controller', '')}-provisioner`,
    sources: [
      { prefix: api.prefix(CLAIMS), keys: keyed(CLAIMS) },
      { prefix: api.prefix(VOLUMES), keys: keyed(VOLUMES) },
    ],
    reconcile,
  }
}

const keyed =
  (resource: string) =>
  ({ entry }: { entry: { value: KubernetesObject } }): string[] => [`${resource}/${nameOf(entry.value)}`]
