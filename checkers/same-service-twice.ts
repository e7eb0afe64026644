import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
} from '@aws-sdk/client-ecs'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers } from './lib/answers.ts'
import { eksCluster, readyDeployment } from './lib/cluster.ts'
import { podReplaced, recordedPods } from './lib/replaced.ts'

const CLUSTER = 'harbor'

async function onEcs(t: CheckContext): Promise<void> {
  const { services = [] } = await t
    .aws(ECSClient)
    .send(new DescribeServicesCommand({ cluster: CLUSTER, services: ['web'] }))
  const service = t.found(
    services.find(({ status }) => status === 'ACTIVE'),
    {
      id: 'no-ecs-service',
      title: 'The ECS service web exists',
      expected: `a service web in the cluster ${CLUSTER}`,
      observed: 'there is none',
      evidence: `aws ecs list-services --cluster ${CLUSTER}`,
      cause: 'A task definition describes; it runs nothing.',
      hint: `aws ecs create-service --cluster ${CLUSTER} --service-name web --task-definition web --desired-count 2 …`,
    },
  )
  t.expect((service.desiredCount ?? 0) >= 2, {
    id: 'too-few-wanted',
    title: 'It wants two tasks',
    expected: 'desiredCount 2',
    observed: `${service.desiredCount}`,
    evidence: `aws ecs describe-services --cluster ${CLUSTER} --services web --query 'services[0].desiredCount'`,
    hint: `aws ecs update-service --cluster ${CLUSTER} --service web --desired-count 2`,
  })
  const running = (service.runningCount ?? 0) >= 2
  t.expect(running, {
    id: 'tasks-not-running',
    title: 'Two tasks run',
    expected: '2 running',
    observed: `${service.runningCount} running, ${service.pendingCount} pending`,
    evidence: `aws ecs describe-services --cluster ${CLUSTER} --services web --query 'services[0].events[:3]'`,
    cause:
      (!running && (await whyStopped(t))) || (service.events?.[0]?.message ?? 'They are still starting.'),
    hint: `aws ecs wait services-stable --cluster ${CLUSTER} --services web`,
  })
}

/** Why a task of the service ended that did not get to run. */
async function whyStopped(t: CheckContext): Promise<string | undefined> {
  const ecs = t.aws(ECSClient)
  const { taskArns = [] } = await ecs.send(
    new ListTasksCommand({ cluster: CLUSTER, serviceName: 'web', desiredStatus: 'STOPPED' }),
  )
  if (taskArns.length === 0) return undefined
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks: taskArns }))
  return tasks.find(({ stopCode }) => stopCode === 'TaskFailedToStart')?.stoppedReason
}

async function onEks(t: CheckContext): Promise<void> {
  const hint = 'kubectl create deployment web --image=nginx:1.29 --replicas=2'
  await readyDeployment(t, await eksCluster(t), { name: 'web', replicas: 2, hint })
}

async function heal(t: CheckContext): Promise<void> {
  const recorded = await recordedPods(t)
  const { taskArns: stopped = [] } = await t
    .aws(ECSClient)
    .send(new ListTasksCommand({ cluster: CLUSTER, serviceName: 'web', desiredStatus: 'STOPPED' }))
  t.expect(stopped.length > 0, {
    id: 'no-task-stopped',
    title: 'A task was stopped',
    expected: 'a stopped task of the service',
    observed: 'none',
    evidence: `aws ecs list-tasks --cluster ${CLUSTER} --service-name web --desired-status STOPPED`,
    cause: 'None was stopped, or more than an hour ago: ECS forgets them then.',
    hint: `aws ecs stop-task --cluster ${CLUSTER} --task <arn>`,
  })
  await onEcs(t)
  const cluster = await eksCluster(t)
  await podReplaced(t, cluster, recorded)
  await onEks(t)
}

const WORDS = ['pod', 'deployment', 'service-account', 'node']

const translate = (t: CheckContext) =>
  expectAnswers(
    t,
    'words.yaml',
    [
      {
        key: 'task',
        right: 'pod',
        why: 'A task is what runs: some containers with one address. A node is a machine.',
      },
      { key: 'service', right: 'deployment', why: 'It keeps a number alive and rolls out new versions.' },
      { key: 'task-role', right: 'service-account', why: 'It says as whom the program asks AWS.' },
      { key: 'capacity', right: 'node', why: 'It is what gives CPU and memory.' },
    ].map(({ key, right, why }) => ({
      key,
      title: `${key} is translated`,
      right: [right],
      choices: WORDS,
      why: { else: why },
      hint: 'What does it do, not what is it called?',
    })),
  )

export default defineChecker({
  lab: 'same-service-twice',
  steps: { 'on-ecs': onEcs, 'on-eks': onEks, heal, translate },
})
