import { firstLine } from './compiler.ts'
import { methodName } from './costs.ts'

/** A node of the library's syntax tree. */
export interface CelNode {
  op: string
  args: unknown
  /** Offset of what the node is about. */
  pos: number
  start: number
  end: number
}

const OPERATORS = new Set(['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', 'in'])

/** Where cel-go sees a node: an operator at its sign, a field at its point. */
export function offsetOf({ op, args, pos }: CelNode, expression: string): number {
  if (op === '.' || op === '.?') return Math.max(0, pos - 1)
  if (!OPERATORS.has(op)) return pos
  const left = (args as CelNode[])[0]!
  return Math.max(left.end, expression.indexOf(op, left.end))
}

/** An error in the form of cel-go, with the line that it is in. */
export function located(expression: string, offset: number, text: string): string {
  const before = expression.slice(0, offset).split('\n')
  const column = before.at(-1)!.length
  const line = expression.split('\n')[before.length - 1] ?? ''
  return `ERROR: <input>:${before.length}:${column + 1}: ${text}\n | ${line}\n | ${'.'.repeat(column)}^`
}

const TOKENS: Readonly<Record<string, string>> = {
  RPAREN: "')'",
  RBRACKET: "']'",
  RBRACE: "'}'",
  COLON: "':'",
  COMMA: "','",
  EOF: '<EOF>',
}

/** What is wrong with an expression, as the compiler of Kubernetes says it. */
export function compilationError(expression: string, error: unknown): string {
  const node = (error as { node?: CelNode }).node
  // The compiler's name for CEL's `matches` is longer than what was written.
  const offset = Math.min(node?.op ? offsetOf(node, expression) : (node?.pos ?? 0), expression.length)
  return located(expression, offset, inGo(firstLine(error), expression, offset))
}

function inGo(text: string, expression: string, offset: number): string {
  const unknown = /^Unknown variable: (.+)$/.exec(text)
  if (unknown) return `undeclared reference to '${unknown[1]}' (in container '')`
  const operator = /^no such overload: (.+) (\S+) (\S+)$/.exec(text)
  if (operator)
    return `found no matching overload for '_${operator[2]}_' applied to '(${operator[1]}, ${operator[3]})'`
  const method = /^found no matching overload for '(.+?)\.(\w+)\((.*)\)'$/.exec(text)
  if (method) {
    return `found no matching overload for '${methodName(method[2]!)}' applied to '${method[1]}.(${method[3]})'`
  }
  const call = /^found no matching overload for '(\w+)\((.*)\)'$/.exec(text)
  if (call) return `found no matching overload for '${call[1]}' applied to '(${call[2]})'`
  const expected = /^Expected (\w+), got (\w+)$/.exec(text)
  if (expected) {
    const found = /^(?:\w+|[=!<>&|]{1,2}|\S)/.exec(expression.slice(offset))?.[0] ?? '<EOF>'
    return `Syntax error: mismatched input '${found}' expecting ${TOKENS[expected[1]!] ?? expected[1]}`
  }
  if (/^Unexpected/.test(text)) {
    const found = /^(?:\w+|[=!<>&|]{1,2}|\S)/.exec(expression.slice(offset))?.[0] ?? '<EOF>'
    return `Syntax error: mismatched input '${found}' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}`
  }
  return text
}
