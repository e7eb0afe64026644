import type { Timer } from '#world/clock.ts'
import { CompactedError, type Entry, type StoreEvent, type WatchHandle } from '#world/store.ts'
import { expired, statusOf } from '../errors.ts'
import { apiVersionOf } from '../kinds/kind.ts'
import { predicate } from '../selectors.ts'
import { servedAs } from '../storage/entries.ts'
import type { Objects } from '../storage/objects.ts'
import type { Call } from './call.ts'
import { type ListOptions, listOptions } from './list-options.ts'
import { flagIn, numberIn } from './options.ts'
import { representation } from './representation.ts'

/** How often a quiet watch tells how far it has seen, ms. */
const BOOKMARK_MS = 60_000
/** Watches end by themselves after this long, ms; upstream picks 30 to 60 minutes. */
const DEFAULT_TIMEOUT_MS = 45 * 60_000
/** A client that leaves more than this unread is cut off, bytes. */
const MAX_UNREAD = 32 * 1024 * 1024

/**
 * Answers a watch: the events since a resourceVersion (or first what there is), then each change once it is durable.
 * `socket` gets JSON lines; ends when the client leaves, its time is up, or the server stops.
 */
export function serveWatch(call: Call, objects: Objects, stopped: AbortSignal): void {
  const { res, info } = call
  // What is wrong with a request is to be said before the answer begins.
  const options = listOptions(info.query, true)
  const timeoutMs = (numberIn(info.query, 'timeoutSeconds') ?? 0) * 1000 || DEFAULT_TIMEOUT_MS
  const watch = new Watch(call, objects, {
    send: (text) => {
      res.write(text)
      if (res.writableLength > MAX_UNREAD) res.destroy()
    },
    end: () => res.end(),
  })
  res.writeHead(200, { 'cache-control': 'no-cache, private', 'content-type': 'application/json' })
  res.flushHeaders()
  const close = () => watch.close()
  res.on('close', close)
  stopped.addEventListener('abort', close, { once: true })
  res.on('close', () => stopped.removeEventListener('abort', close))
  watch.start(options, timeoutMs, flagIn(info.query, 'allowWatchBookmarks'))
}

interface Sink {
  send(text: string): void
  end(): void
}

class Watch {
  readonly #objects: Objects
  readonly #sink: Sink
  readonly #call: Call
  readonly #form
  readonly #matches
  #handle: WatchHandle | undefined
  readonly #timers = new Set<Timer>()
  #pending: string[] = []
  #flushing = false
  #closed = false
  #seen = 0

  constructor(call: Call, objects: Objects, sink: Sink) {
    this.#call = call
    this.#objects = objects
    this.#sink = sink
    const { query } = call.info
    const { world } = objects.context
    this.#form = representation(call.req, call.kind, () => world.clock.now(), query)
    // A watch of one object by name is a list watch with a field selector.
    const fields = [query.get('fieldSelector'), call.info.name && `metadata.name=${call.info.name}`].filter(
      Boolean,
    )
    this.#matches = predicate(call.kind, query.get('labelSelector'), fields.join(','))
  }

  start(
    { resourceVersion: version, sendInitialEvents }: ListOptions,
    timeoutMs: number,
    bookmarks: boolean,
  ): void {
    const { world } = this.#objects.context
    const { store } = world
    const prefix = this.#objects.prefix(this.#call.stored, this.#call.info.namespace || undefined)
    const initial = sendInitialEvents || version === '' || version === '0'
    this.#seen = store.revision
    if (initial) this.#sendPresent(prefix)
    try {
      const fromRevision = initial ? {} : { fromRevision: Number(version) + 1 }
      this.#handle = store.watch(prefix, (event) => this.#event(event), fromRevision)
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error
      this.#fail(`too old resource version: ${version} (${error.compactRevision + 1})`)
      return
    }
    if (sendInitialEvents && bookmarks) this.#bookmark(true)
    this.#timer(timeoutMs, () => this.close())
    if (bookmarks) this.#bookmarkLater()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#handle?.close()
    for (const timer of this.#timers) timer.cancel()
    this.#sink.end()
  }

  #sendPresent(prefix: string): void {
    for (const entry of this.#objects.context.world.store.list(prefix).entries) {
      if (this.#selected(entry)) this.#push('ADDED', this.#form.one(entry))
    }
  }

  #event(event: StoreEvent): void {
    this.#seen = event.revision
    const before = event.previous !== undefined && this.#selected(event.previous)
    const after = event.type === 'put' && this.#selected(event.entry)
    if (after) this.#push(before ? 'MODIFIED' : 'ADDED', this.#form.one(event.entry))
    else if (before) {
      // An object that no longer matches is shown as it last did, at the revision at which it left.
      const last = event.type === 'delete' ? event.entry : { ...event.previous!, modRevision: event.revision }
      this.#push('DELETED', this.#form.one(last))
    }
  }

  #selected(entry: Entry): boolean {
    return !this.#matches || this.#matches(servedAs(this.#call.kind, entry))
  }

  #push(type: string, object: string): void {
    if (this.#closed) return
    this.#pending.push(`{"type":"${type}","object":${object}}\n`)
    if (this.#flushing) return
    this.#flushing = true
    void this.#objects.context.world.store.flushed().then(() => {
      this.#flushing = false
      const text = this.#pending.join('')
      this.#pending = []
      if (!this.#closed) this.#sink.send(text)
    })
  }

  #bookmarkLater(): void {
    this.#timer(BOOKMARK_MS, () => {
      this.#bookmark(false)
      this.#bookmarkLater()
    })
  }

  #bookmark(endOfInitial: boolean): void {
    const { kind } = this.#call
    const revision = Math.max(this.#seen, this.#objects.context.world.store.revision)
    const annotations = endOfInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
    this.#push(
      'BOOKMARK',
      JSON.stringify({
        kind: kind.kind,
        apiVersion: apiVersionOf(kind),
        metadata: { resourceVersion: String(revision), creationTimestamp: null, ...annotations },
      }),
    )
  }

  #timer(delayMs: number, callback: () => void): void {
    const timer = this.#objects.context.world.clock.setTimer(delayMs, () => {
      this.#timers.delete(timer)
      callback()
    })
    this.#timers.add(timer)
  }

  #fail(message: string): void {
    this.#sink.send(`${JSON.stringify({ type: 'ERROR', object: statusOf(expired(message)) })}\n`)
    this.close()
  }
}
