import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { installTools, type Toolbox } from '../../../src/workspace/tools/install.ts'

const run = promisify(execFile)
const TOKEN = ['--region', 'us-east-1', 'eks', 'get-token', '--cluster-name', 'harbor', '--output', 'json']
const KEYS = '[default]\naws_access_key_id = AKIA1\naws_secret_access_key = one\n'

let folder: string
let toolbox: Toolbox
let home: string

/** In the place of the CLI: a token that is good until `$EXPIRES`, and another each time; notes its calls. */
const CLI = `#!/bin/bash
case " $* " in *' --version '*) echo aws-cli/2.99.0 Python/3.13 ;; *) echo "$*" >>"$HOME/calls"
  [[ $* != *broken* ]] || { echo 'no such cluster' >&2; exit 254; }
  echo '{"status": {"expirationTimestamp": "'$EXPIRES'", "token": "k8s-aws-v1.'$(wc -l <"$HOME/calls")'"}}' ;; esac
`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-aws-tokens-'))
  await mkdir(join(folder, 'machine'))
  await writeFile(join(folder, 'machine/aws'), CLI, { mode: 0o755 })
  toolbox = await installTools({
    cache: join(folder, 'cache'),
    machinePath: join(folder, 'machine'),
    // None of the packages' builds are unpacked.
    arch: 'none',
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(async () => {
  home = await mkdtemp(join(folder, 'home-'))
  await mkdir(join(home, '.aws'))
  await writeFile(join(home, '.aws/config'), '[default]\nregion = us-east-1\n')
  await writeFile(join(home, '.aws/credentials'), KEYS)
})

const inHours = (hours: number) => `${new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 19)}Z`

async function aws(words: string[], variables: Record<string, string> = {}): Promise<string> {
  const env = { PATH: '/usr/bin:/bin', HOME: home, EXPIRES: inHours(0.2), ...variables }
  return (await run(join(toolbox.bin, 'aws'), words, { env })).stdout
}
const calls = async () => (await readFile(join(home, 'calls'), 'utf8')).trim().split('\n').length

describe.skipIf(process.platform !== 'linux')('the token that kubectl asks the AWS CLI for', () => {
  it('is the one that it gave before, word for word, for the eyes of its owner only', async () => {
    const first = await aws(TOKEN)
    expect(JSON.parse(first).status.token).toBe('k8s-aws-v1.1')
    expect(await aws(TOKEN)).toBe(first)
    expect(await calls()).toBe(1)
    const { stdout } = await run('find', [join(home, '.aws/cli/cache'), '-type', 'f'])
    const [kept, ...others] = stdout.trim().split('\n')
    expect(others).toEqual([])
    expect((await stat(kept!)).mode & 0o777).toBe(0o600)
  })

  it.each<[string, string[], Record<string, string>]>([
    ['another cluster', [...TOKEN.slice(0, 5), 'other'], {}],
    ['another profile', [...TOKEN, '--profile', 'dev'], {}],
    ['other keys in the environment', TOKEN, { AWS_ACCESS_KEY_ID: 'AKIA2' }],
  ])('is another for %s', async (_what, words, variables) => {
    const first = await aws(TOKEN)
    expect(await aws(words, variables)).not.toBe(first)
  })

  it('is another when the keys were changed', async () => {
    const first = await aws(TOKEN)
    await writeFile(join(home, '.aws/credentials'), KEYS.replace('one', 'two'))
    expect(await aws(TOKEN)).not.toBe(first)
  })

  it('is another when it is about to run out', async () => {
    const first = await aws(TOKEN, { EXPIRES: inHours(0.01) })
    expect(await aws(TOKEN)).not.toBe(first)
  })

  it('is asked for anew where a role is taken on', async () => {
    const first = await aws([...TOKEN, '--role-arn', 'arn:aws:iam::111122223333:role/dev'])
    expect(await aws([...TOKEN, '--role-arn', 'arn:aws:iam::111122223333:role/dev'])).not.toBe(first)
    await writeFile(join(home, '.aws/config'), '[default]\nrole_arn = arn:aws:iam::111122223333:role/dev\n')
    const second = await aws(TOKEN)
    expect(await aws(TOKEN)).not.toBe(second)
  })

  it('is not kept where there is none: error and exit code are the CLI’s own', async () => {
    for (const _ of [1, 2]) {
      const failed = await aws([...TOKEN, 'broken']).catch((error) => error)
      expect([failed.code, failed.stdout, failed.stderr]).toEqual([254, '', 'no such cluster\n'])
    }
    expect(await calls()).toBe(2)
  })

  it('is given where nothing can be kept, too', async () => {
    await writeFile(join(home, '.aws/cli'), 'a file')
    expect(JSON.parse(await aws(TOKEN)).status.token).toBe('k8s-aws-v1.1')
  })
})

it.skipIf(process.platform !== 'linux')('every other command is the CLI’s own', async () => {
  expect(await aws(['sts', 'get-caller-identity'])).not.toBe(await aws(['sts', 'get-caller-identity']))
})
