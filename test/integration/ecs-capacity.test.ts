import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OwnedCloud } from '../../src/cloud/api.ts'
import { startCloud } from '../../src/cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

// Capacity providers of Auto Scaling groups, and daemons. Sources: "Amazon ECS cluster auto scaling" and "Amazon ECS capacity providers" of
// the ECS Developer Guide.
const MINUTE = 60_000

let directory: string
let cloud: OwnedCloud
let shell: LabShell

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-ecs-capacity-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ id: 'ecs', accountId: '111122223333', provisioning: 'instant' })
  shell = await LabShell.open(world)
  const web = { name: 'web', image: 'nginx:1.28', cpu: 1024, memory: 700 }
  await shell.write('web.json', JSON.stringify({ family: 'web', containerDefinitions: [web] }))
  await shell.write('agent', '#!/bin/bash\necho ECS_CLUSTER=demo >> /etc/ecs/ecs.config\n')
  await shell.write(
    'settings',
    `export AWS_PAGER= AWS_DEFAULT_OUTPUT=text
trust() { echo '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"'$1'"},"Action":"sts:AssumeRole"}]}'; }
group() { aws autoscaling describe-auto-scaling-groups --query "AutoScalingGroups[0].$1"; }
tasks() { aws ecs describe-tasks --cluster demo --tasks $T --query "tasks[].$1"; }
service() { aws ecs describe-services --cluster demo --services $1 --query "services[0].$2"; }
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

it('sizes the group of a capacity provider by the tasks that wait, and keeps busy instances from scaling in', {
  timeout: 480_000,
}, async () => {
  await ok(`
    aws ecs create-cluster --cluster-name demo >/dev/null
    aws ecs register-task-definition --cli-input-json file://web.json >/dev/null
    aws iam create-role --role-name ecsInstanceRole --assume-role-policy-document "$(trust ec2.amazonaws.com)" >/dev/null
    aws iam attach-role-policy --role-name ecsInstanceRole --policy-arn arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role
    aws iam create-instance-profile --instance-profile-name ecsInstanceRole >/dev/null
    aws iam add-role-to-instance-profile --instance-profile-name ecsInstanceRole --role-name ecsInstanceRole
    AMI=$(aws ssm get-parameter --name /aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id --query Parameter.Value)
    aws ec2 create-launch-template --launch-template-name ecs --launch-template-data "{\\"ImageId\\":\\"$AMI\\",\\"InstanceType\\":\\"t3.small\\",\\"IamInstanceProfile\\":{\\"Name\\":\\"ecsInstanceRole\\"},\\"UserData\\":\\"$(base64 -w0 agent)\\"}" >/dev/null
    SUBNETS=$(aws ec2 describe-subnets --query 'join(\`,\`, Subnets[].SubnetId)')
    aws autoscaling create-auto-scaling-group --auto-scaling-group-name ecs --launch-template LaunchTemplateName=ecs --min-size 0 --max-size 5 --vpc-zone-identifier $SUBNETS
    echo "ASG=$(group AutoScalingGroupARN)" >>settings`)
  const provider = `aws ecs create-capacity-provider --name machines --auto-scaling-group-provider "autoScalingGroupArn=$ASG,managedScaling={status=ENABLED,targetCapacity=100},managedTerminationProtection=ENABLED" --query capacityProvider.status`
  expect(await fails(provider)).toContain(
    'the Auto Scaling group must have instance protection from scale in enabled.',
  )
  await ok(
    'aws autoscaling update-auto-scaling-group --auto-scaling-group-name ecs --new-instances-protected-from-scale-in',
  )
  expect(await ok(provider)).toBe('ACTIVE')
  await ok(
    `aws ecs put-cluster-capacity-providers --cluster demo --capacity-providers machines FARGATE --default-capacity-provider-strategy capacityProvider=machines >/dev/null`,
  )
  expect(await fails('aws ecs delete-capacity-provider --capacity-provider machines')).toContain(
    'The capacity provider cannot be deleted because it is associated with cluster: demo. Remove the capacity provider from the cluster and try again.',
  )
  // Three tasks of which two fit a machine: two machines come, and the tasks that waited start on them.
  await ok(`T=$(aws ecs run-task --cluster demo --task-definition web --count 3 --query 'tasks[].taskArn')
    echo "T=\\"$T\\"" >>settings
    ${until('[ "$(tasks lastStatus | tr "\\t" " ")" = "RUNNING RUNNING RUNNING" ]')}`)
  expect(await ok('group "[DesiredCapacity,length(Instances),Instances[0].ProtectedFromScaleIn]"')).toBe(
    '2\t2\tTrue',
  )
  expect(await ok('tasks capacityProviderName')).toBe('machines\tmachines\tmachines')
  expect(
    await ok(
      `aws autoscaling describe-scaling-activities --auto-scaling-group-name ecs --query 'Activities[-1].Cause'`,
    ),
  ).toMatch(
    /changing the desired capacity from 0 to 2\. {2}At \S+ an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 0 to 2\.$/,
  )

  // A daemon runs once on each instance.
  await ok(`sed 's/1024/64/; s/700/64/; s/"web"/"agent"/g' web.json >agent.json
    aws ecs register-task-definition --cli-input-json file://agent.json >/dev/null
    aws ecs create-service --cluster demo --service-name agent --task-definition agent --launch-type EC2 --scheduling-strategy DAEMON >/dev/null
    ${until(`[ "$(service agent '[desiredCount,runningCount]' | tr '\\t' ' ')" = '2 2' ]`)}`)
  expect(
    await fails(
      'aws ecs create-service --cluster demo --service-name two --task-definition agent --launch-type EC2 --scheduling-strategy DAEMON --desired-count 2',
    ),
  ).toContain('The desired count is not supported when scheduling strategy is DAEMON.')
  await ok(`aws ecs delete-service --cluster demo --service agent --force >/dev/null
    ${until(`[ "$(service agent status)" = INACTIVE ]`)}`)

  // Without tasks the machines go, after a quarter of an hour.
  await ok(`for t in $T; do aws ecs stop-task --cluster demo --task $t >/dev/null; done
    ${until('[ "$(tasks lastStatus | tr "\\t" " ")" = "STOPPED STOPPED STOPPED" ]')}`)
  await cloud.advance('ecs', 16 * MINUTE)
  await ok(until('[ "$(group "length(Instances)")" = 0 ]'))
})
