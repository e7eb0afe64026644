import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OwnedCloud } from '../../src/cloud/api.ts'
import { startCloud } from '../../src/cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

// Service auto scaling, and machines outside AWS. Sources: the Application Auto Scaling User Guide, the ECS Developer Guide's pages on
// service auto scaling and ECS Anywhere.
const ACCOUNT = '111122223333'
const MINUTE = 60_000

let directory: string
let cloud: OwnedCloud
let shell: LabShell

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-ecs-scaling-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ id: 'ecs', accountId: ACCOUNT, provisioning: 'instant' })
  shell = await LabShell.open(world)
  const web = { name: 'web', image: 'nginx:1.28', memory: 256 }
  await shell.write(
    'web.json',
    JSON.stringify({
      family: 'web',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      containerDefinitions: [{ ...web, portMappings: [{ containerPort: 80 }] }],
    }),
  )
  await shell.write(
    'home.json',
    JSON.stringify({
      family: 'home',
      requiresCompatibilities: ['EXTERNAL'],
      containerDefinitions: [{ ...web, portMappings: [{ containerPort: 80, hostPort: 8080 }] }],
    }),
  )
  await shell.write(
    'settings',
    `export AWS_PAGER= AWS_DEFAULT_OUTPUT=text
trust() { echo '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"'$1'"},"Action":"sts:AssumeRole"}]}'; }
service() { aws ecs describe-services --cluster demo --services $1 --query "services[0].$2"; }
stable() { until [ "$(service $1 '[length(deployments),deployments[0].rolloutState,runningCount==desiredCount,pendingCount]' | tr '\\t' ' ')" = '1 COMPLETED True 0' ]; do sleep 0.2; done; }
`,
  )
})
afterAll(async () => {
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true, force: true })
})

const ok = (script: string) => shell.ok(`. ./settings\n${script}`)
const fails = (script: string) => shell.fails(`. ./settings\n${script}`)
const until = (condition: string) => `until ${condition}; do sleep 0.2; done`

