import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
} from '@aws-sdk/client-application-auto-scaling'
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  type Service,
} from '@aws-sdk/client-ecs'
import {
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type {
  V1Deployment,
  V1ReplicaSet,
  V1Service,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers } from './lib/answers.ts'
import { containersOf, eksCluster, existing, readyDeployment } from './lib/cluster.ts'

const CLUSTER = 'harbor'
const NEW = 'nginx:1.29'
const BROKEN = 'nginx:1.99'

async function ecsService(t: CheckContext): Promise<Service> {
  const { services = [] } = await t
    .aws(ECSClient)
    .send(new DescribeServicesCommand({ cluster: CLUSTER, services: ['web'] }))
  return t.found(
    services.find(({ status }) => status === 'ACTIVE'),
    {
      id: 'no-ecs-service',
      title: 'The ECS service web is there',
      expected: `a service web in the cluster ${CLUSTER}`,
      observed: 'it is gone',
      evidence: `aws ecs list-services --cluster ${CLUSTER}`,
      cause: 'It was deleted.',
      hint: 'Take “Back to where it began” in the step: its beginning is kept.',
    },
  )
}

async function taskAddresses(t: CheckContext): Promise<string[]> {
  const ecs = t.aws(ECSClient)
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster: CLUSTER, serviceName: 'web' }))
  if (taskArns.length === 0) return []
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks: taskArns }))
  return tasks
    .flatMap(({ attachments = [] }) => attachments.flatMap(({ details = [] }) => details))
    .flatMap(({ name, value }) => (name === 'privateIPv4Address' && value ? [value] : []))
}

async function addresses(t: CheckContext): Promise<void> {
  const record = await t.files.read('before.txt')
  // A record of less would show nothing of what was there.
  const before = new Set(record?.match(/\b\d+\.\d+\.\d+\.\d+\b/g))
  t.expect(before.size >= 4, {
    id: 'no-record',
    title: 'The addresses are recorded in before.txt',
    expected: 'addresses of two tasks and two pods in ~/before.txt',
    observed: record === undefined ? 'there is no such file' : `${before.size} addresses`,
    evidence: 'cat ~/before.txt',
    cause: 'It was not written, somewhere else, or one of the two commands without --append.',
    hint: 'Write it before you stop anything: the commands of the step end in | tee before.txt.',
  })
  const tasks = await taskAddresses(t)
  const oldTask = tasks.find((address) => before.has(address))
  t.expect(tasks.length >= 2 && oldTask === undefined, {
    id: 'same-tasks',
    title: 'ECS has made new tasks',
    expected: 'two tasks with addresses that are not in before.txt',
    observed: oldTask ? `${oldTask} is in it` : `${tasks.length} tasks`,
    seen: tasks.join(', '),
    evidence: `cat before.txt; aws ecs list-tasks --cluster ${CLUSTER} --service-name web`,
    cause: 'A task was not stopped, or the record was made afterwards, or the new ones are still starting.',
    hint: `aws ecs stop-task --cluster ${CLUSTER} --task <arn>; aws ecs wait services-stable --cluster ${CLUSTER} --services web`,
  })
  const cluster = await eksCluster(t)
  const pods = (await cluster.pods('default', 'app=web')).map(({ status }) => status?.podIP ?? '')
  const oldPod = pods.find((address) => before.has(address))
  t.expect(oldPod === undefined, {
    id: 'same-pods',
    title: 'EKS has made new pods',
    expected: 'pods with addresses that are not in before.txt',
    observed: `${oldPod} is in it`,
    seen: pods.join(', '),
    evidence: 'cat before.txt; kubectl get pods -l app=web -o wide',
    cause: 'A pod was not deleted, or the record was made afterwards.',
    hint: 'kubectl delete pods -l app=web',
  })
  const { LoadBalancers = [] } = await t
    .aws(ElasticLoadBalancingV2Client)
    .send(new DescribeLoadBalancersCommand({ Names: ['web'] }))
  await expectOpen(t, 'ecs', LoadBalancers[0]?.DNSName)
  const service = await existing<V1Service>(t, cluster, 'v1/Service', 'web', {
    hint: 'kubectl apply -f web.yaml',
  })
  await expectOpen(t, 'eks', service.status?.loadBalancer?.ingress?.[0]?.hostname)
}

async function expectOpen(t: CheckContext, side: 'ecs' | 'eks', host: string | undefined): Promise<void> {
  const answer = host === undefined ? undefined : await t.http(`http://${host}/`)
  t.expect(answer?.status === 200, {
    id: `${side}-door-closed`,
    title: `The load balancer of ${side.toUpperCase()} answers`,
    expected: '200',
    observed: answer?.status ? `${answer.status}` : 'no answer',
    evidence: `curl -i http://${host ?? '<no host name>'}/`,
    cause: 'No copy is healthy behind it yet. New targets are checked before they get requests.',
    hint: 'Wait half a minute and check again. If it stays so: do two copies run?',
  })
}

