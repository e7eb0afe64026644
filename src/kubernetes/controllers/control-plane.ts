import { StoreIndex } from '#world/store-index.ts'
import type { World } from '#world/world.ts'
import type { ClusterApi, KubernetesObject } from '../api.ts'
import { LabelIndex } from '../label-index.ts'
import type {
  EndpointSlice,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  Service,
} from '../objects.ts'
import { controllerOf } from '../pods.ts'
import type { ClusterOptions } from '../provider.ts'
import { SelectorIndex } from '../selector-index.ts'
import { timestamp } from '../time.ts'
import { claimNames } from '../volumes/claims.ts'
import { ReplicaCounts } from './replica-counts.ts'
import type { ControllerRevision } from './revisions.ts'

/** What every controller of a cluster works with. */
export interface ControlPlane {
  options: ClusterOptions
  world: World
  api: ClusterApi
  /** Objects of every kind by the uids of their owners; see `controlledBy` and `podsOf`. */
  dependents: StoreIndex<KubernetesObject>
  podsByNode: StoreIndex<Pod>
  podsByNamespace: LabelIndex<Pod>
  /** Pods by the claims that they mount: `<namespace>/<claim>`. */
  podsByClaim: StoreIndex<Pod>
  /** Pods that no controller manages. */
  orphans: LabelIndex<Pod>
  replicaCounts: ReplicaCounts
  servicesBySelector: SelectorIndex<Service>
  setsBySelector: SelectorIndex<ReplicaSet>
  controllersBySelector: SelectorIndex<ReplicationController>
  /** ReplicaSets that no controller manages. */
  looseSets: LabelIndex<ReplicaSet>
  /** ControllerRevisions that no controller manages. */
  looseRevisions: LabelIndex<ControllerRevision>
  budgetsBySelector: SelectorIndex<PodDisruptionBudget>
  /** EndpointSlices by `<namespace>/<Service>`. */
  slicesByService: StoreIndex<EndpointSlice>
  /** Addresses of the pods whose sandbox is up, with how many use each. */
  podAddresses: Map<string, number>
  /** Now, ms since the epoch. */
  now(): number
  /** Now as `metav1.Time`. */
  timestamp(): string
  close(): void
}

/** The label that says which Service an EndpointSlice is of. */
export const SERVICE_NAME = 'kubernetes.io/service-name'

export function createControlPlane(options: ClusterOptions, api: ClusterApi): ControlPlane {
  const { world } = options
  const pods = api.prefix('pods')
  const { store } = world
  const indexes = {
    dependents: new StoreIndex<KubernetesObject>(store, `kubernetes/${options.uid}/`, ({ metadata }) =>
      (metadata?.ownerReferences ?? []).map(({ uid }) => uid),
    ),
    podsByNode: new StoreIndex<Pod>(store, pods, (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : [])),
    podsByNamespace: new LabelIndex<Pod>(store, pods),
    podsByClaim: new StoreIndex<Pod>(store, pods, (pod) =>
      claimNames(pod).map((claim) => `${pod.metadata.namespace}/${claim}`),
    ),
    orphans: new LabelIndex<Pod>(store, pods, (pod) => !controllerOf(pod)),
    replicaCounts: new ReplicaCounts(store, pods),
    servicesBySelector: new SelectorIndex<Service>(
      store,
      api.prefix('services'),
      ({ spec }) => spec.selector && { matchLabels: spec.selector },
    ),
    setsBySelector: new SelectorIndex<ReplicaSet>(
      store,
      api.prefix('replicasets.apps'),
      ({ spec }) => spec.selector,
    ),
    controllersBySelector: new SelectorIndex<ReplicationController>(
      store,
      api.prefix('replicationcontrollers'),
      ({ spec }) => spec.selector && { matchLabels: spec.selector },
    ),
    looseSets: new LabelIndex<ReplicaSet>(store, api.prefix('replicasets.apps'), (set) => !controllerOf(set)),
    looseRevisions: new LabelIndex<ControllerRevision>(
      store,
      api.prefix('controllerrevisions.apps'),
      (revision) => !controllerOf(revision),
    ),
    budgetsBySelector: new SelectorIndex<PodDisruptionBudget>(
      store,
      api.prefix('poddisruptionbudgets.policy'),
      ({ spec }) => spec.selector,
    ),
    slicesByService: new StoreIndex<EndpointSlice>(
      store,
      api.prefix('endpointslices.discovery.k8s.io'),
      ({ metadata }) =>
        metadata.labels?.[SERVICE_NAME] ? [`${metadata.namespace}/${metadata.labels[SERVICE_NAME]}`] : [],
    ),
  }
  return {
    options,
    world,
    api,
    ...indexes,
    podAddresses: new Map(),
    now: () => world.clock.now(),
    timestamp: () => timestamp(world.clock.now()),
    close: () => {
      for (const index of Object.values(indexes)) index.close()
    },
  }
}

/** The pods of a controller, by its uid, as stored (do not change them). */
export function podsOf({ dependents }: ControlPlane, uid: string): Pod[] {
  const pods: Pod[] = []
  for (const object of dependents.values(uid)) {
    if (object.kind === 'Pod' && controllerOf(object)?.uid === uid) pods.push(object as Pod)
  }
  return pods
}

/** The objects of a resource that an owner controls, by name. */
export const controlledBy = <T extends KubernetesObject>(
  { api, dependents }: ControlPlane,
  resource: string,
  { uid, namespace }: KubernetesObject['metadata'],
): T[] => {
  const prefix = api.prefix(resource, namespace)
  return dependents
    .keys(uid!)
    .filter((key) => key.startsWith(prefix))
    .sort()
    .flatMap((key) => api.get<T>(resource, namespace!, api.parseKey(key).name) ?? [])
    .filter((object) => controllerOf(object)?.uid === uid)
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
