// Texts and statuses: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/ (view-stack-events, updating-stacks, using-cfn-updating-stacks-changesets).
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cloudFormationController, cloudFormationService } from '../../src/aws/cloudformation/index.ts'
import { clusterController, eksService } from '../../src/aws/eks/index.ts'
import { kmsService } from '../../src/aws/kms/index.ts'
import { secretsManagerService } from '../../src/aws/secretsmanager/index.ts'
import { ssmService } from '../../src/aws/ssm/index.ts'
import { startAws } from '../support/aws.ts'

let aws: Awaited<ReturnType<typeof startAws>>
let folder: string

beforeAll(async () => {
  aws = await startAws({
    services: [cloudFormationService, eksService, kmsService, secretsManagerService, ssmService],
  })
  aws.world.controllers.start(cloudFormationController(aws.world, aws.aws.invoke))
  aws.world.controllers.start(clusterController(aws.world))
  folder = await mkdtemp(join(tmpdir(), 'drydock-cloudformation-'))
})
afterAll(async () => {
  await aws.close()
  await rm(folder, { recursive: true })
})

/** Writes a template; gives what the CLI takes for it. */
async function template(name: string, text: string): Promise<string> {
  const file = join(folder, `${name}.yaml`)
  await writeFile(file, text)
  return file
}

/** What a command of `aws cloudformation` prints; fails when it fails. */
async function ok(...words: string[]): Promise<string> {
  const { code, stdout, error } = await aws.cli(['cloudformation', ...words, '--output', 'text'])
  if (code !== 0) throw new Error(error)
  return stdout
}
const fails = async (...words: string[]) => (await aws.cli(['cloudformation', ...words])).error
const aside = async (...words: string[]) => (await aws.cli([...words, '--output', 'text'])).stdout

const NETWORK = `
AWSTemplateFormatVersion: '2010-09-09'
Description: A network
Parameters:
  Block: {Type: String, Default: 10.20.0.0/16}
  Public: {Type: String, Default: 'yes', AllowedValues: ['yes', 'no']}
Conditions:
  IsPublic: !Equals [!Ref Public, 'yes']
Mappings:
  Names: {us-east-1: {Short: use1}}
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: !Ref Block
      Tags: [{Key: Name, Value: !Join ['-', [!Ref 'AWS::StackName', !FindInMap [Names, !Ref 'AWS::Region', Short]]]}]
  Subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: !Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]
      AvailabilityZone: !Select [0, !GetAZs '']
      MapPublicIpOnLaunch: !If [IsPublic, true, !Ref 'AWS::NoValue']
  Gateway: {Type: AWS::EC2::InternetGateway, Condition: IsPublic}
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Condition: IsPublic
    Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: 'sts:AssumeRole'}]
Outputs:
  VpcId: {Value: !Ref Vpc, Description: The network, Export: {Name: !Sub '\${AWS::StackName}-vpc'}}
  RoleArn: {Value: !GetAtt Role.Arn}
`

