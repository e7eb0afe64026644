import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateRepositoryCommand, ECRClient, SetRepositoryPolicyCommand } from '@aws-sdk/client-ecr'
import {
  CreateAccessEntryCommand,
  EKSClient,
  UpdateClusterConfigCommand,
  waitUntilClusterActive,
} from '@aws-sdk/client-eks'
import {
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import {
  CreateSecretCommand,
  PutResourcePolicyCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { OwnedCloud, WorldInfo } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { createCluster } from '../support/cluster.ts'
import { LabShell } from '../support/lab-shell.ts'

// Two accounts of one world, without an organisation. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html

let directory: string
let cloud: OwnedCloud
let world: WorldInfo
let partner: string
let shell: LabShell
/** Clients of the partner's administrator. */
let clients: TargetClients

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-accounts-'))
  cloud = await startCloud({ directory })
  world = await cloud.createWorld({ provisioning: 'instant', accounts: ['partner'] })
  const [account] = world.accounts
  partner = account!.accountId
  clients = new TargetClients(simulatedTarget({ ...world, administrator: account!.administrator }))
  shell = await LabShell.open(world)
})
afterAll(async () => {
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true })
})

const trusting = (principal: string, condition?: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: principal },
        Action: 'sts:AssumeRole',
        ...(condition && { Condition: condition }),
      },
    ],
  })

it('has a profile for each account of a world', async () => {
  expect(partner).not.toBe(world.accountId)
  expect(await shell.ok('aws sts get-caller-identity --query Arn --output text')).toBe(
    `arn:aws:iam::${world.accountId}:user/admin`,
  )
  expect(await shell.ok('aws --profile partner sts get-caller-identity --query Arn --output text')).toBe(
    `arn:aws:iam::${partner}:user/admin`,
  )
})

it('lets a role of the other account be assumed with the external id that its trust policy asks for', async () => {
  const iam = clients.aws(IAMClient)
  const role = { RoleName: 'auditor' }
  await iam.send(
    new CreateRoleCommand({ ...role, AssumeRolePolicyDocument: trusting(`arn:aws:iam::${partner}:root`) }),
  )
  const arn = `arn:aws:iam::${partner}:role/auditor`
  const assume = (more = '') =>
    shell.run(
      `aws sts assume-role --role-arn ${arn} --role-session-name visit ${more} --query AssumedRoleUser.Arn --output text`,
    )
  const refusal = `An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:iam::${world.accountId}:user/admin is not authorized to perform: sts:AssumeRole on resource: ${arn}`
  expect((await assume()).stderr).toContain(refusal)
  const PolicyDocument = trusting(`arn:aws:iam::${world.accountId}:root`, {
    StringEquals: { 'sts:ExternalId': 'ours-42' },
  })
  await iam.send(new UpdateAssumeRolePolicyCommand({ ...role, PolicyDocument }))
  expect((await assume()).stderr).toContain(refusal)
  expect((await assume('--external-id ours-42')).stdout).toBe(
    `arn:aws:sts::${partner}:assumed-role/auditor/visit`,
  )
  // By a profile, as people do it; the role may do what its own policies say.
  await iam.send(
    new PutRolePolicyCommand({
      ...role,
      PolicyName: 'look',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'iam:ListRoles', Resource: '*' }],
      }),
    }),
  )
  await shell.ok(
    `aws configure set profile.audit.role_arn ${arn}; aws configure set profile.audit.source_profile default; aws configure set profile.audit.external_id ours-42`,
  )
  expect(
    await shell.ok("aws --profile audit iam list-roles --query 'Roles[].RoleName' --output text"),
  ).toContain('auditor')
  expect((await shell.run('aws --profile audit iam list-users')).stderr).toContain(
    `assumed-role/auditor/botocore-session-`,
  )
})

