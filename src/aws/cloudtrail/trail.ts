import type { World } from '#world/world.ts'
import type { AnsweredCall } from '../wire/pipeline.ts'
import { type TrailEvent, trailEvent } from './event.ts'

/** How many events are kept of an account; AWS keeps 90 days of them. */
const KEPT = { reads: 1_000, writes: 5_000 }

type Kind = keyof typeof KEPT

const FOLDER = 'cloudtrail/'
const folder = (accountId: string, kind: Kind) => `${FOLDER}${accountId}/${kind}/`

/** The event history of a world's accounts: what was called, by whom, and what came of it. */
export class Trail {
  readonly #world: World
  /** By folder: the number of the next event. */
  readonly #next = new Map<string, number>()

  constructor(world: World) {
    this.#world = world
    world.fairUse.leaveOut(FOLDER)
  }

  /** Keeps a call; the oldest of its kind goes when there are too many. */
  record(call: AnsweredCall): void {
    const event = trailEvent(call, this.#world.ids.uuid())
    const kind = event.readOnly ? 'reads' : 'writes'
    const prefix = folder(call.principal.accountId, kind)
    const number = this.#next.get(prefix) ?? this.#first(prefix)
    this.#next.set(prefix, number + 1)
    const surplus = number - KEPT[kind]
    this.#world.store.commit([
      { key: prefix + padded(number), value: event },
      ...(surplus >= 0 ? [{ key: prefix + padded(surplus), value: undefined }] : []),
    ])
  }

  #first(prefix: string): number {
    const last = this.#world.store.list(prefix).entries.at(-1)
    return last ? Number(last.key.slice(prefix.length)) + 1 : 0
  }
}

const padded = (number: number) => String(number).padStart(12, '0')

/** The events of an account in a region, newest first. */
export function eventsOf(world: World, accountId: string, region: string): TrailEvent[] {
  return (['reads', 'writes'] as const)
    .flatMap((kind) => world.store.values<TrailEvent>(folder(accountId, kind)).reverse())
    .filter(({ awsRegion }) => awsRegion === region)
    .sort((a, b) => (a.eventTime < b.eventTime ? 1 : a.eventTime > b.eventTime ? -1 : 0))
}
