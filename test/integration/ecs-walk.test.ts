import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling'
import { EC2 } from '@aws-sdk/client-ec2'
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import { IAM } from '@aws-sdk/client-iam'
import { SSM } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addressOf, EcsWorld } from '../support/ecs.ts'

// One application on Fargate, on EC2 and on a machine outside AWS, from its birth to a killed task.

const MINUTE = 60_000
const poll = { timeout: 2 * MINUTE, interval: 250 }
const EC2_POLICY = 'arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role'
let world: EcsWorld

beforeAll(async () => {
  world = await EcsWorld.start({ speed: 4 })
  await world.openGroup()
})
afterAll(() => world.close())

const hello = (version: string, rest: object = {}) => ({
  name: 'hello',
  image: 'drydock/hello:1',
  memory: 128,
  portMappings: [{ containerPort: 8080 }],
  environment: [{ name: 'VERSION', value: version }],
  ...rest,
})
const curl = (url: string) => world.shell.ok(`curl -s ${url}/version`)
const state = async (name: string) => {
  const { deployments = [], runningCount, desiredCount } = await world.service(name)
  return `${deployments.map(({ rolloutState }) => rolloutState)} ${runningCount}/${desiredCount}`
}
const role = async (name: string, service: string) => {
  const iam = world.clients.aws(IAM)
  const Statement = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }
  await iam.createRole({
    RoleName: name,
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
  })
  await iam.attachRolePolicy({ RoleName: name, PolicyArn: EC2_POLICY })
}

/** Machines of both kinds join the cluster. */
async function joinMachines(): Promise<void> {
  const [iam, ec2, ssm] = [world.clients.aws(IAM), world.clients.aws(EC2), world.clients.aws(SSM)]
  await role('machine', 'ec2.amazonaws.com')
  await role('outside', 'ssm.amazonaws.com')
  await iam.createInstanceProfile({ InstanceProfileName: 'machine' })
  await iam.addRoleToInstanceProfile({ InstanceProfileName: 'machine', RoleName: 'machine' })
  const { Parameter } = await ssm.getParameter({
    Name: '/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id',
  })
  await ec2.runInstances({
    ImageId: Parameter!.Value!,
    InstanceType: 't3.small',
    MinCount: 1,
    MaxCount: 1,
    SubnetId: world.subnets[0]!,
    SecurityGroupIds: [world.groupId],
    IamInstanceProfile: { Name: 'machine' },
    UserData: Buffer.from('#!/bin/bash\necho ECS_CLUSTER=demo >> /etc/ecs/ecs.config\n').toString('base64'),
  })
  const { ActivationId, ActivationCode } = await ssm.createActivation({
    IamRole: 'outside',
    RegistrationLimit: 1,
  })
  await world.shell.ok(
    `curl -sf https://amazon-ecs-agent.s3.amazonaws.com/ecs-anywhere-install-latest.sh | bash -s -- --region us-east-1 --cluster demo --activation-id ${ActivationId} --activation-code ${ActivationCode}`,
  )
  await expect
    .poll(
      async () => (await world.ecs.listContainerInstances({ cluster: 'demo' })).containerInstanceArns!.length,
      poll,
    )
    .toBe(2)
}

