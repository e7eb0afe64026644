import { type ASTNode, type Environment, Optional } from '@marcbachmann/cel-js'
import {
  type CheckedType,
  type Checker,
  type Evaluator,
  type MacroCall,
  type Scope,
  variableOf,
} from './macro.ts'

// What the compiler's own optional values lack. Source: cel-go cel/library.go (optionalLib), read 2026-11.

/** `receiver.optMap(variable, expression)`; `wrap` makes the result of the expression an optional value. */
const mapping =
  (wrap: (value: unknown) => unknown) =>
  ({ ast, args, receiver }: MacroCall) => {
    const [variable, expression] = args as [ASTNode, ASTNode]
    let inner: Scope
    return {
      async: false,
      typeCheck(checker: Checker, _: unknown, scope: Scope): CheckedType {
        const { valueType } = checker.check(receiver, scope)
        // Of a literal without entries nothing is known.
        const type = valueType && valueType.kind !== 'param' ? valueType : checker.getType('dyn')
        inner = scope.forkWithVariable(variableOf(variable, checker), type)
        checker.check(expression, inner)
        ast.setMeta('async', false)
        return checker.getType('optional<dyn>')
      },
      evaluate(evaluator: Evaluator, _: unknown, scope: Scope): unknown {
        const given = evaluator.run(receiver, scope)
        if (!(given instanceof Optional)) throw new Error('no such overload')
        if (!given.hasValue()) return given
        return wrap(evaluator.run(expression, inner.reuse(scope).setIterValue(given.value(), evaluator)))
      },
    }
  }

function isZero(value: unknown): boolean {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0
  if (typeof value === 'object' && value !== null)
    return Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0
  return !value
}

export function withOptionals(environment: Environment): Environment {
  return environment
    .registerFunction('OptionalNamespace.ofNonZeroValue(dyn): optional<dyn>', (_: unknown, value: unknown) =>
      isZero(value) ? Optional.none() : Optional.of(value),
    )
    .registerFunction('optional.optMap(ast, ast): optional<dyn>', mapping(Optional.of))
    .registerFunction(
      'optional.optFlatMap(ast, ast): optional<dyn>',
      mapping((value) => value),
    )
}