async function scale(t: CheckContext): Promise<void> {
  const scaling = t.aws(ApplicationAutoScalingClient)
  const about = { ServiceNamespace: 'ecs', ResourceId: `service/${CLUSTER}/web` } as const
  const { ScalableTargets = [] } = await scaling.send(
    new DescribeScalableTargetsCommand({
      ServiceNamespace: 'ecs',
      ResourceIds: [about.ResourceId],
      ScalableDimension: 'ecs:service:DesiredCount',
    }),
  )
  const target = ScalableTargets[0]
  t.expect((target?.MaxCapacity ?? 0) > (target?.MinCapacity ?? 0), {
    id: 'no-scalable-target',
    title: 'The ECS service may be scaled',
    expected: `a scalable target for ${about.ResourceId} with a maximum above its minimum`,
    observed: target ? `${target.MinCapacity} to ${target.MaxCapacity}` : 'none',
    seen: `${target?.MinCapacity} to ${target?.MaxCapacity}`,
    evidence: 'aws application-autoscaling describe-scalable-targets --service-namespace ecs',
    cause: 'A number that you set by hand stays as you set it.',
    hint: `aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id ${about.ResourceId} --scalable-dimension ecs:service:DesiredCount --min-capacity 2 --max-capacity 6`,
  })
  const { ScalingPolicies = [] } = await scaling.send(new DescribeScalingPoliciesCommand(about))
  t.expect(
    ScalingPolicies.some(({ Alarms = [] }) => Alarms.length > 0),
    {
      id: 'no-scaling-policy',
      title: 'A policy scales it',
      expected: 'a scaling policy with its alarms',
      observed: 'none',
      seen: ScalingPolicies.map(({ PolicyName }) => PolicyName).join(', '),
      evidence: 'aws application-autoscaling describe-scaling-policies --service-namespace ecs',
      cause: 'The scalable target says how far, the policy says when.',
      hint: 'aws application-autoscaling put-scaling-policy --cli-input-json file://cpu.json',
    },
  )
  const cluster = await eksCluster(t)
  const autoscalers = await cluster.list<V2HorizontalPodAutoscaler>(
    'autoscaling/v2/HorizontalPodAutoscaler',
    'default',
  )
  t.expect(
    autoscalers.some(
      ({ spec }) => spec?.scaleTargetRef.name === 'web' && (spec.maxReplicas ?? 0) > (spec.minReplicas ?? 1),
    ),
    {
      id: 'no-autoscaler',
      title: 'The Deployment web has an autoscaler',
      expected: 'a HorizontalPodAutoscaler for web with a maximum above its minimum',
      observed: autoscalers.length > 0 ? 'one for something else, or with a fixed number' : 'none',
      evidence: 'kubectl get hpa',
      cause: 'A Deployment keeps a number; it does not choose one.',
      hint: 'kubectl autoscale deployment web --cpu=50% --min=2 --max=6',
    },
  )
  const server = await cluster.get<V1Deployment>('apps/v1/Deployment', 'metrics-server', 'kube-system')
  t.expect(server !== undefined, {
    id: 'no-metrics',
    title: 'Something measures the pods',
    expected: 'metrics-server in kube-system',
    observed: 'there is none',
    evidence: 'kubectl top pods; kubectl describe hpa web',
    cause: 'EKS does not install it by itself. Without it the autoscaler shows <unknown>.',
    hint: `aws eks create-addon --cluster-name ${CLUSTER} --addon-name metrics-server`,
  })
}

/** ECS runs this image, in one finished deployment (`ecs-other-version`, `ecs-not-finished`). */
async function expectOnEcs(t: CheckContext, image: string): Promise<void> {
  const service = await ecsService(t)
  const { taskDefinition } = await t
    .aws(ECSClient)
    .send(new DescribeTaskDefinitionCommand({ taskDefinition: service.taskDefinition! }))
  const runs = taskDefinition?.containerDefinitions?.[0]?.image
  t.expect(runs === image, {
    id: 'ecs-other-version',
    title: `ECS runs ${image}`,
    expected: `a task definition with ${image}`,
    observed: `${runs} (revision ${taskDefinition?.revision})`,
    seen: `revision ${taskDefinition?.revision}`,
    evidence: `aws ecs describe-services --cluster ${CLUSTER} --services web --query 'services[0].taskDefinition'`,
    cause: 'A new revision changes nothing until the service is told to use it.',
    hint: `aws ecs update-service --cluster ${CLUSTER} --service web --task-definition web`,
  })
  const { deployments = [], runningCount = 0, desiredCount = 0 } = service
  t.expect(
    deployments.length === 1 && deployments[0]!.rolloutState === 'COMPLETED' && runningCount === desiredCount,
    {
      id: 'ecs-not-finished',
      title: 'The rollout on ECS is finished',
      expected: 'one deployment, COMPLETED',
      observed: deployments.map(({ status, rolloutState }) => `${status} ${rolloutState}`).join(', '),
      evidence: `aws ecs describe-services --cluster ${CLUSTER} --services web --query 'services[0].[deployments,events[:3]]'`,
      cause: service.events?.[0]?.message ?? 'Tasks are still being replaced.',
      hint: `aws ecs wait services-stable --cluster ${CLUSTER} --services web`,
    },
  )
}

