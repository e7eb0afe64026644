import type { OwnerReference } from '../api.ts'
import { equal } from '../equality.ts'
import type { PersistentVolumeClaim, Pod, StatefulSet } from '../objects.ts'
import { controllerReference } from '../pods.ts'
import type { ControlPlane } from './control-plane.ts'
import { unlessGone } from './replicas.ts'

const CLAIMS = 'persistentvolumeclaims'

/**
 * Says by owner references with what a set's claims are to go: with the set (`whenDeleted: Delete`), or, once its ordinal is scaled
 * away, with the pod (`whenScaled: Delete`). Models updateClaimOwnerRefForSetAndPod of pkg/controller/statefulset.
 */
export function ownClaims({ api }: ControlPlane, set: StatefulSet, pods: Map<number, Pod>): void {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  const { name, namespace, uid } = set.metadata
  const first = set.spec.ordinals?.start ?? 0
  const end = first + (set.spec.replicas ?? 1)
  for (const [ordinal, pod] of pods) {
    const condemned = (ordinal < first || ordinal >= end) && whenScaled === 'Delete'
    for (const template of set.spec.volumeClaimTemplates ?? []) {
      const claimName = `${template.metadata!.name}-${name}-${ordinal}`
      const claim = api.get<PersistentVolumeClaim>(CLAIMS, namespace!, claimName)
      if (!claim) continue
      const others = (claim.metadata.ownerReferences ?? []).filter(
        (owner) => owner.uid !== uid && owner.uid !== pod.metadata.uid,
      )
      const wanted: OwnerReference[] = [
        ...others,
        ...(whenDeleted === 'Delete' && !condemned ? [controllerReference(set)] : []),
        ...(condemned
          ? [{ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid! }]
          : []),
      ]
      if (equal(wanted, claim.metadata.ownerReferences ?? [])) continue
      const { resourceVersion: _, ...metadata } = claim.metadata
      unlessGone(() => api.update(CLAIMS, { ...claim, metadata: { ...metadata, ownerReferences: wanted } }))
    }
  }
}
