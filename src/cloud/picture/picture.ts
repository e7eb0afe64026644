import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { Clock } from '#world/clock.ts'
import type { Store, WatchHandle } from '#world/store.ts'
import { inTurn, turn } from '#world/turns.ts'
import { Journeys } from './journeys.ts'
import type { Journey, Part, PictureChange } from './part.ts'
import { groupPart, isShown, project } from './project.ts'

/** Keys that are looked at in one turn. */
const KEYS_A_TURN = 100
/** So many changed parts are told at once; more come in pieces. */
const PARTS_A_CHANGE = 500

interface Subscriber {
  change(change: PictureChange): void
  /** Nothing more will come: the world is closed. */
  end(): void
}

/**
 * The live picture of a world: what is in it, kept up to date key by key from the store's watch while anybody looks. A
 * part is made of one record alone, so a change costs the same however large the world is.
 */
export class Picture {
  readonly #store: Store
  readonly #account: Part
  readonly #subscribers = new Set<Subscriber>()
  /** Those who wait for the first look at everything to end. */
  readonly #waiting = new Set<Subscriber>()
  #watch: WatchHandle | undefined
  #dirty = new Set<string>()
  readonly #parts = new Map<string, Part>()
  /** The parts of a key, as they were told, and the key of a part. */
  readonly #byKey = new Map<string, Part[]>()
  readonly #keys = new Map<string, string>()
  #put = new Map<string, Part>()
  #gone = new Set<string>()
  readonly #network: VirtualNetwork
  readonly #ways: Journeys
  #observed: { close(): void } | undefined
  #journeys: Journey[] = []

  constructor({ store, clock }: { store: Store; clock: Clock }, accountId: string, network: VirtualNetwork) {
    this.#store = store
    this.#account = accountPart(accountId)
    this.#network = network
    this.#ways = new Journeys(store, clock)
  }

  /** Tells everything, as soon as it is known, and then each change, until closed. */
  subscribe(subscriber: Subscriber): { close(): void } {
    if (this.#watch && this.#dirty.size === 0) {
      this.#flush()
      subscriber.change(this.#whole())
      this.#subscribers.add(subscriber)
    } else this.#waiting.add(subscriber)
    if (!this.#watch) this.#start()
    return {
      close: () => {
        this.#subscribers.delete(subscriber)
        this.#waiting.delete(subscriber)
        if (this.#subscribers.size + this.#waiting.size === 0) this.#stop()
      },
    }
  }

  /** A part that is shown, with the key of its record; none is looked for while nobody subscribes. */
  find(id: string): { part: Part; key: string | undefined } | undefined {
    const part = this.#parts.get(id)
    return part && { part, key: this.#keys.get(id) }
  }

  /** Resolves when every change so far is told. */
  async settled(): Promise<void> {
    while (this.#dirty.size > 0) await turn()
  }

  close(): void {
    for (const subscriber of [...this.#subscribers, ...this.#waiting]) subscriber.end()
    this.#subscribers.clear()
    this.#waiting.clear()
    this.#stop()
  }

  #start(): void {
    this.#parts.set(this.#account.id, this.#account)
    this.#watch = this.#store.watch('', ({ key }) => this.#changed(key))
    for (const { key } of this.#store.snapshot().entries()) if (isShown(key)) this.#dirty.add(key)
    inTurn(this.#work)
    this.#observed = this.#network.observe((connection) => {
      const journey = this.#ways.of(connection)
      if (!journey) return
      if (this.#journeys.length === 0 && this.#dirty.size === 0) inTurn(this.#work)
      this.#journeys.push(journey)
    })
  }

  #stop(): void {
    this.#watch?.close()
    this.#watch = undefined
    this.#observed?.close()
    this.#ways.clear()
    this.#journeys = []
    for (const kept of [this.#parts, this.#byKey, this.#keys, this.#put]) kept.clear()
    this.#dirty.clear()
    this.#gone.clear()
  }

  #changed(key: string): void {
    if (!isShown(key)) return
    if (this.#dirty.size === 0) inTurn(this.#work)
    this.#dirty.add(key)
  }

  /** Looks at some changed keys; tells what came of it when there are no more. */
  readonly #work = (): void => {
    if (!this.#watch) return
    let left = KEYS_A_TURN
    for (const key of this.#dirty) {
      if (left-- === 0) break
      this.#dirty.delete(key)
      this.#look(key)
    }
    if (this.#dirty.size > 0) inTurn(this.#work)
    if (this.#dirty.size === 0 || this.#put.size > PARTS_A_CHANGE) this.#flush()
    if (this.#dirty.size > 0) return
    for (const subscriber of this.#waiting) {
      this.#waiting.delete(subscriber)
      subscriber.change(this.#whole())
      this.#subscribers.add(subscriber)
    }
  }

  #look(key: string): void {
    const entry = this.#store.get(key)
    const parts = entry ? project(key, entry.value) : []
    const before = this.#byKey.get(key) ?? []
    if (parts.length > 0) this.#byKey.set(key, parts)
    else this.#byKey.delete(key)
    for (const part of before) {
      if (parts.some(({ id }) => id === part.id)) continue
      this.#parts.delete(part.id)
      this.#ways.remove(part)
      this.#keys.delete(part.id)
      this.#put.delete(part.id)
      this.#gone.add(part.id)
    }
    for (const part of parts) {
      this.#keys.set(part.id, key)
      if (part.parent !== undefined) this.#hold(part.parent)
      this.#show(part)
    }
  }

  /** Lets a group that a part stands in be there. */
  #hold(id: string): void {
    if (this.#parts.has(id)) return
    const group = groupPart(id)
    if (!group) return
    if (group.parent !== undefined) this.#hold(group.parent)
    this.#show(group)
  }

  #show(part: Part): void {
    const before = this.#parts.get(part.id)
    if (before && JSON.stringify(before) === JSON.stringify(part)) return
    this.#parts.set(part.id, part)
    if (before) this.#ways.remove(before)
    this.#ways.put(part)
    this.#gone.delete(part.id)
    this.#put.set(part.id, part)
  }

  #flush(): void {
    if (this.#put.size + this.#gone.size + this.#journeys.length === 0) return
    const change: PictureChange = {
      put: [...this.#put.values()],
      gone: [...this.#gone],
      ...(this.#journeys.length > 0 && { journeys: this.#journeys }),
    }
    this.#journeys = []
    this.#put = new Map()
    this.#gone = new Set()
    for (const subscriber of this.#subscribers) subscriber.change(change)
  }

  #whole(): PictureChange {
    return { whole: true, put: [...this.#parts.values()], gone: [] }
  }
}

/** What all that AWS has of a world stands in. */
export const accountPart = (accountId: string): Part => ({
  id: 'account',
  kind: 'account',
  name: `AWS account ${accountId.replace(/^(\d{4})(\d{4})/, '$1-$2-')}`,
  state: 'plain',
})
