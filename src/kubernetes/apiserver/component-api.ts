import type { ClusterApi, DeleteOptions, KubernetesObject, StoredResource } from '../api.ts'
import type { AccessAttributes, UserInfo } from '../provider.ts'
import { timestamp } from '../time.ts'
import { applyConfiguration } from './apply/apply.ts'
import { trackerOf } from './apply/tracker.ts'
import { conflict } from './errors.ts'
import type { EventRecorder } from './events/recorder.ts'
import type { EventSeries } from './events/series.ts'
import type { Json, Obj } from './json.ts'
import { type Kind, qualified } from './kinds/kind.ts'
import { kindOf } from './kinds/registry.ts'
import { decode } from './schema/decode.ts'
import { objectOf } from './storage/entries.ts'
import type { Objects, WriteOptions } from './storage/objects.ts'
import { evictPod } from './subresources/eviction.ts'

/** `pods/status` → resource and subresource. */
const split = (resource: string): [resource: string, subresource: string | undefined] => {
  const slash = resource.indexOf('/')
  return slash === -1 ? [resource, undefined] : [resource.slice(0, slash), resource.slice(slash + 1)]
}

const resourceOf = (kind: Kind): StoredResource => ({
  resource: qualified(kind),
  group: kind.group,
  kind: kind.kind,
  namespaced: kind.namespaced,
})

/** What writes Events: for most components, and for those that use the newer API. */
interface Events {
  recorder: EventRecorder
  series: EventSeries
}

/** The API server for the cluster's own components: no HTTP, no authentication, objects shared with the store. */
export class ComponentApi implements ClusterApi {
  readonly #objects: Objects
  readonly #events: Events
  /** Who writes, for `metadata.managedFields`; undefined: nobody comes to own a field. */
  readonly #manager: string | undefined
  readonly #others = new Map<string, ComponentApi>()

  constructor(objects: Objects, events: Events, manager?: string) {
    this.#objects = objects
    this.#events = events
    this.#manager = manager
  }

