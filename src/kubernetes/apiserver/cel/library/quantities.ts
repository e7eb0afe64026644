import type { Environment } from '@marcbachmann/cel-js'
import {
  canonicalQuantity,
  compareQuantities,
  negative,
  quantityValue,
  sumQuantities,
} from '../../quantity.ts'

// Source: k8s.io/apiserver/pkg/cel/library/quantity.go.

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

export function withQuantities(environment: Environment): Environment {
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
    .registerOperator(`${Q} == ${Q}`, (a: Quantity, b: Quantity) => compare(a, b) === 0)
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
