import { callFunction, negated, type Range } from './functions.ts'
import { MathError, type Node } from './parse.ts'
import { combine, isSeries, type Series, type Value } from './values.ts'

/** The other queries of a request, as an expression sees them by their ids. */
export interface Known {
  /** Undefined: there is none of that id. */
  value(id: string): Value | undefined
  /** All metrics, not expressions, whose id has a text in it. */
  metrics(part: string): Series[]
}

/** Constants that stand without quotes. */
const WORDS = new Set(['REPEAT', 'LINEAR', 'AVG', 'MIN', 'MAX', 'SUM', 'ASC', 'DESC'])

/** The value of an expression. Throws MathError. */
export function evaluateNode(node: Node, known: Known, range: Range): Value {
  const value = (inner: Node) => evaluateNode(inner, known, range)
  switch (node.kind) {
    case 'number':
    case 'text':
      return node.value
    case 'name': {
      const found = known.value(node.name)
      if (found !== undefined) return found
      if (WORDS.has(node.name.toUpperCase())) return node.name.toUpperCase()
      throw new MathError(`Undefined variable '${node.name}'`)
    }
    case 'list':
      return node.items.flatMap((item) => {
        const one = value(item)
        if (Array.isArray(one)) return one
        if (isSeries(one)) return [one]
        throw new MathError('An array holds time series only')
      })
    case 'negative':
      return negated(value(node.of))
    case 'binary':
      return combine(node.operator, value(node.left), value(node.right))
    case 'call':
      if (node.name === 'METRICS') {
        const [part] = node.args.map(value)
        return known.metrics(part === undefined ? '' : String(part))
      }
      return callFunction(node.name, node.args.map(value), range)
  }
}
