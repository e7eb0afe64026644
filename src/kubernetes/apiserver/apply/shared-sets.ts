import type { FieldSet } from './field-set.ts'

/** Sets known at most; there are few different ones, but for the addresses and uids in some. */
const KNOWN = 20_000

const known = new Map<string, FieldSet>()
const numbers = new WeakMap<FieldSet, number>()
let count = 0

/** The one set of its kind, in the order of upstream: objects of one sort are owned alike, and need not each hold a copy. Must not be changed. */
export function shared(set: FieldSet): FieldSet {
  if (numbers.has(set)) return set
  const inner = Object.keys(set)
    .sort()
    .map((key) => [key, shared(set[key]!)] as const)
  const identity = JSON.stringify(inner.map(([key, one]) => [key, numbers.get(one)]))
  const found = known.get(identity)
  if (found) return found
  if (known.size >= KNOWN) known.clear()
  const own = Object.fromEntries(inner)
  numbers.set(own, count++)
  known.set(identity, own)
  return own
}
