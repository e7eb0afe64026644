import type { Environment } from '@marcbachmann/cel-js'
import { equal } from '../../equality.ts'
import type { Json } from '../json.ts'
import { compilePattern, type Pattern } from '../patterns.ts'
import { canonicalQuantity, compareQuantities, negative, quantityValue, sumQuantities } from '../quantity.ts'

type Comparable = number | bigint | string

const list = (values: unknown) => [...(values as Iterable<Comparable>)]

function pattern(source: string): Pattern {
  const compiled = compilePattern(source)
  if (!compiled) throw new Error(`error parsing regexp: ${source}`)
  return compiled
}

/** Functions that Kubernetes adds to CEL. Source: k8s.io/apiserver/pkg/cel/library, and the ext libraries of cel-go that it takes. */
export function withLibrary(environment: Environment): Environment {
  return withUrls(withQuantities(withSets(withTexts(withLists(environment)))))
}

function withLists(environment: Environment): Environment {
  return environment
    .registerFunction('list.isSorted(): bool', (values: unknown) => {
      const all = list(values)
      return all.every((value, index) => index === 0 || all[index - 1]! <= value)
    })
    .registerFunction('list.sum(): dyn', (values: unknown) =>
      list(values).reduce((sum, value) => (sum as never) + (value as never)),
    )
    .registerFunction('list.min(): dyn', (values: unknown) => list(values).reduce((a, b) => (b < a ? b : a)))
    .registerFunction('list.max(): dyn', (values: unknown) => list(values).reduce((a, b) => (b > a ? b : a)))
    .registerFunction('list.indexOf(dyn): int', (values: unknown, item: unknown) =>
      BigInt(list(values).findIndex((value) => equal(value, item))),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (values: unknown, item: unknown) =>
      BigInt(list(values).findLastIndex((value) => equal(value, item))),
    )
}

function withTexts(environment: Environment): Environment {
  return environment
    .registerFunction('string.re2Matches(string): bool', (text: string, source: string) =>
      pattern(source).test(text),
    )
    .registerFunction('string.find(string): string', (text: string, source: string) =>
      pattern(source).first(text),
    )
    .registerFunction('string.findAll(string): list', (text: string, source: string) =>
      pattern(source).all(text),
    )
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction(
      'string.replace(string, string, int): string',
      (text: string, from: string, to: string, count: bigint) => replaceSome(text, from, to, Number(count)),
    )
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) =>
      text.charAt(Number(index)),
    )
    .registerFunction('string.reverse(): string', (text: string) => [...text].reverse().join(''))
    .registerFunction('string.format(list<dyn>): string', (text: string, values: unknown) =>
      format(text, [...(values as Iterable<unknown>)]),
    )
}

function replaceSome(text: string, from: string, to: string, count: number): string {
  const parts = text.split(from)
  const replaced = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1)
  return (
    parts.slice(0, replaced + 1).join(to) +
    parts
      .slice(replaced + 1)
      .map((part) => from + part)
      .join('')
  )
}

/** `'%s has %d'.format(['a', 3])` */
function format(text: string, values: unknown[]): string {
  let next = 0
  return text.replace(/%(?:\.(\d+))?([sdfxXb%])/g, (_, precision, verb) => {
    if (verb === '%') return '%'
    if (next >= values.length) throw new Error(`index ${next} out of range`)
    const value = values[next++]
    if (verb === 'f') return Number(value).toFixed(precision === undefined ? 6 : Number(precision))
    if (verb === 'x' || verb === 'X') {
      const hex = (value as bigint).toString(16)
      return verb === 'x' ? hex : hex.toUpperCase()
    }
    if (verb === 'b') return typeof value === 'boolean' ? (value ? '1' : '0') : (value as bigint).toString(2)
    return shown(value)
  })
}

function shown(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.map((item) => (typeof item === 'string' ? JSON.stringify(item) : shown(item))).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${shown(inner)}`).join(', ')}}`
  }
  return String(value)
}

/** The name `sets` in an expression. */
class Sets {}