it('makes what a template says, in the order of its dependencies, with the functions resolved', async () => {
  const file = await template('network', NETWORK)
  expect(await ok('validate-template', '--template-body', `file://${file}`)).toContain('CAPABILITY_IAM')
  expect(await fails('create-stack', '--stack-name', 'net', '--template-body', `file://${file}`)).toContain(
    '(InsufficientCapabilitiesException) when calling the CreateStack operation: Requires capabilities : [CAPABILITY_IAM]',
  )
  await ok(
    'create-stack',
    '--stack-name',
    'net',
    '--template-body',
    `file://${file}`,
    '--capabilities',
    'CAPABILITY_IAM',
    '--tags',
    'Key=team,Value=web',
  )
  await ok('wait', 'stack-create-complete', '--stack-name', 'net')
  const vpc = await ok(
    'describe-stacks',
    '--stack-name',
    'net',
    '--query',
    "Stacks[0].Outputs[?OutputKey=='VpcId'].OutputValue",
  )
  expect(vpc).toMatch(/^vpc-/)
  const tags = await aside('ec2', 'describe-vpcs', '--vpc-ids', vpc, '--query', 'Vpcs[0].Tags[].[Key,Value]')
  expect(tags).toContain('Name\tnet-use1')
  expect(tags).toContain('team\tweb')
  expect(tags).toContain('aws:cloudformation:logical-id\tVpc')
  expect(
    await aside(
      'ec2',
      'describe-subnets',
      '--filters',
      `Name=vpc-id,Values=${vpc}`,
      '--query',
      'Subnets[0].[CidrBlock,MapPublicIpOnLaunch]',
    ),
  ).toBe('10.20.1.0/24\tTrue')
  expect(await ok('list-exports', '--query', 'Exports[].[Name,Value]')).toBe(`net-vpc\t${vpc}`)
  const events = await ok(
    'describe-stack-events',
    '--stack-name',
    'net',
    '--query',
    'StackEvents[].[LogicalResourceId,ResourceStatus]',
  )
  const order = events.split('\n').reverse()
  expect(order[0]).toBe('net\tCREATE_IN_PROGRESS')
  expect(order.at(-1)).toBe('net\tCREATE_COMPLETE')
  expect(order.indexOf('Vpc\tCREATE_COMPLETE')).toBeLessThan(order.indexOf('Subnet\tCREATE_IN_PROGRESS'))
  expect(
    await ok(
      'list-stack-resources',
      '--stack-name',
      'net',
      '--query',
      'StackResourceSummaries[?ResourceType==`AWS::IAM::Role`].PhysicalResourceId',
    ),
  ).toMatch(/^net-Role-[0-9A-Z]{12}$/)
  expect(
    await fails(
      'create-stack',
      '--stack-name',
      'net',
      '--template-body',
      `file://${file}`,
      '--capabilities',
      'CAPABILITY_IAM',
    ),
  ).toContain('(AlreadyExistsException) when calling the CreateStack operation: Stack [net] already exists')
})

it('uses the exports of other stacks, and keeps a stack whose export is used', async () => {
  const file = await template(
    'subnet',
    `
Resources:
  Extra:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !ImportValue net-vpc, CidrBlock: 10.20.9.0/24}
`,
  )
  await ok('deploy', '--stack-name', 'extra', '--template-file', file)
  expect(await ok('list-imports', '--export-name', 'net-vpc', '--query', 'Imports')).toBe('extra')
  await ok('delete-stack', '--stack-name', 'net')
  expect(
    await ok(
      'describe-stacks',
      '--stack-name',
      'net',
      '--query',
      'Stacks[0].[StackStatus,StackStatusReason]',
    ),
  ).toBe('CREATE_COMPLETE\tDelete canceled. Cannot delete export net-vpc as it is in use by extra.')
  await ok('delete-stack', '--stack-name', 'extra')
  await ok('wait', 'stack-delete-complete', '--stack-name', 'extra')
})

it('shows in a change set what an update would do, and does it', async () => {
  const file = await template('network', NETWORK)
  expect(
    await ok(
      'deploy',
      '--stack-name',
      'net',
      '--template-file',
      file,
      '--capabilities',
      'CAPABILITY_IAM',
      '--tags',
      'team=web',
    ),
  ).toContain('No changes to deploy. Stack net is up to date')
  expect(
    await fails(
      'update-stack',
      '--stack-name',
      'net',
      '--use-previous-template',
      '--capabilities',
      'CAPABILITY_IAM',
    ),
  ).toContain('No updates are to be performed.')
  await ok(
    'create-change-set',
    '--stack-name',
    'net',
    '--change-set-name',
    'private',
    '--use-previous-template',
    '--capabilities',
    'CAPABILITY_IAM',
    '--parameters',
    'ParameterKey=Public,ParameterValue=no',
    'ParameterKey=Block,UsePreviousValue=true',
  )
  await ok('wait', 'change-set-create-complete', '--stack-name', 'net', '--change-set-name', 'private')
  const changes = await ok(
    'describe-change-set',
    '--stack-name',
    'net',
    '--change-set-name',
    'private',
    '--query',
    'Changes[].ResourceChange.[Action,LogicalResourceId,Replacement]',
  )
  expect(changes.split('\n').sort()).toEqual([
    'Modify\tSubnet\tFalse',
    'Remove\tAttachment\tNone',
    'Remove\tGateway\tNone',
  ])
  await ok('execute-change-set', '--stack-name', 'net', '--change-set-name', 'private')
  await ok('wait', 'stack-update-complete', '--stack-name', 'net')
  expect(
    await ok(
      'list-stack-resources',
      '--stack-name',
      'net',
      '--query',
      'StackResourceSummaries[].LogicalResourceId',
    ),
  ).toBe('Role\tSubnet\tVpc')
  expect(
    await aside(
      'ec2',
      'describe-internet-gateways',
      '--filters',
      'Name=tag:aws:cloudformation:stack-name,Values=net',
      '--query',
      'InternetGateways',
    ),
  ).toBe('')
})

