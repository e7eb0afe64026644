import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch'
import type { Scope } from '../ec2/index.ts'
import { notSimulated, validation } from './errors.ts'
import { evaluateNode } from './math/evaluate.ts'
import { type Range, UNSIMULATED } from './math/functions.ts'
import { MathError, type Node, parseExpression } from './math/parse.ts'
import { isSeries, type Series, type Value } from './math/values.ts'
import { checkPeriod, checkStatistic, dimensionsOf } from './metric-queries.ts'
import { datapoints, statisticOf } from './metrics.ts'

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html */
const ID = /^[a-z][A-Za-z0-9_]*$/

/** Metrics and expressions of one request, each worked out once, when it is first asked for. */
export class MetricQueries {
  readonly #scope: Scope
  readonly #queries: MetricDataQuery[]
  readonly #range: Range
  readonly #nodes = new Map<string, Node>()
  readonly #values = new Map<string, Value>()
  readonly #busy = new Set<string>()

  /** Throws ValidationError for queries that are none. */
  constructor(scope: Scope, queries: MetricDataQuery[], range: Range) {
    this.#scope = scope
    this.#queries = queries
    this.#range = range
    const ids = queries.map(({ Id }) => Id!)
    if (new Set(ids).size < ids.length)
      throw validation('The values for parameter id in MetricDataQueries are not unique.')
    queries.forEach(({ Id, Expression, MetricStat }, index) => {
      const place = `MetricDataQueries.member.${index + 1}`
      if (!ID.test(Id!))
        throw validation(
          `The value ${Id} for parameter ${place}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`,
        )
      if ((Expression === undefined) === (MetricStat === undefined))
        throw validation(`The parameter ${place} must contain either Expression or MetricStat, and not both.`)
      if (Expression !== undefined) this.#nodes.set(Id!, read(Id!, Expression))
      else this.#check(MetricStat!)
    })
    for (const [id, node] of this.#nodes) checkNames(id, node, new Set(ids))
  }

  #check({ Period, Stat }: NonNullable<MetricDataQuery['MetricStat']>): void {
    checkPeriod(Period)
    checkStatistic(Stat!)
  }

  /** The series of a query: one of a metric, one or several of an expression. Throws ValidationError. */
  series(id: string): Series[] {
    const value = this.#guarded(id)
    if (Array.isArray(value)) return value
    if (isSeries(value)) return [value]
    throw validation(`Error in expression '${id}': The expression must return a time series.`)
  }

  #guarded(id: string): Value {
    try {
      return this.#value(id)!
    } catch (error) {
      if (!(error instanceof MathError)) throw error
      throw validation(`Error in expression '${id}': ${error.message}`)
    }
  }

  #value(id: string): Value | undefined {
    const known = this.#values.get(id)
    if (known !== undefined) return known
    const query = this.#queries.find(({ Id }) => Id === id)
    if (!query) return undefined
    if (this.#busy.has(id)) throw new MathError(`Circular reference of '${id}'`)
    this.#busy.add(id)
    const node = this.#nodes.get(id)
    const value = node
      ? evaluateNode(
          node,
          { value: (name) => this.#value(name), metrics: (part) => this.#metrics(part) },
          this.#range,
        )
      : this.#metric(query)
    this.#busy.delete(id)
    this.#values.set(id, value)
    return value
  }

  #metrics(part: string): Series[] {
    return this.#queries
      .filter(({ Id, MetricStat }) => MetricStat !== undefined && Id!.includes(part))
      .map(({ Id }) => this.#value(Id!) as Series)
  }

  #metric({ MetricStat, Label }: MetricDataQuery): Series {
    const { Metric, Period, Stat, Unit } = MetricStat!
    const statistic = checkStatistic(Stat!)
    const period = checkPeriod(Period)
    const metric = {
      namespace: Metric!.Namespace!,
      name: Metric!.MetricName!,
      dimensions: dimensionsOf(Metric!.Dimensions),
      unit: Unit,
    }
    const points = datapoints(this.#scope, metric, period, this.#range.start, this.#range.end)
    return {
      label: Label ?? metric.name,
      period,
      points: new Map(points.map((point) => [point.at, statisticOf(point, statistic)])),
    }
  }
}

function read(id: string, text: string): Node {
  try {
    const node = parseExpression(text)
    const refused = functionsOf(node).find((name) => UNSIMULATED.includes(name))
    if (refused) throw notSimulated(`the function ${refused} of metric math`)
    return node
  } catch (error) {
    if (!(error instanceof MathError)) throw error
    throw validation(`Error in expression '${id}': ${error.message}`)
  }
}

const childrenOf = (node: Node): Node[] =>
  node.kind === 'call'
    ? node.args
    : node.kind === 'list'
      ? node.items
      : node.kind === 'binary'
        ? [node.left, node.right]
        : node.kind === 'negative'
          ? [node.of]
          : []

const functionsOf = (node: Node): string[] => [
  ...(node.kind === 'call' ? [node.name] : []),
  ...childrenOf(node).flatMap(functionsOf),
]

/** Ids begin with a small letter; constants are written large. */
function checkNames(id: string, node: Node, ids: Set<string>): void {
  if (node.kind === 'name' && /^[a-z]/.test(node.name) && !ids.has(node.name))
    throw validation(`Error in expression '${id}': Undefined variable '${node.name}'`)
  for (const child of childrenOf(node)) checkNames(id, child, ids)
}
