import type { KubernetesObject } from '../api.ts'
import { StatusError } from '../api.ts'
import { timestamp } from '../time.ts'
import type { Obj } from './json.ts'
import { kindOf } from './kinds/registry.ts'
import type { Objects } from './storage/objects.ts'

/** How many different events are remembered, to count their repeats. As client-go's correlator. */
const REMEMBERED = 4096

interface Source {
  component: string
  host?: string
}

/** Writes Events as client-go's recorder does: a repeat counts up the first instead of making another. */
export class EventRecorder {
  readonly #objects: Objects
  /** Key of what happened → name of its Event; the least recently used first. */
  readonly #known = new Map<string, string>()
  /** Nanoseconds in the name of the last event. */
  #last = 0n

  constructor(objects: Objects) {
    this.#objects = objects
  }

  record(
    about: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    source: Source,
    fieldPath?: string,
  ): void {
    const namespace = about.metadata.namespace ?? 'default'
    const key = [
      about.metadata.uid,
      about.kind,
      namespace,
      about.metadata.name,
      fieldPath,
      type,
      reason,
      message,
      source.component,
      source.host,
    ].join('\0')
    const known = this.#known.get(key)
    this.#known.delete(key)
    const now = timestamp(this.#objects.context.world.clock.now())
    try {
      const name =
        (known && this.#repeat(namespace, known, now)) ||
        this.#create(about, namespace, { type, reason, message, source, fieldPath, now })
      this.#known.set(key, name)
      if (this.#known.size > REMEMBERED) this.#known.delete(this.#known.keys().next().value!)
    } catch (error) {
      // As upstream: an event that cannot be stored (its namespace is going) is dropped.
      if (!(error instanceof StatusError)) throw error
    }
  }

  #repeat(namespace: string, name: string, now: string): string | undefined {
    const kind = kindOf('events')
    if (!this.#objects.get(kind, namespace, name)) return undefined
    this.#objects.update(
      kind,
      namespace,
      name,
      (current: Obj) =>
        ({
          ...current,
          count: (current.count ?? 1) + 1,
          lastTimestamp: now,
        }) as Obj,
    )
    return name
  }

  #create(
    about: KubernetesObject,
    namespace: string,
    event: {
      type: string
      reason: string
      message: string
      source: Source
      fieldPath: string | undefined
      now: string
    },
  ): string {
    const { world } = this.#objects.context
    // Nanoseconds since the epoch in hex, as upstream. kubectl sorts events of one second by name, so a later one must have the later name.
    const now = BigInt(Math.floor(world.clock.now())) * 1_000_000n + BigInt(world.ids.number(1000))
    this.#last = now > this.#last ? now : this.#last + 1n + BigInt(world.ids.number(1000))
    const unique = this.#last.toString(16)
    const name = `${about.metadata.name}.${unique}`
    const { uid, resourceVersion } = about.metadata
    this.#objects.create(kindOf('events'), namespace, {
      metadata: { name, namespace },
      involvedObject: {
        kind: about.kind,
        ...(about.metadata.namespace && { namespace: about.metadata.namespace }),
        name: about.metadata.name,
        uid,
        apiVersion: about.apiVersion,
        ...(resourceVersion && { resourceVersion }),
        ...(event.fieldPath && { fieldPath: event.fieldPath }),
      },
      reason: event.reason,
      message: event.message,
      source: event.source,
      firstTimestamp: event.now,
      lastTimestamp: event.now,
      count: 1,
      type: event.type,
      eventTime: null,
      reportingComponent: event.source.component,
      reportingInstance: event.source.host ?? '',
    })
    return name
  }
}
