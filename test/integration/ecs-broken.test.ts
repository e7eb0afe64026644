import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OwnedCloud } from '../../src/cloud/api.ts'
import { startCloud } from '../../src/cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

// Set-ups that fail on AWS, each with its symptom, and mended. Ten belong together: here a bad execution role, a subnet without free
// addresses and an expired token; in eks-by-hand.test.ts a wrong trust policy, a missing policy, no NAT gateway, a closed security group,
// wrong subnets and a missing access entry; in ecs-deployments.test.ts an unhealthy target. Sources: "Stopped tasks error messages" and "Amazon ECS resource
// initialization errors" of the ECS Developer Guide.
const ACCOUNT = '111122223333'

let directory: string
let cloud: OwnedCloud
let shell: LabShell

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-ecs-broken-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ id: 'ecs', accountId: ACCOUNT, provisioning: 'instant' })
  shell = await LabShell.open(world)
  await shell.write(
    'settings',
    `export AWS_PAGER= AWS_DEFAULT_OUTPUT=text
trust() { echo '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"'$1'"},"Action":"sts:AssumeRole"}]}'; }
run() { aws ecs run-task --cluster demo --launch-type FARGATE --task-definition $1 --network-configuration "awsvpcConfiguration={subnets=[\${2:-$SUBNET}],assignPublicIp=\${PUBLIC:-ENABLED}}" --query 'tasks[0].taskArn'; }
is() { until [ "$(aws ecs describe-tasks --cluster demo --tasks $1 --query 'tasks[0].lastStatus')" = $2 ]; do sleep 0.2; done; }
why() { is $1 STOPPED; aws ecs describe-tasks --cluster demo --tasks $1 --query 'tasks[0].[stopCode,stoppedReason]'; }
`,
  )
  const definition = (family: string, container: object) => ({
    family,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    executionRoleArn: `arn:aws:iam::${ACCOUNT}:role/execution`,
    taskRoleArn: `arn:aws:iam::${ACCOUNT}:role/app`,
    containerDefinitions: [{ name: 'app', image: 'nginx:1.28', ...container }],
  })
  const logs = {
    logDriver: 'awslogs',
    options: { 'awslogs-group': '/app', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'app' },
  }
  await shell.write(
    'secrets.json',
    JSON.stringify(
      definition('secrets', {
        command: [
          'sh',
          '-c',
          'echo "$PASSWORD $URL"; curl -s http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI; echo; curl -s $ECS_CONTAINER_METADATA_URI_V4/task; echo; sleep 600',
        ],
        secrets: [
          { name: 'PASSWORD', valueFrom: 'SECRET_ARN:password::' },
          { name: 'URL', valueFrom: '/app/url' },
        ],
        logConfiguration: logs,
      }),
    ),
  )
  await shell.write('plain.json', JSON.stringify(definition('plain', {})))
})
afterAll(async () => {
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true, force: true })
})
const ok = (script: string) => shell.ok(`. ./settings\n${script}`)

