import {
  CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import type { Task } from '@aws-sdk/client-ecs'
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EcsWorld, role } from '../support/ecs.ts'
import { TypedCommand } from '../support/typed-command.ts'

// ECS Exec with the real `aws` and our session-manager-plugin. Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html;
// error texts from public issues of the CLI, boto3 and the ECS Exec checker.

let world: EcsWorld
const logs = {
  logDriver: 'awslogs' as const,
  options: { 'awslogs-group': '/ecs/demo', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'web' },
}

beforeAll(async () => {
  world = await EcsWorld.start()
  await world.define('web', { image: 'nginx:1.28', logConfiguration: logs }, { taskRoleArn: role('exec') })
  await world.define('plain', { image: 'nginx:1.28' }, { taskRoleArn: role('plain') })
  await world.define('roleless', { image: 'nginx:1.28' })
})
afterAll(() => world.close())

async function run(taskDefinition: string, enableExecuteCommand = true): Promise<Task> {
  const { tasks } = await world.ecs.runTask({
    cluster: 'demo',
    taskDefinition,
    launchType: 'FARGATE',
    networkConfiguration: world.network,
    enableExecuteCommand,
  })
  const task = { cluster: 'demo', tasks: [tasks![0]!.taskArn!] }
  await expect
    .poll(async () => (await world.ecs.describeTasks(task)).tasks![0]!.lastStatus, { timeout: 20_000 })
    .toBe('RUNNING')
  return (await world.ecs.describeTasks(task)).tasks![0]!
}

const idOf = (task: Task) => task.taskArn!.split('/').at(-1)!
const execute = (task: Task, command: string) =>
  `aws ecs execute-command --cluster demo --task ${idOf(task)} --interactive --command '${command}'`

it('gives a shell in a task’s container, by the real CLI and the plug-in', { timeout: 120_000 }, async () => {
  const task = await run('web')
  expect(task.enableExecuteCommand).toBe(true)
  expect(task.containers![0]!.managedAgents).toEqual([
    { name: 'ExecuteCommandAgent', lastStatus: 'RUNNING', lastStartedAt: expect.any(Date) },
  ])
  const shell = new TypedCommand(world.shell, execute(task, '/bin/sh'))
  await shell.sees(/Starting session with SessionId: ecs-execute-command-[a-z2-7]{26}/)
  await shell.sees('# ')
  shell.type('cat /etc/nginx/nginx.conf | head -2; echo "in $PWD, $((40 + 2))"; stty size\n')
  await shell.sees(/in \/, 42\r+\n30 100/)
  shell.type('exit\n')
  expect(await shell.exitCode).toBe(0)
  expect(shell.output).toMatch(/Exiting session with sessionId: ecs-execute-command-/)

  // One command, and one that is not in the image.
  const one = new TypedCommand(world.shell, execute(task, 'cat /etc/hostname'))
  expect(await one.exitCode).toBe(0)
  expect(one.output).toContain('ip-172-31-')
  const missing = new TypedCommand(world.shell, execute(task, '/bin/nothing'))
  expect(await missing.exitCode).toBe(0)
  expect(missing.output).toContain(
    'Unable to start command: Failed to start pty: fork/exec /bin/nothing: no such file or directory',
  )

  // Without a terminal the plug-in's input ends at once.
  expect(await world.shell.ok(execute(task, '/bin/sh'))).toContain('Cannot perform start session: EOF')

  // The output is kept beside the container's own logs, and the sessions are history.
  const client = world.clients.aws(CloudWatchLogsClient)
  const named = { logGroupName: '/ecs/demo', logStreamNamePrefix: 'ecs-execute-command-' }
  const { logStreams = [] } = await client.send(new DescribeLogStreamsCommand(named))
  const events = await Promise.all(
    logStreams.map(({ logStreamName }) =>
      client.send(new GetLogEventsCommand({ logGroupName: '/ecs/demo', logStreamName })),
    ),
  )
  expect(events.flatMap((one) => one.events!.map(({ message }) => message)).join()).toContain('ip-172-31-')
  const history = await world.shell.ok(
    `aws ssm describe-sessions --state History --query 'Sessions[].[Status,Owner]' --output text`,
  )
  expect(history.split('\n')[0]).toMatch(/^Terminated\tarn:aws:iam::111122223333:user\/admin$/)

  const target = `ecs:demo_${idOf(task)}_${task.containers![0]!.runtimeId}`
  const session = new TypedCommand(world.shell, `aws ssm start-session --target ${target}`)
  await session.sees('# ')
  session.type('exit\n')
  expect(await session.exitCode).toBe(0)
})

it('says what is wrong when there can be no session', { timeout: 60_000 }, async () => {
  const launch = {
    cluster: 'demo',
    launchType: 'FARGATE',
    networkConfiguration: world.network,
    enableExecuteCommand: true,
  } as const
  await expect(world.ecs.runTask({ ...launch, taskDefinition: 'roleless' })).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message:
      'The execute command failed because a valid task role is not being used. Specify a valid task role in your task definition or as a task override and try again.',
  })
  await expect(
    world.ecs.createService({ ...launch, taskDefinition: 'roleless', serviceName: 'roleless' }),
  ).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message:
      "The service couldn't be created because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.",
  })

  const [closed, plain] = [await run('web', false), await run('plain')]
  expect(await world.shell.fails(execute(closed, '/bin/sh'))).toContain(
    'An error occurred (InvalidParameterException) when calling the ExecuteCommand operation: The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t running. Wait and try again or run a new task with execute command enabled and try again.',
  )
  // A role that may not speak with Session Manager: the agent runs, and nobody hears of it.
  const call = { cluster: 'demo', task: plain.taskArn, interactive: true, command: 'id' }
  await expect(world.ecs.executeCommand(call)).rejects.toMatchObject({
    name: 'TargetNotConnectedException',
    message: 'The execute command failed due to an internal error. Try again later.',
  })
  const statement = { Effect: 'Allow', Action: 'ssmmessages:*', Resource: '*' }
  await world.clients.aws(IAMClient).send(
    new PutRolePolicyCommand({
      RoleName: 'plain',
      PolicyName: 'messages',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statement }),
    }),
  )
  await expect(world.ecs.executeCommand(call)).resolves.toMatchObject({
    containerName: 'plain',
    interactive: true,
  })
})
