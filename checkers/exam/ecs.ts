import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  type Service,
} from '@aws-sdk/client-ecs'
import { type CheckContext, type Fact, unlessMissing } from '#checks/checker.ts'
import { drawnNames } from '../lib/names.ts'

const IMAGE = 'public.ecr.aws/nginx/nginx:1.29'

export async function taskDefinition(t: CheckContext): Promise<void> {
  const { service: family } = await drawnNames(t)
  const answer = await unlessMissing(
    t.aws(ECSClient).send(new DescribeTaskDefinitionCommand({ taskDefinition: family! })),
    'ClientException',
  )
  const definition = t.found(answer?.taskDefinition, {
    id: 'no-task-definition',
    title: `The task definition ${family} exists`,
    expected: `a task definition of the family ${family}`,
    observed: 'there is none',
    evidence: 'aws ecs list-task-definitions',
    cause: 'It was not registered yet, or under another name.',
    hint: 'aws ecs register-task-definition help',
  })
  const evidence = `aws ecs describe-task-definition --task-definition ${family} --query taskDefinition`
  const { requiresCompatibilities = [], cpu, memory, containerDefinitions = [] } = definition
  t.expect(requiresCompatibilities.includes('FARGATE') && cpu === '256' && memory === '512', {
    id: 'not-for-fargate',
    title: 'It is for Fargate, of the right size',
    expected: 'FARGATE, cpu 256, memory 512',
    observed: `${requiresCompatibilities.join(', ') || 'no requirement'}, cpu ${cpu ?? 'none'}, memory ${memory ?? 'none'}`,
    evidence,
    cause: 'CPU and memory of the whole task stand beside the containers. 256 is a quarter of a vCPU.',
    hint: '--requires-compatibilities FARGATE --network-mode awsvpc --cpu … --memory …',
  })
  const [container] = containerDefinitions
  t.expect(
    containerDefinitions.length === 1 &&
      container?.image === IMAGE &&
      Boolean(container.portMappings?.some(({ containerPort }) => containerPort === 80)),
    {
      id: 'task-other-container',
      title: 'Its container is the one of the task',
      expected: `${IMAGE}, port 80`,
      observed: `${containerDefinitions.length} containers; ${container?.image}, ports ${container?.portMappings?.map(({ containerPort }) => containerPort).join(', ') || 'none'}`,
      evidence,
      cause: 'Another image, or no port.',
      hint: '"portMappings": [{ "containerPort": 80 }]',
    },
  )
}

/** An ECS service of the team's cluster, as `missing` says when it is not there. */
async function serviceOf(t: CheckContext, cluster: string, name: string, missing: Fact): Promise<Service> {
  const answer = await unlessMissing(
    t.aws(ECSClient).send(new DescribeServicesCommand({ cluster, services: [name] })),
    'ClusterNotFoundException',
  )
  return t.found(
    answer?.services?.find(({ status }) => status === 'ACTIVE'),
    missing,
  )
}

export async function service(t: CheckContext): Promise<void> {
  const { team, service: name } = await drawnNames(t)
  const there = await serviceOf(t, team!, name!, {
    id: 'no-service',
    title: `The service ${name} exists`,
    expected: `a service ${name} in the cluster ${team}`,
    observed: 'there is none',
    evidence: `aws ecs list-services --cluster ${team}`,
    cause: 'A task that was run by itself is not replaced when it stops. A service does that.',
    hint: 'aws ecs create-service help',
  })
  const evidence = `aws ecs describe-services --cluster ${team} --services ${name} --query 'services[0].[desiredCount,runningCount,events[:3].message]'`
  t.expect((there.desiredCount ?? 0) >= 1, {
    id: 'service-wants-none',
    title: 'It wants a task',
    expected: 'desiredCount 1',
    observed: `desiredCount ${there.desiredCount}`,
    evidence,
    cause: 'Nobody asked for one.',
    hint: 'aws ecs update-service --desired-count 1',
  })
  t.expect((there.runningCount ?? 0) >= 1, {
    id: 'service-not-running',
    title: 'It runs',
    expected: '1 running',
    observed: `${there.runningCount} running, ${there.pendingCount} pending`,
    evidence,
    cause: there.events?.[0]?.message ?? 'It is still starting.',
    hint: 'The reason of a stopped task: aws ecs describe-tasks … --query tasks[].stoppedReason',
  })
}

export async function rollback(t: CheckContext): Promise<void> {
  const { team } = await drawnNames(t)
  const { deploymentConfiguration } = await serviceOf(t, team!, 'front', {
    id: 'no-front',
    title: 'The service front is there',
    expected: `a service front in the cluster ${team}`,
    observed: 'it is gone',
    evidence: `aws ecs list-services --cluster ${team}`,
    cause: 'It was there when the exam began.',
    hint: 'Take “Back to where it began” in the task.',
  })
  const breaker = deploymentConfiguration?.deploymentCircuitBreaker
  const evidence = `aws ecs describe-services --cluster ${team} --services front --query 'services[0].deploymentConfiguration'`
  t.expect(breaker?.enable === true, {
    id: 'front-without-breaker',
    title: 'The circuit breaker is on',
    expected: 'enable true',
    observed: 'it is off',
    evidence,
    cause: 'It is off unless you say so.',
    hint: 'aws ecs update-service --deployment-configuration …',
  })
  t.expect(breaker?.rollback === true, {
    id: 'front-without-rollback',
    title: 'It goes back',
    expected: 'rollback true',
    observed: 'it stops the release, and leaves it so',
    evidence,
    cause: 'Two switches: one stops, the other goes back.',
    hint: 'deploymentCircuitBreaker={enable=true,rollback=true}',
  })
}
