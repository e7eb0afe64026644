import type { ModelNode, TypeNode } from '../schema/schema.ts'
import { COMPREHENSIONS, methodName } from './costs.ts'
import { unescaped } from './names.ts'
import { type CelNode, located, offsetOf } from './positions.ts'

/** The type of an expression, as far as it is known. */
export type CelType =
  | 'dyn'
  | 'int'
  | 'double'
  | 'string'
  | 'bool'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'null'
  | { model: ModelNode }
  | { list: CelType }
  | { map: CelType }
  /** What is not known of it may be anything. */
  | { fields: ReadonlyMap<string, CelType> }
  /** It has no other fields. */
  | { object: ReadonlyMap<string, CelType> }

const SCALARS: Readonly<Record<string, CelType>> = {
  string: 'string',
  quantity: 'string',
  int32: 'int',
  int64: 'int',
  double: 'double',
  boolean: 'bool',
  bytes: 'bytes',
  time: 'timestamp',
  microtime: 'timestamp',
}

/** The type of a field of the API. */
export function typeOf(type: TypeNode): CelType {
  switch (type.kind) {
    case 'model':
      return type.model.open ? 'dyn' : { model: type.model }
    case 'array':
      return { list: typeOf(type.of) }
    case 'map':
      return { map: typeOf(type.of) }
    case 'scalar':
      return SCALARS[type.scalar] ?? 'dyn'
    default:
      return 'dyn'
  }
}

const BOOLEAN_METHODS = new Set(['startsWith', 'endsWith', 'contains', 'matches', 're2Matches', 'exists_one'])
const TEXT_METHODS = new Set(['lowerAscii', 'upperAscii', 'trim', 'replace', 'substring', 'charAt', 'find'])
/** Methods that no other type has. */
const OF_TEXTS = new Set(['startsWith', 'endsWith', 'contains', 're2Matches', ...TEXT_METHODS])
const CALLS: Readonly<Record<string, CelType>> = {
  size: 'int',
  int: 'int',
  string: 'string',
  double: 'double',
  bool: 'bool',
  has: 'bool',
  duration: 'duration',
  timestamp: 'timestamp',
}
const ORDER = new Set(['<', '<=', '>', '>=', '==', '!='])
const ARITHMETIC = new Set(['+', '-', '*', '/', '%'])

/** Checks an expression against the types of its variables; what it finds is in the form of cel-go's errors. */
export class TypeChecker {
  readonly errors: string[] = []
  /** The type of each node that was checked. */
  readonly types = new Map<CelNode, CelType>()
  readonly #expression: string
  readonly #names: Map<string, CelType>

  constructor(expression: string, names: Iterable<[string, CelType]>) {
    this.#expression = expression
    this.#names = new Map(names)
  }

  /** The type of a node, `dyn` where it is not known. */
  check(node: CelNode): CelType {
    const type = this.#typeOf(node)
    this.types.set(node, type)
    return type
  }

  #typeOf(node: CelNode): CelType {
    const { op } = node
    switch (op) {
      case 'value':
        return literalType(node.args)
      case 'id':
        return this.#names.get(String(node.args)) ?? 'dyn'
      case '.':
        return this.#field(node)
      case '[]':
        return this.#element(node)
      case 'call':
        return this.#call(node)
      case 'rcall':
        return this.#method(node)
      case 'list':
        return { list: this.#common((node.args as CelNode[]).map((item) => this.check(item))) }
      case '&&':
      case '||':
        for (const side of node.args as CelNode[]) this.check(side)
        return 'bool'
      case '?:': {
        const [condition, yes, no] = node.args as [CelNode, CelNode, CelNode]
        this.check(condition)
        return this.#common([this.check(yes), this.check(no)])
      }
    }
    if (ORDER.has(op) || ARITHMETIC.has(op)) return this.#binary(node)
    this.#visit(node.args)
    return op === '!_' || op === 'in' ? 'bool' : 'dyn'
  }