/** EKS runs this image, on ready pods (`eks-other-version`, `web-not-ready`). */
async function expectOnEks(t: CheckContext, image: string): Promise<void> {
  const cluster = await eksCluster(t)
  const hint = `kubectl set image deployment/web web=${image}`
  const web = await readyDeployment(t, cluster, { name: 'web', replicas: 2, hint })
  const runs = containersOf(web)[0]?.image
  t.expect(runs === image, {
    id: 'eks-other-version',
    title: `EKS runs ${image}`,
    expected: image,
    observed: `${runs}`,
    evidence: 'kubectl get deployment web -o wide',
    cause: 'The template of the Deployment names another image.',
    hint,
  })
}

async function release(t: CheckContext): Promise<void> {
  await expectOnEcs(t, NEW)
  await expectOnEks(t, NEW)
}

async function broken(t: CheckContext): Promise<void> {
  const { deploymentConfiguration, events = [] } = await ecsService(t)
  const breaker = deploymentConfiguration?.deploymentCircuitBreaker
  t.expect(Boolean(breaker?.enable && breaker.rollback), {
    id: 'no-circuit-breaker',
    title: 'The circuit breaker is on and rolls back',
    expected: 'enable and rollback true',
    observed: breaker?.enable ? 'on, without rollback' : 'off',
    evidence: `aws ecs describe-services --cluster ${CLUSTER} --services web --query 'services[0].deploymentConfiguration'`,
    cause: 'It is off by default: ECS would try for ever.',
    hint: `aws ecs update-service --cluster ${CLUSTER} --service web --deployment-configuration 'deploymentCircuitBreaker={enable=true,rollback=true}'`,
  })
  t.expect(
    events.some(({ message }) => message?.includes('rolling back to')),
    {
      id: 'ecs-not-rolled-back',
      title: 'ECS has rolled a broken release back',
      expected: 'an event of the service that says so',
      observed: events[0]?.message ?? 'no event',
      evidence: `aws ecs describe-services --cluster ${CLUSTER} --services web --query 'services[0].events[:5].message'`,
      cause: 'Nothing broken was released, or too few tasks have failed yet.',
      hint: `Register a revision with ${BROKEN}, update the service, and wait until some tasks have failed.`,
    },
  )
  await expectOnEcs(t, NEW)
  const cluster = await eksCluster(t)
  const versions = await cluster.list<V1ReplicaSet>('apps/v1/ReplicaSet', 'default', 'app=web')
  t.expect(
    versions.some(({ spec }) => spec?.template?.spec?.containers[0]?.image === BROKEN),
    {
      id: 'eks-never-broken',
      title: 'The broken version was released on EKS too',
      expected: `a ReplicaSet with ${BROKEN}`,
      observed: 'there is none',
      evidence: 'kubectl get replicasets -l app=web -o wide',
      cause: 'The image of the Deployment was not changed.',
      hint: `kubectl set image deployment/web web=${BROKEN}`,
    },
  )
  await expectOnEks(t, NEW)
}

const WHO = ['replicaset', 'kubelet', 'ecs-service', 'hpa', 'target-tracking', 'circuit-breaker', 'you']

const words = (t: CheckContext) =>
  expectAnswers(
    t,
    'words.yaml',
    [
      {
        key: 'replaces-pods',
        right: 'replicaset',
        why: 'The kubelet restarts containers of a pod that is on its node. A pod that is gone is replaced by what counts pods.',
      },
      {
        key: 'replaces-tasks',
        right: 'ecs-service',
        why: 'What kept two tasks running when you stopped them?',
      },
      { key: 'scales-pods', right: 'hpa', why: 'What did kubectl autoscale make?' },
      {
        key: 'scales-tasks',
        right: 'target-tracking',
        why: 'The service keeps the number that it is told. Who tells it?',
      },
      {
        key: 'undoes-ecs',
        right: 'circuit-breaker',
        why: 'You switched it on; from then on nobody needed to be there.',
      },
      {
        key: 'undoes-eks',
        right: 'you',
        why: 'A Deployment stops at a broken version and waits. Who typed kubectl rollout undo?',
      },
    ].map(({ key, right, why }) => ({
      key,
      title: `${key} is right`,
      right: [right],
      choices: WHO,
      why: { else: why },
      hint: 'Look at the step where you did it.',
    })),
  )

export default defineChecker({
  lab: 'healing-and-scaling-twice',
  steps: { addresses, scale, release, broken, words },
})
