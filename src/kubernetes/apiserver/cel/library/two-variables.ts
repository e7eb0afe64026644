import type { ASTNode, Environment } from '@marcbachmann/cel-js'
import {
  type CheckedType,
  type Checker,
  type Evaluator,
  type MacroCall,
  type Scope,
  variableOf,
} from './macro.ts'

// Macros over index and element of a list, key and value of a map. Source: cel-go ext/comprehensions.go, read 2026-11.

/** Does one step; `give` evaluates a part of the macro. */
type Round = (index: unknown, give: (part: number) => unknown) => 'end' | undefined

/** What a macro gathers in its rounds, and what it gives in the end. */
interface Gathering {
  round: Round
  result(): unknown
}

function quantifier(decisive: boolean): () => Gathering {
  return () => {
    let decided = false
    let fault: unknown
    return {
      round: (_, give) => {
        try {
          decided = give(0) === decisive
        } catch (error) {
          // As with logical operators, what decides counts for more than what went wrong.
          fault ??= error
        }
        return decided ? 'end' : undefined
      },
      result: () => {
        if (!decided && fault) throw fault
        return decided === decisive
      },
    }
  }
}

function existsOne(): Gathering {
  let found = 0
  return {
    round: (_, give) => {
      if (give(0) === true) found++
      return undefined
    },
    result: () => found === 1,
  }
}

/** With a filter there are two parts, and the last transforms. */
const gathering = (
  parts: number,
  add: (index: unknown, value: unknown) => void,
  result: unknown,
): Gathering => ({
  round: (index, give) => {
    if (parts === 1 || give(0) === true) add(index, give(parts - 1))
    return undefined
  },
  result: () => result,
})

function transformList(parts: number): Gathering {
  const values: unknown[] = []
  return gathering(parts, (_, value) => values.push(value), values)
}

function inserter() {
  const values: Record<string, unknown> = {}
  return {
    values,
    insert(key: unknown, value: unknown) {
      const name = String(key)
      if (Object.hasOwn(values, name)) throw new Error(`insert failed: key ${name} already exists`)
      Object.defineProperty(values, name, { value, enumerable: true, writable: true, configurable: true })
    },
  }
}

function transformMap(parts: number): Gathering {
  const { values, insert } = inserter()
  return gathering(parts, insert, values)
}

function transformMapEntry(parts: number): Gathering {
  const { values, insert } = inserter()
  const add = (_: unknown, entries: unknown) => {
    for (const [key, value] of pairs(entries)) insert(key, value)
  }
  return gathering(parts, add, values)
}

function pairs(range: unknown): Iterable<[unknown, unknown]> {
  if (range instanceof Map) return range.entries()
  if (Array.isArray(range)) return range.map((value, index) => [BigInt(index), value])
  return Object.entries(range as object)
}

/** Expands calls of a macro whose first two arguments are variables. */
function macro(gather: (parts: number) => Gathering, type: string) {
  return ({ ast, args, receiver }: MacroCall) => {
    const parts = args.slice(2)
    let outer: Scope
    let inner: Scope
    return {
      async: false,
      typeCheck(checker: Checker, _: unknown, scope: Scope): CheckedType {
        const [first, second] = args.slice(0, 2).map((node) => variableOf(node, checker)) as [string, string]
        const [key, value] = rangeOf(checker, receiver, scope)
        outer = scope.forkWithVariable(first, key)
        inner = outer.forkWithVariable(second, value)
        for (const part of parts) checker.check(part, inner)
        ast.setMeta('async', false)
        return checker.getType(type)
      },
      evaluate(evaluator: Evaluator, _: unknown, scope: Scope): unknown {
        const range = evaluator.run(receiver, scope)
        if (typeof range !== 'object' || range === null) throw new Error('no such overload')
        const { round, result } = gather(parts.length)
        const first = outer.reuse(scope)
        const second = inner.reuse(first)
        for (const [key, value] of pairs(range)) {
          first.setIterValue(key, evaluator)
          second.setIterValue(value, evaluator)
          if (round(key, (part) => evaluator.run(parts[part]!, second)) === 'end') break
        }
        return result()
      },
    }
  }
}

/** The types of the two variables. */
function rangeOf(checker: Checker, receiver: ASTNode, scope: Scope): [CheckedType, CheckedType] {
  const type = checker.check(receiver, scope)
  const dyn = checker.getType('dyn')
  if (type.kind === 'list') return [checker.getType('int'), type.valueType ?? dyn]
  return type.kind === 'map' ? [type.keyType ?? dyn, type.valueType ?? dyn] : [dyn, dyn]
}

const MACROS: Readonly<Record<string, [gather: (parts: number) => Gathering, type: string]>> = {
  all: [quantifier(false), 'bool'],
  exists: [quantifier(true), 'bool'],
  existsOne: [existsOne, 'bool'],
  exists_one: [existsOne, 'bool'],
  transformList: [transformList, 'list<dyn>'],
  transformMap: [transformMap, 'map<dyn, dyn>'],
  transformMapEntry: [transformMapEntry, 'map<dyn, dyn>'],
}

export function withTwoVariables(environment: Environment): Environment {
  for (const [name, [gather, type]] of Object.entries(MACROS)) {
    environment.registerFunction(`list.${name}(ast, ast, ast): ${type}`, macro(gather, type))
    if (name.startsWith('transform'))
      environment.registerFunction(`list.${name}(ast, ast, ast, ast): ${type}`, macro(gather, type))
  }
  return environment
}
