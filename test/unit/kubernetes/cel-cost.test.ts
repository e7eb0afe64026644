import { describe, expect, it } from 'vitest'
import { Compiler } from '#kubernetes/apiserver/cel/compiler.ts'
import { type Declaration, estimateCost } from '#kubernetes/apiserver/cel/estimate.ts'
import { TypeChecker } from '#kubernetes/apiserver/cel/type-check.ts'
import { declarationOf } from '#kubernetes/apiserver/custom/declaration.ts'
import type { JsonSchema } from '#kubernetes/apiserver/custom/json-schema.ts'

// Figures of cel-go's checker/cost_test.go and interpreter/runtimecost_test.go where those have the expression, else counted by hand.

const compiler = new Compiler({ self: 'dyn' })

function estimate(schema: JsonSchema, expression: string): number {
  const self: Declaration = declarationOf(schema)!
  const { tree } = compiler.compile(expression)
  const checker = new TypeChecker(expression, [['self', self.type]])
  checker.check(tree)
  expect(checker.errors).toEqual([])
  return estimateCost(tree, checker.types, [['self', self]])
}

const list = (maxItems: number, items: JsonSchema): JsonSchema => ({ type: 'array', maxItems, items })
const INTEGER: JsonSchema = { type: 'integer' }

describe('an estimate', () => {
  it('multiplies what a comprehension does by the most elements', () => {
    expect(estimate(list(100, INTEGER), 'self.all(x, true)')).toBe(302)
    expect(estimate(list(50, list(10, INTEGER)), 'self.all(x, x.all(y, true))')).toBe(1752)
    expect(estimate(list(100, INTEGER), 'self.exists(x, true)')).toBe(402)
    expect(estimate(list(100, INTEGER), 'self.filter(x, true).size() == 0')).toBe(1 + 100 * 13 + 11 + 1 + 1)
  })

  it('takes texts to be as long as they may be, four bytes a character', () => {
    const text = (maxLength: number): JsonSchema => ({ type: 'string', maxLength })
    expect(estimate(text(25), "self.startsWith('0123456789')")).toBe(2)
    expect(estimate(text(25), "self.contains('0123456789')")).toBe(1 + 10 * 1)
    expect(estimate(text(25), "self.matches('[0-9]{3}')")).toBe(1 + 11 * 2)
    expect(estimate({ type: 'string', enum: ['a', 'abcdefghij'] }, 'self == self')).toBe(3)
    expect(estimate({ type: 'string' }, 'self == self')).toBe(2 + Math.ceil((3 * 1024 * 1024 - 2) / 10))
    expect(estimate(INTEGER, 'self <= 3 && self > 1')).toBe(4)
    expect(estimate({ type: 'object', properties: { a: INTEGER } }, 'has(self.a) ? self.a > 1 : true')).toBe(
      1 + 3,
    )
  })

  it('looks at each part of an expression once, however long a chain of methods is', () => {
    const chain = `self${'.replace(self, self)'.repeat(40)}`
    expect(estimate({ type: 'string', maxLength: 1 }, `${chain} == ''`)).toBeGreaterThan(1e9)
  })
})

describe('what an evaluation has cost', () => {
  const cost = (self: unknown, expression: string) => compiler.compile(expression)({ self }).cost

  it('counts what was done, and not what was passed over', () => {
    expect(cost([1n, 2n, 3n], 'self.all(x, x > 0)')).toBe(1 + 3 * (3 + 2) + 1)
    expect(cost([1n, 2n, 3n], 'self.all(x, x > 1)')).toBe(1 + (3 + 2) + 1)
    expect(cost({ a: { b: 1n } }, 'self.a.b == 1')).toBe(4)
    expect(cost({ a: { b: 1n } }, 'has(self.a.b)')).toBe(2)
    expect(cost('x'.repeat(100), "self.contains('0123456789')")).toBe(1 + 10)
    expect(cost([1n], 'false && self[0] == 1')).toBe(0)
    expect(cost([1n, 2n], 'self.map(x, x * 2)')).toBe(1 + 2 * (12 + 2) + 11)
  })

  it('is limited: what takes too long is stopped, wherever it is', () => {
    const many = Array.from({ length: 2000 }, (_, index) => BigInt(index))
    const { error, cost } = compiler.compile('self.exists(x, self.all(y, x >= y || y == 1999)) || true')({
      self: many,
    })
    expect(error?.message).toBe('operation cancelled: actual cost limit exceeded')
    expect(cost).toBeLessThan(1_010_000)
  })
})