function withSets(environment: Environment): Environment {
  const contains = (all: unknown, some: unknown) => {
    const values = list(all)
    return list(some).every((item) => values.some((value) => equal(value as Json, item as Json)))
  }
  return environment
    .registerType('Sets', { ctor: Sets, fields: {} })
    .registerConstant('sets', 'Sets', new Sets())
    .registerFunction('Sets.contains(list<dyn>, list<dyn>): bool', (_: Sets, all: unknown, some: unknown) =>
      contains(all, some),
    )
    .registerFunction(
      'Sets.equivalent(list<dyn>, list<dyn>): bool',
      (_: Sets, a: unknown, b: unknown) => contains(a, b) && contains(b, a),
    )
    .registerFunction('Sets.intersects(list<dyn>, list<dyn>): bool', (_: Sets, a: unknown, b: unknown) =>
      list(a).some((item) => contains(b, [item])),
    )
}

/** `kubernetes.Quantity` */
class Quantity {
  readonly text: string
  constructor(text: string) {
    const canonical = canonicalQuantity(text)
    if (canonical === undefined)
      throw new Error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      )
    this.text = canonical
  }
}

const Q = 'kubernetes.Quantity'

function withQuantities(environment: Environment): Environment {
  const compare = (a: Quantity, b: Quantity) => compareQuantities(a.text, b.text)
  const whole = (value: Quantity) => Number.isInteger(quantityValue(value.text))
  const other = (value: unknown) => (value instanceof Quantity ? value.text : String(value))
  const extended = environment
    .registerType(Q, { ctor: Quantity, fields: {} })
    .registerFunction('isQuantity(string): bool', (text: string) => canonicalQuantity(text) !== undefined)
    .registerFunction(`quantity(string): ${Q}`, (text: string) => new Quantity(text))
    .registerFunction(`${Q}.isGreaterThan(${Q}): bool`, (a: Quantity, b: Quantity) => compare(a, b) > 0)
    .registerFunction(`${Q}.isLessThan(${Q}): bool`, (a: Quantity, b: Quantity) => compare(a, b) < 0)
    .registerFunction(`${Q}.compareTo(${Q}): int`, (a: Quantity, b: Quantity) => BigInt(compare(a, b)))
    .registerFunction(`${Q}.sign(): int`, (a: Quantity) => BigInt(Math.sign(quantityValue(a.text))))
    .registerFunction(`${Q}.isInteger(): bool`, whole)
    .registerFunction(`${Q}.asInteger(): int`, (a: Quantity) => {
      if (!whole(a)) throw new Error('cannot convert value to integer')
      return BigInt(quantityValue(a.text))
    })
    .registerFunction(`${Q}.asApproximateFloat(): double`, (a: Quantity) => quantityValue(a.text))
  for (const type of [Q, 'int']) {
    extended
      .registerFunction(
        `${Q}.add(${type}): ${Q}`,
        (a: Quantity, b: unknown) => new Quantity(sumQuantities([a.text, other(b)])),
      )
      .registerFunction(
        `${Q}.sub(${type}): ${Q}`,
        (a: Quantity, b: unknown) => new Quantity(sumQuantities([a.text, negative(other(b))])),
      )
  }
  return extended
}

const U = 'kubernetes.URL'

function withUrls(environment: Environment): Environment {
  return environment
    .registerType(U, { ctor: URL, fields: {} })
    .registerFunction('isURL(string): bool', (text: string) => URL.canParse(text))
    .registerFunction(`url(string): ${U}`, (text: string) => new URL(text))
    .registerFunction(`${U}.getScheme(): string`, (url: URL) => url.protocol.replace(/:$/, ''))
    .registerFunction(`${U}.getHost(): string`, (url: URL) => url.host)
    .registerFunction(`${U}.getHostname(): string`, (url: URL) => url.hostname)
    .registerFunction(`${U}.getPort(): string`, (url: URL) => url.port)
    .registerFunction(`${U}.getEscapedPath(): string`, (url: URL) => url.pathname)
}
