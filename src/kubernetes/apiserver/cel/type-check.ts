import type { ModelNode, TypeNode } from '../schema/schema.ts'
import { methodName, variablesOf } from './costs.ts'
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

const BOOLEAN_METHODS = new Set([
  ...['startsWith', 'endsWith', 'contains', 'matches', 're2Matches', 'isSorted', 'hasValue'],
  ...['equivalent', 'intersects', 'isCanonical', 'containsIP', 'containsCIDR', 'isUnspecified', 'isLoopback'],
  ...['isLinkLocalMulticast', 'isLinkLocalUnicast', 'isGlobalUnicast'],
  ...['isGreaterThan', 'isLessThan', 'isInteger', 'allowed'],
])
const NUMBER_METHODS = new Set([
  ...['size', 'family', 'prefixLength', 'major', 'minor', 'patch', 'compareTo', 'sign', 'asInteger'],
  ...['indexOf', 'lastIndexOf'],
])
const TEXT_METHODS = new Set(['lowerAscii', 'upperAscii', 'trim', 'replace', 'substring', 'charAt', 'find'])
const TEXTS_OF_OTHERS = new Set([
  ...['join', 'quote', 'getScheme', 'getHost', 'getHostname', 'getPort', 'getEscapedPath', 'reason'],
])
/** Methods that no other type has. */
const OF_TEXTS = new Set(['startsWith', 'endsWith', 'contains', 're2Matches', ...TEXT_METHODS])
const CALLS: Readonly<Record<string, CelType>> = {
  size: 'int',
  int: 'int',
  string: 'string',
  double: 'double',
  bool: 'bool',
  has: 'bool',
  isIP: 'bool',
  isCIDR: 'bool',
  isURL: 'bool',
  isQuantity: 'bool',
  isSemver: 'bool',
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
    const variables = variablesOf(name, given)
    if (variables > 0)
      return this.#comprehension(name, type, given.slice(0, variables), given.slice(variables))
    const types = given.map((argument) => this.check(argument))
    if (OF_TEXTS.has(name) && typeof type === 'string' && type !== 'string' && type !== 'dyn')
      return this.#fail(
        node,
        `found no matching overload for '${methodName(name)}' applied to '${nameOf(type)}.(${types.map(nameOf).join(', ')})'`,
      )
    if (BOOLEAN_METHODS.has(name)) return 'bool'
    if (NUMBER_METHODS.has(name)) return 'int'
    return TEXT_METHODS.has(name) || TEXTS_OF_OTHERS.has(name) ? 'string' : 'dyn'
  }

  #comprehension(name: string, range: CelType, variables: CelNode[], bodies: CelNode[]): CelType {
    const isMap = typeof range !== 'string' && 'map' in range
    const isList = typeof range !== 'string' && 'list' in range
    const value = isList ? range.list : isMap ? range.map : 'dyn'
    const key = isList ? 'int' : isMap ? 'string' : 'dyn'
    const types: CelType[] = variables.length === 2 ? [key, value] : [isMap ? key : value]
    const hidden = variables.map(({ args }, index) => {
      const before = this.#names.get(String(args))
      this.#names.set(String(args), types[index]!)
      return before
    })
    const given = bodies.map((body) => this.check(body))
    for (const [index, { args }] of variables.entries()) {
      const before = hidden[index]
      if (before === undefined) this.#names.delete(String(args))
      else this.#names.set(String(args), before)
    }
    const result = given.at(-1) ?? 'dyn'
    switch (name) {
      case 'filter':
        return range
      case 'map':
      case 'transformList':
        return { list: result }
      case 'transformMap':
        return { map: result }
      case 'transformMapEntry':
        return 'dyn'
    }
    return 'bool'
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
