// What operations cost, in CEL's units (about 50 ns each upstream). Source: cel-go checker/cost.go and interpreter/runtimecost.go,
// k8s.io/apiserver/pkg/cel/library/cost.go, read 2026-11.

import { networkBytes } from './library/addresses.ts'
import { patternLength } from './library/formats.ts'

/** A variable, a field, an element. */
export const ACCESS = 1
export const CALL = 1
export const NEW_LIST = 10
export const NEW_MAP = 30
/** One character of a text. */
const TRAVERSAL = 0.1
/** One character of a regular expression. */
const PATTERN = 0.25
/** An expression may ask the authorizer twice. */
const AUTHORIZATION = 350_000

/** What a requirement of a selector takes: a structure and a list. */
const REQUIREMENT = 50
/** The longest expression that a named format may stand for. */
const FORMAT_PATTERN = 128

/** More than any budget: upstream's largest number. */
export const UNKNOWN = 2 ** 64

/** Characters of a text, elements of a list, entries of a map. */
export interface Size {
  min: number
  max: number
}

export const exactly = (size: number): Size => ({ min: size, max: size })
export const ANY_SIZE: Size = { min: 0, max: UNKNOWN }

export const sum = (a: number, b: number): number => Math.min(a + b, UNKNOWN)
export const product = (a: number, b: number): number => Math.min(a * b, UNKNOWN)
export const added = (a: Size, b: Size): Size => ({ min: sum(a.min, b.min), max: sum(a.max, b.max) })
export const either = (a: Size, b: Size): Size => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
})

/** What is known of a value that a function is called with. */
export interface Operand {
  size: Size
  /** The longest text among the elements of a list; undefined for other lists. */
  text?: Size
  isList: boolean
  isText: boolean
}

export interface CallEstimate {
  cost: number
  size?: Size
}

const traversal = (length: number, times = 1): number =>
  Math.min(Math.ceil(length * times * TRAVERSAL), UNKNOWN)
const matching = (text: number, pattern: number): number =>
  product(traversal(sum(text, 1)), Math.ceil(pattern * PATTERN))

