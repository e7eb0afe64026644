// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-cli.html
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cloudTrailService } from '../../src/aws/cloudtrail/index.ts'
import { startAws } from '../support/aws.ts'

let aws: Awaited<ReturnType<typeof startAws>>

beforeAll(async () => {
  aws = await startAws({ services: [cloudTrailService], trail: true })
})
afterAll(() => aws.close())

const lookup = async (...words: string[]) => {
  const { stdout, error } = await aws.cli(['cloudtrail', 'lookup-events', ...words])
  if (error) throw new Error(error)
  return (JSON.parse(stdout).Events as { CloudTrailEvent: string }[]).map(({ CloudTrailEvent }) =>
    JSON.parse(CloudTrailEvent),
  )
}

it('tells who called what, with its parameters, its answer and its error, and keeps no secrets', async () => {
  await aws.cli(['ec2', 'create-vpc', '--cidr-block', '10.9.0.0/16'])
  await aws.cli(['ec2', 'delete-vpc', '--vpc-id', 'vpc-00000000000000bad'])
  await aws.cli(['iam', 'create-user', '--user-name', 'eve'])
  await aws.cli(['iam', 'create-access-key', '--user-name', 'eve'])
  const [made] = await lookup('--lookup-attributes', 'AttributeKey=EventName,AttributeValue=CreateVpc')
  expect(made).toMatchObject({
    eventSource: 'ec2.amazonaws.com',
    userIdentity: { type: 'IAMUser', userName: 'admin' },
    awsRegion: 'us-east-1',
    readOnly: false,
    requestParameters: { cidrBlock: '10.9.0.0/16' },
    responseElements: { vpc: { cidrBlock: '10.9.0.0/16' } },
  })
  const [failed] = await lookup('--lookup-attributes', 'AttributeKey=EventName,AttributeValue=DeleteVpc')
  expect(failed).toMatchObject({ errorCode: 'InvalidVpcID.NotFound', responseElements: null })
  const [key] = await lookup('--lookup-attributes', 'AttributeKey=EventName,AttributeValue=CreateAccessKey')
  expect(key.responseElements.accessKey.secretAccessKey).toBe('HIDDEN_DUE_TO_SECURITY_REASONS')
  expect((await lookup('--lookup-attributes', 'AttributeKey=ResourceName,AttributeValue=eve')).length).toBe(2)
  const reads = await lookup(
    '--lookup-attributes',
    'AttributeKey=ReadOnly,AttributeValue=true',
    '--max-items',
    '1',
  )
  expect(reads[0]).toMatchObject({ eventName: 'LookupEvents', readOnly: true })
})
