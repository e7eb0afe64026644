import {
  ACCESS,
  ANY_SIZE,
  added,
  CALL,
  either,
  estimatedCall,
  exactly,
  methodName,
  NEW_LIST,
  NEW_MAP,
  type Operand,
  operatorCost,
  product,
  qualifiedName,
  type Size,
  setsCost,
  sum,
  variablesOf,
} from './costs.ts'
import type { CelNode } from './positions.ts'
import type { CelType } from './type-check.ts'

/** A part of an object that expressions may name, with how large it may be. */
export interface Declaration {
  type: CelType
  /** Most characters, elements or entries; 0 for what has no size. */
  most: number
  /** Fewest bytes of its JSON. */
  bytes: number
  /** The elements of a list, the values of a map. */
  items?: Declaration
  /** By their names in CEL. */
  fields?: ReadonlyMap<string, Declaration>
}

/** What is known of a node. */
interface Known {
  cost: number
  declared?: Declaration | undefined
  /** When its size comes from the expression. */
  size?: Size | undefined
  /** The size of its elements. */
  items?: Size | undefined
}

/** The keys of a map: upstream declares them without a length. */
const KEY: Declaration = { type: 'string', most: 0, bytes: 2 }

/** The most that an expression may cost. `types` come from its type check. Models cel-go checker/cost.go. */
export function estimateCost(
  root: CelNode,
  types: ReadonlyMap<CelNode, CelType>,
  variables: Iterable<[string, Declaration]>,
): number {
  return new Estimator(types, variables).visit(root).cost
}

class Estimator {
  readonly #types: ReadonlyMap<CelNode, CelType>
  readonly #names: Map<string, Omit<Known, 'cost'>>

  constructor(types: ReadonlyMap<CelNode, CelType>, variables: Iterable<[string, Declaration]>) {
    this.#types = types
    this.#names = new Map([...variables].map(([name, declared]) => [name, { declared }]))
  }