it('goes back when an update fails, replacements included', async () => {
  const group = (name: string, bad: string) => `
Resources:
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: ${name}}}
  Logs: {Type: AWS::Logs::LogGroup, DependsOn: Group, Properties: {RetentionInDays: ${bad}}}
`
  await ok('deploy', '--stack-name', 'turn', '--template-file', await template('turn', group('first', '7')))
  const before = await ok(
    'describe-stack-resource',
    '--stack-name',
    'turn',
    '--logical-resource-id',
    'Group',
    '--query',
    'StackResourceDetail.PhysicalResourceId',
  )
  await ok(
    'update-stack',
    '--stack-name',
    'turn',
    '--template-body',
    `file://${await template('turn', group('second', '8'))}`,
  )
  expect(await fails('wait', 'stack-update-complete', '--stack-name', 'turn')).toContain(
    'UPDATE_ROLLBACK_COMPLETE',
  )
  expect(
    await ok(
      'describe-stack-resource',
      '--stack-name',
      'turn',
      '--logical-resource-id',
      'Group',
      '--query',
      'StackResourceDetail.PhysicalResourceId',
    ),
  ).toBe(before)
  const events = await ok(
    'describe-stack-events',
    '--stack-name',
    'turn',
    '--query',
    'StackEvents[].[LogicalResourceId,ResourceStatus,ResourceStatusReason]',
  )
  expect(events).toContain(
    'Group\tUPDATE_IN_PROGRESS\tRequested update requires the creation of a new physical resource; hence creating one.',
  )
  expect(events).toMatch(
    /Logs\tUPDATE_FAILED\tResource handler returned message: ".*Member must satisfy enum value set.*\(Service: Logs, Status Code: 400, .*HandlerErrorCode: InvalidRequest\)/,
  )
  expect(events).toContain(
    'turn\tUPDATE_ROLLBACK_IN_PROGRESS\tThe following resource(s) failed to update: [Logs].',
  )
  expect(
    await aside(
      'ec2',
      'describe-security-groups',
      '--filters',
      'Name=description,Values=first,second',
      '--query',
      'SecurityGroups[].Description',
    ),
  ).toBe('first')
})

it('takes back what it made when a creation fails', async () => {
  const file = await template(
    'bad',
    `
Resources:
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: doomed}}
  Subnet: {Type: AWS::EC2::Subnet, DependsOn: Group, Properties: {VpcId: vpc-00000000000000bad, CidrBlock: 10.0.0.0/24}}
  Typo: {Type: AWS::EC2::VPC, DependsOn: Group, Properties: {CidrBlok: 10.0.0.0/24}}
`,
  )
  await ok('create-stack', '--stack-name', 'bad', '--template-body', `file://${file}`)
  expect(await fails('wait', 'stack-create-complete', '--stack-name', 'bad')).toContain('ROLLBACK_COMPLETE')
  const reasons = await ok(
    'describe-stack-events',
    '--stack-name',
    'bad',
    '--query',
    'StackEvents[].[LogicalResourceId,ResourceStatusReason]',
  )
  expect(reasons).toContain(
    "The vpc ID 'vpc-00000000000000bad' does not exist (Service: Ec2, Status Code: 400",
  )
  expect(reasons).toContain(
    'Properties validation failed for resource Typo with message:\n#: extraneous key [CidrBlok] is not permitted',
  )
  expect(reasons).toContain(
    'The following resource(s) failed to create: [Subnet, Typo]. Rollback requested by user.',
  )
  expect(
    await aside(
      'ec2',
      'describe-security-groups',
      '--filters',
      'Name=description,Values=doomed',
      '--query',
      'SecurityGroups',
    ),
  ).toBe('')
})

