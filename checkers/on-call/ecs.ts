import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  type TaskDefinition,
} from '@aws-sdk/client-ecs'
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
import type { CheckContext } from '#checks/checker.ts'
import { drill } from './drill.ts'

const cluster = 'harbor'

/** An ECS service, what it shall run, and the container of that. */
async function read(t: CheckContext, name: string) {
  const ecs = t.aws(ECSClient)
  const { services = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: [name] }))
  const service = t.found(
    services.find(({ status }) => status === 'ACTIVE'),
    {
      id: `no-${name}`,
      title: `The service ${name} is there`,
      expected: `a service ${name} in the ECS cluster ${cluster}`,
      observed: 'it is gone',
      evidence: `aws ecs list-services --cluster ${cluster}`,
      cause: 'It was there when the night began.',
      hint: 'Take “Back to where it began” in the lab.',
    },
  )
  const { taskDefinition } = await ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: service.taskDefinition }),
  )
  const evidence = `aws ecs describe-services --cluster ${cluster} --services ${name} --query 'services[0].[taskDefinition,runningCount,events[:3].message]'`
  return {
    service,
    definition: taskDefinition!,
    container: taskDefinition?.containerDefinitions?.[0],
    evidence,
  }
}

/** Why the last task of a service stopped, as ECS says it. */
async function stoppedReason(t: CheckContext, serviceName: string): Promise<string | undefined> {
  const ecs = t.aws(ECSClient)
  const { taskArns = [] } = await ecs.send(
    new ListTasksCommand({ cluster, serviceName, desiredStatus: 'STOPPED' }),
  )
  if (taskArns.length === 0) return undefined
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }))
  return tasks.toSorted((one, other) => Number(one.stoppedAt ?? 0) - Number(other.stoppedAt ?? 0)).at(-1)
    ?.stoppedReason
}

export const circuitBreaker = drill(async (t) => {
  const { service, definition, container, evidence } = await read(t, 'checkout')
  const breaker = service.deploymentConfiguration?.deploymentCircuitBreaker
  t.expect(breaker?.enable === true && breaker.rollback === true, {
    id: 'checkout-without-breaker',
    title: 'The circuit breaker of checkout is on',
    expected: 'enable true, rollback true',
    observed: `enable ${breaker?.enable ?? false}, rollback ${breaker?.rollback ?? false}`,
    evidence: `aws ecs describe-services --cluster ${cluster} --services checkout --query 'services[0].deploymentConfiguration'`,
    cause: 'It was switched off to force the release through. It was right: the tasks were not healthy.',
    hint: `--deployment-configuration 'deploymentCircuitBreaker={enable=true,rollback=true}'`,
  })
  t.expect(container?.image?.endsWith(':1.29') ?? false, {
    id: 'checkout-old-release',
    title: 'The service runs the new release',
    expected: 'a task definition with nginx 1.29',
    observed: `${definition.family}:${definition.revision} with ${container?.image}`,
    evidence,
    cause: 'ECS went back to the last revision whose tasks were healthy. “Steady state” is true of that one.',
    hint: 'Why were the tasks of the new revision stopped? Read the events of the service, then the health check of both revisions.',
  })
  t.expect(Boolean(container?.healthCheck?.command?.length), {
    id: 'checkout-unchecked',
    title: 'Its container has a health check',
    expected: 'a health check',
    observed: 'none',
    evidence: `aws ecs describe-task-definition --task-definition ${definition.family}:${definition.revision} --query 'taskDefinition.containerDefinitions[0].healthCheck'`,
    cause: 'It was removed with the fault. The next broken release reaches customers.',
    hint: 'The same check with a path that nginx has: /',
  })
  const [primary] = service.deployments ?? []
  t.expect(
    service.deployments?.length === 1 &&
      primary?.rolloutState === 'COMPLETED' &&
      (service.runningCount ?? 0) >= 1,
    {
      id: 'checkout-not-released',
      title: 'The release is complete',
      expected: 'one deployment, COMPLETED, 1 running',
      observed: `${service.deployments?.length} deployments, the newest ${primary?.rolloutState}, ${service.runningCount} running`,
      seen: `${primary?.rolloutState}`,
      evidence,
      cause: (await stoppedReason(t, 'checkout')) ?? 'Its tasks are still starting.',
      hint: 'aws ecs wait services-stable --cluster harbor --services checkout; when it goes back again, the health check still fails',
    },
  )
})

/** Whether a role may read a secret that has nothing to do with its service. */
async function mayReadOthers(t: CheckContext, role: string, { taskDefinitionArn }: TaskDefinition) {
  const [, , , region, account] = taskDefinitionArn!.split(':')
  const { EvaluationResults = [] } = await t.aws(IAMClient).send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: role,
      ActionNames: ['secretsmanager:GetSecretValue'],
      ResourceArns: [`arn:aws:secretsmanager:${region}:${account}:secret:payroll/db-a1B2c3`],
    }),
  )
  return EvaluationResults.some(({ EvalDecision }) => EvalDecision === 'allowed')
}

export const secret = drill(async (t) => {
  const { service, definition, container, evidence } = await read(t, 'ledger')
  t.expect(container?.secrets?.some(({ name }) => name === 'DB_PASSWORD') ?? false, {
    id: 'ledger-without-secret',
    title: 'ledger takes its password from Secrets Manager',
    expected: 'DB_PASSWORD under secrets',
    observed: container?.environment?.some(({ name }) => name === 'DB_PASSWORD')
      ? 'DB_PASSWORD in the open, under environment'
      : 'no DB_PASSWORD',
    evidence: `aws ecs describe-task-definition --task-definition ${definition.family}:${definition.revision} --query 'taskDefinition.containerDefinitions[0].secrets'`,
    cause: 'It was taken out so that the task starts. It starts, and cannot reach its database.',
    hint: 'aws ecs update-service --cluster harbor --service ledger --task-definition ledger:1',
  })
  const { executionRoleArn, taskRoleArn } = definition
  for (const role of [executionRoleArn, taskRoleArn].filter((arn) => arn !== undefined)) {
    const name = role.split('/').at(-1)
    t.expect(!(await mayReadOthers(t, role, definition)), {
      id: 'ledger-may-too-much',
      title: `The role ${name} opens no other secret`,
      expected: 'secretsmanager:GetSecretValue on the secret ledger/db at most',
      observed: 'it may read every secret of the account, or many',
      evidence: `aws iam list-attached-role-policies --role-name ${name}; aws iam list-role-policies --role-name ${name}`,
      cause: 'A policy of AWS for all secrets, or one with "Resource": "*".',
      hint: 'Take it away, and give the execution role a policy with the ARN of the secret as Resource: aws iam put-role-policy',
    })
  }
  t.expect((service.runningCount ?? 0) >= 1, {
    id: 'ledger-not-running',
    title: 'ledger runs',
    expected: '1 running',
    observed: `${service.runningCount} running, ${service.pendingCount} pending`,
    seen: `${service.runningCount} running`,
    evidence,
    cause: (await stoppedReason(t, 'ledger')) ?? 'Its tasks are still starting.',
    hint: 'Two roles: the execution role is ECS’s own, to fetch images and secrets before the program starts; the task role is the program’s.',
  })
})
