import { IAMClient, paginateListUsers, waitUntilRoleExists } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { elbHosts } from '../../src/aws/elb/index.ts'
import { ACCOUNT, type Keys, startAws } from '../support/aws.ts'

let aws: Awaited<ReturnType<typeof startAws>>
beforeAll(async () => {
  aws = await startAws()
})
afterAll(async () => {
  expect(aws.errors).toEqual([])
  await aws.close()
})

const run = (command: string, keys?: Keys) => aws.cli(split(command), keys)
const json = async (command: string, keys?: Keys) => {
  const { stdout, error } = await run(command, keys)
  if (error) throw new Error(error)
  return JSON.parse(stdout || '{}')
}

/** Words of a command line; single quotes keep theirs together. */
const split = (command: string) =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!)

const trust = (principal: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
  })
const SERVICE_TRUST = trust({ Service: 'eks.amazonaws.com' })
const CLI_ERROR = (code: string, operation: string, text: string) =>
  `aws: [ERROR]: An error occurred (${code}) when calling the ${operation} operation: ${text}`

describe('sts', () => {
  it('says who calls', async () => {
    expect(await json('sts get-caller-identity')).toEqual({
      UserId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
      Account: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:user/admin`,
    })
  })

  it('refuses unknown keys and wrong secrets', async () => {
    const stranger = await run('sts get-caller-identity', { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' })
    expect(stranger.error).toBe(
      CLI_ERROR(
        'InvalidClientTokenId',
        'GetCallerIdentity',
        'The security token included in the request is invalid.',
      ),
    )
    const ec2 = await run('ec2 describe-vpcs', { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' })
    expect(ec2.error).toBe(
      CLI_ERROR(
        'AuthFailure',
        'DescribeVpcs',
        'AWS was not able to validate the provided access credentials',
      ),
    )
  })

  it('lends a role to whom its trust policy and the caller’s own policies allow', async () => {
    const role = `arn:aws:iam::${ACCOUNT}:role/lent`
    await aws.cli([
      'iam',
      'create-role',
      '--role-name',
      'lent',
      '--assume-role-policy-document',
      trust({ AWS: `arn:aws:iam::${ACCOUNT}:root` }),
    ])
    const { Credentials, AssumedRoleUser } = await json(
      `sts assume-role --role-arn ${role} --role-session-name me`,
    )
    expect(AssumedRoleUser.Arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/lent/me`)
    const keys = {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
    }
    expect((await json('sts get-caller-identity', keys)).Arn).toBe(AssumedRoleUser.Arn)
    const refused = await run('autoscaling describe-auto-scaling-groups', keys)
    expect(refused.error).toBe(
      CLI_ERROR(
        'AccessDenied',
        'DescribeAutoScalingGroups',
        `User: ${AssumedRoleUser.Arn} is not authorized to perform: autoscaling:DescribeAutoScalingGroups because no identity-based policy allows the autoscaling:DescribeAutoScalingGroups action`,
      ),
    )
  })

  it('keeps roles of services from people', async () => {
    await aws.cli([
      'iam',
      'create-role',
      '--role-name',
      'service',
      '--assume-role-policy-document',
      SERVICE_TRUST,
    ])
    const { error } = await run(
      `sts assume-role --role-arn arn:aws:iam::${ACCOUNT}:role/service --role-session-name me`,
    )
    expect(error).toBe(
      CLI_ERROR(
        'AccessDenied',
        'AssumeRole',
        `User: arn:aws:iam::${ACCOUNT}:user/admin is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::${ACCOUNT}:role/service`,
      ),
    )
  })
})

describe('iam', () => {
  it('makes a cluster role as the EKS guide does, and undoes it in the right order only', async () => {
    const created = JSON.parse(
      (
        await aws.cli([
          'iam',
          'create-role',
          '--role-name',
          'eksClusterRole',
          '--assume-role-policy-document',
          SERVICE_TRUST,
        ])
      ).stdout,
    )
    expect(created.Role).toMatchObject({
      Arn: `arn:aws:iam::${ACCOUNT}:role/eksClusterRole`,
      AssumeRolePolicyDocument: JSON.parse(SERVICE_TRUST),
    })
    const arn = 'arn:aws:iam::aws:policy/AmazonEKSClusterPolicy'
    expect(await run(`iam attach-role-policy --role-name eksClusterRole --policy-arn ${arn}`)).toEqual({
      code: 0,
      stdout: '',
      error: '',
    })
    expect(await json('iam list-attached-role-policies --role-name eksClusterRole')).toEqual({
      AttachedPolicies: [{ PolicyName: 'AmazonEKSClusterPolicy', PolicyArn: arn }],
    })
    expect((await run('iam delete-role --role-name eksClusterRole')).error).toBe(
      CLI_ERROR('DeleteConflict', 'DeleteRole', 'Cannot delete entity, must detach all policies first.'),
    )
    await run(`iam detach-role-policy --role-name eksClusterRole --policy-arn ${arn}`)
    expect((await run('iam delete-role --role-name eksClusterRole')).code).toBe(0)
    expect((await run('iam get-role --role-name eksClusterRole')).error).toBe(
      CLI_ERROR('NoSuchEntity', 'GetRole', 'The role with name eksClusterRole cannot be found.'),
    )
  })

  it.each([
    [
      'iam get-user --user-name nobody',
      'NoSuchEntity',
      'GetUser',
      'The user with name nobody cannot be found.',
    ],
    [
      'iam create-user --user-name admin',
      'EntityAlreadyExists',
      'CreateUser',
      'User with name admin already exists.',
    ],
    [
      'iam attach-user-policy --user-name admin --policy-arn arn:aws:iam::aws:policy/Nothing',
      'NoSuchEntity',
      'AttachUserPolicy',
      'Policy arn:aws:iam::aws:policy/Nothing does not exist or is not attachable.',
    ],
    [
      "iam create-role --role-name r --assume-role-policy-document '{'",
      'MalformedPolicyDocument',
      'CreateRole',
      'This policy contains invalid Json',
    ],
    [
      `iam create-role --role-name 'a b' --assume-role-policy-document '${SERVICE_TRUST}'`,
      'ValidationError',
      'CreateRole',
      'The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
    ],
  ])('%s fails as on AWS', async (command, code, operation, text) => {
    expect((await run(command)).error).toBe(CLI_ERROR(code, operation, text))
  })

  it('gives a user keys that may do what its policies say and no more', async () => {
    await run('iam create-user --user-name reader')
    await run(
      'iam attach-user-policy --user-name reader --policy-arn arn:aws:iam::aws:policy/IAMReadOnlyAccess',
    )
    const { AccessKey } = await json('iam create-access-key --user-name reader')
    const keys = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
    expect((await json('iam list-users', keys)).Users).toHaveLength(2)
    const refused = await run('iam create-user --user-name other', keys)
    expect(refused.error).toBe(
      CLI_ERROR(
        'AccessDenied',
        'CreateUser',
        `User: arn:aws:iam::${ACCOUNT}:user/reader is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::${ACCOUNT}:user/other because no identity-based policy allows the iam:CreateUser action`,
      ),
    )
    await run(
      `iam update-access-key --user-name reader --access-key-id ${keys.accessKeyId} --status Inactive`,
    )
    expect((await run('sts get-caller-identity', keys)).error).toContain('(InvalidClientTokenId)')
  })

  it('pages and waits as the SDK expects', async () => {
    const client = new IAMClient(aws.client())
    const names: string[] = []
    for await (const { Users } of paginateListUsers({ client, pageSize: 1 }, {}))
      names.push(...Users!.map(({ UserName }) => UserName!))
    expect(names).toEqual(['admin', 'reader'])
    expect((await waitUntilRoleExists({ client, maxWaitTime: 5 }, { RoleName: 'service' })).state).toBe(
      'SUCCESS',
    )
  })

  it('simulates a principal’s policies', async () => {
    const { EvaluationResults } = await json(
      `iam simulate-principal-policy --policy-source-arn arn:aws:iam::${ACCOUNT}:user/reader --action-names iam:GetUser iam:DeleteUser`,
    )
    expect(EvaluationResults.map((one: { EvalDecision: string }) => one.EvalDecision)).toEqual([
      'allowed',
      'implicitDeny',
    ])
  })
})

describe('autoscaling and elb', () => {
  it('brings instances behind a load balancer whose name answers, and replaces a lost one', async () => {
    const { Subnets } = await json('ec2 describe-subnets')
    const subnets = Subnets.slice(0, 2).map((one: { SubnetId: string }) => one.SubnetId)
    const vpc = Subnets[0].VpcId
    const group = (await json(`ec2 create-security-group --group-name web --description web --vpc-id ${vpc}`))
      .GroupId
    await run(
      `ec2 authorize-security-group-ingress --group-id ${group} --protocol tcp --port 80 --cidr 0.0.0.0/0`,
    )
    const { DNSName } = await json(
      `elb create-load-balancer --load-balancer-name web --listeners Protocol=TCP,LoadBalancerPort=80,InstanceProtocol=TCP,InstancePort=80 --subnets ${subnets.join(' ')} --security-groups ${group}`,
    )
    expect(DNSName).toMatch(/^web-\d+\.us-east-1\.elb\.amazonaws\.com$/)
    await run(
      'elb configure-health-check --load-balancer-name web --health-check Target=TCP:80,Interval=10,Timeout=5,UnhealthyThreshold=2,HealthyThreshold=2',
    )

    const { Images } = await json('ec2 describe-images --owners amazon')
    await run(
      `autoscaling create-launch-configuration --launch-configuration-name web --image-id ${Images[0].ImageId} --instance-type t3.micro --security-groups ${group}`,
    )
    const created = await run(
      `autoscaling create-auto-scaling-group --auto-scaling-group-name web --launch-configuration-name web --min-size 1 --max-size 3 --desired-capacity 2 --vpc-zone-identifier ${subnets.join(',')} --load-balancer-names web --tags Key=Name,Value=web`,
    )
    expect(created.error).toBe('')
    await aws.world.advance(1000)
    const instances = async () =>
      (await json('autoscaling describe-auto-scaling-groups')).AutoScalingGroups[0].Instances
    expect((await instances()).map((one: { LifecycleState: string }) => one.LifecycleState)).toEqual([
      'InService',
      'InService',
    ])
    expect(
      new Set((await instances()).map((one: { AvailabilityZone: string }) => one.AvailabilityZone)).size,
    ).toBe(2)

    const reservations = (await json('ec2 describe-instances --filters Name=tag:Name,Values=web'))
      .Reservations
    for (const { Instances } of reservations)
      aws.network.listen(Instances[0].PrivateIpAddress, 80, (socket) =>
        socket.end(`from ${Instances[0].InstanceId}`),
      )
    await aws.world.advance(30_000)
    const { InstanceStates } = await json('elb describe-instance-health --load-balancer-name web')
    expect(InstanceStates.map((one: { State: string }) => one.State)).toEqual(['InService', 'InService'])

    const hosts = elbHosts(aws.world, [ACCOUNT], aws.network)
    const ask = async () => {
      const host = hosts.resolve(DNSName, 80)
      if (host?.kind !== 'tcp') throw new Error('no host')
      return Buffer.concat(await host.connect().toArray()).toString()
    }
    expect(new Set([await ask(), await ask()]).size).toBe(2)
    await run(
      `ec2 revoke-security-group-ingress --group-id ${group} --protocol tcp --port 80 --cidr 0.0.0.0/0`,
    )
    await expect(ask()).rejects.toThrow(/ETIMEDOUT/)

    const lost = (await instances())[0].InstanceId
    await run(`ec2 terminate-instances --instance-ids ${lost}`)
    await aws.world.advance(1000)
    const present = (await instances()).map((one: { InstanceId: string }) => one.InstanceId)
    expect(present).toHaveLength(2)
    expect(present).not.toContain(lost)
    const { Activities } = await json('autoscaling describe-scaling-activities --auto-scaling-group-name web')
    expect(Activities.map((one: { Description: string }) => one.Description)).toContain(
      `Terminating EC2 instance: ${lost}`,
    )
  })

  it.each([
    [
      'autoscaling set-desired-capacity --auto-scaling-group-name web --desired-capacity 9',
      'ValidationError',
      'SetDesiredCapacity',
      'New SetDesiredCapacity value 9 is above max value 3 for the AutoScalingGroup.',
    ],
    [
      'autoscaling delete-auto-scaling-group --auto-scaling-group-name web',
      'ResourceInUse',
      'DeleteAutoScalingGroup',
      'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.',
    ],
    [
      'elb describe-load-balancers --load-balancer-names none',
      'LoadBalancerNotFound',
      'DescribeLoadBalancers',
      "There is no ACTIVE Load Balancer named 'none'",
    ],
  ])('%s fails as on AWS', async (command, code, operation, text) => {
    expect((await run(command)).error).toBe(CLI_ERROR(code, operation, text))
  })

  it('shrinks, and leaves nothing behind', async () => {
    const victim = (await json('autoscaling describe-auto-scaling-instances')).AutoScalingInstances[0]
      .InstanceId
    const { Activity } = await json(
      `autoscaling terminate-instance-in-auto-scaling-group --instance-id ${victim} --should-decrement-desired-capacity`,
    )
    expect(Activity.Cause).toMatch(/in response to a user request, shrinking the capacity from 2 to 1\.$/)
    await run('autoscaling delete-auto-scaling-group --auto-scaling-group-name web --force-delete')
    await run('elb delete-load-balancer --load-balancer-name web')
    await aws.world.advance(1000)
    expect((await json('autoscaling describe-auto-scaling-groups')).AutoScalingGroups).toEqual([])
    expect((await json('elb describe-load-balancers')).LoadBalancerDescriptions).toEqual([])
    expect((await json('elbv2 describe-load-balancers')).LoadBalancers).toEqual([])
    expect((await json('ec2 describe-network-interfaces')).NetworkInterfaces).toEqual([])
  })
})
