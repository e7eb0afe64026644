import type { DeploymentConfiguration, DeploymentLifecycleHookStage } from '@aws-sdk/client-ecs'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addressOf, EcsWorld, role } from '../support/ecs.ts'

// Deployments that are not rolling updates, and tasks that their load balancer finds unwell. Sources: the ECS Developer Guide's pages on
// blue/green deployments, external deployments and service events, and the API reference.

const MINUTE = 60_000
let world: EcsWorld
const hello = (version: string) => ({
  image: 'drydock/hello:1',
  portMappings: [{ containerPort: 8080, name: 'http' }],
  environment: [{ name: 'VERSION', value: version }],
})
const poll = { timeout: MINUTE, interval: 250 }

beforeAll(async () => {
  world = await EcsWorld.start({ speed: 20 })
  await world.openGroup()
  for (const version of ['1', '2', '3']) await world.define('hello', hello(version))
  const iam = world.clients.aws(IAMClient)
  const Statement = { Effect: 'Allow', Principal: { Service: 'ecs.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await iam.send(new CreateRoleCommand({ RoleName: 'shift', AssumeRolePolicyDocument }))
  const allowed = { Effect: 'Allow', Action: 'elasticloadbalancing:*', Resource: '*' }
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: allowed })
  await iam.send(new PutRolePolicyCommand({ RoleName: 'shift', PolicyName: 'shift', PolicyDocument }))
})
afterAll(() => world.close())

const rollout = async (name: string) => {
  const { deployments = [] } = await world.service(name)
  return deployments.map(
    ({ status, rolloutState, taskDefinition }) =>
      `${status} ${rolloutState} ${taskDefinition!.split(':').at(-1)}`,
  )
}
const answer = (dnsName: string) => world.shell.ok(`curl -s http://${dnsName}/version`)
const deployment = async (service: string, number = 0) => {
  const { serviceDeployments } = await world.ecs.listServiceDeployments({ cluster: 'demo', service })
  const { serviceDeployments: found } = await world.ecs.describeServiceDeployments({
    serviceDeploymentArns: [serviceDeployments![number]!.serviceDeploymentArn!],
  })
  return found![0]!
}

it('goes over from blue to green as a whole, bakes, and goes back when it is stopped', {
  timeout: 3 * MINUTE,
}, async () => {
  const { dnsName, groupArns, ruleArn } = await world.balancer('bg', ['blue', 'green'])
  const create = {
    cluster: 'demo',
    serviceName: 'bg',
    taskDefinition: 'hello:1',
    desiredCount: 2,
    launchType: 'FARGATE',
    networkConfiguration: world.network,
    deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 20 },
  } as const
  const balancer = { targetGroupArn: groupArns[0], containerName: 'hello', containerPort: 8080 }
  await expect(world.ecs.createService({ ...create, loadBalancers: [balancer] })).rejects.toMatchObject({
    name: 'InvalidParameterException',
  })
  const advancedConfiguration = {
    alternateTargetGroupArn: groupArns[1]!,
    productionListenerRule: ruleArn,
    roleArn: role('shift'),
  }
  await world.ecs.createService({ ...create, loadBalancers: [{ ...balancer, advancedConfiguration }] })
  await expect.poll(() => rollout('bg'), poll).toEqual(['PRIMARY COMPLETED 1'])
  expect(await answer(dnsName)).toBe('1')

  await world.ecs.updateService({ cluster: 'demo', service: 'bg', taskDefinition: 'hello:2' })
  await expect.poll(async () => (await deployment('bg')).lifecycleStage, poll).toBe('BAKE_TIME')
  // All traffic is green's, and blue still runs.
  expect(await answer(dnsName)).toBe('2')
  expect((await world.tasksOf('bg')).length).toBe(4)
  expect(await rollout('bg')).toEqual(['PRIMARY IN_PROGRESS 2', 'ACTIVE COMPLETED 1'])
  await world.cloud.advance(world.worldId, 20 * MINUTE)
  await expect.poll(() => rollout('bg'), poll).toEqual(['PRIMARY COMPLETED 2'])
  expect(await deployment('bg')).toMatchObject({
    status: 'SUCCESSFUL',
    deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 20 },
  })

  await world.ecs.updateService({ cluster: 'demo', service: 'bg', taskDefinition: 'hello:3' })
  await expect.poll(async () => (await deployment('bg')).lifecycleStage, poll).toBe('BAKE_TIME')
  expect(await answer(dnsName)).toBe('3')
  const { serviceDeploymentArn } = await deployment('bg')
  await world.shell.ok(
    `aws ecs stop-service-deployment --service-deployment-arn ${serviceDeploymentArn} --stop-type ROLLBACK`,
  )
  await expect.poll(() => rollout('bg'), poll).toEqual(['PRIMARY COMPLETED 2'])
  expect(await answer(dnsName)).toBe('2')
  const { serviceDeployments } = await world.ecs.describeServiceDeployments({
    serviceDeploymentArns: [serviceDeploymentArn!],
  })
  expect(serviceDeployments![0]).toMatchObject({
    status: 'ROLLBACK_SUCCESSFUL',
    rollback: { reason: 'ECS deployment: service deployment stopped by the user' },
  })
  expect(
    await world.shell.fails(
      `aws ecs stop-service-deployment --service-deployment-arn ${serviceDeploymentArn}`,
    ),
  ).toContain('(ConflictException) when calling the StopServiceDeployment operation')
  await world.ecs.deleteService({ cluster: 'demo', service: 'bg', force: true })
})

