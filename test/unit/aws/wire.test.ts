import * as autoScaling from '@aws-sdk/client-auto-scaling'
import * as ec2 from '@aws-sdk/client-ec2'
import * as ecr from '@aws-sdk/client-ecr'
import * as eks from '@aws-sdk/client-eks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serviceModel } from '../../../src/aws/wire/model.ts'
import { parseForm, readQuery } from '../../../src/aws/wire/query.ts'
import { AwsError, type Service } from '../../../src/aws/wire/service.ts'
import { compileShape } from '../../../src/aws/wire/shape.ts'
import { ADMINISTRATOR, startAws } from '../../support/aws.ts'

/** Services whose behaviour is an echo: what a client sends must come back through each protocol unharmed. */
const seen: Record<string, unknown> = {}
const eksEcho: Service = {
  name: 'eks',
  sdk: async () => eks,
  actionPrefix: 'eks',
  endpoints: [{ prefix: 'eks' }],
  botocoreName: 'eks',
  handlers: {
    DescribeCluster: ({ name }) => {
      if (name === 'none')
        throw new AwsError('ResourceNotFoundException', 'No cluster found for name: none.', {
          fields: { clusterName: name },
        })
      if (name === 'broken') throw new TypeError('a mistake')
      return { cluster: { name, createdAt: new Date(1_700_000_000_123), tags: { 'a b': '"<&>' } } }
    },
    ListNodegroups: (input) => {
      seen.ListNodegroups = input
      return { nodegroups: [] }
    },
    TagResource: (input) => {
      seen.TagResource = input
      return {}
    },
  },
}
const ecrEcho: Service = {
  name: 'ecr',
  sdk: async () => ecr,
  actionPrefix: 'ecr',
  endpoints: [{ prefix: 'api.ecr' }],
  botocoreName: 'ecr',
  handlers: {
    UploadLayerPart: (input) => {
      seen.UploadLayerPart = input
      return { lastByteReceived: 3 }
    },
    GetAuthorizationToken: () => ({
      authorizationData: [{ authorizationToken: 't', expiresAt: new Date(1_700_000_000_500) }],
    }),
  },
}

let aws: Awaited<ReturnType<typeof startAws>>
beforeAll(async () => {
  aws = await startAws({ services: [eksEcho, ecrEcho] })
})
afterAll(() => aws.close())

describe('REST-JSON', () => {
  it('carries path, query and body there, and dates and maps back', async () => {
    const client = new eks.EKSClient(aws.client())
    const { cluster } = await client.send(new eks.DescribeClusterCommand({ name: "it's a/b %" }))
    expect(cluster).toMatchObject({
      name: "it's a/b %",
      createdAt: new Date(1_700_000_000_123),
      tags: { 'a b': '"<&>' },
    })
    await client.send(new eks.ListNodegroupsCommand({ clusterName: 'c', maxResults: 5, nextToken: 'x=&' }))
    expect(seen.ListNodegroups).toEqual({ clusterName: 'c', maxResults: 5, nextToken: 'x=&' })
    const resourceArn = 'arn:aws:eks:us-east-1:111122223333:cluster/c'
    await client.send(new eks.TagResourceCommand({ resourceArn, tags: { k: 'ü' } }))
    expect(seen.TagResource).toEqual({ resourceArn, tags: { k: 'ü' } })
  })

  it('serializes modelled errors with their status and members', async () => {
    const failure = new eks.EKSClient(aws.client()).send(new eks.DescribeClusterCommand({ name: 'none' }))
    await expect(failure).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'No cluster found for name: none.',
      clusterName: 'none',
      $metadata: { httpStatusCode: 404, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    })
  })

  it('says what it does not simulate, and hides its own mistakes', async () => {
    const client = new eks.EKSClient(aws.client())
    await expect(
      client.send(new eks.DescribeInsightCommand({ clusterName: 'c', id: 'i' })),
    ).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('Drydock does not simulate eks:DescribeInsight'),
      $metadata: { httpStatusCode: 501 },
    })
    await expect(client.send(new eks.DescribeClusterCommand({ name: 'broken' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 500 },
    })
    expect(aws.errors.splice(0)).toEqual([expect.objectContaining({ message: 'a mistake' })])
  })
})

describe('AWS JSON', () => {
  it('carries blobs and dates', async () => {
    const client = new ecr.ECRClient(aws.client())
    const layerPartBlob = new Uint8Array([0, 255, 7])
    await client.send(
      new ecr.UploadLayerPartCommand({
        repositoryName: 'web',
        uploadId: '0b8b6b4e-3a05-4b7e-a6a5-5a9f30d3d7c1',
        partFirstByte: 0,
        partLastByte: 2,
        layerPartBlob,
      }),
    )
    expect(seen.UploadLayerPart).toMatchObject({ layerPartBlob: Buffer.from(layerPartBlob), partLastByte: 2 })
    const { authorizationData } = await client.send(new ecr.GetAuthorizationTokenCommand({}))
    expect(authorizationData?.[0]?.expiresAt).toEqual(new Date(1_700_000_000_500))
  })

  it('words violated constraints as ECR does', async () => {
    const failure = new ecr.ECRClient(aws.client()).send(
      new ecr.CreateRepositoryCommand({ repositoryName: 'Web' }),
    )
    await expect(failure).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringMatching(
        /^Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '/,
      ),
    })
  })
})

