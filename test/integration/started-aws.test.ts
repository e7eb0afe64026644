import { execFile } from 'node:child_process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { StartedAws } from '#workspace/tools/started-aws/started-aws.ts'
import { ADMINISTRATOR, REGION, startAws } from '../support/aws.ts'
import { bash } from '../support/lab-shell.ts'
import { tool } from '../support/tools.ts'

let account: Awaited<ReturnType<typeof startAws>>
let cli: string
let started: StartedAws
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  account = await startAws()
  cli = await tool('aws')
  started = await StartedAws.open(cli)
  environment = {
    PATH: started.before(process.env.PATH!),
    HOME: '/nonexistent',
    AWS_ENDPOINT_URL: account.endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: ADMINISTRATOR.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ADMINISTRATOR.secretAccessKey,
    AWS_PAGER: '',
  }
})
afterAll(async () => {
  await started.close()
  await account.close()
})

const run = (path: string, words: string[], env = environment) =>
  new Promise((resolve) => {
    execFile(path, words, { env }, (failure, stdout, stderr) =>
      resolve({ code: failure?.code ?? 0, stdout, stderr }),
    )
  })

it.each([
  ['--version'],
  ['sts', 'get-caller-identity'],
  ['ec2', 'describe-vpcs', '--query', 'Vpcs[].CidrBlock', '--output', 'text'],
  ['iam', 'get-user', '--user-name', 'Zoë  of two words'],
  ['sts', 'no-such-command'],
  [],
])('aws %j says and ends with what a CLI of its own does', async (...words) => {
  expect(await run(started.path, words)).toEqual(await run(cli, words))
})

it('keeps nothing of a command for the next: not its environment, not its folder', async () => {
  expect(
    await run(started.path, ['configure', 'list'], { ...environment, AWS_REGION: 'eu-west-1' }),
  ).toMatchObject({
    stdout: expect.stringContaining('eu-west-1'),
  })
  expect(await run(started.path, ['configure', 'list'])).toMatchObject({
    stdout: expect.not.stringContaining('eu-west-1'),
  })
  const { AWS_ACCESS_KEY_ID: _, ...nobody } = environment
  expect(await run(started.path, ['sts', 'get-caller-identity'], nobody)).toEqual(
    await run(cli, ['sts', 'get-caller-identity'], nobody),
  )
})

it('is aws of a script: many at once, in pipes, on files of the folder', async () => {
  const { stdout } = await bash(
    `cd "$(mktemp -d)"
    echo '{"UserName":"filed"}' > user.json
    aws iam create-user --cli-input-json file://user.json --query User.UserName --output text
    for N in 1 2 3 4 5 6; do aws iam create-user --user-name user$N --query User.UserName --output text > $N & done
    wait
    cat ?
    aws iam list-users --query 'Users[].UserName' | grep -c user
    aws ec2 describe-vpcs --output yaml | head -1`,
    '/',
    environment,
  )
  expect(stdout.split('\n')).toEqual([
    'filed',
    'user1',
    'user2',
    'user3',
    'user4',
    'user5',
    'user6',
    '6',
    'Vpcs:',
  ])
})
