import type { KubernetesObject } from '../../api.ts'
import { StatusError } from '../../api.ts'
import { timestamp } from '../../time.ts'
import type { Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import type { Objects, WriteOptions } from '../storage/objects.ts'
import { type Correlated, Correlator, type Happening } from './correlator.ts'
import type { EventNames } from './names.ts'

export interface Source {
  component: string
  host?: string
}

/** The object that an event is about. */
export const referenceTo = ({ apiVersion, kind, metadata }: KubernetesObject): Obj => ({
  kind,
  ...(metadata.namespace && { namespace: metadata.namespace }),
  name: metadata.name,
  uid: metadata.uid,
  apiVersion,
  ...(metadata.resourceVersion && { resourceVersion: metadata.resourceVersion }),
})

/** Where events about an object are. */
export const namespaceFor = ({ metadata }: KubernetesObject): string => metadata.namespace ?? 'default'

/** As upstream: an event that cannot be stored (its namespace is going) is dropped. */
export function dropping(write: () => void): void {
  try {
    write()
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
  }
}

/** Writes Events as client-go's tools/record does: what repeats counts up its first event, and much of a kind becomes one. */
export class EventRecorder {
  readonly #objects: Objects
  readonly #names: EventNames
  readonly #correlator = new Correlator()

  constructor(objects: Objects, names: EventNames) {
    this.#objects = objects
    this.#names = names
  }

  record(
    about: KubernetesObject,
    what: Pick<Happening, 'type' | 'reason' | 'message' | 'fieldPath'>,
    source: Source,
    options: WriteOptions,
    now = this.#objects.context.world.clock.now(),
  ): void {
    const { name, uid } = about.metadata
    const subject = [uid, about.kind, namespaceFor(about), name, source.component, source.host].join('\0')
    const event = this.#correlator.correlate({ ...what, subject }, now, () => this.#names.next(name))
    if (!event) return
    dropping(() => {
      if (!this.#repeat(about, event, now, options)) this.#create(about, what, source, event, now, options)
    })
  }

  /** Whether there is an event that could be counted up. */
  #repeat(about: KubernetesObject, event: Correlated, now: number, options: WriteOptions): boolean {
    const kind = kindOf('events')
    const namespace = namespaceFor(about)
    if (event.count === 1 || !this.#objects.get(kind, namespace, event.name)) return false
    const { count, message } = event
    const change = (current: Obj) => ({ ...current, count, message, lastTimestamp: timestamp(now) }) as Obj
    this.#objects.update(kind, namespace, event.name, change as never, options)
    return true
  }

  #create(
    about: KubernetesObject,
    { type, reason, fieldPath }: Pick<Happening, 'type' | 'reason' | 'fieldPath'>,
    source: Source,
    { name, count, first, message }: Correlated,
    now: number,
    options: WriteOptions,
  ): void {
    const namespace = namespaceFor(about)
    const event = {
      metadata: { name, namespace },
      involvedObject: { ...referenceTo(about), ...(fieldPath && { fieldPath }) },
      reason,
      message,
      source,
      firstTimestamp: timestamp(first),
      lastTimestamp: timestamp(now),
      count,
      type,
      eventTime: null,
      reportingComponent: source.component,
      reportingInstance: source.host ?? '',
    }
    this.#objects.create(kindOf('events'), namespace, event as Obj, options)
  }
}
