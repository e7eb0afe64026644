import { CloudWatchClient, paginateListMetrics, waitUntilAlarmExists } from '@aws-sdk/client-cloudwatch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { alarmController, cloudWatchService } from '../../src/aws/cloudwatch/index.ts'
import { startAws } from '../support/aws.ts'

// Behaviour: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/;
// texts as public issues of the CLI and Terraform quote them.
const MINUTE = 60_000

let aws: Awaited<ReturnType<typeof startAws>>
beforeAll(async () => {
  aws = await startAws({ services: [cloudWatchService] })
  aws.world.controllers.start(alarmController(aws.world))
})
afterAll(() => aws.close())

async function ok(line: string, ...more: string[]): Promise<string> {
  const { code, stdout, error } = await aws.cli([...line.split(' '), ...more, '--output', 'text'])
  if (code !== 0) throw new Error(error)
  return stdout.trim()
}
async function fails(line: string, ...more: string[]): Promise<string> {
  const { code, error } = await aws.cli([...line.split(' '), ...more])
  expect(code).not.toBe(0)
  return error
}
const at = (ms: number) => new Date(aws.world.clock.now() + ms).toISOString()

it('gathers values by period, in the protocols of the CLI and of the SDK', { timeout: 480_000 }, async () => {
  await ok(
    'cloudwatch put-metric-data --namespace App --metric-name Jobs --dimensions Queue=a --value 3 --unit Count',
  )
  await ok(
    'cloudwatch put-metric-data --namespace App --metric-data MetricName=Jobs,Dimensions=[{Name=Queue,Value=a}],StatisticValues={SampleCount=2,Sum=5,Minimum=1,Maximum=4},Unit=Count',
  )
  expect(
    await ok(
      `cloudwatch get-metric-statistics --namespace App --metric-name Jobs --dimensions Name=Queue,Value=a --statistics Sum SampleCount Maximum --period 3600 --start-time ${at(-3_600_000)} --end-time ${at(MINUTE)} --query Datapoints[0].[SampleCount,Sum,Maximum,Unit]`,
    ),
  ).toBe('3\t8\t4\tCount')
  const query = JSON.stringify([
    {
      Id: 'jobs',
      MetricStat: {
        Metric: { Namespace: 'App', MetricName: 'Jobs', Dimensions: [{ Name: 'Queue', Value: 'a' }] },
        Period: 3600,
        Stat: 'Sum',
      },
    },
  ])
  expect(
    await ok(
      `cloudwatch get-metric-data --start-time ${at(-3_600_000)} --end-time ${at(MINUTE)} --query MetricDataResults[0].[Label,StatusCode,Values[0]] --metric-data-queries`,
      query,
    ),
  ).toBe('Jobs\tComplete\t8')
  expect(await fails('cloudwatch put-metric-data --namespace AWS/EC2 --metric-name x --value 1')).toContain(
    '(InvalidParameterValue) when calling the PutMetricData operation: The value AWS/EC2 for parameter Namespace is invalid.',
  )
  expect(
    await fails(
      `cloudwatch get-metric-statistics --namespace App --metric-name Jobs --statistics Sum --period 60 --start-time ${at(-86_400_000 * 3)} --end-time ${at(0)}`,
    ),
  ).toContain(
    '(InvalidParameterCombination) when calling the GetMetricStatistics operation: You have requested up to 4320 datapoints, which exceeds the limit of 1440.',
  )
  const client = new CloudWatchClient(aws.client())
  const names: string[] = []
  for await (const page of paginateListMetrics({ client }, { Namespace: 'App' }))
    names.push(...page.Metrics!.map(({ MetricName }) => MetricName!))
  expect(names).toEqual(['Jobs'])
  client.destroy()
})

it('moves an alarm by its datapoints, and keeps its history', { timeout: 480_000 }, async () => {
  await ok(
    'cloudwatch put-metric-alarm --alarm-name high --namespace App --metric-name Load --statistic Average --period 60 --evaluation-periods 2 --threshold 10 --comparison-operator GreaterThanThreshold',
  )
  const state = () => ok('cloudwatch describe-alarms --alarm-names high --query MetricAlarms[0].StateValue')
  expect(await state()).toBe('INSUFFICIENT_DATA')
  const client = new CloudWatchClient(aws.client())
  await waitUntilAlarmExists({ client, maxWaitTime: 10 }, { AlarmNames: ['high'] })
  client.destroy()
  // From the beginning of a period, so that each of the values is of a period of its own.
  await aws.world.advance(MINUTE - (aws.world.clock.now() % MINUTE))
  for (let minute = 0; minute < 2; minute++) {
    await ok('cloudwatch put-metric-data --namespace App --metric-name Load --value 20')
    await aws.world.advance(MINUTE)
  }
  await aws.world.advance(5_000)
  expect(await state()).toBe('ALARM')
  expect(
    await ok('cloudwatch describe-alarms --alarm-names high --query MetricAlarms[0].StateReason'),
  ).toMatch(
    /^Threshold Crossed: 2 out of the last 2 datapoints \[20\.0 \(.+\), 20\.0 \(.+\)\] were greater than the threshold \(10\.0\) \(minimum 2 datapoints for OK -> ALARM transition\)\.$/,
  )
  await ok('cloudwatch put-metric-data --namespace App --metric-name Load --value 1')
  await aws.world.advance(MINUTE + 5_000)
  expect(await state()).toBe('OK')
  expect(
    await ok(
      'cloudwatch describe-alarm-history --alarm-name high --history-item-type StateUpdate --query AlarmHistoryItems[].HistorySummary',
    ),
  ).toBe('Alarm updated from ALARM to OK\tAlarm updated from INSUFFICIENT_DATA to ALARM')
  await ok('cloudwatch set-alarm-state --alarm-name high --state-value ALARM --state-reason testing')
  expect(
    await ok('cloudwatch describe-alarms --state-value ALARM --query MetricAlarms[].[AlarmName,StateReason]'),
  ).toBe('high\ttesting')
  await ok('cloudwatch delete-alarms --alarm-names high')
  expect(
    await fails('cloudwatch set-alarm-state --alarm-name high --state-value OK --state-reason x'),
  ).toContain('(ResourceNotFound)')
  expect(await fails('cloudwatch put-composite-alarm --alarm-name x --alarm-rule ALARM(high)')).toContain(
    'Drydock does not simulate cloudwatch:PutCompositeAlarm',
  )
})
