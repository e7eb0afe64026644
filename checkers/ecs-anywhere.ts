import {
  type ContainerInstance,
  DescribeContainerInstancesCommand,
  DescribeServicesCommand,
  ECSClient,
  ListContainerInstancesCommand,
  type Service,
} from '@aws-sdk/client-ecs'
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers } from './lib/answers.ts'
import { expectRole } from './lib/roles.ts'

const CLUSTER = 'harbor'

/** The machines outside AWS that the cluster knows. */
async function machines(t: CheckContext): Promise<ContainerInstance[]> {
  const ecs = t.aws(ECSClient)
  const { containerInstanceArns = [] } = await ecs.send(
    new ListContainerInstancesCommand({ cluster: CLUSTER }),
  )
  if (containerInstanceArns.length === 0) return []
  const { containerInstances = [] } = await ecs.send(
    new DescribeContainerInstancesCommand({ cluster: CLUSTER, containerInstances: containerInstanceArns }),
  )
  return containerInstances.filter(({ ec2InstanceId = '' }) => ec2InstanceId.startsWith('mi-'))
}

async function register(t: CheckContext): Promise<void> {
  await expectRole(t, {
    name: 'ecsAnywhereRole',
    service: 'ssm.amazonaws.com',
    policies: ['AmazonSSMManagedInstanceCore', 'service-role/AmazonEC2ContainerServiceforEC2Role'],
    why: 'a machine outside AWS gets its role from Systems Manager',
  })
  const [machine] = await machines(t)
  t.expect(machine?.status === 'ACTIVE' && machine.agentConnected === true, {
    id: 'no-machine',
    title: `A machine outside AWS is in the cluster ${CLUSTER}`,
    expected: 'a container instance mi-… that is ACTIVE, with its agent connected',
    observed: machine
      ? `${machine.status}, agent ${machine.agentConnected ? 'connected' : 'not connected'}`
      : 'none',
    seen: machine?.ec2InstanceId ?? '',
    evidence: `aws ecs list-container-instances --cluster ${CLUSTER}; aws ssm describe-instance-information`,
    cause:
      'The install script was not run, in another cluster, or with an activation that is used up or expired.',
    hint: `bash ecs-anywhere-install.sh --region us-east-1 --cluster ${CLUSTER} --activation-id <id> --activation-code <code>`,
  })
}

async function office(t: CheckContext): Promise<Service> {
  const { services = [] } = await t
    .aws(ECSClient)
    .send(new DescribeServicesCommand({ cluster: CLUSTER, services: ['office'] }))
  return t.found(
    services.find(({ status }) => status === 'ACTIVE'),
    {
      id: 'no-office',
      title: 'The service office exists',
      expected: `a service office in the cluster ${CLUSTER}`,
      observed: 'there is none',
      evidence: `aws ecs list-services --cluster ${CLUSTER}`,
      cause: 'It was not created yet.',
      hint: `aws ecs create-service --cluster ${CLUSTER} --service-name office --task-definition office --launch-type EXTERNAL --desired-count 1`,
    },
  )
}

async function run(t: CheckContext): Promise<void> {
  const { launchType, desiredCount = 0, runningCount = 0, events = [] } = await office(t)
  t.expect(launchType === 'EXTERNAL', {
    id: 'not-external',
    title: 'It runs on machines of your own',
    expected: 'the launch type EXTERNAL',
    observed: `${launchType}`,
    evidence: `aws ecs describe-services --cluster ${CLUSTER} --services office --query 'services[0].launchType'`,
    cause: 'Fargate is capacity of AWS; a service cannot change its launch type.',
    hint: `aws ecs delete-service --cluster ${CLUSTER} --service office --force, then create it with --launch-type EXTERNAL`,
  })
  t.expect(runningCount >= 1 && runningCount === desiredCount, {
    id: 'office-not-running',
    title: 'It runs as many tasks as it wants',
    expected: `${Math.max(desiredCount, 1)} running`,
    observed: `${runningCount} running of ${desiredCount}`,
    evidence: `aws ecs describe-services --cluster ${CLUSTER} --services office --query 'services[0].events[:3].message'`,
    cause: events[0]?.message ?? 'They are still starting.',
    hint: `One machine has one port 8080: aws ecs update-service --cluster ${CLUSTER} --service office --desired-count 1`,
  })
}

async function leave(t: CheckContext): Promise<void> {
  const [machine] = await machines(t)
  t.expect(machine === undefined, {
    id: 'machine-still-there',
    title: 'ECS does not know the machine any more',
    expected: 'no container instance mi-…',
    observed: `${machine?.ec2InstanceId} is ${machine?.status}`,
    evidence: `aws ecs list-container-instances --cluster ${CLUSTER}`,
    cause: 'It was drained, not deregistered, or not even that.',
    hint: `aws ecs deregister-container-instance --cluster ${CLUSTER} --container-instance ${machine?.containerInstanceArn} --force`,
  })
  const { InstanceInformationList = [] } = await t
    .aws(SSMClient)
    .send(new DescribeInstanceInformationCommand({}))
  const managed = InstanceInformationList.find(({ InstanceId = '' }) => InstanceId.startsWith('mi-'))
  t.expect(managed === undefined, {
    id: 'still-managed',
    title: 'Systems Manager does not know it either',
    expected: 'no managed instance mi-…',
    observed: `${managed?.InstanceId} is ${managed?.PingStatus}`,
    evidence: 'aws ssm describe-instance-information',
    cause: 'ECS and Systems Manager keep registers of their own.',
    hint: `aws ssm deregister-managed-instance --instance-id ${managed?.InstanceId}`,
  })
  await expectAnswers(t, 'anywhere.yaml', [
    {
      key: 'load-balancer',
      title: 'What stands before it is understood',
      right: ['no', 'false'],
      why: { else: 'Load balancers of AWS send to addresses of a VPC. The office is in none.' },
      hint: 'Answer yes or no.',
    },
    {
      key: 'patches',
      title: 'Who patches is understood',
      right: ['you'],
      choices: ['you', 'aws'],
      why: { else: 'It is your machine. AWS brings two agents.' },
      hint: 'Whose machine is it?',
    },
    {
      key: 'without-connection',
      title: 'What happens without a connection is understood',
      right: ['keeps-running'],
      choices: ['keeps-running', 'stops'],
      why: { else: 'Containers run on the machine. The control plane is needed to start, stop and replace.' },
      hint: 'A control plane that cannot be reached starts nothing. Does it stop what runs?',
    },
  ])
}

export default defineChecker({ lab: 'ecs-anywhere', steps: { register, run, leave } })
