import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackDriftDetectionStatusCommand,
  DescribeStackResourceCommand,
  DescribeStackResourceDriftsCommand,
  DescribeStacksCommand,
  DetectStackDriftCommand,
  DetectStackResourceDriftCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation'
import {
  AuthorizeSecurityGroupIngressCommand,
  EC2Client,
  ModifySubnetAttributeCommand,
} from '@aws-sdk/client-ec2'
import { DeleteParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  cloudFormationController,
  cloudFormationService,
  driftController,
} from '#aws/cloudformation/index.ts'
import { kmsService } from '#aws/kms/index.ts'
import { ssmService } from '#aws/ssm/index.ts'
import { ADMINISTRATOR, REGION, startAws } from '../../support/aws.ts'

// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/detect-drift-stack.html (read 2026-11)
const TEMPLATE = `Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.90.0.0/16}}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: web
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.90.1.0/24, MapPublicIpOnLaunch: false}}
  Limit: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: '5'}}
  Gateway: {Type: AWS::EC2::InternetGateway}
`
const StackName = 'drift'

let aws: Awaited<ReturnType<typeof startAws>>
let cloudFormation: CloudFormationClient
let ec2: EC2Client
let ssm: SSMClient

beforeAll(async () => {
  aws = await startAws({ services: [cloudFormationService, kmsService, ssmService] })
  aws.world.controllers.start(cloudFormationController(aws.world, aws.aws.invoke))
  aws.world.controllers.start(driftController(aws.world, aws.aws.invoke))
  const options = { endpoint: aws.endpoint, region: REGION, credentials: ADMINISTRATOR }
  cloudFormation = new CloudFormationClient(options)
  ec2 = new EC2Client(options)
  ssm = new SSMClient(options)
  await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody: TEMPLATE }))
  await waitUntilStackCreateComplete({ client: cloudFormation, maxWaitTime: 60, minDelay: 1 }, { StackName })
})
afterAll(() => aws.close())

/** Looks for drift; gives what came of it. */
async function detect() {
  const { StackDriftDetectionId } = await cloudFormation.send(new DetectStackDriftCommand({ StackName }))
  const status = () =>
    cloudFormation.send(new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }))
  await expect.poll(async () => (await status()).DetectionStatus).toBe('DETECTION_COMPLETE')
  const { StackDriftStatus, DriftedStackResourceCount } = await status()
  return [StackDriftStatus, DriftedStackResourceCount]
}

const idOf = async (LogicalResourceId: string) => {
  const asked = new DescribeStackResourceCommand({ StackName, LogicalResourceId })
  return (await cloudFormation.send(asked)).StackResourceDetail!.PhysicalResourceId!
}

it('finds what was changed behind the back of a stack: added, changed, deleted', async () => {
  expect(await detect()).toEqual(['IN_SYNC', 0])
  const rule = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 }
  await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: await idOf('Group'),
      IpPermissions: [{ ...rule, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }],
    }),
  )
  const SubnetId = await idOf('Subnet')
  await ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }))
  await ssm.send(new DeleteParameterCommand({ Name: await idOf('Limit') }))
  expect(await detect()).toEqual(['DRIFTED', 3])

  const { StackResourceDrifts } = await cloudFormation.send(
    new DescribeStackResourceDriftsCommand({ StackName }),
  )
  const told = StackResourceDrifts!.map((one) => [
    one.LogicalResourceId,
    one.StackResourceDriftStatus,
    one.PropertyDifferences,
  ])
  expect(told.sort()).toEqual([
    [
      'Group',
      'MODIFIED',
      [
        {
          PropertyPath: '/SecurityGroupIngress/1',
          DifferenceType: 'ADD',
          ExpectedValue: 'null',
          ActualValue: JSON.stringify({ ...rule, CidrIp: '10.0.0.0/8' }),
        },
      ],
    ],
    ['Limit', 'DELETED', []],
    [
      'Subnet',
      'MODIFIED',
      [
        {
          PropertyPath: '/MapPublicIpOnLaunch',
          DifferenceType: 'NOT_EQUAL',
          ExpectedValue: 'false',
          ActualValue: 'true',
        },
      ],
    ],
    ['Vpc', 'IN_SYNC', []],
  ])
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }))
  expect(Stacks![0]!.DriftInformation!.StackDriftStatus).toBe('DRIFTED')
})

it('looks at one resource, if its type can be looked at', async () => {
  const look = (LogicalResourceId: string) =>
    cloudFormation.send(new DetectStackResourceDriftCommand({ StackName, LogicalResourceId }))
  await expect(look('Gateway')).rejects.toThrow(
    'Drift detection is not supported for resource type AWS::EC2::InternetGateway',
  )
  const SubnetId = await idOf('Subnet')
  await ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: false } }))
  const { StackResourceDrift } = await look('Subnet')
  expect(StackResourceDrift!.StackResourceDriftStatus).toBe('IN_SYNC')
})