  visit(node: CelNode): Known {
    const { op } = node
    switch (op) {
      case 'value':
        return { cost: 0, size: literalSize(node.args) }
      case 'id':
        return { ...this.#names.get(String(node.args)), cost: ACCESS }
      case '.': {
        const [target, name] = node.args as [CelNode, string]
        const { cost, declared } = this.visit(target)
        const isStruct = typeof this.#typeOf(target) !== 'string'
        return { cost: sum(cost, isStruct ? ACCESS : 0), declared: declared?.fields?.get(name) }
      }
      case '[]': {
        const [target, index] = node.args as [CelNode, CelNode]
        const { cost, declared, items } = this.visit(target)
        return { cost: sum(sum(cost, this.visit(index).cost), CALL), declared: declared?.items, size: items }
      }
      case 'list': {
        const all = (node.args as CelNode[]).map((item) => [item, this.visit(item)] as const)
        const sizes = all.map(([item, known]) => this.#sizeOf(item, known))
        return {
          cost: all.reduce((cost, [, known]) => sum(cost, known.cost), NEW_LIST),
          size: exactly(all.length),
          items: sizes.reduce(either, sizes[0] ?? exactly(0)),
        }
      }
      case 'map': {
        const entries = node.args as CelNode[][]
        const cost = entries.flat().reduce((so, part) => sum(so, this.visit(part).cost), NEW_MAP)
        return { cost, size: exactly(entries.length) }
      }
      case '&&':
      case '||':
        return { cost: (node.args as CelNode[]).reduce((so, side) => sum(so, this.visit(side).cost), 0) }
      case '?:': {
        const [condition, yes, no] = (node.args as CelNode[]).map((part) => this.visit(part)) as [
          Known,
          Known,
          Known,
        ]
        const [, left, right] = node.args as [CelNode, CelNode, CelNode]
        return {
          cost: sum(condition.cost, Math.max(yes.cost, no.cost)),
          size: either(this.#sizeOf(left, yes), this.#sizeOf(right, no)),
          items: yes.items && no.items && either(yes.items, no.items),
        }
      }
      case '!_':
      case '-_':
        return { cost: sum(this.visit(node.args as CelNode).cost, CALL) }
      case 'call':
        return this.#call(node)
      case 'rcall':
        return this.#method(node)
    }
    return this.#binary(node)
  }

  #binary({ op, args }: CelNode): Known {
    const [left, right] = args as [CelNode, CelNode]
    if (typeof right !== 'object' || right === null) return { cost: sum(this.visit(left).cost, CALL) }
    const [one, other] = [this.visit(left), this.visit(right)]
    const operands = sum(one.cost, other.cost)
    const [a, b] = [this.#sizeOf(left, one), this.#sizeOf(right, other)]
    if (op === 'in') {
      const type = this.#typeOf(right)
      return { cost: sum(operands, typeof type === 'object' && !('list' in type) ? CALL : b.max) }
    }
    // What is not known may be a text, and the dearest reading counts.
    const isText = [left, right].every((side) =>
      ['string', 'bytes', 'dyn'].includes(this.#typeOf(side) as string),
    )
    const cost = sum(operands, operatorCost(op, a.max, b.max, isText))
    return op === '+'
      ? { cost, size: added(a, b), items: one.items && other.items && either(one.items, other.items) }
      : { cost }
  }

  #call({ args }: CelNode): Known {
    const [name, given] = args as [string, CelNode[]]
    if (name === 'has') return { cost: this.visit((given[0]!.args as [CelNode])[0]).cost }
    const known = given.map((argument) => this.visit(argument))
    const operands = known.reduce((cost, one) => sum(cost, one.cost), 0)
    if (name === 'dyn') return { ...known[0], cost: sum(operands, CALL) }
    const { cost, size } = estimatedCall(name, undefined, this.#operands(given, known))
    return { cost: sum(operands, cost), size }
  }

  #method({ args }: CelNode): Known {
    const [name, target, given] = args as [string, CelNode, CelNode[]]
    if (target.op === 'id' && target.args === 'cel' && given[0]?.op === 'id' && given.length > 1)
      return this.#bind(given as [CelNode, CelNode, CelNode])
    if (variablesOf(name, given) > 0) return this.#comprehension(name, target, given)
    const known = given.map((argument) => this.visit(argument))
    const operands = known.reduce((cost, one) => sum(cost, one.cost), 0)
    const given_ = this.#operands(given, known)
    const qualified = qualifiedName(target, name)
    if (qualified?.startsWith('sets.'))
      return { cost: sum(operands, setsCost(given_[0]!.size.max, given_[1]!.size.max)) }
    if (qualified) return { cost: sum(operands, CALL) }
    const own = this.visit(target)
    const [receiver] = this.#operands([target], [own])
    const { cost, size } = estimatedCall(methodName(name), receiver, given_)
    return { cost: sum(sum(own.cost, operands), cost), size }
  }

  /** `cel.bind(name, value, expression)` */
  #bind([name, value, expression]: [CelNode, CelNode, CelNode]): Known {
    const bound = this.visit(value)
    const result = this.#within(String(name.args), bound, () => this.visit(expression))
    return { ...result, cost: sum(sum(NEW_LIST, bound.cost), result.cost) }
  }

  /** A macro over the elements of a list or the keys of a map. */
  #comprehension(name: string, target: CelNode, given: CelNode[]): Known {
    const range = this.visit(target)
    const type = this.#typeOf(target)
    const isMap = typeof type === 'object' && !('list' in type)
    const element = { declared: range.declared && (isMap ? KEY : range.declared.items), size: range.items }
    const variables = variablesOf(name, given)
    const bodies = () => given.slice(variables).map((part) => this.visit(part))
    const [variable, second_] = given.slice(0, 2).map(({ args }) => String(args)) as [string, string]
    const values = { declared: range.declared?.items, size: range.items }
    const parts =
      variables === 2
        ? this.#within(variable, isMap ? { declared: KEY } : { size: exactly(1) }, () =>
            this.#within(second_, values, bodies),
          )
        : this.#within(variable, element, bodies)
    const [first, second] = parts.map(({ cost }) => cost)
    const count = this.#sizeOf(target, range)
    const over = (round: number, end: number): number => sum(range.cost, sum(product(count.max, round), end))
    const pushed = (cost: number) => sum(cost, NEW_LIST + CALL + ACCESS)
    switch (name) {
      case 'all':
        return { cost: over(sum(first!, 3), ACCESS) }
      case 'exists':
        return { cost: over(sum(first!, 4), ACCESS) }
      case 'exists_one':
      case 'existsOne':
        return { cost: over(sum(first!, 2), 2) }
      case 'filter': {
        const size = { min: 0, max: count.max }
        return { cost: over(sum(first!, pushed(ACCESS)), NEW_LIST + ACCESS), size, items: range.items }
      }
    }
    const result = parts.at(-1)!
    const items = either(exactly(0), this.#sizeOf(given.at(-1)!, result))
    const transformed = (cost: number) => {
      if (name === 'transformMap') return sum(cost, CALL + 2 * ACCESS)
      return name === 'transformMapEntry' ? sum(cost, CALL + ACCESS) : pushed(cost)
    }
    const round = second === undefined ? transformed(first!) : sum(first!, transformed(second))
    if (name.startsWith('transformMap'))
      return {
        cost: over(round, NEW_MAP + ACCESS),
        size: count,
        items: name === 'transformMap' ? items : undefined,
      }
    return { cost: over(round, NEW_LIST + ACCESS), size: count, items }
  }

  #within<T>(name: string, known: Omit<Known, 'cost'>, visit: () => T): T {
    const hidden = this.#names.get(name)
    this.#names.set(name, known)
    const result = visit()
    if (hidden) this.#names.set(name, hidden)
    else this.#names.delete(name)
    return result
  }

  #typeOf(node: CelNode): CelType {
    return this.#types.get(node) ?? 'dyn'
  }

  #sizeOf(node: CelNode, { size, declared }: Known): Size {
    if (size && !declared) return size
    if (declared) return { min: 0, max: declared.most }
    return SCALARS.has(this.#typeOf(node) as string) ? exactly(1) : ANY_SIZE
  }

  #operands(nodes: CelNode[], known: Known[]): Operand[] {
    return nodes.map((node, index) => {
      const type = this.#typeOf(node)
      const { declared, items } = known[index]!
      const isList = typeof type === 'object' && 'list' in type
      const isTexts = isList && (type.list === 'string' || type.list === 'bytes')
      const text = declared?.items ? { min: 0, max: declared.items.most } : (items ?? ANY_SIZE)
      const size = this.#sizeOf(node, known[index]!)
      return { size, isList, isText: type === 'string', ...(isTexts && { text }) }
    })
  }
}

/** Types whose values are all of one size. */
const SCALARS = new Set(['int', 'double', 'bool', 'timestamp', 'duration'])

function literalSize(value: unknown): Size {
  if (typeof value === 'string') return exactly([...value].length)
  return exactly(value instanceof Uint8Array ? value.length : 1)
}