it('shifts traffic in steps, and waits at pause hooks for somebody’s word', {
  timeout: 3 * MINUTE,
}, async () => {
  const { dnsName, groupArns, ruleArn } = await world.balancer('steps', ['old', 'new'])
  const advancedConfiguration = {
    alternateTargetGroupArn: groupArns[1]!,
    productionListenerRule: ruleArn,
    roleArn: role('shift'),
  }
  const service = {
    cluster: 'demo',
    serviceName: 'steps',
    taskDefinition: 'hello:1',
    desiredCount: 1,
    launchType: 'FARGATE',
    networkConfiguration: world.network,
  } as const
  const balancer = { targetGroupArn: groupArns[0], containerName: 'hello', containerPort: 8080 }
  const loadBalancers = [{ ...balancer, advancedConfiguration }]
  const create = (deploymentConfiguration: DeploymentConfiguration) =>
    world.ecs.createService({ ...service, loadBalancers, deploymentConfiguration })
  await expect(create({ strategy: 'LINEAR', linearConfiguration: { stepPercent: 2 } })).rejects.toThrow(
    'stepPercent must be between 3 and 100.',
  )
  const lambda = { lifecycleStages: ['POST_SCALE_UP' as const], hookTargetArn: 'arn:aws:lambda:…' }
  await expect(create({ strategy: 'CANARY', lifecycleHooks: [lambda] })).rejects.toThrow('AWS Lambda')
  await create({
    strategy: 'LINEAR',
    linearConfiguration: { stepPercent: 40, stepBakeTimeInMinutes: 30 },
    lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] }],
  })
  await expect.poll(() => rollout('steps'), poll).toEqual(['PRIMARY COMPLETED 1'])

  const weights = () =>
    world.shell.ok(
      `aws elbv2 describe-rules --rule-arns ${ruleArn} --query 'Rules[0].Actions[0].ForwardConfig.TargetGroups[].[TargetGroupArn,Weight]' --output text`,
    )
  const weightOfNew = async () =>
    Number(new RegExp(`^${groupArns[1]}\\t(\\d+)$`, 'm').exec(await weights())?.[1])
  const hook = async () => (await deployment('steps')).lifecycleHookDetails?.at(-1)
  await world.ecs.updateService({ cluster: 'demo', service: 'steps', taskDefinition: 'hello:2' })
  await expect.poll(async () => (await hook())?.status, poll).toBe('AWAITING_ACTION')
  expect(await weightOfNew()).toBe(0)
  const { serviceDeploymentArn } = await deployment('steps')
  const resume = `aws ecs continue-service-deployment --service-deployment-arn ${serviceDeploymentArn} --hook-id ${(await hook())!.hookId}`
  await world.shell.ok(resume)
  await expect.poll(weightOfNew, poll).toBe(40)
  expect(await world.shell.fails(resume)).toContain('is not awaiting an action')
  const answers = await world.shell.ok(
    `for i in $(seq 40); do curl -s http://${dnsName}/version; echo; done | sort -u`,
  )
  expect(answers.split('\n')).toEqual(['1', '2'])
  await world.cloud.advance(world.worldId, 30 * MINUTE)
  await expect.poll(weightOfNew, poll).toBe(80)
  await world.cloud.advance(world.worldId, 30 * MINUTE)
  await expect.poll(() => rollout('steps'), poll).toEqual(['PRIMARY COMPLETED 2'])
  expect(await weightOfNew()).toBe(100)

  // A canary goes back when its hook is told so.
  await world.ecs.updateService({
    cluster: 'demo',
    service: 'steps',
    taskDefinition: 'hello:3',
    deploymentConfiguration: {
      strategy: 'CANARY',
      canaryConfiguration: { canaryPercent: 2.5, canaryBakeTimeInMinutes: 30 },
      lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['PRE_PRODUCTION_TRAFFIC_SHIFT'] }],
    },
  })
  const act = async (action: 'CONTINUE' | 'ROLLBACK') =>
    world.ecs.continueServiceDeployment({
      serviceDeploymentArn: (await deployment('steps')).serviceDeploymentArn!,
      hookId: (await hook())!.hookId!,
      action,
    })
  await expect.poll(async () => (await hook())?.status, poll).toBe('AWAITING_ACTION')
  await act('CONTINUE')
  // 23 of 900 are the new revision's.
  await expect.poll(weightOfNew, poll).toBe(877)
  await world.cloud.advance(world.worldId, 30 * MINUTE)
  await expect.poll(async () => (await hook())?.status, poll).toBe('AWAITING_ACTION')
  await act('ROLLBACK')
  await expect.poll(() => rollout('steps'), poll).toEqual(['PRIMARY COMPLETED 2'])
  expect(await weightOfNew()).toBe(100)
  expect((await deployment('steps')).rollback!.reason).toContain('rollback requested at lifecycle hook')

  // Whoever overtakes a deployment that has traffic takes it back before its tasks go.
  const canary = (version: number, lifecycleStages: DeploymentLifecycleHookStage[]) =>
    world.ecs.updateService({
      cluster: 'demo',
      service: 'steps',
      taskDefinition: `hello:${version}`,
      deploymentConfiguration: {
        strategy: 'CANARY',
        canaryConfiguration: { canaryPercent: 50, canaryBakeTimeInMinutes: 30 },
        lifecycleHooks: lifecycleStages.map((stage) => ({ targetType: 'PAUSE', lifecycleStages: [stage] })),
      },
    })
  const weightOfNext = async () => 100 - (await weightOfNew())
  await canary(1, [])
  await expect.poll(weightOfNext, poll).toBe(50)
  await canary(3, ['RECONCILE_SERVICE'])
  await expect.poll(async () => (await hook())?.status, poll).toBe('AWAITING_ACTION')
  const wanted = async () =>
    (await world.tasksOf('steps')).filter(({ desiredStatus }) => desiredStatus === 'RUNNING').length
  expect([await weightOfNext(), await wanted()]).toEqual([50, 2])
  await act('CONTINUE')
  await expect.poll(weightOfNext, poll).toBe(50)
  await world.cloud.advance(world.worldId, 30 * MINUTE)
  await expect.poll(() => rollout('steps'), poll).toEqual(['PRIMARY COMPLETED 3'])
  await world.ecs.deleteService({ cluster: 'demo', service: 'steps', force: true })
})

