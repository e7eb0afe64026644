import type { Controller, Result } from '#world/controller.ts'
import type { Occurrence } from '../../api.ts'
import { microTimestamp } from '../../time.ts'
import { clone, type Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import type { Objects, WriteOptions } from '../storage/objects.ts'
import type { EventNames } from './names.ts'
import { dropping, namespaceFor, referenceTo } from './recorder.ts'

/** How often ended series are written and forgotten, and how long nothing must have happened for that, ms. */
const FINISH_MS = 6 * 60_000
/** How often those that go on are written, ms. */
const REFRESH_MS = 30 * 60_000
const LONGEST_NOTE = 1024

/** The one key: all series together. */
const ALL = 'all'

interface Known {
  namespace: string
  event: Obj
  /** Its last occurrence, ms. */
  last: number
  /** 1 before there is a series. */
  count: number
  options: WriteOptions
}

/**
 * Writes Events as client-go's tools/events does, as kube-scheduler: a repeat makes a series of the first, whose further
 * occurrences are written when it ends, and every half hour. Models tools/events/event_broadcaster.go, read 2026-11.
 */
export class EventSeries {
  readonly #objects: Objects
  readonly #names: EventNames
  readonly #known = new Map<string, Known>()
  #refreshedAt = 0
  /** Set while the API server runs. */
  wake: ((key: string) => void) | undefined

  constructor(objects: Objects, names: EventNames) {
    this.#objects = objects
    this.#names = names
  }

  get #now(): number {
    return this.#objects.context.world.clock.now()
  }

  record(occurrence: Occurrence, options: WriteOptions): void {
    const { regarding, related, type, reason, action, reportingController } = occurrence
    // The message is no part of it: a pod that cannot be scheduled for another reason has another version, mostly.
    const key = JSON.stringify([
      type,
      action,
      reason,
      reportingController,
      referenceTo(regarding),
      related && referenceTo(related),
    ])
    const known = this.#known.get(key)
    if (known) {
      known.count++
      known.last = this.#now
      if (known.count === 2) this.#write(known)
      return
    }
    const namespace = namespaceFor(regarding)
    const event = this.#eventOf(occurrence, namespace)
    if (this.#known.size === 0) {
      this.#refreshedAt = this.#now
      this.wake?.(ALL)
    }
    this.#known.set(key, { namespace, event, last: this.#now, count: 1, options })
    dropping(() => void this.#objects.create(kindOf('events'), namespace, clone(event), options))
  }

  #eventOf(occurrence: Occurrence, namespace: string): Obj {
    const { regarding, related, type, reason, action, note, reportingController } = occurrence
    const host = this.#objects.context.cluster.hostnames?.[0] ?? ''
    return {
      metadata: { name: this.#names.next(regarding.metadata.name), namespace },
      involvedObject: referenceTo(regarding),
      ...(related && { related: referenceTo(related) }),
      reason,
      action,
      message: note.length > LONGEST_NOTE ? `${note.slice(0, LONGEST_NOTE - 4)} ...` : note,
      type,
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      eventTime: microTimestamp(this.#now),
      reportingComponent: reportingController,
      reportingInstance: `${reportingController}-${host}`,
    }
  }

  #write({ namespace, event, last, count, options }: Known): void {
    const kind = kindOf('events')
    const series = { count, lastObservedTime: microTimestamp(last) }
    dropping(() => {
      if (this.#objects.get(kind, namespace, event.metadata.name)) {
        const change = (current: Obj) => ({ ...current, series }) as Obj
        this.#objects.update(kind, namespace, event.metadata.name, change as never, options)
      } else this.#objects.create(kind, namespace, clone<Obj>({ ...event, series }), options)
    })
  }

  /** Writes the series that have ended, and every half hour all of them. */
  readonly controller: Controller = {
    name: 'event-series',
    sources: [],
    reconcile: (): Result | undefined => {
      const now = this.#now
      const refreshes = now - this.#refreshedAt >= REFRESH_MS
      if (refreshes) this.#refreshedAt = now
      for (const [key, known] of this.#known) {
        const hasEnded = now - known.last >= FINISH_MS
        if (known.count > 1 && (hasEnded || refreshes)) this.#write(known)
        if (hasEnded) this.#known.delete(key)
      }
      return this.#known.size > 0 ? { requeueAfterMs: FINISH_MS } : undefined
    },
  }
}
