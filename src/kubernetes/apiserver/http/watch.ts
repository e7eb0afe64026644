import type { Timer } from '#world/clock.ts'
import { CompactedError, type Entry, type StoreEvent, type WatchHandle } from '#world/store.ts'
import { inTurn, isTurnOver, turn } from '#world/turns.ts'
import { expired, statusOf } from '../errors.ts'
import { apiVersionOf } from '../kinds/kind.ts'
import { predicate } from '../selectors.ts'
import { servedAs } from '../storage/entries.ts'
import type { Objects } from '../storage/objects.ts'
import type { Call } from './call.ts'
import { type ListOptions, listOptions } from './list-options.ts'
import { flagIn, numberIn } from './options.ts'
import { drained } from './reply.ts'
import { representation } from './representation.ts'

/** How often a quiet watch tells how far it has seen, ms. */
const BOOKMARK_MS = 60_000
/** Watches end by themselves after this long, ms; upstream picks 30 to 60 minutes. */
const DEFAULT_TIMEOUT_MS = 45 * 60_000
/** A client that leaves more than this unread is cut off, bytes: upstream gives a watcher some hundred events and the sockets' buffers. */
const MAX_UNREAD = 8 * 1024 * 1024
/** What there is already is sent in pieces of about so many characters. */
const PIECE = 64 * 1024

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
    room: () => (res.writableNeedDrain ? drained(res) : Promise.resolve()),
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

const line = (type: string, object: string): string => `{"type":"${type}","object":${object}}\n`

interface Sink {
  send(text: string): void
  /** Resolves when the client has read so much that more may be sent without need. */
  room(): Promise<void>
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
    this.#timer(timeoutMs, () => this.close())
    if (!initial) return this.#follow(prefix, Number(version), bookmarks)
    const { entries, revision } = store.list(prefix)
    void this.#sendPresent(entries).then(() => {
      if (this.#closed) return
      this.#follow(prefix, revision, false)
      if (sendInitialEvents && bookmarks) this.#bookmark(true)
      if (bookmarks) this.#bookmarkLater()
    })
  }

  /** Sends what has happened since a revision, and then what happens. */
  #follow(prefix: string, revision: number, bookmarks: boolean): void {
    const { store } = this.#objects.context.world
    this.#seen = revision
    try {
      this.#handle = store.watch(prefix, (event) => this.#event(event), { fromRevision: revision + 1 })
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error
      this.#fail(`too old resource version: ${revision} (${error.compactRevision + 1})`)
      return
    }
    if (bookmarks) this.#bookmarkLater()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#handle?.close()
    for (const timer of this.#timers) timer.cancel()
    this.#sink.end()
  }

  /** Sends what there is as fast as the client takes it, others getting their turns in between. */
  async #sendPresent(entries: Entry[]): Promise<void> {
    await this.#objects.context.world.store.flushed()
    let text = ''
    for (const entry of entries) {
      if (!this.#selected(entry)) continue
      text += line('ADDED', this.#form.one(entry))
      if (text.length < PIECE && !isTurnOver()) continue
      if (this.#closed) return
      this.#sink.send(text)
      text = ''
      await this.#sink.room()
      await turn()
    }
    if (text !== '' && !this.#closed) this.#sink.send(text)
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
    this.#pending.push(line(type, object))
    if (this.#flushing) return
    this.#flushing = true
    // However many watches there are, they hold nobody up.
    void this.#objects.context.world.store.flushed().then(() => inTurn(this.#flush))
  }

  readonly #flush = (): void => {
    this.#flushing = false
    const text = this.#pending.join('')
    this.#pending = []
    if (!this.#closed) this.#sink.send(text)
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
        metadata: { resourceVersion: String(revision), ...annotations },
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