it('scales a service out under load and in again, on the requests that the load balancer really answers', {
  timeout: 480_000,
}, async () => {
  await ok(`
    aws ecs create-cluster --cluster-name demo >/dev/null
    aws ecs register-task-definition --cli-input-json file://web.json >/dev/null
    VPC=$(aws ec2 describe-vpcs --query 'Vpcs[0].VpcId')
    SG=$(aws ec2 create-security-group --group-name web --description web --vpc-id $VPC --query GroupId)
    aws ec2 authorize-security-group-ingress --group-id $SG --protocol tcp --port 80 --cidr 0.0.0.0/0 >/dev/null
    SUBNETS=$(aws ec2 describe-subnets --query 'Subnets[].SubnetId')
    LB=$(aws elbv2 create-load-balancer --name web --subnets $SUBNETS --security-groups $SG --query 'LoadBalancers[0].LoadBalancerArn')
    TG=$(aws elbv2 create-target-group --name web --protocol HTTP --port 80 --vpc-id $VPC --target-type ip --query 'TargetGroups[0].TargetGroupArn')
    aws elbv2 create-listener --load-balancer-arn $LB --protocol HTTP --port 80 --default-actions Type=forward,TargetGroupArn=$TG >/dev/null
    echo "LB=$LB TG=$TG DNS=$(aws elbv2 describe-load-balancers --query 'LoadBalancers[0].DNSName')" >>settings
    aws ecs create-service --cluster demo --service-name web --task-definition web --desired-count 1 --launch-type FARGATE \
      --load-balancers targetGroupArn=$TG,containerName=web,containerPort=80 \
      --network-configuration "awsvpcConfiguration={subnets=[$(echo $SUBNETS | tr ' ' ,)],securityGroups=[$SG],assignPublicIp=ENABLED}" >/dev/null
    stable web
    aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id service/demo/web \
      --scalable-dimension ecs:service:DesiredCount --min-capacity 1 --max-capacity 3 >/dev/null
    LABEL=$(echo $LB | sed 's|.*loadbalancer/||')/$(echo $TG | sed 's|.*:||')
    aws application-autoscaling put-scaling-policy --service-namespace ecs --resource-id service/demo/web \
      --scalable-dimension ecs:service:DesiredCount --policy-name requests --policy-type TargetTrackingScaling \
      --target-tracking-scaling-policy-configuration '{"TargetValue":20,"PredefinedMetricSpecification":{"PredefinedMetricType":"ALBRequestCountPerTarget","ResourceLabel":"'$LABEL'"}}' >/dev/null`)
  expect(
    await ok(`aws cloudwatch describe-alarms --alarm-name-prefix TargetTracking-service/demo/web \
      --query 'MetricAlarms[].[EvaluationPeriods,Threshold]'`),
  ).toBe('3\t20\n15\t18')
  // Load in each of some minutes: more than one task is to serve.
  for (let minute = 0; minute < 5; minute++) {
    await ok('curl -s -o /dev/null "http://$DNS/?[1-70]"')
    await cloud.advance('ecs', MINUTE)
  }
  await ok(`${until('[ "$(service web desiredCount)" = 3 ]')}; stable web`)
  expect(
    await ok(
      `aws application-autoscaling describe-scaling-activities --service-namespace ecs --query 'ScalingActivities[-1].[Description,StatusMessage]'`,
    ),
  ).toMatch(
    /^Setting desired count to \d\.\tSuccessfully set desired count to \d\. Change successfully fulfilled by ecs\.$/,
  )
  // A trickle is what is left: after fifteen quiet minutes the tasks go again, but never below the minimum.
  for (let minute = 0; minute < 24; minute++) {
    await ok('curl -s -o /dev/null http://$DNS/')
    await cloud.advance('ecs', MINUTE)
  }
  await ok(`${until('[ "$(service web desiredCount)" = 1 ]')}; stable web`)
  expect(
    await ok(`aws cloudwatch list-metrics --namespace AWS/ECS --query 'sort(Metrics[].MetricName)'
      aws cloudwatch list-metrics --namespace AWS/ApplicationELB --metric-name RequestCount --query 'length(Metrics)'`),
  ).toBe('CPUUtilization\tMemoryUtilization\n2')
})

it('takes machines outside AWS through an activation, and runs tasks on them', {
  timeout: 480_000,
}, async () => {
  await ok(`
    aws iam create-role --role-name ecsAnywhereRole --assume-role-policy-document "$(trust ssm.amazonaws.com)" >/dev/null
    aws iam attach-role-policy --role-name ecsAnywhereRole --policy-arn arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role
    aws ssm create-activation --iam-role ecsAnywhereRole --registration-limit 1 --query '[ActivationId,ActivationCode]' >activation
    curl --proto =https -sf -o install.sh https://amazon-ecs-agent.s3.amazonaws.com/ecs-anywhere-install-latest.sh`)
  const install = (id: string) =>
    `bash install.sh --region us-east-1 --cluster demo --activation-id ${id} --activation-code $(cut -f2 activation)`
  expect(await fails(install('00000000-0000-0000-0000-000000000000'))).toContain('InvalidActivation')
  expect(await ok(install('$(cut -f1 activation)'))).toMatch(/# SSM: registered as mi-[0-9a-f]{17}\n/)
  expect(await fails(install('$(cut -f1 activation)'))).toContain('RegistrationLimitExceeded')
  const [status, address] = (
    await ok(
      `aws ssm describe-instance-information --query 'InstanceInformationList[].[PingStatus,IPAddress]'`,
    )
  ).split('\t')
  expect(status).toBe('Online')
  await ok(`aws ecs register-task-definition --cli-input-json file://home.json >/dev/null
    aws ecs create-service --cluster demo --service-name home --launch-type EXTERNAL --task-definition home --scheduling-strategy DAEMON >/dev/null
    stable home`)
  expect(await ok('service home "[launchType,desiredCount,runningCount]"')).toBe('EXTERNAL\t1\t1')
  expect(await ok(`curl -s http://${address}:8080/`)).toContain('<html')
})