it('ECS on Fargate, EC2 and outside: balanced, rolled, scaled out and in, healed', {
  timeout: 8 * MINUTE,
}, async () => {
  const elb = world.clients.aws(ElasticLoadBalancingV2)
  const { dnsName, groupArns, ruleArn } = await world.balancer('walk', ['fargate'])
  const listener = ruleArn.replace(':listener-rule/', ':listener/').replace(/\/[^/]+$/, '')
  const { TargetGroups } = await elb.createTargetGroup({
    Name: 'machines',
    Protocol: 'HTTP',
    Port: 80,
    VpcId: world.vpcId,
    TargetType: 'instance',
    HealthCheckPath: '/readyz',
  })
  const machines = TargetGroups![0]!.TargetGroupArn!
  await elb.createRule({
    ListenerArn: listener,
    Priority: 1,
    Conditions: [{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'x-where', Values: ['ec2'] } }],
    Actions: [{ Type: 'forward', TargetGroupArn: machines }],
  })
  await joinMachines()

  // The three launch types.
  for (const version of ['1', '2']) await world.define('fargate', hello(version))
  const { taskDefinition: onEc2 } = await world.ecs.registerTaskDefinition({
    family: 'ec2',
    requiresCompatibilities: ['EC2'],
    containerDefinitions: [hello('ec2')],
  })
  const { taskDefinition: onExternal } = await world.ecs.registerTaskDefinition({
    family: 'outside',
    requiresCompatibilities: ['EXTERNAL'],
    containerDefinitions: [hello('outside', { portMappings: [{ containerPort: 8080, hostPort: 8080 }] })],
  })
  const balancer = (targetGroupArn: string) => [
    { targetGroupArn, containerName: 'hello', containerPort: 8080 },
  ]
  const cluster = 'demo'
  await world.ecs.createService({
    cluster,
    serviceName: 'fargate',
    taskDefinition: 'fargate:1',
    desiredCount: 2,
    launchType: 'FARGATE',
    networkConfiguration: world.network,
    loadBalancers: balancer(groupArns[0]!),
  })
  await world.ecs.createService({
    cluster,
    serviceName: 'ec2',
    taskDefinition: onEc2!.taskDefinitionArn!,
    desiredCount: 2,
    launchType: 'EC2',
    loadBalancers: balancer(machines),
  })
  await world.ecs.createService({
    cluster,
    serviceName: 'outside',
    taskDefinition: onExternal!.taskDefinitionArn!,
    launchType: 'EXTERNAL',
    schedulingStrategy: 'DAEMON',
  })
  for (const [name, count] of [
    ['fargate', 2],
    ['ec2', 2],
    ['outside', 1],
  ] as const)
    await expect.poll(() => state(name), poll).toBe(`COMPLETED ${count}/${count}`)
  expect(await curl(`http://${dnsName}`)).toBe('1')
  expect(await curl(`-H 'x-where: ec2' http://${dnsName}`)).toBe('ec2')
  const { InstanceInformationList } = await world.clients.aws(SSM).describeInstanceInformation({})
  expect(await curl(`http://${InstanceInformationList![0]!.IPAddress}:8080`)).toBe('outside')

  // A rolling update under requests: none fails.
  const requests = world.shell.ok(
    `until [ -e rolled ]; do curl -s -o /dev/null -w '%{http_code}\\n' http://${dnsName}/version; sleep 0.1; done | sort | uniq -c`,
  )
  await world.ecs.updateService({ cluster, service: 'fargate', taskDefinition: 'fargate:2' })
  await expect.poll(() => state('fargate'), poll).toBe('COMPLETED 2/2')
  await world.shell.write('rolled', '')
  expect(await requests).toMatch(/^\s*\d+ 200$/)
  expect(await curl(`http://${dnsName}`)).toBe('2')

  // Out under load and in again, by the requests that each target has.
  const scaling = world.clients.aws(ApplicationAutoScaling)
  const subject = {
    ServiceNamespace: 'ecs',
    ResourceId: 'service/demo/fargate',
    ScalableDimension: 'ecs:service:DesiredCount',
  } as const
  await scaling.registerScalableTarget({ ...subject, MinCapacity: 1, MaxCapacity: 4 })
  const { LoadBalancers } = await elb.describeLoadBalancers({})
  const ResourceLabel = `${LoadBalancers![0]!.LoadBalancerArn!.split(':loadbalancer/')[1]}/${groupArns[0]!.split(':').at(-1)}`
  await scaling.putScalingPolicy({
    ...subject,
    PolicyName: 'requests',
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 10,
      PredefinedMetricSpecification: { PredefinedMetricType: 'ALBRequestCountPerTarget', ResourceLabel },
    },
  })
  const desired = async () => (await world.service('fargate')).desiredCount!
  for (let minute = 0; minute < 8 && (await desired()) < 4; minute++) {
    await world.shell.ok(`curl -s -o /dev/null "http://${dnsName}/version?[1-60]"`)
    await world.cloud.advance(world.worldId, MINUTE)
  }
  expect(await desired()).toBe(4)
  await expect.poll(() => state('fargate'), poll).toBe('COMPLETED 4/4')
  for (let minute = 0; minute < 40 && (await desired()) > 1; minute++) {
    await world.shell.ok(`curl -s -o /dev/null http://${dnsName}/version`)
    await world.cloud.advance(world.worldId, MINUTE)
  }
  await expect.poll(() => state('fargate'), poll).toBe('COMPLETED 1/1')

  // Who is killed comes back somewhere else.
  const [victim] = await world.tasksOf('fargate')
  await world.ecs.stopTask({ cluster, task: victim!.taskArn, reason: 'chaos' })
  await expect.poll(async () => (await world.tasksOf('fargate'))[0]?.lastStatus, poll).toBe('RUNNING')
  const [healed] = await world.tasksOf('fargate')
  expect(addressOf(healed!)).not.toBe(addressOf(victim!))
  await expect.poll(() => curl(`http://${dnsName}`), poll).toBe('2')
})
