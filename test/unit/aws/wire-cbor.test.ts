import * as cloudwatch from '@aws-sdk/client-cloudwatch'
import { cbor, tag } from '@smithy/core/cbor'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AwsError, type Service } from '../../../src/aws/wire/service.ts'
import { startAws } from '../../support/aws.ts'

// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html: what the CLI speaks to CloudWatch.
const seen: Record<string, unknown> = {}
const echo: Service = {
  name: 'cloudwatch',
  sdk: async () => cloudwatch,
  actionPrefix: 'cloudwatch',
  signingName: 'monitoring',
  endpoints: [{ prefix: 'monitoring' }],
  botocoreName: 'cloudwatch',
  handlers: {
    PutMetricData: (input) => {
      seen.input = input
    },
    GetDashboard: () => {
      throw new AwsError('ResourceNotFound', 'Dashboard none does not exist')
    },
    GetMetricStatistics: () => ({
      Label: 'x',
      Datapoints: [{ Timestamp: new Date(1_700_000_000_500), Average: 1.5 }],
    }),
  },
}

let aws: Awaited<ReturnType<typeof startAws>>
beforeAll(async () => {
  aws = await startAws({ credentials: 'open', services: [echo] })
})
afterAll(() => aws.close())

function post(operation: string, body: Uint8Array) {
  return fetch(`${aws.endpoint}/service/GraniteServiceVersion20100801/operation/${operation}`, {
    method: 'POST',
    body: Buffer.from(body),
    headers: {
      'smithy-protocol': 'rpc-v2-cbor',
      'content-type': 'application/cbor',
      authorization:
        'AWS4-HMAC-SHA256 Credential=A/20261121/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0',
      'x-amz-date': '20261121T000000Z',
    },
  })
}

it('reads numbers, times and lists, and writes them', async () => {
  const time = tag({ tag: 1, value: 1_700_000_000.25 })
  const answer = await post(
    'PutMetricData',
    cbor.serialize({ Namespace: 'App', MetricData: [{ MetricName: 'a', Timestamp: time, Value: 1.5 }] }),
  )
  expect(answer.status).toBe(200)
  expect(seen.input).toEqual({
    Namespace: 'App',
    MetricData: [{ MetricName: 'a', Timestamp: new Date(1_700_000_000_250), Value: 1.5 }],
  })
  const request = { Namespace: 'App', MetricName: 'a', Period: 60, StartTime: time, EndTime: time }
  const stats = await post('GetMetricStatistics', cbor.serialize(request))
  const decoded = cbor.deserialize(new Uint8Array(await stats.arrayBuffer()))
  expect(decoded.Datapoints[0]).toMatchObject({ Average: 1.5, Timestamp: { tag: 1, value: 1_700_000_000.5 } })
})

it('names an error by its shape, and by the code of the Query protocol in a header', async () => {
  const answer = await post('GetDashboard', cbor.serialize({ DashboardName: 'none' }))
  expect(answer.headers.get('x-amzn-query-error')).toBe('ResourceNotFound;Sender')
  expect(cbor.deserialize(new Uint8Array(await answer.arrayBuffer()))).toMatchObject({
    message: 'Dashboard none does not exist',
  })
})

it('answers 1,000 mutated requests without an error of its own', async () => {
  let seed = 11
  const random = (limit: number) => {
    seed = (seed * 48271) % 2147483647
    return seed % limit
  }
  const whole = cbor.serialize({
    Namespace: 'App',
    MetricData: [{ MetricName: 'a', Value: 1, Dimensions: [{ Name: 'b', Value: 'c' }] }],
  })
  const original = Buffer.from(whole)
  for (let round = 0; round < 100; round++) {
    const bodies = Array.from({ length: 10 }, () => {
      const body = Buffer.from(original)
      for (let change = random(6); change >= 0; change--) body[random(body.length)] = random(256)
      return body.subarray(0, 1 + random(body.length))
    })
    const answers = await Promise.all(bodies.map((body) => post('PutMetricData', body)))
    for (const { status } of answers) expect([200, 400]).toContain(status)
  }
  expect(aws.errors).toEqual([])
})

it('refuses null in a list', async () => {
  const metric = { MetricName: 'a', Values: [1, null] }
  for (const [MetricData, message] of [
    [[null], "Expected structure at 'MetricData[0]', found null"],
    [[metric], "Expected number at 'MetricData[0].Values[1]', found null"],
  ] as const) {
    const answer = await post('PutMetricData', cbor.serialize({ Namespace: 'App', MetricData }))
    expect(answer.status).toBe(400)
    const body = cbor.deserialize(new Uint8Array(await answer.arrayBuffer()))
    expect(body).toEqual({ __type: 'SerializationException', message })
  }
})

it('takes half a character of JSON for one that is unknown, so that it can be part of a key', async () => {
  const answer = await fetch(aws.endpoint, {
    method: 'POST',
    body: '{"Namespace":"a\\ud800b","MetricData":[]}',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData',
      authorization:
        'AWS4-HMAC-SHA256 Credential=A/20261121/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0',
      'x-amz-date': '20261121T000000Z',
    },
  })
  expect(answer.status).toBe(200)
  expect(seen.input).toEqual({ Namespace: 'a\ufffdb', MetricData: [] })
})
