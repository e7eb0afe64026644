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

  it('takes the sizes of addresses, formats and selectors to be the largest', () => {
    const text: JsonSchema = { type: 'string', maxLength: 10 }
    // A function of no target has a cost of 1, however long its text.
    expect(estimate({ type: 'string' }, 'isIP(self)')).toBe(2)
    expect(estimate(text, "cidr('10.0.0.0/8').containsIP(ip(self))")).toBe(1 + 1 + 1 + 4)
    expect(estimate(text, "cidr('10.0.0.0/8').containsIP(self)")).toBe(1 + 1 + 4 + 4)
    expect(estimate(text, "cidr('10.0.0.0/8').containsCIDR(self)")).toBe(1 + 1 + 4 + 2 + 1 + 4)
    expect(estimate(text, 'format.dns1123Label().validate(self).hasValue()')).toBe(1 + 1 + 4 * 32 + 1)
    expect(estimate(text, "semver(self).isLessThan(semver('1.2.3'))")).toBe(1 + 1 + 1 + 1)
  })

  it('multiplies macros of two variables as those of one', () => {
    expect(estimate(list(100, INTEGER), 'self.all(i, x, true)')).toBe(302)
    expect(estimate(list(100, INTEGER), 'self.transformMap(i, x, x).size() > 0')).toBe(
      1 + 100 * (1 + 3) + 31 + 1 + 1,
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

  it('counts addresses, formats and selectors by their size', () => {
    expect(cost('10.0.0.1', 'isIP(self)')).toBe(1 + 1)
    expect(cost('10.0.0.1', 'ip.isCanonical(self)')).toBe(1 + 2)
    expect(cost('10.0.0.1', "cidr('10.0.0.0/8').containsIP(self)")).toBe(1 + 1 + 1 + 1)
    expect(cost('my-name', 'format.dns1123Label().validate(self)')).toBe(1 + 1 + 8)
    expect(cost('1.2.3', 'semver(self).major()')).toBe(1 + 1 + 1)
    expect(cost([1n, 2n], 'self.all(i, x, i < x)')).toBe(1 + 2 * (3 + 3) + 1)
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
