import { StoreIndex } from '#world/store-index.ts'
import type { World } from '#world/world.ts'
import type { ClusterApi, KubernetesObject } from '../api.ts'
import type { Pod } from '../objects.ts'
import { controllerOf } from '../pods.ts'
import type { ClusterOptions } from '../provider.ts'
import { timestamp } from '../time.ts'

/** What every controller of a cluster works with. */
export interface ControlPlane {
  options: ClusterOptions
  world: World
  api: ClusterApi
  /** Pods by the uid of their controller; those without one by `orphans/<namespace>`. */
  podsByOwner: StoreIndex<Pod>
  podsByNode: StoreIndex<Pod>
  podsByNamespace: StoreIndex<Pod>
  /** Addresses of the pods whose sandbox is up, with how many use each. */
  podAddresses: Map<string, number>
  /** Now, ms since the epoch. */
  now(): number
  /** Now as `metav1.Time`. */
  timestamp(): string
  close(): void
}

export const orphansOf = (namespace: string): string => `orphans/${namespace}`

export function createControlPlane(options: ClusterOptions, api: ClusterApi): ControlPlane {
  const { world } = options
  const pods = api.prefix('pods')
  const podsByOwner = new StoreIndex<Pod>(world.store, pods, (pod) => [
    controllerOf(pod)?.uid ?? orphansOf(pod.metadata.namespace!),
  ])
  const podsByNode = new StoreIndex<Pod>(world.store, pods, (pod) =>
    pod.spec.nodeName ? [pod.spec.nodeName] : [],
  )
  const podsByNamespace = new StoreIndex<Pod>(world.store, pods, (pod) => [pod.metadata.namespace!])
  return {
    options,
    world,
    api,
    podsByOwner,
    podsByNode,
    podsByNamespace,
    podAddresses: new Map(),
    now: () => world.clock.now(),
    timestamp: () => timestamp(world.clock.now()),
    close: () => {
      for (const index of [podsByOwner, podsByNode, podsByNamespace]) index.close()
    },
  }
}

/** What a component works with whose name stands in what it writes. */
export const managedBy = (plane: ControlPlane, manager: string): ControlPlane => ({
  ...plane,
  api: plane.api.as(manager),
})

/** Reconcile keys for a source whose objects are reconciled themselves. */
export const ownKey = (event: { entry: { value: KubernetesObject } }): string[] => {
  const { namespace, name } = event.entry.value.metadata
  return [namespace ? `${namespace}/${name}` : name]
}

/** Reconcile keys for objects that matter to the controller of `kind` that owns them. */
export const ownerKey =
  (kind: string) =>
  (event: { entry: { value: KubernetesObject }; previous?: { value: KubernetesObject } | undefined }) => {
    const keys = new Set<string>()
    for (const object of [event.entry.value, event.previous?.value]) {
      const owner = object && controllerOf(object)
      if (object && owner?.kind === kind) keys.add(`${object.metadata.namespace}/${owner.name}`)
    }
    return [...keys]
  }
