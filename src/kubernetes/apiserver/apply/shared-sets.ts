import type { FieldSet } from './field-set.ts'

/** Sets of a generation; those in use are few, but for the addresses and uids in some. */
const GENERATION = 4000

/** Sets by what is in them: those of late, and of the generation before. What is asked for again lives on. */
let young = new Map<string, FieldSet>()
let old = new Map<string, FieldSet>()
const numbers = new WeakMap<FieldSet, number>()
let count = 0

/** The one set of its kind, in the order of upstream: objects of one sort are owned alike, and need not each hold a copy. Must not be changed. */
export function shared(set: FieldSet): FieldSet {
  if (numbers.has(set)) return set
  const keys = Object.keys(set).sort()
  let identity = ''
  for (const key of keys) identity += `${key.length} ${key}${numbers.get(shared(set[key]!))} `
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
  const own: FieldSet = {}
  for (const key of keys) own[key] = shared(set[key]!)
  numbers.set(own, count++)
  return own
}