describe('Query', () => {
  const read = (sdk: Record<string, unknown>, operation: string, form: string, dialect: 'query' | 'ec2') =>
    readQuery(compileShape((sdk[`${operation}$`] as unknown[])[4]), parseForm(form), dialect)

  it('reads lists, structures and booleans of AWS Query', () => {
    const form =
      'AutoScalingGroupName=g&MinSize=1&MaxSize=3&Tags.member.1.Key=k&Tags.member.1.PropagateAtLaunch=true&LoadBalancerNames.member.2=b&LoadBalancerNames.member.1=a&AvailabilityZones='
    expect(read(autoScaling, 'CreateAutoScalingGroup', form, 'query')).toEqual({
      AutoScalingGroupName: 'g',
      MinSize: 1,
      MaxSize: 3,
      Tags: [{ Key: 'k', PropagateAtLaunch: true }],
      LoadBalancerNames: ['a', 'b'],
      AvailabilityZones: [],
    })
  })

  it('reads EC2’s own names and flattened lists', () => {
    const form = 'Filter.1.Name=tag:a&Filter.1.Value.1=x&Filter.1.Value.2=y&VpcId.1=vpc-1&DryRun=false'
    expect(read(ec2, 'DescribeVpcs', form, 'ec2')).toEqual({
      Filters: [{ Name: 'tag:a', Values: ['x', 'y'] }],
      VpcIds: ['vpc-1'],
      DryRun: false,
    })
  })

  it('knows every operation of every service by its schema', async () => {
    for (const [sdk, least] of [
      [ec2, 700],
      [eks, 60],
      [ecr, 50],
      [autoScaling, 60],
    ] as const) {
      const { operations } = await serviceModel({ sdk: async () => sdk })
      expect(operations.size).toBeGreaterThan(least)
      for (const operation of operations.values()) {
        expect(() => [operation.input, operation.output]).not.toThrow()
      }
    }
  })
})

describe('requests that are not right', () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(aws.endpoint, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })

  it('asks for a signature', async () => {
    const answer = await post('Action=GetCallerIdentity&Version=2011-06-15')
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('<Code>MissingAuthenticationToken</Code>')
  })

  it('lists what a broken Authorization header lacks', async () => {
    const answer = await post('Action=GetCallerIdentity&Version=2011-06-15', {
      authorization: 'AWS4-HMAC-SHA256 Credential=x',
    })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain(
      'Authorization header requires &apos;Signature&apos;'.replaceAll('&apos;', "'"),
    )
  })

  it('refuses a body that is too large without keeping it', async () => {
    const answer = await post(new Uint8Array(29 * 1024 * 1024))
    expect(answer.status).toBe(413)
  })

  it('answers 2,000 mutated requests without an error of its own', async () => {
    let seed = 7
    const random = (limit: number) => {
      seed = (seed * 48271) % 2147483647
      return seed % limit
    }
    const pieces = [
      'Action',
      'CreateRole',
      '.member.',
      '=',
      '&',
      '%',
      '%zz',
      '{',
      '"',
      '\u0000',
      'Tags',
      '1',
      'é',
      '/',
      '[',
      '__proto__',
      'constructor',
    ]
    const open = await startAws({ credentials: 'open', services: [eksEcho, ecrEcho] })
    for (let round = 0; round < 200; round++) {
      const bodies = Array.from({ length: 10 }, () =>
        Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join(''),
      )
      const answers = await Promise.all(
        bodies.map((body, index) =>
          fetch(`${open.endpoint}/${encodeURI(pieces[random(pieces.length)]!).replaceAll('%25', '%')}`, {
            method: 'POST',
            body: index % 2 ? `Action=CreateRole&Version=2010-05-08&${body}` : body,
            headers: {
              'content-type': 'application/x-www-form-urlencoded',
              authorization: `AWS4-HMAC-SHA256 Credential=A/20261121/us-east-1/${['iam', 'ec2', 'eks', 'ecr'][random(4)]}/aws4_request, SignedHeaders=host, Signature=0`,
              'x-amz-date': '20261121T000000Z',
              'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.CreateRepository',
            },
          }),
        ),
      )
      for (const answer of answers) expect([200, 400, 403, 404, 409, 501]).toContain(answer.status)
    }
    expect(open.errors).toEqual([])
    await open.close()
  })
})

it('takes any keys as the administrator when credentials are open', async () => {
  const open = await startAws({ credentials: 'open', services: [eksEcho] })
  const keys = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new eks.EKSClient(open.client(keys))
  await expect(client.send(new eks.DescribeClusterCommand({ name: 'c' }))).resolves.toMatchObject({
    cluster: { name: 'c' },
  })
  await open.close()
  const enforced = new eks.EKSClient(aws.client(keys)).send(new eks.DescribeClusterCommand({ name: 'c' }))
  await expect(enforced).rejects.toMatchObject({ name: 'UnrecognizedClientException' })
  expect(ADMINISTRATOR.accessKeyId).not.toBe(keys.accessKeyId)
})

it('answers by the names that the SDK and the CLI resolve, and by no other', () => {
  const known = [
    'sts.amazonaws.com',
    'sts.us-east-1.amazonaws.com',
    'iam.amazonaws.com',
    'eks.eu-west-1.amazonaws.com',
    'eks.us-east-1.api.aws',
    'api.ecr.us-east-1.amazonaws.com',
    'ecr.us-east-1.api.aws',
    'ec2.us-east-1.amazonaws.com',
    'elasticloadbalancing.us-east-1.amazonaws.com',
  ]
  const unknown = [
    's3.amazonaws.com',
    'eks.amazonaws.com',
    'x.gr7.us-east-1.eks.amazonaws.com',
    'a-1.us-east-1.elb.amazonaws.com',
    'iam.us-east-1.amazonaws.com.evil.org',
    '111122223333.dkr.ecr.us-east-1.amazonaws.com',
  ]
  expect(known.filter((name) => !aws.aws.host(name))).toEqual([])
  expect(unknown.filter((name) => aws.aws.host(name))).toEqual([])
})
