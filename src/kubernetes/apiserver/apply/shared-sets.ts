import type { FieldSet } from './field-set.ts'

/** Sets of a generation; those in use are few, but for the addresses and uids in some. */
const GENERATION = 4000

/** Sets by what is in them: those of late, and of the generation before. What is asked for again lives on. */
let young = new Map<string, FieldSet>()
let old = new Map<string, FieldSet>()
let count = 0

/** A set that is shared. A copy of it is not: what is private stays behind. */
class SharedSet {
  readonly #number = count++

  /** Tells shared sets apart; undefined: it is not shared. */
  static numberOf(set: object): number | undefined {
    return #number in set ? set.#number : undefined
  }
}

/** The one set of its kind, in the order of upstream: objects of one sort are owned alike, and need not each hold a copy. Must not be changed. */
export function shared(set: FieldSet): FieldSet {
  if (SharedSet.numberOf(set) !== undefined) return set
  const keys = Object.keys(set)
  if (!isSorted(keys)) keys.sort()
  let identity = ''
  for (const key of keys) identity += `${key.length} ${key}${SharedSet.numberOf(shared(set[key]!))} `
  const known = young.get(identity)
  if (known) return known
  const found = old.get(identity) ?? first(set, keys)
  if (young.size >= GENERATION) {
    old = young
    young = new Map()
  }
  young.set(identity, found)
  return found
}

/** The set that others of its kind will share. */
function first(set: FieldSet, keys: string[]): FieldSet {
  // To everybody else a set as any other.
  const own: FieldSet = Object.setPrototypeOf(new SharedSet(), Object.prototype)
  for (const key of keys) own[key] = shared(set[key]!)
  return own
}

/** Mostly they are, and sorting takes a copy. */
function isSorted(keys: string[]): boolean {
  for (let index = 1; index < keys.length; index++) if (keys[index - 1]! > keys[index]!) return false
  return true
}
