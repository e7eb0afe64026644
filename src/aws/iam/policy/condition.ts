import { isIP } from 'node:net'
import type { Conditions } from '../../wire/identity.ts'
import { arnMatch, globMatch } from './glob.ts'

/** The condition keys of a request, lower-cased, each with its values. */
export type ConditionContext = Pick<ReadonlyMap<string, string[]>, 'get'>

/** What gives the conditions is asked when a policy first looks for one. */
export function conditionContext(conditions: () => Conditions): ConditionContext {
  let made: Map<string, string[]> | undefined
  return {
    get(key) {
      made ??= byLowerCase(conditions())
      return made.get(key)
    },
  }
}

function byLowerCase(conditions: Conditions): Map<string, string[]> {
  return new Map(
    Object.entries(conditions).map(([key, value]) => [
      key.toLowerCase(),
      typeof value === 'string' ? [value] : value,
    ]),
  )
}

/** Whether an actual value satisfies a wanted one. */
type Test = (actual: string, wanted: string) => boolean

interface Operator {
  test: Test
  /** Negated operators are true for an absent key and must hold for every wanted value. */
  negated: boolean
}

const positive = (test: Test): Operator => ({ test, negated: false })
const negative = (test: Test): Operator => ({ test, negated: true })

const equals: Test = (actual, wanted) => actual === wanted
const equalsIgnoringCase: Test = (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase()
const like: Test = (actual, wanted) => globMatch(wanted, actual)
const arnLike: Test = (actual, wanted) => arnMatch(wanted, actual)
const numeric =
  (compare: (a: number, b: number) => boolean): Test =>
  (actual, wanted) =>
    compare(Number(actual), Number(wanted))
const dated =
  (compare: (a: number, b: number) => boolean): Test =>
  (actual, wanted) =>
    compare(toTime(actual), toTime(wanted))
const same = (a: number, b: number) => a === b
const less = (a: number, b: number) => a < b
const lessOrSame = (a: number, b: number) => a <= b
const more = (a: number, b: number) => a > b
const moreOrSame = (a: number, b: number) => a >= b

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const OPERATORS: Record<string, Operator> = {
  stringequals: positive(equals),
  stringnotequals: negative(equals),
  stringequalsignorecase: positive(equalsIgnoringCase),
  stringnotequalsignorecase: negative(equalsIgnoringCase),
  stringlike: positive(like),
  stringnotlike: negative(like),
  numericequals: positive(numeric(same)),
  numericnotequals: negative(numeric(same)),
  numericlessthan: positive(numeric(less)),
  numericlessthanequals: positive(numeric(lessOrSame)),
  numericgreaterthan: positive(numeric(more)),
  numericgreaterthanequals: positive(numeric(moreOrSame)),
  dateequals: positive(dated(same)),
  datenotequals: negative(dated(same)),
  datelessthan: positive(dated(less)),
  datelessthanequals: positive(dated(lessOrSame)),
  dategreaterthan: positive(dated(more)),
  dategreaterthanequals: positive(dated(moreOrSame)),
  bool: positive(equalsIgnoringCase),
  binaryequals: positive(equals),
  ipaddress: positive(inRange),
  notipaddress: negative(inRange),
  arnequals: positive(arnLike),
  arnlike: positive(arnLike),
  arnnotequals: negative(arnLike),
  arnnotlike: negative(arnLike),
}

/** Whether the policy language has this operator, with its prefixes and suffix. */
export function isOperator(name: string): boolean {
  const { base } = split(name)
  return base === 'null' || base in OPERATORS
}

/** Whether one line of a Condition block holds. Unknown operators never do. */
export function conditionHolds(
  condition: { operator: string; key: string; values: string[] },
  context: ConditionContext,
): boolean {
  const { base, quantifier, ifExists } = split(condition.operator)
  const actual = context.get(condition.key)
  const wanted = condition.values.map((value) => substitute(value, context))
  if (base === 'null')
    return wanted.some((value) => (value.toLowerCase() === 'true') === (actual === undefined))
  const operator = OPERATORS[base]
  if (!operator) return false
  if (actual === undefined || actual.length === 0)
    return ifExists || quantifier === 'forallvalues' || (operator.negated && quantifier !== 'foranyvalue')
  const holds = (value: string) =>
    operator.negated
      ? wanted.every((item) => item !== undefined && !operator.test(value, item))
      : wanted.some((item) => item !== undefined && operator.test(value, item))
  if (quantifier === 'foranyvalue') return actual.some(holds)
  if (quantifier === 'forallvalues' || operator.negated) return actual.every(holds)
  return actual.some(holds)
}

function split(name: string): { base: string; quantifier: string | undefined; ifExists: boolean } {
  const lower = name.toLowerCase()
  const colon = lower.indexOf(':')
  const rest = lower.slice(colon + 1)
  const ifExists = rest.endsWith('ifexists')
  return {
    base: ifExists ? rest.slice(0, -'ifexists'.length) : rest,
    quantifier: colon < 0 ? undefined : lower.slice(0, colon),
    ifExists,
  }
}

/** A variable without a value; no pattern can match it because requests carry no such character. */
const UNRESOLVED = '\u0000'

/**
 * Replaces `${aws:username}` and the like; `${key, 'default'}` falls back, `${*}` `${?}` `${$}` stand for themselves.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function substitute(text: string, context: ConditionContext): string {
  if (!text.includes('${')) return text
  return text.replace(/\$\{([^}]*)\}/g, (_whole, inner: string) => {
    if (inner === '*' || inner === '?' || inner === '$') return inner
    const [, key = '', fallback] = /^\s*([^,]*?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(inner) ?? []
    return context.get(key.toLowerCase())?.[0] ?? fallback ?? UNRESOLVED
  })
}

function toTime(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text)
}

function inRange(address: string, range: string): boolean {
  const [base = '', length] = range.split('/')
  const family = isIP(address)
  if (family === 0 || isIP(base) !== family) return false
  const bits = family === 4 ? 32 : 128
  const shift = BigInt(bits - Number(length ?? bits))
  return addressBits(address, family) >> shift === addressBits(base, family) >> shift
}

function addressBits(address: string, family: number): bigint {
  if (family === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
  const [head = '', tail] = address.split('::')
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  const zeros = Array(8 - left.length - right.length).fill('0')
  const groups = tail === undefined ? left : [...left, ...zeros, ...right]
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group || '0'}`), 0n)
}