it('gives images and secrets of the other account to those whom its resource policies name', async () => {
  await clients.aws(ECRClient).send(new CreateRepositoryCommand({ repositoryName: 'shared' }))
  const look = `aws ecr describe-images --registry-id ${partner} --repository-name shared --query imageDetails`
  expect((await shell.run(look)).stderr).toContain(
    `is not authorized to perform: ecr:DescribeImages on resource: arn:aws:ecr:us-east-1:${partner}:repository/shared because no resource-based policy allows the ecr:DescribeImages action`,
  )
  const policy = (Action: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${world.accountId}:root` },
          Action,
          ...(Action.startsWith('secrets') && { Resource: '*' }),
        },
      ],
    })
  await clients
    .aws(ECRClient)
    .send(
      new SetRepositoryPolicyCommand({ repositoryName: 'shared', policyText: policy('ecr:DescribeImages') }),
    )
  expect(await shell.ok(look)).toBe('[]')
  const secrets = clients.aws(SecretsManagerClient)
  const { ARN } = await secrets.send(new CreateSecretCommand({ Name: 'token', SecretString: 'theirs' }))
  const read = `aws secretsmanager get-secret-value --secret-id ${ARN} --query SecretString --output text`
  expect((await shell.run(read)).stderr).toContain(
    'is not authorized to perform: secretsmanager:GetSecretValue',
  )
  await secrets.send(
    new PutResourcePolicyCommand({
      SecretId: 'token',
      ResourcePolicy: policy('secretsmanager:GetSecretValue'),
    }),
  )
  // AWS's own key serves its account alone: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
  expect((await shell.run(read)).stderr).toContain('(AccessDeniedException)')
})

it('runs tasks behind a load balancer in the other account, and a shell in one of them', async () => {
  const run = (script: string) => shell.ok(`export AWS_PROFILE=partner\n${script}`)
  const name = await run(`
    ids() { aws ec2 "$@" --output text; }
    VPC=$(ids describe-vpcs --query 'Vpcs[0].VpcId')
    SUBNETS=$(ids describe-subnets --query 'Subnets[].SubnetId')
    GROUP=$(ids describe-security-groups --query 'SecurityGroups[0].GroupId')
    aws ec2 authorize-security-group-ingress --group-id $GROUP --protocol tcp --port 0-65535 --cidr 0.0.0.0/0 >/dev/null
    TARGETS=$(aws elbv2 create-target-group --name web --protocol HTTP --port 8080 --vpc-id $VPC --target-type ip \\
      --query 'TargetGroups[0].TargetGroupArn' --output text)
    BALANCER=$(aws elbv2 create-load-balancer --name web --subnets $SUBNETS --security-groups $GROUP \\
      --query 'LoadBalancers[0].LoadBalancerArn' --output text)
    aws elbv2 create-listener --load-balancer-arn $BALANCER --protocol HTTP --port 80 \\
      --default-actions Type=forward,TargetGroupArn=$TARGETS >/dev/null
    aws iam create-role --role-name task --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}' >/dev/null
    aws iam put-role-policy --role-name task --policy-name exec --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssmmessages:*","Resource":"*"}]}'
    ROLE=$(aws iam get-role --role-name task --query Role.Arn --output text)
    aws ecs create-cluster --cluster-name theirs >/dev/null
    aws ecs register-task-definition --family web --network-mode awsvpc --cpu 256 --memory 512 --requires-compatibilities FARGATE \\
      --task-role-arn $ROLE --container-definitions '[{"name":"web","image":"drydock/hello:1","portMappings":[{"containerPort":8080}]}]' >/dev/null
    aws ecs create-service --cluster theirs --service-name web --task-definition web --desired-count 1 --launch-type FARGATE \\
      --enable-execute-command --load-balancers targetGroupArn=$TARGETS,containerName=web,containerPort=8080 \\
      --network-configuration "awsvpcConfiguration={subnets=[$(echo $SUBNETS | tr ' \t' ',,')],securityGroups=[$GROUP],assignPublicIp=ENABLED}" >/dev/null
    aws elbv2 describe-load-balancers --query 'LoadBalancers[0].DNSName' --output text`)
  const answer = async () => {
    await cloud.advance(world.id, 60_000)
    return (await shell.run(`curl -s -m 5 http://${name}/version`)).stdout
  }
  await expect.poll(answer, { timeout: 60_000 }).toBe('1.0.0')
  const printed = await run(`
    TASK=$(aws ecs list-tasks --cluster theirs --query 'taskArns[0]' --output text)
    aws ecs execute-command --cluster theirs --task $TASK --interactive --command 'echo here'`)
  expect(printed).toContain('here')
  expect(await shell.ok('aws ecs list-clusters --query clusterArns --output text')).toBe('')
}, 120_000)

it('runs a cluster of the other account, which lets in whom its access entries name', async () => {
  await createCluster(clients, 'theirs', 1)
  const eks = clients.aws(EKSClient)
  const accessConfig = { authenticationMode: 'API_AND_CONFIG_MAP' as const }
  await eks.send(new UpdateClusterConfigCommand({ name: 'theirs', accessConfig }))
  await waitUntilClusterActive({ client: eks, maxWaitTime: 60, minDelay: 1 }, { name: 'theirs' })
  const principalArn = await shell.ok('aws sts get-caller-identity --query Arn --output text')
  const looks = `
    aws --profile partner eks update-kubeconfig --name theirs --alias theirs >/dev/null
    kubectl --context theirs get nodes --no-headers | awk '{print $2}'`
  expect(await shell.ok(looks)).toBe('Ready')
  // The same kubeconfig with this account's own keys: nobody there knows them.
  const mine = `
    TOKEN=$(aws eks get-token --cluster-name theirs --query status.token --output text)
    kubectl --context theirs --token $TOKEN auth whoami -o jsonpath='{.status.userInfo.username}'`
  expect((await shell.run(mine)).stderr).toContain('You must be logged in to the server')
  await eks.send(
    new CreateAccessEntryCommand({ clusterName: 'theirs', principalArn, kubernetesGroups: ['viewers'] }),
  )
  expect(await shell.ok(mine)).toBe(principalArn)
}, 120_000)
