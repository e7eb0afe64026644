import { beforeEach, describe, expect, it } from 'vitest'
import { alarmController, cloudWatchService } from '../../../src/aws/cloudwatch/index.ts'
import { parseExpression } from '../../../src/aws/cloudwatch/math/parse.ts'
import { TestAccount } from './support/account.ts'

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

const MINUTE = 60_000
let account: TestAccount
const call = (operation: string, input: object) => account.call(cloudWatchService, operation, input)

beforeEach(() => {
  account = new TestAccount()
})

/** Puts the values of a metric, one a minute, the last of them in the minute before now; undefined leaves one out. */
async function put(MetricName: string, values: (number | undefined)[]): Promise<void> {
  const now = account.world.clock.now()
  const MetricData = values.flatMap((Value, index) =>
    Value === undefined
      ? []
      : [{ MetricName, Value, Timestamp: new Date(now - (values.length - index) * MINUTE) }],
  )
  await call('PutMetricData', { Namespace: 'shop', MetricData })
}

const metric = (Id: string, MetricName: string, rest: object = {}) => ({
  Id,
  MetricStat: { Metric: { Namespace: 'shop', MetricName }, Period: 60, Stat: 'Sum' },
  ReturnData: false,
  ...rest,
})

async function value(Expression: string): Promise<number[]> {
  const now = account.world.clock.now()
  const { MetricDataResults } = await call('GetMetricData', {
    StartTime: new Date(now - 4 * MINUTE),
    EndTime: new Date(now),
    ScanBy: 'TimestampAscending',
    MetricDataQueries: [metric('a', 'a'), metric('b', 'b'), { Id: 'e', Expression }],
  })
  return MetricDataResults.flatMap(({ Values }: { Values: number[] }) => Values)
}

describe('metric math', () => {
  beforeEach(async () => {
    await put('a', [2, 4, undefined, 8])
    await put('b', [1, undefined, 5, 2])
  })

  it.each([
    ['a + b', [3, 10]],
    ['a / b * 100', [200, 400]],
    ['-a ^ 2', [4, 16, 64]],
    ['2 * (a - 1)', [2, 6, 14]],
    ['a > 3', [0, 1, 1]],
    ['a >= 4 AND b < 3', [0, 1]],
    ['SUM([a, b])', [3, 4, 5, 10]],
    ['SUM(METRICS())', [3, 4, 5, 10]],
    ['AVG(METRICS("a"))', [2, 4, 8]],
    ['MAX([a, b])', [2, 4, 5, 8]],
    ['a - AVG(a)', [2 - 14 / 3, 4 - 14 / 3, 8 - 14 / 3]],
    ['FILL(a, 0)', [2, 4, 0, 8]],
    ['FILL(a, REPEAT)', [2, 4, 4, 8]],
    ['FILL(a, LINEAR)', [2, 4, 6, 8]],
    ['IF(a > 3, a, 0)', [0, 4, 8]],
    ['RATE(a)', [2 / 60, 4 / 120]],
    ['DIFF(a)', [2, 4]],
    ['RUNNING_SUM(a)', [2, 6, 14]],
    ['a / PERIOD(a)', [2 / 60, 4 / 60, 8 / 60]],
    ['CEIL(a / 3)', [1, 2, 3]],
    ['FIRST(SORT([b, a], SUM, DESC))', [2, 4, 8]],
    ['a / (a - a)', []],
  ])('%s', async (expression, expected) => {
    expect((await value(expression)).map((one) => Number(one.toFixed(9)))).toEqual(
      expected.map((one) => Number(one.toFixed(9))),
    )
  })

  it.each([
    ['c + 1', "Error in expression 'e': Undefined variable 'c'"],
    ['a +', "Error in expression 'e': The expression is incomplete"],
    ['e + 1', "Error in expression 'e': Circular reference of 'e'"],
    ['SUM(a)', "Error in expression 'e': The expression must return a time series."],
    ['NOPE(a)', "Error in expression 'e': Undefined function 'NOPE'"],
    ['a # b', "Error in expression 'e': Unexpected symbol '#'"],
  ])('refuses %s', async (expression, message) => {
    await expect(value(expression)).rejects.toMatchObject({ code: 'ValidationError', message })
  })

  it.each(['FILL(a, 0)', 'TIME_SERIES(1)'])(
    '%s makes the latest points of a range of decades',
    async (Expression) => {
      const now = account.world.clock.now()
      const { MetricDataResults } = await call('GetMetricData', {
        StartTime: new Date(0),
        EndTime: new Date(now),
        MetricDataQueries: [metric('a', 'a'), { Id: 'e', Expression }],
      })
      const [{ Timestamps }] = MetricDataResults
      expect(Timestamps).toHaveLength(15 * 24 * 60)
      expect(Timestamps[0]).toEqual(new Date(now - MINUTE))
    },
  )

  it('reads an expression of any depth without falling', () => {
    expect(() => parseExpression('('.repeat(1000))).toThrow('The expression is too deep')
  })

  it('is what an alarm can watch', async () => {
    account.world.controllers.start(alarmController(account.world))
    const alarm = {
      AlarmName: 'errors',
      EvaluationPeriods: 1,
      Threshold: 20,
      ComparisonOperator: 'GreaterThanThreshold',
      Metrics: [metric('errors', 'b'), metric('all', 'a'), { Id: 'rate', Expression: '100 * errors / all' }],
    }
    await expect(call('PutMetricAlarm', { ...alarm, MetricName: 'a' })).rejects.toMatchObject({
      code: 'ValidationError',
    })
    for (const Expression of ['SUM(all)', 'METRICS()'])
      await expect(
        call('PutMetricAlarm', {
          ...alarm,
          Metrics: [...alarm.Metrics.slice(0, 2), { Id: 'e', Expression }],
        }),
      ).rejects.toMatchObject({ code: 'ValidationError', message: expect.stringContaining('time series') })
    await call('PutMetricAlarm', alarm)
    await account.world.advance(1000)
    const { MetricAlarms } = await call('DescribeAlarms', {})
    expect(MetricAlarms[0]).toMatchObject({
      StateValue: 'ALARM',
      StateReason: expect.stringContaining(
        '[25.0 (21/11/26 07:59:00)] was greater than the threshold (20.0)',
      ),
    })
    expect(MetricAlarms[0].Metrics.map(({ Id }: { Id: string }) => Id)).toEqual(['errors', 'all', 'rate'])
    expect(MetricAlarms[0].MetricName).toBeUndefined()
  })
})
