import type { ClusterApi } from '../api.ts'
import type { Pod, PodStatus } from '../objects.ts'
import { splitName } from '../pods.ts'
import type { EventBacklog } from './event-backlog.ts'

/** Whether the API server answers the kubelet of a node now. */
export type Reaches = (node: string) => boolean

/**
 * The API as a kubelet has it. Reads are of its cache, which nothing can change while the server is away; what it would write then
 * is let go, because the sync that follows the server's return writes the present state; only its events wait, in the backlog.
 */
export function uplinkApi(api: ClusterApi, reaches: () => boolean, backlog: EventBacklog): ClusterApi {
  return {
    get: (resource, namespace, name) => api.get(resource, namespace, name),
    list: (resource, namespace) => api.list(resource, namespace),
    prefix: (resource, namespace) => api.prefix(resource, namespace),
    parseKey: (key) => api.parseKey(key),
    mayAccess: (attributes) => api.mayAccess(attributes),
    resources: () => api.resources(),
    resourceNamed: (group, kind) => api.resourceNamed(group, kind),
    create: (resource, object, as) => (reaches() ? api.create(resource, object, as) : object),
    update: (resource, object) => (reaches() ? api.update(resource, object) : object),
    updateStatus: (resource, object) => (reaches() ? api.updateStatus(resource, object) : object),
    apply: (resource, object, options) => (reaches() ? api.apply(resource, object, options) : object),
    delete(resource, namespace, name, options) {
      if (reaches()) api.delete(resource, namespace, name, options)
    },
    evict(namespace, pod) {
      if (reaches()) api.evict(namespace, pod)
    },
    bind(namespace, pod, node) {
      if (reaches()) api.bind(namespace, pod, node)
    },
    event: (...event) => backlog.tell(...event),
    occurrence(occurrence) {
      if (reaches()) api.occurrence(occurrence)
    },
    as: (manager) => uplinkApi(api.as(manager), reaches, backlog),
  }
}

/** Where a kubelet has its pods from, and where it writes down what has become of them. */
export interface PodLedger {
  /** The pod of a key as last known; undefined when it is gone or another one. */
  find(key: string, uid: string): Pod | undefined
  report(pod: Pod, status: PodStatus): void
  /** Nothing of a pod that was to end is left. */
  ended(pod: Pod): void
}

/** The pods that the API server assigns to nodes. */
export function apiLedger(api: ClusterApi): PodLedger {
  return {
    find(key, uid) {
      const pod = api.get<Pod>('pods', ...splitName(key))
      return pod?.metadata.uid === uid ? pod : undefined
    },
    report: (pod, status) => void api.updateStatus('pods', { ...pod, status }),
    ended({ metadata: { namespace, name, uid } }) {
      api.delete('pods', namespace!, name, { gracePeriodSeconds: 0, preconditions: { uid: uid! } })
    },
  }
}
