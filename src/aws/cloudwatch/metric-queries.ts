import type * as sdk from '@aws-sdk/client-cloudwatch'
import { invalidValue, notSimulated } from './errors.ts'
import type { Dimensions, Statistic } from './records.ts'

const STATISTICS = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum']

export const dimensionsOf = (dimensions: sdk.Dimension[] | undefined): Dimensions =>
  Object.fromEntries((dimensions ?? []).map(({ Name, Value }) => [Name!, Value!]))
export const toDimensions = (dimensions: Dimensions): sdk.Dimension[] =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }))

export function checkPeriod(period: number | undefined): number {
  if (
    period === undefined ||
    !(period === 10 || period === 20 || period === 30 || (period > 0 && period % 60 === 0))
  )
    throw invalidValue('The parameter Period must be a multiple of 60, or 1, 5, 10, 20 or 30.')
  // What is kept are minutes.
  return Math.max(60, period)
}

/** A simple statistic. Percentiles and the like are refused by name. */
export function checkStatistic(name: string): Statistic {
  if (!STATISTICS.includes(name)) throw notSimulated(`the statistic ${name}`)
  return name as Statistic
}
