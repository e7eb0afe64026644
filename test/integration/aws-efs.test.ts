import { DescribeNetworkInterfacesCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2'
import {
  CreateFileSystemCommand,
  DeleteFileSystemCommand,
  DeleteMountTargetCommand,
  DescribeFileSystemsCommand,
  EFSClient,
  paginateDescribeFileSystems,
} from '@aws-sdk/client-efs'
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { efsController, efsService } from '../../src/aws/efs/index.ts'
import { kmsService } from '../../src/aws/kms/index.ts'
import { startAws } from '../support/aws.ts'

// EFS. Behaviour: https://docs.aws.amazon.com/efs/latest/ug/api-reference.html; texts as public issues of Terraform, CDK and aws-nuke quote them.

let aws: Awaited<ReturnType<typeof startAws>>
beforeAll(async () => {
  aws = await startAws({ services: [efsService, kmsService] })
  aws.world.controllers.start(efsController(aws.world))
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

it('keeps a file system with its mount targets in the VPC, and deletes it only without them', {
  timeout: 240_000,
}, async () => {
  const id = await ok(
    'efs create-file-system --creation-token one --encrypted --tags Key=Name,Value=shared --query FileSystemId',
  )
  expect(id).toMatch(/^fs-0[0-9a-f]{16}$/)
  expect(await fails('efs create-file-system --creation-token one')).toContain(
    `(FileSystemAlreadyExists) when calling the CreateFileSystem operation: File system '${id}' already exists with creation token 'one'`,
  )
  expect(
    await ok(
      `efs describe-file-systems --file-system-id ${id} --query FileSystems[0].[LifeCycleState,Name,Encrypted,SizeInBytes.Value,ThroughputMode]`,
    ),
  ).toBe('available\tshared\tTrue\t6144\tbursting')
  expect(await fails('efs describe-file-systems --file-system-id fs-01234567')).toContain(
    "(FileSystemNotFound) when calling the DescribeFileSystems operation: File system 'fs-01234567' does not exist.",
  )
  const ec2 = new EC2Client(aws.client())
  const subnet = (await ec2.send(new DescribeSubnetsCommand({}))).Subnets![0]!.SubnetId
  expect(await fails(`efs create-mount-target --file-system-id ${id} --subnet-id subnet-00000000`)).toContain(
    "(SubnetNotFound) when calling the CreateMountTarget operation: The subnet ID 'subnet-00000000' does not exist",
  )
  const create = `efs create-mount-target --file-system-id ${id} --subnet-id ${subnet}`
  const [target, address, interfaceId] = (
    await ok(`${create} --query [MountTargetId,IpAddress,NetworkInterfaceId]`)
  ).split('\t')
  expect(await fails(create)).toContain(
    '(MountTargetConflict) when calling the CreateMountTarget operation: mount target already exists in this AZ',
  )
  const Filters = [{ Name: 'requester-id', Values: ['amazon-efs'] }]
  const interfaces = async () =>
    (await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }))).NetworkInterfaces!
  expect(await interfaces()).toMatchObject([
    {
      NetworkInterfaceId: interfaceId,
      PrivateIpAddress: address,
      Description: `EFS mount target for ${id} (${target})`,
      Groups: [{ GroupName: 'default' }],
    },
  ])
  expect(await fails(`efs delete-file-system --file-system-id ${id}`)).toContain(
    `(FileSystemInUse) when calling the DeleteFileSystem operation: The file system '${id}' cannot be deleted because it has mount targets. You must delete the mount targets, and then try again.`,
  )
  const efs = new EFSClient(aws.client())
  await efs.send(new DeleteMountTargetCommand({ MountTargetId: target }))
  await aws.world.controllers.settled()
  await efs.send(new DeleteFileSystemCommand({ FileSystemId: id }))
  await aws.world.controllers.settled()
  expect((await efs.send(new DescribeFileSystemsCommand({}))).FileSystems).toEqual([])
  expect(await interfaces()).toEqual([])
})

it('keeps access points, lifecycle and policy of a file system', { timeout: 240_000 }, async () => {
  const id = await ok('efs create-file-system --creation-token two --query FileSystemId')
  const point = await ok(
    `efs create-access-point --file-system-id ${id} --client-token a --posix-user Uid=1000,Gid=1000 --root-directory`,
    'Path=/data,CreationInfo={OwnerUid=1000,OwnerGid=1000,Permissions=750}',
    ...'--query AccessPointId'.split(' '),
  )
  expect(await fails(`efs create-access-point --file-system-id ${id} --client-token a`)).toContain(
    `(AccessPointAlreadyExists) when calling the CreateAccessPoint operation: Access point already exists with ID ${point}`,
  )
  expect(await fails(`efs delete-file-system --file-system-id ${id}`)).toContain(
    'because it has access points',
  )
  expect(
    await ok(
      `efs put-lifecycle-configuration --file-system-id ${id} --lifecycle-policies TransitionToIA=AFTER_30_DAYS TransitionToPrimaryStorageClass=AFTER_1_ACCESS --query length(LifecyclePolicies)`,
    ),
  ).toBe('2')
  expect(await fails(`efs describe-file-system-policy --file-system-id ${id}`)).toContain('(PolicyNotFound)')
  expect(await fails(`efs put-file-system-policy --file-system-id ${id} --policy {`)).toContain(
    '(InvalidPolicyException)',
  )
  expect(await fails('efs describe-replication-configurations')).toContain('NotImplemented')
})

it('lets only those work whom IAM allows, and gives lists in pages', { timeout: 240_000 }, async () => {
  const iam = new IAMClient(aws.client())
  const UserName = 'reader'
  await iam.send(new CreateUserCommand({ UserName }))
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonElasticFileSystemReadOnlyAccess'
  await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }))
  const { AccessKeyId, SecretAccessKey } = (await iam.send(new CreateAccessKeyCommand({ UserName })))
    .AccessKey!
  const keys = { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey! }
  const efs = new EFSClient(aws.client())
  for (const CreationToken of ['three', 'four'])
    await efs.send(new CreateFileSystemCommand({ CreationToken }))
  const pages = await Array.fromAsync(
    paginateDescribeFileSystems({ client: new EFSClient(aws.client(keys)), pageSize: 1 }, {}),
  )
  expect(pages.map(({ FileSystems }) => FileSystems!.length)).toEqual(pages.map(() => 1))
  expect(pages.length).toBeGreaterThan(1)
  const refused = await aws.cli('efs create-file-system --creation-token five'.split(' '), keys)
  expect(refused.error).toContain(
    '(AccessDeniedException) when calling the CreateFileSystem operation: User: arn:aws:iam::111122223333:user/reader is not authorized to perform: elasticfilesystem:CreateFileSystem',
  )
})
