import {
  ACCESS,
  actualCall,
  CALL,
  methodName,
  NEW_LIST,
  NEW_MAP,
  operatorCost,
  qualifiedName,
  setsCost,
  sizeOf,
  variablesOf,
} from './costs.ts'
import type { CelNode } from './positions.ts'

/** Units that one evaluation may cost. Source: k8s.io/apiserver/pkg/apis/cel/config.go */
export const CALL_LIMIT = 1_000_000
/** Units that all evaluations for one object, or of one policy, may cost together. */
const BUDGET = 10_000_000

export const OUT_OF_BUDGET =
  'validation failed due to running out of cost budget, no further validation rules will be run'

/** What evaluations may still cost together. */
export class Budget {
  #left: number

  constructor(units = BUDGET) {
    this.#left = units
  }

  get isSpent(): boolean {
    return this.#left < 0
  }

  /** Whether an evaluation could be paid. */
  pays(cost: number): boolean {
    this.#left -= cost
    return !this.isSpent
  }
}

/** An evaluation that has cost too much. */
export class CostLimitError extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded')
  }
}

/** What came of an evaluation, and what it has cost. */
export interface Evaluation {
  value?: unknown
  error?: Error
  cost: number
}

/** Counts what evaluations of one expression cost. An expression may be at work while it is evaluated: a policy's variables are. */
class Meter {
  /** The last value of each node, for what is done with it. */
  readonly values = new Map<CelNode, unknown>()
  #cost = 0
  #depth = 0

  run(evaluate: () => unknown): Evaluation {
    const outer = this.#cost
    this.#cost = 0
    this.#depth++
    let result: Pick<Evaluation, 'value' | 'error'>
    try {
      result = { value: evaluate() }
    } catch (error) {
      result = { error: error as Error }
    }
    const cost = this.#cost
    this.#cost = outer
    if (--this.#depth === 0) this.values.clear()
    // The library lets a comprehension go on after an error in one of its steps, this one too.
    return cost > CALL_LIMIT ? { error: new CostLimitError(), cost } : { ...result, cost }
  }

  charge(cost: number): void {
    this.#cost += cost
    if (this.#cost > CALL_LIMIT) throw new CostLimitError()
  }
}

type Evaluate = (evaluator: unknown, node: unknown, context: unknown) => unknown

/** A node of the library's syntax tree after its check. */
interface CheckedNode extends CelNode {
  evaluate: Evaluate
  readonly meta: {
    evaluate: Evaluate
    alternate?: { evaluate: Evaluate }
    macro?: { evaluate: Evaluate }
  }
}

/** What one round of a comprehension costs beside its predicate, by what that gave; and its end. */
const ROUNDS: Readonly<Record<string, { round: (value: unknown) => number; end: number }>> = {
  all: { round: () => 3, end: ACCESS },
  exists: { round: () => 4, end: ACCESS },
  exists_one: { round: (value) => (value === true ? 2 : 1), end: 2 },
  filter: { round: (value) => (value === true ? NEW_LIST + 3 : 1), end: NEW_LIST + ACCESS },
  existsOne: { round: (value) => (value === true ? 2 : 1), end: 2 },
  map: { round: () => NEW_LIST + 2, end: NEW_LIST + ACCESS },
  transformList: { round: () => NEW_LIST + 2, end: NEW_LIST + ACCESS },
  transformMap: { round: () => CALL + 2 * ACCESS, end: NEW_MAP + ACCESS },
  transformMapEntry: { round: () => CALL + ACCESS, end: NEW_MAP + ACCESS },
}

/** Lets every node of a checked tree charge its cost when it has been evaluated; gives what runs it. */
export function metered(root: CelNode): (evaluate: () => unknown) => Evaluation {
  const meter = new Meter()

  function watch(given: CelNode, charge: (value: unknown) => number): void {
    const node = given as CheckedNode
    const { alternate, macro } = node.meta
    const behind = alternate ?? macro
    const evaluate: Evaluate = behind
      ? (evaluator, _, context) => behind.evaluate(evaluator, behind, context)
      : node.meta.evaluate
    node.evaluate = (evaluator, self, context) => {
      const value = evaluate.call(node, evaluator, self, context)
      meter.values.set(node, value)
      meter.charge(charge(value))
      return value
    }
  }

  const lastOf = (node: CelNode) => meter.values.get(node)

  function visit(node: CelNode, round: (value: unknown) => number = () => 0): void {
    const { op } = node
    const both = (cost: (value: unknown) => number) => watch(node, (value) => cost(value) + round(value))
    switch (op) {
      case 'value':
        return both(() => 0)
      case 'id':
        return both(() => ACCESS)
      case '.':
      case '.?':
        visit((node.args as CelNode[])[0]!)
        return both(() => ACCESS)
      case 'list':
        for (const item of node.args as CelNode[]) visit(item)
        return both(() => NEW_LIST)
      case 'map':
        for (const entry of node.args as CelNode[][]) for (const part of entry) visit(part)
        return both(() => NEW_MAP)
      case '&&':
      case '||':
      case '?:':
        for (const part of node.args as CelNode[]) visit(part)
        return both(() => 0)
      case '!_':
      case '-_':
        visit(node.args as CelNode)
        return both(() => CALL)
      case 'call': {
        const [name, args] = node.args as [string, CelNode[]]
        if (name === 'has') return both(presence(args[0]!))
        for (const argument of args) visit(argument)
        return both((value) => actualCall(name, undefined, args.map(lastOf), value))
      }
      case 'rcall': {
        const [name, target, args] = node.args as [string, CelNode, CelNode[]]
        const variables = variablesOf(name, args)
        if (variables > 0) {
          const { round, end } = ROUNDS[name]!
          visit(target)
          for (const part of args.slice(variables)) visit(part, part === args.at(-1) ? round : () => 0)
          return both(() => end)
        }
        if (target.op === 'id' && target.args === 'cel') {
          for (const part of args.slice(1)) visit(part)
          return both(() => NEW_LIST)
        }
        for (const argument of args) visit(argument)
        const qualified = qualifiedName(target, name)
        if (qualified?.startsWith('sets.'))
          return both(() =>
            setsCost(...(args.map((argument) => sizeOf(lastOf(argument))) as [number, number])),
          )
        if (qualified) return both((value) => actualCall(qualified, undefined, args.map(lastOf), value))
        visit(target)
        return both((value) => actualCall(methodName(name), lastOf(target), args.map(lastOf), value))
      }
    }
    const [left, right] = node.args as [CelNode, CelNode]
    visit(left)
    visit(right)
    if (op === '[]' || op === '[?]') return both(() => ACCESS)
    if (op === 'in') return both(() => (Array.isArray(lastOf(right)) ? sizeOf(lastOf(right)) : CALL))
    return both(() =>
      operatorCost(op, sizeOf(lastOf(left)), sizeOf(lastOf(right)), typeof lastOf(left) === 'string'),
    )
  }

  /** `has(self.a.b)` reads `self.a` and asks for `b` at no cost. */
  function presence(node: CelNode): () => number {
    let steps = 0
    for (let part = node; part.op === '.' || part.op === '.?'; part = (part.args as CelNode[])[0]!) steps++
    return () => steps * ACCESS
  }

  visit(root)
  return (evaluate) => meter.run(evaluate)
}
