import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CloudCommand } from '../support/cloud-command.ts'

const ACCOUNT = '111122223333'
const TRUST =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}'

let data: string
let cloud: CloudCommand
const start = () => CloudCommand.start('--data', data, '--account', ACCOUNT, '--provisioning', 'instant')

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'drydock-ecs-'))
  cloud = await start()
})
afterAll(async () => {
  await cloud.close()
  await rm(data, { recursive: true, force: true })
})

/** The output of a script that must succeed. */
async function ok(script: string): Promise<string> {
  const { code, stdout, stderr } = await cloud.shell(`${SETTINGS}\n${script}`)
  if (code !== 0) throw new Error(`${script}\n${stdout}\n${stderr}`)
  return stdout
}

/** What a command that must fail says. */
async function fails(script: string): Promise<string> {
  const { code, stderr } = await cloud.shell(`${SETTINGS}\n${script}`)
  expect(code).not.toBe(0)
  return stderr
}

const SETTINGS = `
export AWS_PAGER= AWS_DEFAULT_OUTPUT=text
SUBNETS=$(aws ec2 describe-subnets --query "join(',', Subnets[].SubnetId)")
definition() { # image
  cat <<JSON
{"family":"web","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"cpu":"256","memory":"512",
 "executionRoleArn":"arn:aws:iam::${ACCOUNT}:role/execution","containerDefinitions":[{"name":"web","image":"$1",
 "portMappings":[{"containerPort":80}],"logConfiguration":{"logDriver":"awslogs","options":{
 "awslogs-group":"/ecs/web","awslogs-region":"us-east-1","awslogs-stream-prefix":"web"}}}]}
JSON
}
register() { aws ecs register-task-definition --cli-input-json "$(definition "$1")" --query taskDefinition.revision; }
network() { echo "awsvpcConfiguration={subnets=[$SUBNETS],securityGroups=[$(cat group)],assignPublicIp=$1}"; }
run() { aws ecs run-task --cluster demo --launch-type FARGATE --task-definition web --network-configuration "$(network $1)" --query 'tasks[0].taskArn'; }
events() { aws ecs describe-services --cluster demo --services web --query 'join(\`\\n\`, reverse(services[0].events[].message))'; }
addresses() { aws elbv2 describe-target-health --target-group-arn "$(cat target-group)" --query 'sort(TargetHealthDescriptions[?TargetHealth.State==\`healthy\`].Target.Id)'; }
`

