import {
  CloudWatchLogs,
  type LiveTailSessionLogEvent,
  SessionTimeoutException,
  type StartLiveTailResponseStream,
} from '@aws-sdk/client-cloudwatch-logs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ACCOUNT, startAws } from '../support/aws.ts'

// Behaviour: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html

const arn = (name: string) => `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${name}`

let aws: Awaited<ReturnType<typeof startAws>>
let logs: CloudWatchLogs
beforeAll(async () => {
  aws = await startAws({ trail: true })
  // The host name's prefix has no place in an address.
  logs = new CloudWatchLogs({ ...aws.client(), disableHostPrefix: true })
  await logs.createLogGroup({ logGroupName: 'web' })
  for (const logStreamName of ['one', 'two'])
    await logs.createLogStream({ logGroupName: 'web', logStreamName })
})
afterAll(async () => {
  logs.destroy()
  await aws.close()
})

const write = (logStreamName: string, ...messages: string[]) =>
  logs.putLogEvents({
    logGroupName: 'web',
    logStreamName,
    logEvents: messages.map((message) => ({ timestamp: Math.floor(aws.world.clock.now()), message })),
  })

/** The stream of a new session, its start already read. */
async function follow(input: object = {}): Promise<AsyncIterator<StartLiveTailResponseStream>> {
  const { responseStream } = await logs.startLiveTail({ logGroupIdentifiers: [arn('web')], ...input })
  const events = responseStream![Symbol.asyncIterator]()
  const { value } = await events.next()
  expect(value.sessionStart).toMatchObject({
    logGroupIdentifiers: [arn('web')],
    requestId: expect.any(String),
  })
  return events
}

/** The messages of the next update that has some. */
async function next(events: AsyncIterator<StartLiveTailResponseStream>): Promise<LiveTailSessionLogEvent[]> {
  for (;;) {
    await aws.world.advance(1000)
    const { value } = await events.next()
    const results = value.sessionUpdate!.sessionResults!
    if (results.length > 0) return results
  }
}

it('follows what comes into a group, by its pattern and streams', async () => {
  await write('one', 'ERROR before the session')
  const errors = await follow({ logEventFilterPattern: 'ERROR' })
  const second = await follow({ logStreamNames: ['two'] })
  await write('one', 'ERROR first', 'INFO nothing')
  await write('two', 'INFO other', 'ERROR last')
  expect((await next(errors)).map(({ message }) => message)).toEqual(['ERROR first', 'ERROR last'])
  const [first, last] = await next(second)
  expect(first).toEqual({
    logGroupIdentifier: `${ACCOUNT}:web`,
    logStreamName: 'two',
    message: 'INFO other',
    timestamp: expect.any(Number),
    ingestionTime: expect.any(Number),
  })
  expect(last!.message).toBe('ERROR last')
  await errors.return?.()
  await second.return?.()
  expect(aws.errors).toEqual([])
})

it('ends after three hours', async () => {
  const events = await follow()
  aws.world.clock.jumpTo(aws.world.clock.now() + 3 * 3_600_000)
  await expect(
    (async () => {
      for (;;) if ((await events.next()).done) return 'ended without a word'
    })(),
  ).rejects.toThrow(SessionTimeoutException)
})

it('refuses names instead of ARNs, streams of several groups, and groups that there are not', async () => {
  await expect(logs.startLiveTail({ logGroupIdentifiers: ['web'] })).rejects.toMatchObject({
    name: 'InvalidParameterException',
  })
  await expect(
    logs.startLiveTail({ logGroupIdentifiers: [arn('web'), arn('web')], logStreamNames: ['one'] }),
  ).rejects.toMatchObject({ name: 'InvalidParameterException' })
  await expect(logs.startLiveTail({ logGroupIdentifiers: [arn('no-such-group')] })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'The specified log group does not exist.',
  })
})
