import type { Controller } from '#world/controller.ts'
import type { KubernetesObject } from '../../api.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../objects.ts'
import { isFinished, nameOf, splitName } from '../../pods.ts'
import { CLAIMS, claimNames, VOLUMES } from '../../volumes/claims.ts'
import type { ControlPlane } from '../control-plane.ts'

const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection'
const VOLUME_PROTECTION = 'kubernetes.io/pv-protection'

/** Keeps claims that pods use and volumes that are bound from going. Models pkg/controller/volume/pvcprotection and pvprotection. */
export function volumeProtection(plane: ControlPlane): Controller {
  const { api, podsByClaim } = plane

  function reconcile(key: string): void {
    const slash = key.indexOf('/')
    const resource = key.slice(0, slash)
    const [namespace, name] = splitName(key.slice(slash + 1))
    const object = api.get(resource, namespace, name)
    if (!object) return
    if (resource === CLAIMS) protect(CLAIMS, object, CLAIM_PROTECTION, isUsed(object))
    else {
      const { status } = object as PersistentVolume
      protect(VOLUMES, object, VOLUME_PROTECTION, status?.phase === 'Bound')
    }
  }

  const isUsed = (claim: KubernetesObject): boolean =>
    podsByClaim.get(nameOf(claim)).some((pod) => !isFinished(pod) && pod.spec.nodeName)

  function protect(resource: string, object: KubernetesObject, finalizer: string, used: boolean): void {
    const { finalizers = [], deletionTimestamp } = object.metadata
    const has = finalizers.includes(finalizer)
    if (!deletionTimestamp && !has) write([...finalizers, finalizer])
    else if (deletionTimestamp && has && !used) write(finalizers.filter((name) => name !== finalizer))

    function write(next: string[]): void {
      api.update(resource, { ...object, metadata: { ...object.metadata, finalizers: next } })
    }
  }

  return {
    name: 'volume-protection',
    sources: [
      {
        prefix: api.prefix(CLAIMS),
        keys: ({ entry }: { entry: { value: PersistentVolumeClaim } }) => [
          `${CLAIMS}/${nameOf(entry.value)}`,
        ],
      },
      {
        prefix: api.prefix(VOLUMES),
        keys: ({ entry }: { entry: { value: PersistentVolume } }) => [
          `${VOLUMES}/${entry.value.metadata.name}`,
        ],
      },
      {
        prefix: api.prefix('pods'),
        keys: ({ type, entry }: { type: string; entry: { value: Pod } }) =>
          type === 'delete' || isFinished(entry.value)
            ? claimNames(entry.value).map((name) => `${CLAIMS}/${entry.value.metadata.namespace}/${name}`)
            : [],
      },
    ],
    reconcile,
  }
}