it('starts a task with secrets only when its execution role may read them', {
  timeout: 480_000,
}, async () => {
  await ok(`
    aws ecs create-cluster --cluster-name demo >/dev/null
    aws logs create-log-group --log-group-name /app
    for role in execution app; do aws iam create-role --role-name $role --assume-role-policy-document "$(trust ecs-tasks.amazonaws.com)" >/dev/null; done
    aws iam attach-role-policy --role-name execution --policy-arn arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
    aws ssm put-parameter --name /app/url --type SecureString --value postgres://db >/dev/null
    SECRET=$(aws secretsmanager create-secret --name app --secret-string '{"password":"s3cret"}' --query ARN)
    sed -i "s|SECRET_ARN|$SECRET|" secrets.json
    aws ecs register-task-definition --cli-input-json file://secrets.json >/dev/null
    aws ecs register-task-definition --cli-input-json file://plain.json >/dev/null
    echo "SECRET=$SECRET SUBNET=$(aws ec2 describe-subnets --query 'Subnets[0].SubnetId')" >>settings`)
  // Without a way out of the subnet nothing is read at all.
  expect(await ok('why $(PUBLIC=DISABLED run secrets)')).toContain(
    'unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager.',
  )
  expect(await ok('why $(run secrets)')).toMatch(
    /^TaskFailedToStart\tResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time\(s\): failed to fetch secret \S+ from secrets manager: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role\/execution\/[0-9a-f]{32} is not authorized to perform: secretsmanager:GetSecretValue on resource: \S+ because no identity-based policy allows the secretsmanager:GetSecretValue action status code: 400, request id: /,
  )
  await ok(
    `aws iam attach-role-policy --role-name execution --policy-arn arn:aws:iam::aws:policy/SecretsManagerReadWrite`,
  )
  expect(await ok('why $(run secrets)')).toContain(
    'unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException:',
  )
  await ok(
    `aws iam attach-role-policy --role-name execution --policy-arn arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess`,
  )
  const output = await ok(`T=$(run secrets); is $T RUNNING
    until aws logs tail /app --format short | grep -q LaunchType; do sleep 0.3; done
    aws logs tail /app --format short
    aws ecs stop-task --cluster demo --task $T >/dev/null`)
  expect(output).toContain('s3cret postgres://db')
  expect(output).toContain(`"RoleArn":"arn:aws:iam::${ACCOUNT}:role/app"`)
  expect(output).toContain('"Family":"secrets"')
})

it('fails a task in a subnet without free addresses, and starts it when one is free', {
  timeout: 360_000,
}, async () => {
  await ok(`VPC=$(aws ec2 describe-vpcs --query 'Vpcs[0].VpcId')
    SMALL=$(aws ec2 create-subnet --vpc-id $VPC --cidr-block 172.31.200.0/28 --query Subnet.SubnetId)
    AMI=$(aws ec2 describe-images --owners amazon --query 'Images[0].ImageId')
    I=$(aws ec2 run-instances --image-id $AMI --instance-type t3.nano --count 11 --subnet-id $SMALL --query 'Instances[].InstanceId')
    echo "SMALL=$SMALL ONE=$(echo $I | cut -d' ' -f1)" >>settings`)
  expect(await ok('why $(run plain $SMALL)')).toMatch(
    /^TaskFailedToStart\tUnexpected EC2 error while attempting to Create Network Interface .*: InsufficientFreeAddressesInSubnet$/,
  )
  await ok(`aws ec2 terminate-instances --instance-ids $ONE >/dev/null
    aws ec2 wait instance-terminated --instance-ids $ONE
    T=$(run plain $SMALL); is $T RUNNING; aws ecs stop-task --cluster demo --task $T >/dev/null`)
})

it('refuses credentials that have expired, and takes new ones', { timeout: 360_000 }, async () => {
  await ok(`aws iam create-role --role-name deployer --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::${ACCOUNT}:root"},"Action":"sts:AssumeRole"}]}' >/dev/null
    aws iam attach-role-policy --role-name deployer --policy-arn arn:aws:iam::aws:policy/AmazonECS_FullAccess`)
  const assume = `aws sts assume-role --role-arn arn:aws:iam::${ACCOUNT}:role/deployer --role-session-name me --duration-seconds 900 \
    --query Credentials.[AccessKeyId,SecretAccessKey,SessionToken] >keys`
  const as = `export AWS_ACCESS_KEY_ID=$(cut -f1 keys) AWS_SECRET_ACCESS_KEY=$(cut -f2 keys) AWS_SESSION_TOKEN=$(cut -f3 keys)`
  await ok(`${assume}; ${as}; aws ecs list-clusters >/dev/null`)
  await cloud.advance('ecs', 901_000)
  expect(await shell.fails(`. ./settings; ${as}; aws ecs list-clusters`)).toContain(
    '(ExpiredTokenException) when calling the ListClusters operation: The security token included in the request is expired',
  )
  await ok(`${assume}; ${as}; aws ecs list-clusters >/dev/null`)
})
