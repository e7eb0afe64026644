import { beforeEach, describe, expect, it } from 'vitest'
import { logsService } from '../../../src/aws/logs/index.ts'
import { TestAccount } from './support/account.ts'

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html

const GROUP = '/ecs/web'
let account: TestAccount
const call = (operation: string, input: object) => account.call(logsService, operation, input)

beforeEach(async () => {
  account = new TestAccount()
  await call('CreateLogGroup', { logGroupName: GROUP })
  await call('CreateLogStream', { logGroupName: GROUP, logStreamName: 'web/1' })
  const now = account.world.clock.now()
  const messages = [
    '10.0.0.7 GET /version 200 12ms',
    '10.0.0.8 GET /cart 500 340ms',
    '{"level":"error","user":{"name":"ada"},"ms":30}',
    '10.0.0.7 POST /cart 201 55ms',
  ]
  const logEvents = messages.map((message, index) => ({ message, timestamp: now - (4 - index) * 60_000 }))
  await call('PutLogEvents', { logGroupName: GROUP, logStreamName: 'web/1', logEvents })
})

/** The rows of a query, each as its values; without pointers. */
async function rows(queryString: string): Promise<string[][]> {
  const now = account.world.clock.now()
  const range = { startTime: Math.floor((now - 3_600_000) / 1000), endTime: Math.floor(now / 1000) }
  const { queryId } = await call('StartQuery', { logGroupName: GROUP, queryString, ...range })
  const { results, status } = await call('GetQueryResults', { queryId })
  expect(status).toBe('Complete')
  return results.map((row: { field: string; value: string }[]) =>
    row.filter(({ field }) => field !== '@ptr').map(({ value }) => value),
  )
}

describe('Logs Insights', () => {
  it.each([
    ['fields @timestamp, @message | limit 1', [['2026-11-21 07:59:00.000', '10.0.0.7 POST /cart 201 55ms']]],
    ['fields @message | filter @message like /cart 5\\d\\d/', [['10.0.0.8 GET /cart 500 340ms']]],
    [
      'fields @message | filter @message like "POST" or level = "error" | sort @timestamp asc | display level',
      [['error'], []],
    ],
    ['fields user.name, ms * 2 as twice | filter ispresent(level)', [['ada', '60']]],
    ['filter @message not like "{" | stats count(*) as requests by @logStream', [['web/1', '3']]],
    [
      'parse @message "* * * * *ms" as ip, verb, path, code, took | filter ispresent(took) | stats avg(took), max(took), pct(took, 50) by path | sort path desc',
      [
        ['/version', '12', '12', '12'],
        ['/cart', '197.5', '340', '197.5'],
      ],
    ],
    ['parse /(?<verb>GET|POST) (?<path>\\S+)/ | filter verb in ["POST"] | display path', [['/cart']]],
    [
      'parse @message "* *" as ip, rest | dedup ip | filter ip like "10." | stats count_distinct(ip)',
      [['2']],
    ],
    [
      'stats count(*) by bin(2m) | sort bin(2m)',
      [
        ['2026-11-21 07:56:00.000', '2'],
        ['2026-11-21 07:58:00.000', '2'],
      ],
    ],
    [
      '# a comment\nfields strlen(@message) as size | sort size desc | limit 1 | display size > 40 as long',
      [['1']],
    ],
    ['stats count(*) / 2 as half', [['2']]],
    ['fields coalesce(ms, "none") as took | stats sum(took), avg(took), stddev(took)', [['30', '30', '0']]],
  ])('%s', async (query, expected) => {
    expect(await rows(query)).toEqual(expected)
  })

  it.each([
    ['fields @message | sparkle', 'unknown command sparkle found at position 18'],
    ['fields @message |', undefined],
    ['filter', 'unexpected end of query'],
    [`fields ${'1 + '.repeat(2000)}1`, 'the query has too many operators'],
    ['fields nope(@message)', 'unknown function nope'],
    ['stats sum(', 'unexpected end of query'],
    ['filter @message like /(/', 'invalid regular expression: error parsing regexp: missing closing ): `(`'],
  ])('answers %j as malformed', async (query, message) => {
    if (message === undefined) return expect(await rows(query)).toHaveLength(4)
    await expect(rows(query)).rejects.toMatchObject({
      code: 'MalformedQueryException',
      message,
      fields: { queryCompileError: { message } },
    })
  })

  it('says what it lacks, and keeps its queries', async () => {
    await expect(rows('pattern @message')).rejects.toMatchObject({ code: 'NotImplemented' })
    await rows('fields @message')
    const { queries } = await call('DescribeQueries', { logGroupName: GROUP })
    expect(queries).toMatchObject([{ queryString: 'fields @message', status: 'Complete' }])
    await expect(call('StopQuery', { queryId: queries[0].queryId })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    })
    await expect(call('GetQueryResults', { queryId: 'none' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    })
  })
})
