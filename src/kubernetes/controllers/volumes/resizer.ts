import type { Controller, Result } from '#world/controller.ts'
import { equal } from '../../equality.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../objects.ts'
import { nameOf, splitName } from '../../pods.ts'
import { parseQuantity } from '../../quantity.ts'
import { parseTime } from '../../time.ts'
import { CLAIMS, claimNames, isBound, VOLUMES } from '../../volumes/claims.ts'
import { type ControlPlane, ownKey } from '../control-plane.ts'
import { AUTO_EBS, EBS } from './ebs-driver.ts'
import { driverPod } from './provisioner.ts'

/** How long ModifyVolume takes until the size is there, ms. */
const MODIFY_MS = 3_000
/** A driver that is not there yet is looked for again after this, ms. */
const RETRY_MS = 10_000

type Condition = NonNullable<PersistentVolumeClaim['status']['conditions']>[number]

/**
 * Makes the volumes of the EBS CSI driver as large as their claims ask, and then the file systems in them where a pod has them mounted.
 * Models external-resizer and the kubelet's NodeExpandVolume.
 */
export function ebsResizer(plane: ControlPlane): Controller {
  const { api, podsByClaim } = plane

  function reconcile(key: string): Result | undefined {
    const claim = api.get<PersistentVolumeClaim>(CLAIMS, ...splitName(key))
    if (!claim || claim.metadata.deletionTimestamp || !isBound(claim)) return
    const wanted = claim.spec.resources?.requests?.storage
    const volume = api.get<PersistentVolume>(VOLUMES, '', claim.spec.volumeName!)
    const driver = [EBS, AUTO_EBS].find(({ name }) => name === volume?.spec.csi?.driver)
    if (!volume || !driver) return
    if (parseQuantity(wanted) <= parseQuantity(claim.status.capacity?.storage)) return
    if (parseQuantity(wanted) > parseQuantity(volume.spec.capacity?.storage))
      return enlarge(driver, claim, volume, wanted!)
    return growFileSystem(claim, volume)
  }

  function enlarge(
    driver: typeof EBS,
    claim: PersistentVolumeClaim,
    volume: PersistentVolume,
    size: string,
  ): Result | undefined {
    if (!driverPod(plane, driver)) return { requeueAfterMs: RETRY_MS }
    const source = { component: `external-resizer ${driver.name}` }
    const begun = claim.status.conditions?.find(({ type }) => type === 'Resizing')
    if (!begun) {
      const message = `External resizer is resizing volume ${volume.metadata.name}`
      api.event(claim, 'Normal', 'Resizing', message, source)
      setConditions(claim, [condition('Resizing')])
      return { requeueAfterMs: MODIFY_MS }
    }
    const left = parseTime(begun.lastTransitionTime) + MODIFY_MS - plane.now()
    if (left > 0) return { requeueAfterMs: left }
    api.update(VOLUMES, {
      ...volume,
      spec: { ...volume.spec, capacity: { ...volume.spec.capacity, storage: size } },
    })
    const message = 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.'
    setConditions(claim, [{ ...condition('FileSystemResizePending'), message }])
    api.event(
      claim,
      'Normal',
      'FileSystemResizeRequired',
      'Require file system resize of volume on node',
      source,
    )
  }

  function growFileSystem(claim: PersistentVolumeClaim, volume: PersistentVolume): undefined {
    const pod = podsByClaim.get(nameOf(claim)).find(({ status }) => status.phase === 'Running')
    if (!pod) return
    setConditions(claim, undefined, volume.spec.capacity)
    const message = `MountVolume.NodeExpandVolume succeeded for volume "${volume.metadata.name}" ${pod.spec.nodeName}`
    const source = { component: 'kubelet', host: pod.spec.nodeName! }
    api.event(pod, 'Normal', 'FileSystemResizeSuccessful', message, source)
    api.event(claim, 'Normal', 'FileSystemResizeSuccessful', message, source)
  }

  const condition = (type: string): Condition => ({
    type,
    status: 'True',
    lastProbeTime: null as unknown as string,
    lastTransitionTime: plane.timestamp(),
  })

  function setConditions(
    claim: PersistentVolumeClaim,
    conditions: Condition[] | undefined,
    capacity = claim.status.capacity,
  ): void {
    const { conditions: _, ...rest } = claim.status
    const status = { ...rest, ...(capacity && { capacity }), ...(conditions && { conditions }) }
    if (!equal(status, claim.status)) api.updateStatus(CLAIMS, { ...claim, status })
  }

  return {
    name: 'ebs-csi-resizer',
    sources: [
      { prefix: api.prefix(CLAIMS), keys: ownKey },
      {
        prefix: api.prefix('pods'),
        keys: ({ entry, previous }: { entry: { value: Pod }; previous?: { value: Pod } }) => {
          const pod = entry.value
          if (pod.status?.phase === previous?.value.status?.phase) return []
          return claimNames(pod).map((name) => `${pod.metadata.namespace}/${name}`)
        },
      },
    ],
    reconcile,
  }
}