  as(manager: string): ClusterApi {
    const known = this.#others.get(manager)
    if (known) return known
    const other = new ComponentApi(this.#objects, this.#events, manager)
    this.#others.set(manager, other)
    return other
  }

  get<T extends KubernetesObject>(resource: string, namespace: string, name: string): T | undefined {
    const entry = this.#objects.get(this.#kindOf(resource), namespace, name)
    return entry && objectOf<T>(entry)
  }

  list<T extends KubernetesObject>(resource: string, namespace?: string): T[] {
    return this.#objects.list(this.#kindOf(resource), namespace).entries.map((entry) => objectOf<T>(entry))
  }

  create<T extends KubernetesObject>(resource: string, object: T, user?: UserInfo): T {
    const kind = this.#kindOf(resource)
    const { namespace = '' } = object.metadata
    const entry = this.#objects.create(kind, namespace, this.#decode(kind, object), {
      ...this.#options(kind),
      ...(user && { user }),
    })
    return objectOf<T>(entry)
  }

  /** `resource` may name a subresource (`namespaces/finalize`); only that part is then written. */
  update<T extends KubernetesObject>(resource: string, object: T): T {
    const [name, subresource] = split(resource)
    return this.#write<T>(name, object, subresource)
  }

  updateStatus<T extends KubernetesObject>(resource: string, object: T): T {
    return this.#write<T>(resource, object, 'status')
  }

  apply<T extends KubernetesObject>(
    resource: string,
    object: T,
    { dryRun = false, ...how }: Parameters<ClusterApi['apply']>[2],
  ): T {
    const stored = this.#kindOf(resource)
    const { namespace = '', name } = object.metadata
    const request = { stored, namespace, name, ...how, options: { dryRun } }
    const decoded = (body: Obj) => this.#decode(stored, body as KubernetesObject & Obj)
    return objectOf<T>(applyConfiguration(this.#objects, object as Obj, request, decoded).entry)
  }

  delete(resource: string, namespace: string, name: string, options: DeleteOptions = {}): void {
    this.#objects.delete(this.#kindOf(resource), namespace, name, options)
  }

  evict(namespace: string, pod: string): void {
    evictPod(this.#objects, namespace, pod)
  }

  bind(namespace: string, pod: string, node: string): void {
    bindPod(this.#objects, namespace, pod, node)
  }

  prefix(resource: string, namespace?: string): string {
    return this.#objects.prefix(this.#kindOf(resource), namespace)
  }

  parseKey(key: string) {
    const [, , group = '', resource = '', namespace = '', ...name] = key.split('/')
    return {
      group: group === 'core' ? '' : group,
      resource,
      namespace: namespace === '_' ? '' : namespace,
      name: name.join('/'),
    }
  }

  event(...[about, type, reason, message, source, fieldPath, at]: Parameters<ClusterApi['event']>): void {
    const options = this.#options(kindOf('events'))
    this.#events.recorder.record(about, { type, reason, message, fieldPath }, source, options, at)
  }

  occurrence(occurrence: Parameters<ClusterApi['occurrence']>[0]): void {
    this.#events.series.record(occurrence, this.#options(kindOf('events')))
  }

  mayAccess(attributes: AccessAttributes): boolean {
    return this.#objects.context.authorization.authorize(attributes).allowed
  }

  resources(): StoredResource[] {
    return this.#objects.kinds.stored().map(resourceOf)
  }

  resourceNamed(group: string, kind: string): StoredResource | undefined {
    const found = this.#objects.kinds.named(group, kind)
    return found && resourceOf(found)
  }

  #kindOf(resource: string): Kind {
    return this.#objects.kinds.of(resource)
  }

  /** A copy with what the schema knows, as a client's object is taken. */
  #decode(kind: Kind, object: KubernetesObject): Obj {
    return decode(this.#objects.context.schema, kind, object as Obj).object
  }

  #write<T extends KubernetesObject>(resource: string, object: T, subresource: string | undefined): T {
    const { namespace = '', name } = object.metadata
    const kind = this.#kindOf(resource)
    const entry = this.#objects.update(
      kind,
      namespace,
      name,
      () => this.#decode(kind, withoutManagers(subresource === 'status' ? statusOnly(object) : object)),
      this.#options(kind, subresource),
    )
    return objectOf<T>(entry)
  }

  /** How this component writes. */
  #options(kind: Kind, subresource?: string): WriteOptions {
    return {
      ...(subresource && { subresource }),
      ...(this.#manager && {
        manage: trackerOf(this.#objects.context, kind, this.#manager, subresource),
      }),
    }
  }
}

/** Who owns which fields is for the server to write: there is no need to read it anew. */
function withoutManagers(object: KubernetesObject): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** What a write of the status is about: the rest of the object need not be read. */
function statusOnly(object: KubernetesObject & { status?: unknown }): KubernetesObject {
  const { apiVersion, kind, metadata, status } = object
  return { apiVersion, kind, metadata, status } as KubernetesObject
}

/** `pods/binding`: gives a pod its node, once. Throws StatusError. */
export function bindPod(objects: Objects, namespace: string, name: string, node: string, now?: number): void {
  const kind = kindOf('pods')
  const at = timestamp(now ?? objects.context.world.clock.now())
  objects.update(
    kind,
    namespace,
    name,
    (current: Json) => {
      if (current.metadata.deletionTimestamp) {
        throw conflict(kind, name, `pod ${name} is being deleted, cannot be assigned to a host`)
      }
      if (current.spec.nodeName) {
        throw conflict(
          kind,
          name,
          `pod ${name} is already assigned to node ${JSON.stringify(current.spec.nodeName)}`,
        )
      }
      const others = (current.status.conditions ?? []).filter((item: Json) => item.type !== 'PodScheduled')
      const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: at }
      return {
        ...current,
        spec: { ...current.spec, nodeName: node },
        status: { ...current.status, conditions: [...others, scheduled] },
      }
    },
    { subresource: 'binding' },
  )
}
