import type { Controller, Result } from '#world/controller.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../objects.ts'
import { isReady } from '../../pods.ts'
import { parseQuantity } from '../../quantity.ts'
import { classOf, VOLUMES } from '../../volumes/claims.ts'
import type { ControlPlane } from '../control-plane.ts'
import { unlessGone } from '../replicas.ts'
import { externalProvisioner, RETRY_MS } from './external-provisioner.ts'

const DELETER = 'external-provisioner.volume.kubernetes.io/finalizer'
const GIB = 2 ** 30

/** What tells one storage driver from another; the provisioner beside it is the same for all. */
export interface CsiDriver {
  /** `ebs.csi.aws.com` */
  name: string
  /** Label `app` of the pods that make volumes. */
  controller: string
  /** Whether it runs outside of the cluster, which has its CSIDriver alone. */
  managed?: true
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

/** A ready pod of a driver's controller, or what stands for one that runs elsewhere; undefined when the driver is not installed or not running. */
export function driverPod(
  { api }: ControlPlane,
  driver: Pick<CsiDriver, 'name' | 'controller' | 'managed'>,
): Pick<Pod, 'metadata'> | undefined {
  const installed = api.get('csidrivers.storage.k8s.io', '', driver.name)
  if (!installed || driver.managed) return installed
  return api
    .list<Pod>('pods', 'kube-system')
    .find((pod) => pod.metadata.labels?.app === driver.controller && isReady(pod))
}

/** Makes and deletes the volumes of a driver while the driver's pods run. Models CSI's external-provisioner. */
export function csiProvisioner(plane: ControlPlane, driver: CsiDriver): Controller {
  const { api } = plane
  const running = () => driverPod(plane, driver)

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

  return externalProvisioner(plane, {
    name: driver.name,
    controller: `${driver.controller.replace('-controller', '')}-provisioner`,
    pod: running,
    createMs: driver.createMs,
    refusal: driver.refusal,
    create(claim, name) {
      const gib = gibOf(claim)
      const made = driver.create(claim, name, gib)
      const mountOptions = classOf(api, claim)?.mountOptions
      return {
        finalizers: [DELETER],
        annotations: {
          'volume.kubernetes.io/provisioner-deletion-secret-name': '',
          'volume.kubernetes.io/provisioner-deletion-secret-namespace': '',
        },
        spec: {
          capacity: { storage: `${gib}Gi` },
          ...(mountOptions && { mountOptions }),
          ...made,
          csi: {
            ...made.csi!,
            volumeAttributes: {
              'storage.kubernetes.io/csiProvisionerIdentity': `${Math.floor(plane.now())}-1-${driver.name}`,
            },
          },
        },
      }
    },
    reclaim,
  })
}