it('runs a service behind a load balancer, heals it, rolls it out and back, and takes it down', {
  timeout: 240_000,
}, async () => {
  await ok(`
    aws ecs create-cluster --cluster-name demo >/dev/null
    aws iam create-role --role-name execution --assume-role-policy-document '${TRUST}' >/dev/null
    aws iam attach-role-policy --role-name execution --policy-arn arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
    VPC=$(aws ec2 describe-vpcs --query 'Vpcs[0].VpcId')
    aws ec2 create-security-group --group-name web --description web --vpc-id $VPC --query GroupId >group
    aws ec2 authorize-security-group-ingress --group-id $(cat group) --protocol tcp --port 80 --cidr 0.0.0.0/0 >/dev/null
    LB=$(aws elbv2 create-load-balancer --name web --subnets \${SUBNETS//,/ } --security-groups $(cat group) --query 'LoadBalancers[0].LoadBalancerArn')
    aws elbv2 create-target-group --name web --protocol HTTP --port 80 --vpc-id $VPC --target-type ip --query 'TargetGroups[0].TargetGroupArn' >target-group
    aws elbv2 wait load-balancer-available --load-balancer-arns $LB
    aws elbv2 describe-load-balancers --query 'LoadBalancers[0].DNSName' >name
    register nginx:1.28`)
  const create = `aws ecs create-service --cluster demo --service-name web --task-definition web --desired-count 2 --launch-type FARGATE \
    --network-configuration "$(network ENABLED)" --load-balancers targetGroupArn=$(cat target-group),containerName=web,containerPort=80 \
    --deployment-configuration 'deploymentCircuitBreaker={enable=true,rollback=true}' --query service.status`
  expect(await fails(create)).toMatch(
    /\(InvalidParameterException\) when calling the CreateService operation: The target group with targetGroupArn \S+ does not have an associated load balancer\./,
  )
  await ok(`LB=$(aws elbv2 describe-load-balancers --query 'LoadBalancers[0].LoadBalancerArn')
    aws elbv2 create-listener --load-balancer-arn $LB --protocol HTTP --port 80 --default-actions Type=forward,TargetGroupArn=$(cat target-group) >/dev/null`)
  expect(await ok('curl -s -o /dev/null -w %{http_code} http://$(cat name)/')).toBe('503')

  // Without the log group the tasks cannot start; the circuit breaker has nothing to go back to.
  expect(await ok(create)).toBe('ACTIVE')
  const failed = `until [ "$(aws ecs describe-services --cluster demo --services web --query 'services[0].deployments[0].rolloutState')" = FAILED ]; do sleep 0.3; done`
  await ok(failed)
  expect(await ok('events')).toContain('deployment failed: tasks failed to start.')
  expect(
    await ok(`T=$(aws ecs list-tasks --cluster demo --desired-status STOPPED --query 'taskArns[0]')
      aws ecs describe-tasks --cluster demo --tasks $T --query 'tasks[0].stoppedReason'`),
  ).toMatch(
    /^ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: .* ResourceNotFoundException: The specified log group does not exist\./,
  )

  await ok(`aws logs create-log-group --log-group-name /ecs/web
    aws ecs update-service --cluster demo --service web --force-new-deployment >/dev/null
    aws ecs wait services-stable --cluster demo --services web`)
  expect((await ok('events')).split('\n').at(-1)).toBe('(service web) has reached a steady state.')
  expect(await ok('curl -s http://$(cat name)/')).toContain('<html')
  await ok('until aws logs tail /ecs/web | grep -q ELB-HealthChecker/2.0; do sleep 0.3; done')

  const before = (await ok('addresses')).split(/\s+/)
  expect(before).toHaveLength(2)
  await ok(`T=$(aws ecs list-tasks --cluster demo --service-name web --query 'taskArns[0]')
    aws ecs stop-task --cluster demo --task $T --reason 'chaos' >/dev/null
    aws ecs wait tasks-stopped --cluster demo --tasks $T
    aws ecs wait services-stable --cluster demo --services web`)
  const healed = (await ok('addresses')).split(/\s+/)
  expect(healed).toHaveLength(2)
  expect(healed.filter((address) => before.includes(address))).toHaveLength(1)

  await ok(`register nginx:none
    aws ecs update-service --cluster demo --service web --task-definition web >/dev/null
    until events | grep -q 'rolling back to deployment'; do sleep 0.3; done
    aws ecs wait services-stable --cluster demo --services web`)
  expect(
    await ok(`aws ecs describe-services --cluster demo --services web --query 'services[0].taskDefinition'`),
  ).toMatch(/task-definition\/web:1$/)
  expect((await ok('addresses')).split(/\s+/)).toEqual(healed)

  // The process dies; everything comes back from the store: the same tasks at the same addresses.
  await cloud.stop('SIGKILL')
  const old = cloud
  cloud = await start()
  await ok(`cp ${old.home}/{group,target-group,name} .
    until curl -sf http://$(cat name)/ >/dev/null; do sleep 0.3; done`)
  expect((await ok('addresses')).split(/\s+/)).toEqual(healed)
  await old.close()

  expect(await fails('aws ecs delete-service --cluster demo --service web')).toContain(
    '(InvalidParameterException) when calling the DeleteService operation: The service cannot be stopped while it is scaled above 0.',
  )
  await ok(`aws ecs delete-service --cluster demo --service web --force >/dev/null
    aws ecs wait services-inactive --cluster demo --services web
    aws ecs delete-cluster --cluster demo >/dev/null`)
  expect(await fails('aws ecs list-tasks --cluster demo')).toContain(
    '(ClusterNotFoundException) when calling the ListTasks operation: Cluster not found.',
  )
})

it('lets a task fail as on AWS when its subnet has no way out or its role no permission', {
  timeout: 120_000,
}, async () => {
  await ok(`aws ecs create-cluster --cluster-name demo >/dev/null
    aws ecr create-repository --repository-name web >/dev/null
    register ${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/web:1`)
  const reason = (publicIp: string) =>
    ok(`T=$(run ${publicIp}); aws ecs wait tasks-stopped --cluster demo --tasks $T
      aws ecs describe-tasks --cluster demo --tasks $T --query 'tasks[0].[stopCode,stoppedReason]'`)
  expect(await reason('DISABLED')).toMatch(
    /^TaskFailedToStart\tResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR\./,
  )
  expect(await reason('ENABLED')).toMatch(
    /^TaskFailedToStart\tCannotPullContainerError: pull image manifest has been retried 1 time\(s\): failed to resolve ref 111122223333\.dkr\.ecr\.us-east-1\.amazonaws\.com\/web:1: .*: not found$/,
  )
  await ok(
    'aws iam detach-role-policy --role-name execution --policy-arn arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy',
  )
  expect(await reason('ENABLED')).toMatch(/ResourceInitializationError: /)
})