it('makes nothing that its owner may not make', async () => {
  await aside('iam', 'create-user', '--user-name', 'builder')
  await aside(
    'iam',
    'put-user-policy',
    '--user-name',
    'builder',
    '--policy-name',
    'stacks',
    '--policy-document',
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'cloudformation:*', Resource: '*' }],
    }),
  )
  const [AccessKeyId, SecretAccessKey] = (
    await aside(
      'iam',
      'create-access-key',
      '--user-name',
      'builder',
      '--query',
      'AccessKey.[AccessKeyId,SecretAccessKey]',
    )
  ).split('\t')
  const keys = { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey! }
  const file = await template(
    'forbidden',
    'Resources: {Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}}',
  )
  await aws.cli(
    ['cloudformation', 'create-stack', '--stack-name', 'forbidden', '--template-body', `file://${file}`],
    keys,
  )
  await fails('wait', 'stack-create-complete', '--stack-name', 'forbidden')
  expect(
    await ok(
      'describe-stack-events',
      '--stack-name',
      'forbidden',
      '--query',
      'StackEvents[].ResourceStatusReason',
    ),
  ).toMatch(/user\/builder is not authorized to perform: ec2:CreateVpc.*HandlerErrorCode: AccessDenied/)
})

it.each([
  ['Resources: {}', 'Template format error: At least one Resources member must be defined.'],
  [
    'Resources: {A: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Ref Nope}}}',
    'Template format error: Unresolved resource dependencies [Nope] in the Resources block of the template',
  ],
  [
    'Resources: {A: {Type: AWS::EC2::VPC, DependsOn: B}, B: {Type: AWS::EC2::VPC, DependsOn: A}}',
    'Circular dependency between resources: [A, B]',
  ],
  ['Resources: {A: {Type: Foo}}', 'Template format error: Unrecognized resource types: [Foo]'],
  [
    'Resources: {A: {Type: AWS::S3::Bucket}}',
    'Drydock does not simulate these resource types in CloudFormation: [AWS::S3::Bucket]',
  ],
  [
    'Resources: {A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "https://a.s3.amazonaws.com/b"}}}',
    'Drydock does not simulate nested stacks (AWS::CloudFormation::Stack): their TemplateURL leads to Amazon S3',
  ],
  ['Resources: [', 'Template format error: YAML not well-formed. (line 1, column 13)'],
  [
    '{"Parameters": {"N": {"Type": "Number"}}, "Resources": {"A": {"Type": "AWS::EC2::VPC"}}}',
    'Parameters: [N] must have values',
  ],
])('refuses the template %s', async (text, message) => {
  const error = await fails('create-stack', '--stack-name', 'never', '--template-body', text)
  expect(error).toContain(`(ValidationError) when calling the CreateStack operation: ${message}`)
})

it('refuses stack sets by their operation’s name', async () => {
  expect(await fails('create-stack-set', '--stack-set-name', 'all')).toContain(
    '(NotImplemented) when calling the CreateStackSet operation: Drydock does not simulate cloudformation:CreateStackSet',
  )
})

it('deletes a stack in the reverse order, and leaves what shall be kept', async () => {
  const file = await template(
    'kept',
    'Resources: {Logs: {Type: AWS::Logs::LogGroup, DeletionPolicy: Retain, Properties: {LogGroupName: kept}}}',
  )
  await ok('deploy', '--stack-name', 'kept', '--template-file', file)
  await ok('update-termination-protection', '--stack-name', 'kept', '--enable-termination-protection')
  expect(await fails('delete-stack', '--stack-name', 'kept')).toContain(
    'Stack [kept] cannot be deleted while TerminationProtection is enabled',
  )
  await ok('update-termination-protection', '--stack-name', 'kept', '--no-enable-termination-protection')
  for (const name of ['kept', 'net']) {
    await ok('delete-stack', '--stack-name', name)
    await ok('wait', 'stack-delete-complete', '--stack-name', name)
  }
  expect(await aside('logs', 'describe-log-groups', '--query', 'logGroups[].logGroupName')).toContain('kept')
  expect(
    await aside('ec2', 'describe-vpcs', '--filters', 'Name=cidr,Values=10.20.0.0/16', '--query', 'Vpcs'),
  ).toBe('')
  expect(await fails('describe-stacks', '--stack-name', 'net')).toContain('Stack with id net does not exist')
  expect(await fails('get-template')).toContain('Either Stack Name or Change Set Name must be specified.')
  expect(
    await ok(
      'list-stacks',
      '--stack-status-filter',
      'DELETE_COMPLETE',
      '--query',
      'StackSummaries[].StackName',
    ),
  ).toContain('net')
  expect(aws.errors).toEqual([])
})

