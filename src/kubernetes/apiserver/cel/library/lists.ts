import type { Environment } from '@marcbachmann/cel-js'
import { equal } from '../../../equality.ts'
import type { Json } from '../../json.ts'

// Source: k8s.io/apiserver/pkg/cel/library/lists.go and cel-go's ext/sets.go.

type Comparable = number | bigint | string

const list = (values: unknown) => [...(values as Iterable<Comparable>)]

export function withLists(environment: Environment): Environment {
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

/** The name `sets` in an expression. */
class Sets {}

export function withSets(environment: Environment): Environment {
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
