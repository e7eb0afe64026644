import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type { ProcessHandle } from '#containers/runtime.ts'
import type { AccessAttributes, UserInfo } from './provider.ts'

/** What every object has. */
export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  generateName?: string
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  managedFields?: unknown[]
}

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

/** `metav1.Status` of a failure, thrown; the API server answers it as it is. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  /** HTTP status. */
  readonly code: number
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, … */
  readonly reason: string
  readonly details: Record<string, unknown> | undefined
  /** The `metadata` of the answer. */
  readonly metadata: Record<string, unknown>
  /** Admission or rights said no (a quota, a policy, a webhook): whoever asked has been told, and nothing is broken. */
  get refused(): boolean {
    return this.code === 400 || this.code === 403
  }
  constructor(
    code: number,
    reason: string,
    message: string,
    details?: Record<string, unknown>,
    metadata: Record<string, unknown> = {},
  ) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
    this.metadata = metadata
  }
}

export interface DeleteOptions {
  gracePeriodSeconds?: number
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'
  preconditions?: { uid?: string; resourceVersion?: string }
}

/**
 * The API server as the cluster's own components use it: same defaulting, validation, admission and storage as over
 * HTTP, without authentication. `resource` is `pods`, `deployments.apps`, `leases.coordination.k8s.io`. Reads are of the
 * store itself and must not be changed: copy first. Errors are StatusError.
 */
export interface ClusterApi {
  get<T extends KubernetesObject>(resource: string, namespace: string, name: string): T | undefined
  /** Of one namespace, or of all when `namespace` is undefined. */
  list<T extends KubernetesObject>(resource: string, namespace?: string): T[]
  /** `as`: who asks, when it matters to the kind (certificate requests); default: a component of the cluster. */
  create<T extends KubernetesObject>(resource: string, object: T, as?: UserInfo): T
  /** With `metadata.resourceVersion` set, fails with Conflict when it is not the latest. */
  update<T extends KubernetesObject>(resource: string, object: T): T
  updateStatus<T extends KubernetesObject>(resource: string, object: T): T
  /** Server-side apply; with `conflicts: 'refuse'` fails with Conflict, which lists the fields that others hold. */
  apply<T extends KubernetesObject>(
    resource: string,
    object: T,
    options: { fieldManager: string; conflicts: 'refuse' | 'take' | 'leave'; dryRun?: boolean },
  ): T
  delete(resource: string, namespace: string, name: string, options?: DeleteOptions): void
  /** `pods/eviction`: deletes a pod unless a disruption budget forbids it: TooManyRequests then. */
  evict(namespace: string, pod: string): void
  /** `pods/binding`: sets the node and the PodScheduled condition. */
  bind(namespace: string, pod: string, node: string): void
  /** Prefix of a resource in the store, for a controller's `sources`. */
  prefix(resource: string, namespace?: string): string
  /** The namespace and name in a store key of this cluster. */
  parseKey(key: string): { group: string; resource: string; namespace: string; name: string }
  /** Whether somebody may do something, as SubjectAccessReview tells. */
  mayAccess(attributes: AccessAttributes): boolean
  /** Every resource whose objects are stored, with those of CustomResourceDefinitions as they are now. */
  resources(): StoredResource[]
  /** The resource of a group's kind, as an owner reference names it; undefined when the cluster has none. */
  resourceNamed(group: string, kind: string): StoredResource | undefined
  /**
   * Records an event as client-go does: repeats are counted, many like each other combined, too many left out.
   * `fieldPath` names the part of the object it is about: `spec.containers{web}`; `at` is when it happened (ms; default: now).
   */
  event(
    about: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    source: { component: string; host?: string },
    fieldPath?: string,
    at?: number,
  ): void
  /** As `event`, by the newer API (`events.k8s.io/v1`), whose repeats are a series: what kube-scheduler uses. */
  occurrence(occurrence: Occurrence): void
  /** The same API for a component whose name stands in `metadata.managedFields` of what it writes: `kubelet`. */
  as(manager: string): ClusterApi
}

/** What happened, in the words of `events.k8s.io/v1`. */
export interface Occurrence {
  regarding: KubernetesObject
  related?: KubernetesObject
  type: 'Normal' | 'Warning'
  reason: string
  action: string
  note: string
  reportingController: string
}

/** A resource and where its objects are. */
export interface StoredResource {
  /** `pods`, `deployments.apps` */
  resource: string
  group: string
  kind: string
  namespaced: boolean
}

export interface LogOptions {
  container?: string
  follow?: boolean
  previous?: boolean
  sinceSeconds?: number
  sinceTime?: string
  tailLines?: number
  limitBytes?: number
  timestamps?: boolean
}

/** What a running container of a pod uses now. */
export interface ContainerUsage {
  name: string
  cpuMilli: number
  memoryBytes: number
  /** ms since the epoch. */
  startedAt: number
}

/** What the API server asks of kubelets. Errors are StatusError with the kubelet's text. */
export interface KubeletApi {
  logs(namespace: string, pod: string, options: LogOptions): Promise<Readable>
  exec(
    namespace: string,
    pod: string,
    options: { container?: string; command: string[]; tty: boolean; stdin: boolean },
  ): Promise<ProcessHandle>
  attach(
    namespace: string,
    pod: string,
    options: { container?: string; tty: boolean; stdin: boolean },
  ): Promise<ProcessHandle>
  portForward(namespace: string, pod: string, port: number): Promise<Duplex>
  /** Of the pod's running containers; empty when there is none. */
  usage(namespace: string, pod: string): ContainerUsage[]
  /** Passes a request on to the HTTPS port of a node's kubelet; `target` is the path and query there. */
  serve(node: string, req: IncomingMessage, res: ServerResponse, target: string): Promise<void>
}