it('leaves deployments to task sets where the controller is EXTERNAL', { timeout: 2 * MINUTE }, async () => {
  const sets = (query: string) =>
    world.shell.ok(`aws ecs describe-task-sets --cluster demo --service ext --query '${query}' --output text`)
  const create = { cluster: 'demo', serviceName: 'ext', desiredCount: 3 }
  await expect(
    world.ecs.createService({
      ...create,
      taskDefinition: 'hello:1',
      deploymentController: { type: 'CODE_DEPLOY' },
    }),
  ).rejects.toMatchObject({
    name: 'NotImplemented',
  })
  await world.ecs.createService({ ...create, deploymentController: { type: 'EXTERNAL' } })
  const launch = {
    cluster: 'demo',
    service: 'ext',
    launchType: 'FARGATE',
    networkConfiguration: world.network,
  } as const
  const blue = await world.ecs.createTaskSet({ ...launch, taskDefinition: 'hello:1', externalId: 'blue' })
  const green = await world.ecs.createTaskSet({
    ...launch,
    taskDefinition: 'hello:2',
    externalId: 'green',
    scale: { value: 50, unit: 'PERCENT' },
  })
  await expect
    .poll(
      () =>
        sets(
          'sort_by(taskSets,&externalId)[].[externalId,status,runningCount,computedDesiredCount,stabilityStatus]',
        ),
      poll,
    )
    .toBe('blue\tACTIVE\t3\t3\tSTEADY_STATE\ngreen\tACTIVE\t2\t2\tSTEADY_STATE')
  expect((await world.service('ext')).taskSets!.length).toBe(2)
  const [first, second] = [blue.taskSet!.id!, green.taskSet!.id!]
  await world.ecs.updateServicePrimaryTaskSet({ ...launch, primaryTaskSet: second })
  await world.ecs.updateTaskSet({ ...launch, taskSet: second, scale: { value: 100, unit: 'PERCENT' } })
  await expect(world.ecs.deleteTaskSet({ ...launch, taskSet: first })).rejects.toMatchObject({
    name: 'InvalidParameterException',
  })
  await world.ecs.deleteTaskSet({ ...launch, taskSet: first, force: true })
  await expect.poll(() => sets('taskSets[].[externalId,status,runningCount]'), poll).toBe('green\tPRIMARY\t3')
  expect(
    await world.shell.fails('aws ecs update-service --cluster demo --service ext --task-definition hello:3'),
  ).toContain('Unable to update task definition on services with an EXTERNAL deployment controller.')
  await world.ecs.deleteService({ cluster: 'demo', service: 'ext', force: true })
})