const AGGREGATES = new Set(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'])
const COPIES = new Set(['lowerAscii', 'upperAscii', 'substring', 'trim'])
/** Functions that go through a text once. Only that of URLs is estimated at it: upstream asks for a target that the others do not have. */
const PARSERS = new Set([
  'url',
  'quantity',
  'isQuantity',
  'semver',
  'isSemver',
  'cidr',
  'isIP',
  'isCIDR',
  'ip',
])
const NETWORK_TESTS = new Set(['containsIP', 'containsCIDR'])

/** A label or field selector. */
const selector = (length: number): number =>
  sum(NEW_LIST, sum(traversal(length), product(Math.ceil(length / 2), REQUIREMENT)))

/** Whether a network of so many bytes contains another, or an address; with the text of it where one was given. */
const inNetwork = (name: string, bytes: number, text: number): number =>
  traversal(2 * bytes) + (name === 'containsCIDR' ? traversal(bytes) + CALL : 0) + traversal(text)

/** The most that a call may cost beside its operands: those in front of its point, and in its brackets. */
export function estimatedCall(name: string, target: Operand | undefined, args: Operand[]): CallEstimate {
  const [first, second] = args
  if (name === 'check') return { cost: AUTHORIZATION }
  if (AGGREGATES.has(name) && target)
    return {
      cost: target.isList
        ? product(target.size.max, 1 + (target.text ? traversal(target.text.max) : 0))
        : traversal(target.size.max),
    }
  if (COPIES.has(name) && target) return { cost: traversal(target.size.max), size: target.size }
  if (name === 'url' && first) return { cost: traversal(first.size.max), size: first.size }
  if (!target || (!first && name !== 'join')) return { cost: CALL }
  switch (name) {
    case 'replace':
      return {
        cost: traversal(target.size.max, 2),
        size: second && replaced(target.size, first!.size, second.size),
      }
    case 'split':
      return { cost: traversal(target.size.max, 2), size: { min: 0, max: target.size.max } }
    case 'join': {
      const separators = { min: Math.max(0, target.size.min - 1), max: Math.max(0, target.size.max - 1) }
      const texts = target.text ? times(target.size, target.text) : exactly(0)
      const size = first ? added(texts, times(first.size, separators)) : texts
      return { cost: traversal(size.max), size }
    }
    case 'find':
    case 'findAll':
      return { cost: matching(target.size.max, first!.size.max), size: { min: 0, max: target.size.max } }
    case 'matches':
      return { cost: matching(target.size.max, first!.size.max) }
    case 'contains':
      return { cost: product(traversal(target.size.max), traversal(first!.size.max)) }
    case 'startsWith':
    case 'endsWith':
      return { cost: traversal(first!.size.max) }
    case 'validate':
      return { cost: product(traversal(first!.size.max), FORMAT_PATTERN * PATTERN) }
    case 'containsIP':
    case 'containsCIDR':
      return { cost: inNetwork(name, 16, first!.isText ? first!.size.max : 0) }
    case 'fieldSelector':
    case 'labelSelector':
      return { cost: selector(first!.size.max) }
    case 'format':
      return { cost: traversal(target.size.max), size: added(target.size, first!.size) }
  }
  return { cost: CALL }
}

/** A function that compares each of one list with each of another. */
export const setsCost = (left: number, right: number): number => sum(product(left, right), CALL)

/** Macros that go over the elements of a list or the keys of a map. */
const COMPREHENSIONS = new Set(['all', 'exists', 'exists_one', 'filter', 'map'])
/** Those that have both index and element, or key and value. */
const TWO_VARIABLES = new Set([
  'all',
  'exists',
  'exists_one',
  'existsOne',
  'transformList',
  'transformMap',
  'transformMapEntry',
])

/** How many of a call's arguments are variables of a comprehension; 0 for what is none. */
export function variablesOf(name: string, args: readonly { op: string }[]): number {
  if (args[0]?.op !== 'id') return 0
  if (args.length > 2 && args[1]!.op === 'id' && TWO_VARIABLES.has(name)) return 2
  return args.length > 1 && COMPREHENSIONS.has(name) ? 1 : 0
}

/** Functions whose names have a point. */
const QUALIFIED: Readonly<Record<string, RegExp>> = {
  sets: /^(contains|equivalent|intersects)$/,
  ip: /^isCanonical$/,
  format: /^(?!validate$)/,
  strings: /^quote$/,
  optional: /^(of|none|ofNonZeroValue)$/,
}

/** The name of a function like `sets.contains`; undefined for a method of a value. */
export const qualifiedName = (target: { op: string; args: unknown }, name: string): string | undefined =>
  target.op === 'id' &&
  Object.hasOwn(QUALIFIED, String(target.args)) &&
  QUALIFIED[String(target.args)]!.test(name)
    ? `${target.args}.${name}`
    : undefined

/** The compiler's own name for a method → the name that was written. */
export const methodName = (name: string): string => (name === 're2Matches' ? 'matches' : name)

const times = (a: Size, b: Size): Size => ({ min: product(a.min, b.min), max: product(a.max, b.max) })

/** The longest text that `replace` may give, and the shortest. */
function replaced(text: Size, from: Size, to: Size): Size {
  const most = from.min === 0 ? sum(text.max, 1) : to.max <= from.min ? 0 : Math.ceil(text.max / from.min)
  const kept = from.min === 0 || to.max <= from.min ? text.max : 0
  const least = from.max === 0 ? sum(text.min, 1) : from.max <= to.min ? 0 : Math.ceil(text.min / from.max)
  const left = from.max === 0 || from.max <= to.min ? text.min : 0
  return { min: sum(product(least, to.min), left), max: sum(product(most, to.max), kept) }
}

/** What a call with these values has cost. */
export function actualCall(name: string, target: unknown, args: unknown[], result: unknown): number {
  const all = target === undefined ? args : [target, ...args]
  const [first = '', second = ''] = all
  if (name === 'check') return AUTHORIZATION
  if (name === 'validate') return matching(sizeOf(second), patternLength(first) ?? 0)
  if (NETWORK_TESTS.has(name))
    return inNetwork(name, networkBytes(first) ?? 0, typeof second === 'string' ? second.length : 0)
  if (name === 'fieldSelector' || name === 'labelSelector') return selector(sizeOf(second))
  if (name === 'ip.isCanonical') return traversal(sizeOf(first), 2)
  if (AGGREGATES.has(name)) return walked(first)
  if (
    COPIES.has(name) ||
    PARSERS.has(name) ||
    name === 'startsWith' ||
    name === 'endsWith' ||
    name === 'format'
  )
    return traversal(sizeOf(first))
  if (name === 'replace' || name === 'split') return traversal(sizeOf(first), 2)
  if (name === 'join') return traversal(sizeOf(result), 2)
  if (name === 'find' || name === 'findAll' || name === 'matches')
    return matching(sizeOf(first), sizeOf(second))
  if (name === 'contains') return traversal(sizeOf(first)) * traversal(sizeOf(second))
  return CALL
}

/** An operator between two values whose sizes are known, or the most that they may be. */
export function operatorCost(operator: string, left: number, right: number, isText: boolean): number {
  switch (operator) {
    case '==':
    case '!=':
      return traversal(Math.min(left, right))
    case '<':
    case '<=':
    case '>':
    case '>=':
      return isText ? traversal(Math.min(left, right)) : CALL
    case '+':
      return isText ? traversal(sum(left, right)) : CALL
  }
  return CALL
}

export function sizeOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array) return value.length
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return 1
  return Object.keys(value).length
}

/** A walk over all of a value. */
function walked(value: unknown): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return Math.floor(value.length * TRAVERSAL)
  if (Array.isArray(value)) return value.reduce((cost: number, item) => cost + walked(item), 0)
  return 1
}
