import type { Controller, Result } from '#world/controller.ts'
import { equal } from '../../equality.ts'
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../objects.ts'
import { nameOf, splitName } from '../../pods.ts'
import {
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  CLAIMS,
  CLASSES,
  claimReference,
  classOf,
  isBound,
  isClaimedBy,
  isDelayed,
  matchingVolume,
  PROVISIONER,
  provisionerOf,
  SELECTED_NODE,
  VOLUMES,
} from '../../volumes/claims.ts'
import type { ControlPlane } from '../control-plane.ts'

const SOURCE = { component: 'persistentvolume-controller' }
/** How often a claim that waits is looked at again, ms (`--pvclaimbinder-sync-period`). */
const SYNC_MS = 15_000

type Annotations = Record<string, string>

/** Brings claims and volumes together. Models pkg/controller/volume/persistentvolume. */
export function volumeBinder(plane: ControlPlane): Controller {
  const { api } = plane

  function reconcile(key: string): Result | undefined {
    const slash = key.indexOf('/')
    const name = key.slice(slash + 1)
    if (key.slice(0, slash) === VOLUMES) {
      const volume = api.get<PersistentVolume>(VOLUMES, '', name)
      if (volume) syncVolume(volume)
      return
    }
    const claim = api.get<PersistentVolumeClaim>(CLAIMS, ...splitName(name))
    return claim && syncClaim(claim)
  }

  function syncClaim(claim: PersistentVolumeClaim): Result | undefined {
    if (isBound(claim)) return syncBound(claim)
    if (claim.metadata.deletionTimestamp) return
    if (claim.spec.volumeName) {
      const volume = api.get<PersistentVolume>(VOLUMES, '', claim.spec.volumeName)
      if (volume && (!volume.spec.claimRef || isClaimedBy(volume, claim))) bind(volume, claim)
      else setPhase(claim, 'Pending')
      return
    }
    const volumes = api.list<PersistentVolume>(VOLUMES)
    const waits = isDelayed(api, claim) && !claim.metadata.annotations?.[SELECTED_NODE]
    const volume = waits
      ? volumes.find((candidate) => isClaimedBy(candidate, claim))
      : matchingVolume(volumes, claim)
    if (volume) return void bind(volume, claim)
    setPhase(claim, 'Pending')
    if (waits) {
      const message = 'waiting for first consumer to be created before binding'
      api.event(claim, 'Normal', 'WaitForFirstConsumer', message, SOURCE)
    } else provision(claim)
    return { requeueAfterMs: SYNC_MS }
  }

  /** Asks the provisioner of the claim's class for a volume. */
  function provision(claim: PersistentVolumeClaim): void {
    const name = claim.spec.storageClassName
    if (!name) {
      const message = 'no persistent volumes available for this claim and no storage class is set'
      return api.event(claim, 'Normal', 'FailedBinding', message, SOURCE)
    }
    const found = classOf(api, claim)
    if (!found) {
      const message = `storageclass.storage.k8s.io "${name}" not found`
      return api.event(claim, 'Warning', 'ProvisioningFailed', message, SOURCE)
    }
    const provisioner = provisionerOf(found)
    if (provisioner.startsWith('kubernetes.io/')) {
      const message = `no volume plugin matched name: ${provisioner}`
      return api.event(claim, 'Warning', 'ProvisioningFailed', message, SOURCE)
    }
    const annotations = provisioningAnnotations(claim, found)
    if (!equal(annotations, claim.metadata.annotations)) {
      api.update(CLAIMS, { ...claim, metadata: { ...claim.metadata, annotations } })
    }
    const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`
    api.event(claim, 'Normal', 'ExternalProvisioning', message, SOURCE)
  }

  function provisioningAnnotations(claim: PersistentVolumeClaim, found: StorageClass): Annotations {
    const provisioner = provisionerOf(found)
    return {
      ...claim.metadata.annotations,
      [PROVISIONER]: provisioner,
      'volume.beta.kubernetes.io/storage-provisioner': provisioner,
      ...(provisioner !== found.provisioner && { 'pv.kubernetes.io/migrated-to': provisioner }),
    }
  }

  /** Makes two that fit each other's; each step is repeated after a restart in between. */
  function bind(found: PersistentVolume, claim: PersistentVolumeClaim): void {
    const preset = found.spec.claimRef !== undefined
    const annotations: Annotations = {
      ...found.metadata.annotations,
      ...(!preset && { [BOUND_BY_CONTROLLER]: 'yes' }),
    }
    const volume =
      found.spec.claimRef?.uid === claim.metadata.uid
        ? found
        : api.update(VOLUMES, {
            ...found,
            metadata: { ...found.metadata, annotations },
            spec: { ...found.spec, claimRef: claimReference(claim) },
          })
    const bound = api.update(CLAIMS, {
      ...claim,
      metadata: {
        ...claim.metadata,
        annotations: {
          ...claim.metadata.annotations,
          [BIND_COMPLETED]: 'yes',
          ...(!claim.spec.volumeName && { [BOUND_BY_CONTROLLER]: 'yes' }),
        },
      },
      spec: { ...claim.spec, volumeName: volume.metadata.name },
    })
    syncBound(bound)
  }

  function syncBound(claim: PersistentVolumeClaim): undefined {
    const volume = api.get<PersistentVolume>(VOLUMES, '', claim.spec.volumeName!)
    if (!volume || (volume.spec.claimRef && !isClaimedBy(volume, claim))) {
      if (claim.status?.phase === 'Lost') return
      const [reason, message] = volume
        ? ['ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly']
        : ['ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!']
      api.event(claim, 'Warning', reason!, message!, SOURCE)
      api.updateStatus(CLAIMS, { ...claim, status: { phase: 'Lost' } })
      return
    }
    setVolumePhase(volume, 'Bound')
    const { accessModes } = volume.spec
    // A volume that has grown since tells nothing of the file system in it.
    const capacity = (claim.status.phase === 'Bound' && claim.status.capacity) || volume.spec.capacity
    const status = { ...claim.status, phase: 'Bound', accessModes, capacity }
    if (!equal(status, claim.status)) api.updateStatus(CLAIMS, { ...claim, status })
  }

  function syncVolume(volume: PersistentVolume): void {
    const { claimRef } = volume.spec
    if (!claimRef) return setVolumePhase(volume, 'Available')
    const claim = api.get<PersistentVolumeClaim>(CLAIMS, claimRef.namespace!, claimRef.name!)
    if (claimRef.uid === undefined) return setVolumePhase(volume, 'Available')
    if (claim?.metadata.uid === claimRef.uid) return
    setVolumePhase(volume, 'Released')
    if (volume.spec.persistentVolumeReclaimPolicy === 'Recycle') {
      const message = 'error getting recycler: no volume plugin that can recycle it is simulated'
      api.event(volume, 'Warning', 'VolumeFailedRecycle', message, SOURCE)
    }
  }

  function setPhase(claim: PersistentVolumeClaim, phase: string): void {
    if (claim.status?.phase !== phase)
      api.updateStatus(CLAIMS, { ...claim, status: { ...claim.status, phase } })
  }

  function setVolumePhase(volume: PersistentVolume, phase: string): void {
    if (volume.status?.phase === phase) return
    const status = { ...volume.status, phase, lastPhaseTransitionTime: plane.timestamp() }
    api.updateStatus(VOLUMES, { ...volume, status })
  }

  const waiting = (): string[] =>
    api
      .list<PersistentVolumeClaim>(CLAIMS)
      .filter((claim) => !isBound(claim))
      .map((claim) => `${CLAIMS}/${nameOf(claim)}`)

  return {
    name: 'persistent-volume-binder',
    sources: [
      {
        prefix: api.prefix(CLAIMS),
        keys: ({ entry }: { entry: { value: PersistentVolumeClaim } }) => {
          const { volumeName } = entry.value.spec
          return [`${CLAIMS}/${nameOf(entry.value)}`, ...(volumeName ? [`${VOLUMES}/${volumeName}`] : [])]
        },
      },
      {
        prefix: api.prefix(VOLUMES),
        keys: ({ entry }: { entry: { value: PersistentVolume } }) => {
          const { claimRef } = entry.value.spec
          return [
            `${VOLUMES}/${entry.value.metadata.name}`,
            ...(claimRef ? [`${CLAIMS}/${claimRef.namespace}/${claimRef.name}`] : waiting()),
          ]
        },
      },
      { prefix: api.prefix(CLASSES), keys: waiting },
    ],
    reconcile,
  }
}
