import type { Controller, Result } from '#world/controller.ts'
import type { KubernetesObject } from '../../api.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../objects.ts'
import { nameOf, splitName } from '../../pods.ts'
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

/** A provisioner that is not there yet is looked for again after this, ms. */
export const RETRY_MS = 10_000

/** What one provisioner adds to a volume. */
export interface MadeVolume {
  finalizers?: string[]
  annotations: Record<string, string>
  spec: Partial<PersistentVolume['spec']>
}

/** What tells one provisioner from another. */
export interface Provisioner {
  /** As claims and classes name it. */
  name: string
  /** The name of its controller. */
  controller: string
  /** A ready pod of it; undefined when it is not installed or not running. */
  pod(): Pick<Pod, 'metadata'> | undefined
  /** How long it takes until a volume is there, ms. */
  createMs: number
  /** Why no volume can be what a claim asks for, as it says it. `node`: the selected one. */
  refusal(claim: PersistentVolumeClaim, node: string | undefined): string | undefined
  /** Makes the volume. Throws with its text. */
  create(claim: PersistentVolumeClaim, name: string, node: string | undefined): MadeVolume
  /** Looks at a volume that may be its own to delete. */
  reclaim(volume: PersistentVolume): Result | undefined
}

/**
 * Makes the volumes that claims ask a provisioner for while a pod of it runs, and lets it reclaim them.
 * Models sig-storage-lib-external-provisioner, which CSI's external-provisioner and others are made of.
 */
export function externalProvisioner(plane: ControlPlane, provisioner: Provisioner): Controller {
  const { api, world, options } = plane

  function reconcile(key: string): Result | undefined {
    const slash = key.indexOf('/')
    const name = key.slice(slash + 1)
    if (key.slice(0, slash) === VOLUMES) {
      const volume = api.get<PersistentVolume>(VOLUMES, '', name)
      return volume && provisioner.reclaim(volume)
    }
    const claim = api.get<PersistentVolumeClaim>(CLAIMS, ...splitName(name))
    return claim && !claim.metadata.deletionTimestamp ? provision(claim) : undefined
  }

  function provision(claim: PersistentVolumeClaim): Result | undefined {
    if (isBound(claim) || claim.spec.volumeName) return
    if (claim.metadata.annotations?.[PROVISIONER] !== provisioner.name) return
    const node = claim.metadata.annotations[SELECTED_NODE]
    if (isDelayed(api, claim) && !node) return
    const name = `pvc-${claim.metadata.uid}`
    if (api.get(VOLUMES, '', name)) return
    const pod = provisioner.pod()
    if (!pod) return { requeueAfterMs: RETRY_MS }
    const source = { component: `${provisioner.name}_${pod.metadata.name}_${pod.metadata.uid}` }
    const failed = (text: string): Result => {
      const message = `failed to provision volume with StorageClass "${claim.spec.storageClassName}": ${text}`
      api.event(claim, 'Warning', 'ProvisioningFailed', message, source)
      return { requeueAfterMs: RETRY_MS }
    }
    const refusal = provisioner.refusal(claim, node)
    if (refusal) return failed(refusal)
    const begun = `provisioning/${options.uid}/${claim.metadata.uid}`
    const since = world.store.get<number>(begun)?.value
    if (since === undefined) {
      const message = `External provisioner is provisioning volume for claim "${nameOf(claim)}"`
      api.event(claim, 'Normal', 'Provisioning', message, source)
      world.store.put(begun, plane.now())
      return { requeueAfterMs: provisioner.createMs }
    }
    const left = since + provisioner.createMs - plane.now()
    if (left > 0) return { requeueAfterMs: left }
    try {
      put(claim, name, provisioner.create(claim, name, node))
    } catch (error) {
      return failed((error as Error).message)
    }
    world.store.delete(begun)
    api.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`, source)
  }

  function put(claim: PersistentVolumeClaim, name: string, made: MadeVolume): void {
    const { finalizers = [], annotations, spec } = made
    api.create<PersistentVolume>(VOLUMES, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: {
        name,
        finalizers: [...finalizers, 'kubernetes.io/pv-protection'],
        annotations: { ...annotations, [PROVISIONED_BY]: provisioner.name },
      },
      spec: {
        capacity: { storage: claim.spec.resources?.requests?.storage },
        accessModes: claim.spec.accessModes,
        volumeMode: claim.spec.volumeMode,
        storageClassName: claim.spec.storageClassName,
        persistentVolumeReclaimPolicy: classOf(api, claim)?.reclaimPolicy ?? 'Delete',
        claimRef: claimReference(claim),
        ...spec,
      },
      status: {},
    } as PersistentVolume)
  }

  return {
    name: provisioner.controller,
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
