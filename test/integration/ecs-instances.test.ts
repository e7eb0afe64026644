import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OwnedCloud } from '../../src/cloud/api.ts'
import { startCloud } from '../../src/cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

// Tasks on EC2. Sources: the ECS Developer Guide's pages on container instances, placement and service events; texts from public issues
// of the CLI, Terraform and the CDK.
const ACCOUNT = '111122223333'
const MINUTE = 60_000

let directory: string
let cloud: OwnedCloud
let shell: LabShell

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-ecs-instances-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ id: 'ecs', accountId: ACCOUNT, provisioning: 'instant' })
  shell = await LabShell.open(world)
  await shell.write(
    'web.json',
    JSON.stringify({
      family: 'web',
      requiresCompatibilities: ['EC2'],
      containerDefinitions: [
        { name: 'web', image: 'nginx:1.28', cpu: 256, memory: 256, portMappings: [{ containerPort: 80 }] },
      ],
    }),
  )
  await shell.write('agent', '#!/bin/bash\necho ECS_CLUSTER=demo >> /etc/ecs/ecs.config\n')
  await shell.write(
    'settings',
    `export AWS_PAGER= AWS_DEFAULT_OUTPUT=text
trust() { echo '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"'$1'"},"Action":"sts:AssumeRole"}]}'; }
service() { aws ecs describe-services --cluster demo --services $1 --query "services[0].$2"; }
events() { service $1 'join(\`\\n\`, reverse(events[].message))'; }
stable() { until [ "$(service $1 '[length(deployments),deployments[0].rolloutState,runningCount==desiredCount,pendingCount]' | tr '\\t' ' ')" = '1 COMPLETED True 0' ]; do sleep 0.2; done; }
gone() { until [ "$(aws ecs describe-tasks --cluster demo --tasks "$@" --query 'length(tasks[?lastStatus!=\`STOPPED\`])')" = 0 ]; do sleep 0.2; done; }
instances() { aws ecs list-container-instances --cluster demo --query 'containerInstanceArns' "$@"; }
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

it('lets an instance join whose image, user data, role and network say so, and no other', {
  timeout: 480_000,
}, async () => {
  await ok(`
    aws ecs create-cluster --cluster-name demo >/dev/null
    VPC=$(aws ec2 describe-vpcs --query 'Vpcs[0].VpcId')
    SG=$(aws ec2 create-security-group --group-name web --description web --vpc-id $VPC --query GroupId)
    aws ec2 authorize-security-group-ingress --group-id $SG --protocol tcp --port 0-65535 --cidr 0.0.0.0/0 >/dev/null
    aws iam create-role --role-name ecsInstanceRole --assume-role-policy-document "$(trust ec2.amazonaws.com)" >/dev/null
    aws iam create-instance-profile --instance-profile-name ecsInstanceRole >/dev/null
    aws iam add-role-to-instance-profile --instance-profile-name ecsInstanceRole --role-name ecsInstanceRole
    AMI=$(aws ssm get-parameter --name /aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id --query Parameter.Value)
    echo "VPC=$VPC SG=$SG AMI=$AMI" >>settings`)
  expect(await fails('aws ecs run-task --cluster demo --launch-type EC2 --task-definition none')).toContain(
    '(ClientException) when calling the RunTask operation: TaskDefinition not found.',
  )
  expect(
    await fails(
      `aws ecs register-task-definition --cli-input-json file://web.json >/dev/null
       aws ecs run-task --cluster demo --task-definition web`,
    ),
  ).toContain(
    '(InvalidParameterException) when calling the RunTask operation: No Container Instances were found in your cluster.',
  )
  // The role lacks its policy: the agent is refused, tries again, and joins once it may.
  await ok(`aws ec2 run-instances --image-id $AMI --instance-type t3.small --count 2 --security-group-ids $SG \
      --iam-instance-profile Name=ecsInstanceRole --user-data file://agent >/dev/null
    aws ec2 wait instance-running`)
  await cloud.advance('ecs', MINUTE)
  expect(await ok('instances --output json')).toBe('[]')
  await ok(`aws iam attach-role-policy --role-name ecsInstanceRole \
      --policy-arn arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role`)
  await cloud.advance('ecs', MINUTE)
  await ok(until('[ "$(instances --query "length(containerInstanceArns)")" = 2 ]'))
  expect(
    await ok(
      `aws ecs describe-container-instances --cluster demo --container-instances $(instances) --query \
        'containerInstances[0].[status,agentConnected,registeredResources[0].integerValue,registeredResources[1].integerValue,attributes[?name==\`ecs.instance-type\`]|[0].value]'`,
    ),
  ).toBe('ACTIVE\tTrue\t2048\t1940\tt3.small')
  expect(await fails('aws ecs delete-cluster --cluster demo')).toContain(
    '(ClusterContainsContainerInstancesException) when calling the DeleteCluster operation: The Cluster cannot be deleted while Container Instances are active or draining.',
  )
})

it('places tasks by strategies and constraints, and says why it cannot', { timeout: 480_000 }, async () => {
  const reason = (options: string) =>
    ok(`aws ecs run-task --cluster demo --task-definition web ${options} --query 'failures[].reason'`)
  expect(await reason(`--overrides '{"containerOverrides":[{"name":"web","memory":4000}]}'`)).toBe(
    'RESOURCE:MEMORY\tRESOURCE:MEMORY',
  )
  expect(await reason(`--overrides '{"containerOverrides":[{"name":"web","cpu":4096}]}'`)).toBe(
    'RESOURCE:CPU\tRESOURCE:CPU',
  )
  expect(
    await reason(`--placement-constraints 'type=memberOf,expression=attribute:ecs.instance-type =~ m5.*'`),
  ).toContain('MemberOf placement constraint unsatisfied.')
  expect(
    await fails(
      `aws ecs run-task --cluster demo --task-definition web --placement-constraints type=memberOf,expression=nonsense`,
    ),
  ).toContain('(InvalidParameterException)')
  const placed = (options: string) =>
    ok(`T=$(aws ecs run-task --cluster demo --task-definition web --count 4 --started-by test ${options} --query 'tasks[].taskArn')
      aws ecs describe-tasks --cluster demo --tasks $T --query 'sort(tasks[].containerInstanceArn)'
      for t in $T; do aws ecs stop-task --cluster demo --task $t >/dev/null; done
      gone $T`)
  const counts = async (options: string) => {
    const all = (await placed(options)).split(/\s+/)
    return [...new Set(all)].map((arn) => all.filter((one) => one === arn).length)
  }
  expect(await counts('--placement-strategy type=binpack,field=memory')).toEqual([4])
  expect(await counts('--placement-strategy type=spread,field=instanceId')).toEqual([2, 2])
})

it('runs a service with dynamic host ports behind a load balancer, drains an instance, heals and rolls', {
  timeout: 480_000,
}, async () => {
  await ok(`
    LB=$(aws elbv2 create-load-balancer --name web --subnets $(aws ec2 describe-subnets --query 'Subnets[].SubnetId') --security-groups $SG --query 'LoadBalancers[0].LoadBalancerArn')
    TG=$(aws elbv2 create-target-group --name web --protocol HTTP --port 80 --vpc-id $VPC --query 'TargetGroups[0].TargetGroupArn')
    aws elbv2 modify-target-group-attributes --target-group-arn $TG --attributes Key=deregistration_delay.timeout_seconds,Value=0 >/dev/null
    aws elbv2 create-listener --load-balancer-arn $LB --protocol HTTP --port 80 --default-actions Type=forward,TargetGroupArn=$TG >/dev/null
    echo "LB=$LB TG=$TG DNS=$(aws elbv2 describe-load-balancers --query 'LoadBalancers[0].DNSName')" >>settings
    aws ecs create-service --cluster demo --service-name web --task-definition web --desired-count 3 \
      --load-balancers targetGroupArn=$TG,containerName=web,containerPort=80 --placement-strategy type=spread,field=instanceId >/dev/null
    stable web`)
  const health = `aws elbv2 describe-target-health --target-group-arn $TG --query 'sort_by(TargetHealthDescriptions,&to_string(Target.Port))[].[Target.Port,TargetHealth.State]'`
  expect(await ok(health)).toBe('32768\thealthy\n32768\thealthy\n32769\thealthy')
  expect(await ok('curl -s http://$DNS/')).toContain('<html')

  // A drained instance's tasks move before they end, as the minimum of 100 percent demands.
  await ok(`I=$(instances | cut -f1)
    echo "DRAINED=$I" >>settings
    aws ecs update-container-instances-state --cluster demo --container-instances $I --status DRAINING >/dev/null
    ${until(`[ "$(aws ecs list-tasks --cluster demo --container-instance $I --query 'length(taskArns)')" = 0 ]`)}
    stable web`)
  expect(await ok('service web runningCount')).toBe('3')
  await ok(
    `aws ecs update-container-instances-state --cluster demo --container-instances $DRAINED --status ACTIVE >/dev/null`,
  )

  // A killed task is replaced by another.
  await ok(`T=$(aws ecs list-tasks --cluster demo --service-name web --query 'taskArns[0]')
    aws ecs stop-task --cluster demo --task $T >/dev/null
    gone $T
    stable web`)
  expect(await ok('service web runningCount')).toBe('3')

  // A revision that asks for more than there is: the event says what lacks, and the old tasks go on.
  await ok(`sed 's/"memory":256/"memory":1900/' web.json >large.json
    aws ecs register-task-definition --cli-input-json file://large.json >/dev/null
    aws ecs update-service --cluster demo --service web --task-definition web:2 >/dev/null
    ${until("events web | grep -q 'unable to place a task'")}`)
  expect(await ok('events web')).toMatch(
    /\(service web\) was unable to place a task because no container instance met all of its requirements\. The closest matching \(container-instance [0-9a-f]{32}\) has insufficient memory available\. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide\./,
  )
  expect(await ok('curl -s http://$DNS/')).toContain('<html')
  await ok(`aws ecs update-service --cluster demo --service web --task-definition web:1 >/dev/null
    stable web`)

  // An instance that ends takes its tasks along; the others are taken on by the one that is left.
  expect(
    await ok(`I=$(aws ecs describe-container-instances --cluster demo --container-instances $DRAINED --query 'containerInstances[0].ec2InstanceId')
      T=$(aws ecs list-tasks --cluster demo --container-instance $DRAINED --query 'taskArns[0]')
      [ $T != None ] || T=$(aws ecs start-task --cluster demo --task-definition web:1 --container-instances $DRAINED --query 'tasks[0].taskArn')
      aws ec2 terminate-instances --instance-ids $I >/dev/null
      gone $T
      aws ecs describe-tasks --cluster demo --tasks $T --query 'tasks[0].stoppedReason'`),
  ).toMatch(/^Host EC2 \(instance i-[0-9a-f]+\) terminated\.$/)
  await ok('stable web')
  expect(await ok('instances --query "length(containerInstanceArns)"')).toBe('1')
})