it('replaces a task whose target is unhealthy, and says so', { timeout: 2 * MINUTE }, async () => {
  const { dnsName, groupArns } = await world.balancer('sick', ['sick'])
  const loadBalancers = [{ targetGroupArn: groupArns[0], containerName: 'hello', containerPort: 8080 }]
  const launch = { launchType: 'FARGATE', networkConfiguration: world.network } as const
  await world.ecs.createService({
    cluster: 'demo',
    serviceName: 'sick',
    taskDefinition: 'hello:1',
    desiredCount: 2,
    loadBalancers,
    ...launch,
  })
  await expect.poll(() => rollout('sick'), poll).toEqual(['PRIMARY COMPLETED 1'])
  const before = await world.tasksOf('sick')
  const victim = before[0]!
  const { networkInterfaceId } = Object.fromEntries(
    victim.attachments![0]!.details!.map(({ name, value }) => [name, value]),
  )
  const address = await world.shell.ok(
    `aws ec2 describe-network-interfaces --network-interface-ids ${networkInterfaceId} --query 'NetworkInterfaces[0].Association.PublicIp' --output text`,
  )
  expect(await world.shell.ok(`curl -s http://${address}:8080/ready/off`)).toBe('ready: false')
  const id = victim.taskArn!.split('/').at(-1)!
  const described = async () => (await world.ecs.describeTasks({ cluster: 'demo', tasks: [id] })).tasks![0]!
  await expect.poll(async () => (await described()).lastStatus, poll).toBe('STOPPED')
  expect(await described()).toMatchObject({
    stopCode: 'ServiceSchedulerInitiated',
    stoppedReason: `Task failed ELB health checks in (target-group ${groupArns[0]})`,
  })
  const after = await world.tasksOf('sick')
  expect(after.length).toBe(2)
  expect(after.map(addressOf)).not.toContain(addressOf(victim))
  await expect
    .poll(async () => (await world.service('sick')).events![0]!.message, poll)
    .toBe('(service sick) has reached a steady state.')
  const events = (await world.service('sick')).events!.map(({ message }) => message!).reverse()
  const positions = [
    `(service sick) (task ${id}) (port 8080) is unhealthy in (target-group ${groupArns[0]}) due to (reason Health checks failed with these codes: [503]).`,
    /^\(service sick\) has started 1 tasks: \(task [0-9a-f]{32}\)\. Amazon ECS replaced 1 tasks due to an unhealthy status\.$/,
    `(service sick) has stopped 1 running tasks: (task ${id}).`,
    `(service sick) deregistered 1 targets in (target-group ${groupArns[0]})`,
    '(service sick) has begun draining connections on 1 tasks.',
  ].map((text) =>
    events.findLastIndex((event) => (typeof text === 'string' ? event === text : text.test(event))),
  )
  expect(positions, events.join('\n')).toEqual([...positions].sort((a, b) => a - b))
  expect(positions).not.toContain(-1)
  expect(await answer(dnsName)).toBe('1')
})

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html
it('gives Container Insights the figures of a cluster that has them on', {
  timeout: 2 * MINUTE,
}, async () => {
  const metrics = () =>
    world.shell.ok(
      `aws cloudwatch list-metrics --namespace ECS/ContainerInsights --dimensions Name=ServiceName,Value=sick --query 'sort(Metrics[].MetricName)' --output text`,
    )
  await world.cloud.advance(world.worldId, MINUTE)
  expect(await metrics()).toBe('')
  await world.shell.ok(
    'aws ecs update-cluster-settings --cluster demo --settings name=containerInsights,value=enabled',
  )
  await world.cloud.advance(world.worldId, MINUTE)
  expect(await metrics()).toBe(
    [
      ...['CpuReserved', 'CpuUtilized', 'DeploymentCount', 'DesiredTaskCount', 'MemoryReserved'],
      ...['MemoryUtilized', 'PendingTaskCount', 'RunningTaskCount'],
    ].join('\t'),
  )
  const most = (name: string) =>
    world.shell.ok(
      `aws cloudwatch get-metric-statistics --namespace ECS/ContainerInsights --metric-name ${name} --statistics Maximum --period 86400 \
        --dimensions Name=ClusterName,Value=demo Name=ServiceName,Value=sick --start-time $(date -I -d '-2 days') --end-time $(date -I -d '+9 days') \
        --query 'max(Datapoints[].Maximum)' --output text`,
    )
  expect([await most('RunningTaskCount'), await most('CpuReserved')]).toEqual(['2', '512'])
})