it('takes values from Parameter Store and Secrets Manager, and keeps none of the latter', async () => {
  await aside('ssm', 'put-parameter', '--name', '/net/block', '--type', 'String', '--value', '10.77.0.0/16')
  await aside('secretsmanager', 'create-secret', '--name', 'team', '--secret-string', '{"owner":"ada"}')
  const file = await template(
    'stored',
    `
Parameters:
  Block: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /net/block}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Ref Block}}
  Key: {Type: AWS::KMS::Key, Properties: {Description: '{{resolve:secretsmanager:team:SecretString:owner}}'}}
Outputs:
  Key: {Value: !GetAtt Key.Arn}
`,
  )
  await ok('deploy', '--stack-name', 'stored', '--template-file', file)
  const arn = await ok(
    'describe-stacks',
    '--stack-name',
    'stored',
    '--query',
    'Stacks[0].Outputs[0].OutputValue',
  )
  expect(await aside('kms', 'describe-key', '--key-id', arn, '--query', 'KeyMetadata.Description')).toBe(
    'ada',
  )
  expect(await aside('ec2', 'describe-vpcs', '--query', 'Vpcs[].CidrBlock')).toContain('10.77.0.0/16')
  const events = await ok(
    'describe-stack-events',
    '--stack-name',
    'stored',
    '--query',
    'StackEvents[].ResourceProperties',
  )
  expect(events).not.toContain('ada')
})

// https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html
it('upgrades an EKS cluster by a version that its template did not have, and takes none back', async () => {
  aws.world.clock.setSpeed(10)
  const subnets = await aside('ec2', 'describe-subnets', '--query', 'Subnets[:2].SubnetId')
  const apply = async (operation: string, properties: string) => {
    const file = await template(
      'eks',
      `
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {Service: eks.amazonaws.com}, Action: 'sts:AssumeRole'}]}
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonEKSClusterPolicy']
  Cluster: {Type: AWS::EKS::Cluster, Properties: {Name: stacked, RoleArn: !GetAtt Role.Arn, ResourcesVpcConfig: {SubnetIds: [${subnets.trim().split(/\s+/)}]}${properties}}}
`,
    )
    const stack = ['--stack-name', 'eks']
    const body = ['--template-body', `file://${file}`, '--capabilities', 'CAPABILITY_IAM']
    await ok(operation, ...stack, ...body)
    const status = () => ok('describe-stacks', ...stack, '--query', 'Stacks[0].StackStatus')
    // The waiter of the CLI looks once in 30 seconds.
    await expect.poll(status, { timeout: 20_000 }).toMatch(/^(CREATE|UPDATE)_COMPLETE$/)
    const query = 'cluster.[version,upgradePolicy.supportType]'
    return (await aside('eks', 'describe-cluster', '--name', 'stacked', '--query', query)).trim()
  }
  expect(await apply('create-stack', ", Version: '1.34'")).toBe('1.34\tEXTENDED')
  // What its template no longer says stays as it is.
  expect(await apply('update-stack', ', UpgradePolicy: {SupportType: STANDARD}')).toBe('1.34\tSTANDARD')
  expect(await apply('update-stack', ", UpgradePolicy: {SupportType: STANDARD}, Version: '1.35'")).toBe(
    '1.35\tSTANDARD',
  )
  expect(await apply('update-stack', ", UpgradePolicy: {SupportType: EXTENDED}, Version: '1.34'")).toBe(
    '1.35\tEXTENDED',
  )
})
