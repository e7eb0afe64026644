import type { ASTNode } from '@marcbachmann/cel-js'

// What the library's macros get, which its types leave out.

export interface Scope {
  forkWithVariable(name: string, type: unknown): Scope
  reuse(parent: Scope): Scope
  setIterValue(value: unknown, evaluator: Evaluator): Scope
}
export interface Evaluator {
  run(node: ASTNode, scope: Scope): unknown
}
export interface Checker {
  check(node: ASTNode, scope: Scope): CheckedType
  getType(name: string): CheckedType
  createError(code: string, message: string, node: ASTNode): Error
}
export interface CheckedType {
  readonly kind: string
  readonly keyType?: CheckedType
  readonly valueType?: CheckedType
}
export interface MacroCall {
  ast: ASTNode & { setMeta(name: string, value: unknown): void }
  args: ASTNode[]
  receiver: ASTNode
}

/** The variable that an argument names. Throws what cel-go says of another expression. */
export function variableOf(node: ASTNode, checker: Checker): string {
  if (node.op !== 'id')
    throw checker.createError('invalid_macro_argument', 'argument must be a simple name', node)
  return node.args as string
}
