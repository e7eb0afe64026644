import { ShellError } from './state.ts'
import type { ArithmeticNode } from './syntax.ts'

/** Variables as arithmetic sees them. */
export interface ArithmeticScope {
  get(name: string): string
  set(name: string, value: string): void
  /** Parses the text of a variable that holds an expression. */
  parse(text: string): ArithmeticNode
}

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value)

/** Evaluates a 64-bit arithmetic expression. Throws ShellError. */
export function evaluate(node: ArithmeticNode, scope: ArithmeticScope, depth = 0): bigint {
  if (depth > 64) throw new ShellError('expression recursion level exceeded')
  const at = (child: ArithmeticNode) => evaluate(child, scope, depth + 1)
  switch (node.type) {
    case 'ArithNumber':
      return BigInt(Math.trunc(node.value))
    case 'ArithVariable':
      return variable(node.name, scope, depth)
    case 'ArithSpecialVar':
      return BigInt(scope.get(node.name.replace('$', '')) || '0')
    case 'ArithBracedExpansion':
      return variable(node.content, scope, depth)
    case 'ArithGroup':
    case 'ArithNested':
      return at(node.expression)
    case 'ArithUnary':
      return unary(node, scope, at)
    case 'ArithTernary':
      return at(node.condition) !== 0n ? at(node.consequent) : at(node.alternate)
    case 'ArithAssignment': {
      const right = at(node.value)
      const operator = node.operator.slice(0, -1)
      const value = operator === '' ? right : binary(operator, variable(node.variable, scope, depth), right)
      scope.set(node.variable, String(value))
      return value
    }
    case 'ArithBinary':
      if (node.operator === '&&') return at(node.left) !== 0n && at(node.right) !== 0n ? 1n : 0n
      if (node.operator === '||') return at(node.left) !== 0n || at(node.right) !== 0n ? 1n : 0n
      return binary(node.operator, at(node.left), at(node.right))
    default:
      throw new ShellError('arithmetic syntax error')
  }
}

function variable(name: string, scope: ArithmeticScope, depth: number): bigint {
  const text = scope.get(name).trim()
  if (text === '') return 0n
  if (/^[+-]?\d+$/.test(text)) return BigInt(text)
  return evaluate(scope.parse(text), scope, depth + 1)
}

function unary(
  node: Extract<ArithmeticNode, { type: 'ArithUnary' }>,
  scope: ArithmeticScope,
  at: (node: ArithmeticNode) => bigint,
): bigint {
  const value = at(node.operand)
  switch (node.operator) {
    case '-':
      return wrap(-value)
    case '!':
      return value === 0n ? 1n : 0n
    case '~':
      return ~value
    case '++':
    case '--': {
      if (node.operand.type !== 'ArithVariable') throw new ShellError('arithmetic syntax error')
      const next = wrap(value + (node.operator === '++' ? 1n : -1n))
      scope.set(node.operand.name, String(next))
      return node.prefix ? next : value
    }
    default:
      return value
  }
}

function binary(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return wrap(left + right)
    case '-':
      return wrap(left - right)
    case '*':
      return wrap(left * right)
    case '/':
    case '%':
      if (right === 0n) throw new ShellError('divide by zero')
      return operator === '/' ? left / right : left % right
    case '**':
      return wrap(left ** right)
    case '<<':
      return wrap(left << (right & 63n))
    case '>>':
      return left >> (right & 63n)
    case '&':
      return left & right
    case '|':
      return left | right
    case '^':
      return left ^ right
    case ',':
      return right
    case '==':
      return left === right ? 1n : 0n
    case '!=':
      return left !== right ? 1n : 0n
    case '<':
      return left < right ? 1n : 0n
    case '<=':
      return left <= right ? 1n : 0n
    case '>':
      return left > right ? 1n : 0n
    case '>=':
      return left >= right ? 1n : 0n
    default:
      throw new ShellError('arithmetic syntax error')
  }
}
