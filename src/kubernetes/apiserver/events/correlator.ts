// Which events are written and how, so that what happens over and over fills nobody's view. Models client-go
// tools/record/events_cache.go (EventCorrelator), read 2026-11.

/** How many subjects are remembered: upstream's caches have as many entries. */
const REMEMBERED = 4096
/** Different events that are remembered of one subject. */
const REMEMBERED_OF_ONE = 256
/** So many different messages of one reason become one event… */
const AGGREGATE_FROM = 10
/** …unless nothing has happened for so long, ms. */
const AGGREGATE_WITHIN_MS = 600_000
/** A source may tell so many events about an object at once… */
const BURST = 25
/** …and then one each time that this has passed, ms. */
const REFILL_MS = 300_000
/**
 * Who has heard nothing of a subject for so long, ms, would treat it like a new one, but for going on with the count of an event that has
 * expired: subjects are not remembered for longer, so that those which are gone take no room.
 */
const FORGOTTEN_AFTER_MS = BURST * REFILL_MS

const COMBINED = '(combined from similar events): '

/** What is told. */
export interface Happening {
  /** Who tells it about what. */
  subject: string
  type: string
  reason: string
  message: string
  fieldPath?: string | undefined
}

/** How a happening is to be written: as the event of this name, for the `count`th time. */
export interface Correlated {
  name: string
  count: number
  /** When it happened first, ms. */
  first: number
  message: string
}

/** What one source has told about one object. */
interface Subject {
  tokens: number
  refilledAt: number
  /** By type and reason: the messages of late, and when the last one came, ms. */
  groups: Map<string, { messages: Set<string>; last: number }>
  events: Map<string, { name: string; count: number; first: number }>
}

/** Remembers what was told, in memory as upstream: after a restart everything is new. */
export class Correlator {
  /** The least recently told about first. */
  readonly #subjects = new Map<string, Subject>()

  /** How to write what happened `now`; undefined: not at all. `newName` gives an event its name. */
  correlate(happening: Happening, now: number, newName: () => string): Correlated | undefined {
    const subject = this.#subjectOf(happening.subject, now)
    const isCombined = isOneOfMany(subject, happening, now)
    const { type, reason, fieldPath, message } = happening
    const key = isCombined ? `${type}\0${reason}` : [type, reason, fieldPath, message].join('\0')
    const known = subject.events.get(key)
    const event = known ?? { name: newName(), count: 0, first: now }
    event.count++
    remember(subject.events, key, event, REMEMBERED_OF_ONE)
    // Counted even when it is not told: the next that is tells how many there were.
    if (!mayTell(subject, now)) return undefined
    return { ...event, message: isCombined ? `${COMBINED}${message}` : message }
  }

  #subjectOf(key: string, now: number): Subject {
    for (const [silent, { refilledAt }] of this.#subjects) {
      if (now - refilledAt < FORGOTTEN_AFTER_MS) break
      this.#subjects.delete(silent)
    }
    const subject = this.#subjects.get(key) ?? {
      tokens: BURST,
      refilledAt: now,
      groups: new Map(),
      events: new Map(),
    }
    remember(this.#subjects, key, subject, REMEMBERED)
    return subject
  }
}

/** Puts an entry last, and forgets the first of too many. */
function remember<V>(entries: Map<string, V>, key: string, value: V, most: number): void {
  entries.delete(key)
  entries.set(key, value)
  if (entries.size > most) entries.delete(entries.keys().next().value!)
}

/** Whether too many events of late differ from this one by their message alone. */
function isOneOfMany({ groups }: Subject, { type, reason, message }: Happening, now: number): boolean {
  const key = `${type}\0${reason}`
  const known = groups.get(key)
  const group =
    known && now - known.last <= AGGREGATE_WITHIN_MS ? known : { messages: new Set<string>(), last: now }
  group.messages.add(message)
  group.last = now
  groups.set(key, group)
  if (group.messages.size < AGGREGATE_FROM) return false
  group.messages.delete(group.messages.values().next().value!)
  return true
}

/** Takes a token of the subject's bucket. */
function mayTell(subject: Subject, now: number): boolean {
  subject.tokens = Math.min(BURST, subject.tokens + (now - subject.refilledAt) / REFILL_MS)
  subject.refilledAt = now
  if (subject.tokens < 1) return false
  subject.tokens--
  return true
}
