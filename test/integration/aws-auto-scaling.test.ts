import { afterAll, beforeAll, expect, it } from 'vitest'
import { groupScalingController } from '../../src/aws/autoscaling/index.ts'
import { alarmController, cloudWatchService } from '../../src/aws/cloudwatch/index.ts'
import { anImage } from '../support/ami.ts'
import { startAws } from '../support/aws.ts'

// Behaviour: https://docs.aws.amazon.com/autoscaling/ec2/userguide/;
// texts as public issues of the CLI and Terraform quote them.
const MINUTE = 60_000
const AMI = anImage()

let aws: Awaited<ReturnType<typeof startAws>>
beforeAll(async () => {
  aws = await startAws({ services: [cloudWatchService] })
  aws.world.controllers.start(alarmController(aws.world))
  aws.world.controllers.start(groupScalingController(aws.world))
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
const at = (ms: number) => new Date(aws.world.clock.now() + ms).toISOString()

const describeGroup = (query: string) =>
  ok(
    `autoscaling describe-auto-scaling-groups --auto-scaling-group-names web --query AutoScalingGroups[0].${query}`,
  )

it('registers its instances with a target group, and holds them at lifecycle hooks', {
  timeout: 480_000,
}, async () => {
  const [subnet, vpc] = (await ok('ec2 describe-subnets --query Subnets[0].[SubnetId,VpcId]')).split('\t')
  const group = await ok(
    `elbv2 create-target-group --name web --protocol HTTP --port 80 --vpc-id ${vpc} --query TargetGroups[0].TargetGroupArn`,
  )
  await ok(
    `ec2 create-launch-template --launch-template-name web --launch-template-data {"ImageId":"${AMI}","InstanceType":"t3.micro"}`,
  )
  await ok(
    `autoscaling create-auto-scaling-group --auto-scaling-group-name web --launch-template LaunchTemplateName=web --min-size 0 --max-size 4 --desired-capacity 0 --vpc-zone-identifier ${subnet} --target-group-arns ${group}`,
  )
  await ok(
    'autoscaling put-lifecycle-hook --auto-scaling-group-name web --lifecycle-hook-name boot --lifecycle-transition autoscaling:EC2_INSTANCE_LAUNCHING --heartbeat-timeout 300 --default-result ABANDON',
  )
  await ok('autoscaling set-desired-capacity --auto-scaling-group-name web --desired-capacity 1')
  await aws.world.controllers.settled()
  expect(await describeGroup('Instances[].LifecycleState')).toBe('Pending:Wait')
  const id = await describeGroup('Instances[0].InstanceId')
  await ok(
    `autoscaling complete-lifecycle-action --auto-scaling-group-name web --lifecycle-hook-name boot --instance-id ${id} --lifecycle-action-result CONTINUE`,
  )
  await aws.world.controllers.settled()
  expect(await describeGroup('Instances[].LifecycleState')).toBe('InService')
  expect(
    await ok(
      `elbv2 describe-target-health --target-group-arn ${group} --query TargetHealthDescriptions[].Target.Id`,
    ),
  ).toBe(id)
  expect(
    await fails(
      `autoscaling complete-lifecycle-action --auto-scaling-group-name web --lifecycle-hook-name boot --instance-id ${id} --lifecycle-action-result CONTINUE`,
    ),
  ).toContain(
    `(ValidationError) when calling the CompleteLifecycleAction operation: No active Lifecycle Action found with instance ID ${id}`,
  )
  // Nobody answers for the next one: the launch is given up when its time is over.
  await ok('autoscaling set-desired-capacity --auto-scaling-group-name web --desired-capacity 2')
  await aws.world.advance(301_000)
  await ok('autoscaling delete-lifecycle-hook --auto-scaling-group-name web --lifecycle-hook-name boot')
  await aws.world.controllers.settled()
  expect(
    await ok(
      'autoscaling describe-scaling-activities --auto-scaling-group-name web --query',
      'length(Activities[?contains(Cause,`ABANDON`)])',
    ),
  ).toBe('1')
})

it('follows step policies of alarms, and schedules', { timeout: 480_000 }, async () => {
  const policy = await ok(
    'autoscaling put-scaling-policy --auto-scaling-group-name web --policy-name out --policy-type StepScaling --adjustment-type ChangeInCapacity --query PolicyARN --step-adjustments',
    'MetricIntervalLowerBound=0,MetricIntervalUpperBound=10,ScalingAdjustment=1',
    'MetricIntervalLowerBound=10,ScalingAdjustment=2',
  )
  await ok('autoscaling set-desired-capacity --auto-scaling-group-name web --desired-capacity 1')
  await ok(
    `cloudwatch put-metric-alarm --alarm-name queue --namespace App --metric-name Queue --statistic Maximum --period 60 --evaluation-periods 1 --threshold 5 --comparison-operator GreaterThanThreshold --alarm-actions ${policy}`,
  )
  await ok('cloudwatch put-metric-data --namespace App --metric-name Queue --value 20')
  await aws.world.advance(MINUTE + 5_000)
  expect(await describeGroup('DesiredCapacity')).toBe('3')
  expect(
    await ok(
      'autoscaling describe-scaling-activities --auto-scaling-group-name web --query Activities[0].Cause',
    ),
  ).toContain(
    'a monitor alarm queue in state ALARM triggered policy out changing the desired capacity from 1 to 3.',
  )
  expect(
    await fails(
      'autoscaling put-scheduled-update-group-action --auto-scaling-group-name web --scheduled-action-name bad --recurrence nonsense --desired-capacity 1',
    ),
  ).toContain(
    '(ValidationError) when calling the PutScheduledUpdateGroupAction operation: Given recurrence string is invalid',
  )
  await ok(`cloudwatch delete-alarms --alarm-names queue`)
  await ok(
    `autoscaling put-scheduled-update-group-action --auto-scaling-group-name web --scheduled-action-name night --start-time ${at(10 * MINUTE)} --desired-capacity 1`,
  )
  await aws.world.advance(11 * MINUTE)
  expect(await describeGroup('DesiredCapacity')).toBe('1')
})

it('replaces its instances in a refresh, and puts them on standby', { timeout: 480_000 }, async () => {
  const before = await describeGroup('Instances[].InstanceId')
  const id = await ok(
    'autoscaling start-instance-refresh --auto-scaling-group-name web --query InstanceRefreshId',
  )
  await aws.world.controllers.settled()
  expect(
    await ok(
      `autoscaling describe-instance-refreshes --auto-scaling-group-name web --instance-refresh-ids ${id} --query InstanceRefreshes[0].[Status,PercentageComplete]`,
    ),
  ).toBe('Successful\t100')
  const after = await describeGroup('Instances[].InstanceId')
  expect(after).not.toBe(before)
  await ok(
    `autoscaling enter-standby --auto-scaling-group-name web --instance-ids ${after} --should-decrement-desired-capacity`,
  )
  expect(await describeGroup('[DesiredCapacity,Instances[0].LifecycleState]')).toBe('0\tStandby')
  await ok(`autoscaling exit-standby --auto-scaling-group-name web --instance-ids ${after}`)
  expect(await describeGroup('[DesiredCapacity,Instances[0].LifecycleState]')).toBe('1\tInService')
  expect(await fails('autoscaling put-warm-pool --auto-scaling-group-name web')).toContain(
    'Drydock does not simulate autoscaling:PutWarmPool',
  )
})
