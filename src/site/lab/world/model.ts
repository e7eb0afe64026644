import { batch, computed, signal } from '@preact/signals'
import type { Journey, Part, PartState, PictureChange, TimelineCall } from '#server/api.ts'

/** A part with what stands in it, in a steady order. */
export interface Place {
  part: Part
  places: Place[]
  /** How many places are in it, at any depth. */
  size: number
}

const parts = new Map<string, Part>()
/** When parts last changed, ms of the page's clock: they are lit for a moment. */
export const changedAt = new Map<string, number>()
/** Counts changes: who shows parts reads it. */
const version = signal(0)
/** A moment of the past: where a step began (its id), or just after a call. */
export type Moment = string | TimelineCall
/** The moment at which the world is looked at; undefined: now. */
export const moment = signal<Moment | undefined>()
const then = signal<ReadonlyMap<string, Part>>(new Map())

/** Shows the world as it was; undefined: as it is. */
export function showMoment(when: Moment | undefined, past: Part[] = []): void {
  batch(() => {
    moment.value = when
    then.value = new Map(past.map((part) => [part.id, part]))
    selected.value = undefined
  })
}

/** Whether the picture has come. */
export const known = signal(false)

/** What is shown of the world: parts with all words of the text, and only those that are broken or on their way. */
export interface Filter {
  text: string
  troubled: boolean
}
export const filter = signal<Filter>({ text: '', troubled: false })
export const selected = signal<string | undefined>()

/** A request that came through the world, and when this page heard of it, ms of the page's clock. */
export interface Seen extends Journey {
  at: number
}
/** The last of them, newest first. */
export const journeys = signal<Seen[]>([])
const JOURNEY_LIMIT = 30

/** When the change that is to be shown next was heard of, 0: all is shown. The map measures by it. */
export const heardAt = { current: 0 }

export function showChange(change: PictureChange): void {
  if (change.whole) {
    parts.clear()
    changedAt.clear()
  }
  const now = performance.now()
  heardAt.current ||= now
  for (const part of change.put) {
    parts.set(part.id, part)
    if (!change.whole) changedAt.set(part.id, now)
  }
  for (const id of change.gone) {
    parts.delete(id)
    changedAt.delete(id)
  }
  if (change.whole) journeys.value = []
  if (change.journeys) {
    const seen = change.journeys.map((journey) => ({ ...journey, at: now })).reverse()
    journeys.value = [...seen, ...journeys.peek()].slice(0, JOURNEY_LIMIT)
  }
  known.value = true
  version.value++
}

const shownParts = (): ReadonlyMap<string, Part> => (moment.value === undefined ? parts : then.value)

export function partOf(id: string | undefined): Part | undefined {
  version.value
  return id === undefined ? undefined : shownParts().get(id)
}

/** Ids of the parts that a part is tied to, in either direction. */
export function tiedTo(id: string): string[] {
  const all = shownParts()
  const tied = new Set(all.get(id)?.links?.filter((other) => all.has(other)))
  for (const part of all.values()) if (part.links?.includes(id)) tied.add(part.id)
  return [...tied]
}

/** The roots of what is shown. A part whose place is not there waits for it. */
export const world = computed<Place[]>(() => {
  version.value
  return grow(shownParts().values(), filter.value)
})

/** Whether there is anything to be shown, whatever the filter says. */
export const anything = computed(() => {
  version.value
  return shownParts().size > 0
})

/** Builds the tree of parts that match a filter, and of what they stand in. */
export function grow(
  all: Iterable<Part>,
  { text, troubled }: Filter = { text: '', troubled: false },
): Place[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const inside = new Map<string | undefined, Part[]>()
  for (const part of all) {
    const siblings = inside.get(part.parent)
    if (siblings) siblings.push(part)
    else inside.set(part.parent, [part])
  }
  const place = (part: Part, named: boolean): Place | undefined => {
    // What stands in a part of that name is shown with it.
    const fits = named || words.every((word) => textOf(part).includes(word))
    const places = (inside.get(part.id) ?? []).flatMap((child) => place(child, fits) ?? []).sort(inOrder)
    const shown = fits && (!troubled || part.state === 'bad' || part.state === 'waiting')
    if (!shown && places.length === 0) return undefined
    return { part, places, size: places.reduce((sum, { size }) => sum + size + 1, 0) }
  }
  return (inside.get(undefined) ?? []).flatMap((part) => place(part, false) ?? []).sort(inOrder)
}

const textOf = (part: Part) =>
  `${part.name} ${part.kind} ${part.status ?? ''} ${Object.values(part.facts ?? {}).join(' ')}`.toLowerCase()

const KIND_ORDER: Part['kind'][] = [
  'account',
  'region',
  'aws-vpc',
  'eks-cluster',
  'vpc',
  'subnet',
  'kubernetes',
  'nodegroup',
]
const rank = (part: Part) => {
  const at = KIND_ORDER.indexOf(part.kind)
  return at === -1 ? KIND_ORDER.length : at
}

function inOrder({ part: a }: Place, { part: b }: Place): number {
  return (
    rank(a) - rank(b) ||
    (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0) ||
    a.name.localeCompare(b.name, 'en', { numeric: true }) ||
    (a.id < b.id ? -1 : 1)
  )
}

/** How many parts are in each state. */
export const counts = computed(() => {
  version.value
  const sum: Record<PartState, number> = { good: 0, waiting: 0, bad: 0, off: 0, plain: 0 }
  for (const { state } of shownParts().values()) sum[state]++
  return sum
})

/** The calls that changed something, newest first; undefined: they have not come. */
export const calls = signal<TimelineCall[] | undefined>()
/** How many are shown at most. */
const CALL_LIMIT = 500

export function showCalls(fresh: TimelineCall[], first: boolean): void {
  calls.value = first ? fresh : [...fresh, ...(calls.peek() ?? [])].slice(0, CALL_LIMIT)
}