  #visit(part: unknown): void {
    if (Array.isArray(part)) for (const inner of part) this.#visit(inner)
    else if (isNode(part)) this.check(part)
  }

  #common(types: CelType[]): CelType {
    return types.length > 0 && types.every((type) => type === types[0]) ? types[0]! : 'dyn'
  }

  #fail(node: CelNode, text: string): CelType {
    this.errors.push(located(this.#expression, offsetOf(node, this.#expression), text))
    return 'dyn'
  }

  #field(node: CelNode): CelType {
    const [target, name] = node.args as [CelNode, string]
    const type = this.check(target)
    if (type === 'dyn' || type === 'null') return 'dyn'
    if (typeof type === 'string' || 'list' in type)
      return this.#fail(node, `type '${nameOf(type)}' does not support field selection`)
    if ('map' in type) return type.map
    if ('fields' in type) return type.fields.get(name) ?? 'dyn'
    if ('object' in type) return type.object.get(name) ?? this.#fail(node, `undefined field '${name}'`)
    const field = type.model.fields.get(unescaped(name))
    return field ? typeOf(field.type) : this.#fail(node, `undefined field '${name}'`)
  }

  #element(node: CelNode): CelType {
    const [target, index] = node.args as [CelNode, CelNode]
    this.check(index)
    const type = this.check(target)
    if (typeof type === 'string') return 'dyn'
    return 'list' in type ? type.list : 'map' in type ? type.map : 'dyn'
  }

  #call({ args }: CelNode): CelType {
    const [name, given] = args as [string, CelNode[]]
    for (const argument of given) this.check(argument)
    return CALLS[name] ?? 'dyn'
  }

  #method(node: CelNode): CelType {
    const { args } = node
    const [name, target, given] = args as [string, CelNode, CelNode[]]
    const type = this.check(target)
    if (!COMPREHENSIONS.has(name) || given[0]?.op !== 'id') {
      const types = given.map((argument) => this.check(argument))
      if (OF_TEXTS.has(name) && typeof type === 'string' && type !== 'string' && type !== 'dyn')
        return this.#fail(
          node,
          `found no matching overload for '${methodName(name)}' applied to '${nameOf(type)}.(${types.map(nameOf).join(', ')})'`,
        )
      return BOOLEAN_METHODS.has(name)
        ? 'bool'
        : TEXT_METHODS.has(name)
          ? 'string'
          : name === 'size'
            ? 'int'
            : 'dyn'
    }
    const variable = String(given[0].args)
    const element =
      typeof type === 'string' ? 'dyn' : 'list' in type ? type.list : 'map' in type ? 'string' : 'dyn'
    const hidden = this.#names.get(variable)
    this.#names.set(variable, element)
    const bodies = given.slice(1).map((body) => this.check(body))
    if (hidden === undefined) this.#names.delete(variable)
    else this.#names.set(variable, hidden)
    if (name === 'filter') return type
    return name === 'map' ? { list: bodies.at(-1) ?? 'dyn' } : 'bool'
  }

  #binary(node: CelNode): CelType {
    const [left, right] = (node.args as [CelNode, CelNode]).map((side) => this.check(side)) as [
      CelType,
      CelType,
    ]
    const known = typeof left === 'string' && typeof right === 'string' && ![left, right].includes('dyn')
    const numbers = ORDER.has(node.op) && [left, right].every((type) => type === 'int' || type === 'double')
    const times = ARITHMETIC.has(node.op) && [left, right].includes('duration')
    if (known && left !== right && ![left, right].includes('null') && !numbers && !times)
      return this.#fail(
        node,
        `found no matching overload for '_${node.op}_' applied to '(${nameOf(left)}, ${nameOf(right)})'`,
      )
    if (ORDER.has(node.op)) return 'bool'
    return left === right ? left : 'dyn'
  }
}

const isNode = (part: unknown): part is CelNode => typeof part === 'object' && part !== null && 'op' in part

function literalType(value: unknown): CelType {
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'double'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  return value === null ? 'null' : 'dyn'
}

const NAMES: Readonly<Record<string, string>> = {
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
}

function nameOf(type: CelType): string {
  if (typeof type === 'string') return NAMES[type] ?? type
  if ('list' in type) return `list(${nameOf(type.list)})`
  if ('map' in type) return `map(string, ${nameOf(type.map)})`
  return 'model' in type ? type.model.name : 'object' in type ? 'object' : 'dyn'
}
