import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { PreparedWorlds } from '#labs/starts.ts'
import { testLessons } from '#labs/test-lessons.ts'
import { shellEnvironment } from '#workspace/environment.ts'
import { writeAwsFiles } from '#workspace/home.ts'
import { installTools } from '#workspace/tools/install.ts'
import { LabShell } from '../support/lab-shell.ts'

const HEAD = `---
title: A lesson
description: About a word.
order: 1
minutes: 5
objectives: [Say a word, Say another]
quiz:
  - &question
    ask: Which?
    answers:
      - { text: This, right: true, why: It is. }
      - { text: That, why: It is not. }
      - { text: Neither, why: One is. }
  - *question
sources: [{ title: A source, url: 'https://example.com/', read: 2026-11-28 }]
---
`

let root: string
let cloud: OwnedCloud
let environment: ConstructorParameters<typeof PreparedWorlds>[0]['environment']

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'drydock-lessons-'))
  const toolbox = await installTools()
  cloud = await startCloud({ directory: join(root, 'cloud') })
  environment = async (world, home) => {
    await writeAwsFiles(home, world)
    return shellEnvironment({ world, toolbox, home })
  }
})
afterAll(async () => {
  await cloud.stop()
  await rm(root, { recursive: true })
})

/** Runs one lesson of this text; gives how many are wrong, and what was said. */
async function run(text: string, update = false, head = HEAD): Promise<{ wrong: number; said: string }> {
  const file = join(root, 'lessons/track/lesson.mdx')
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, head + text)
  let said = ''
  const wrong = await testLessons({
    cloud,
    environment,
    folder: join(root, 'starts'),
    lessonsFolder: join(root, 'lessons'),
    update,
    write: (line) => {
      said += line
    },
  })
  return { wrong, said }
}

const outputs = () => readFile(join(root, 'lessons/track/lesson.outputs.yaml'), 'utf8')

it('runs a lesson as its reader does, records what it prints, and notices when that changes', async () => {
  const lesson =
    '```text file=word.txt\nahoy\n```\n\n```sh\nWORD=$(cat word.txt)\n```\n\n```sh\necho "$WORD $(cat /proc/sys/kernel/random/uuid)"\n```\n'
  expect(await run(lesson)).toMatchObject({ wrong: 1, said: expect.stringContaining('no recorded output') })
  expect((await run(lesson, true)).wrong).toBe(0)
  expect(await outputs()).toMatch(/ahoy [0-9a-f-]{36}/)
  // The same with another UUID.
  expect((await run(lesson)).wrong).toBe(0)
  const other = await run(lesson.replace('ahoy', 'avast'))
  expect(other).toMatchObject({ wrong: 1, said: expect.stringMatching(/mdx:25: prints something else/) })
})

it.each([
  ['a command that fails', '```sh\nfalse\n```\n', 'lesson.mdx:17: failed'],
  ['one that should have failed', '```sh exit=1\ntrue\n```\n', 'ended with 0; the lesson says 1'],
  ['an output without the text that it must show', '```sh shows=b\necho a\n```\n', 'does not show "b"'],
])('notices %s, also when it records', async (_, text, problem) => {
  expect(await run(text, true)).toMatchObject({ wrong: 1, said: expect.stringContaining(problem) })
})

it('takes the right answers to a question, and no others', async () => {
  const question = (accepts: string, rejects: string) =>
    HEAD.replace(
      'sources:',
      `commands:\n  - { ask: Make a file., check: test -e made, why: So., accepts: ['${accepts}'], rejects: ['${rejects}'] }\nsources:`,
    )
  expect(await run('', true, question('touch made', 'true'))).toMatchObject({ wrong: 0 })
  expect(await run('', true, question('true', 'false'))).toMatchObject({
    wrong: 1,
    said: expect.stringContaining('“true” is not taken as an answer (effect)'),
  })
  expect(await run('', true, question('touch made', 'echo > made'))).toMatchObject({
    wrong: 1,
    said: expect.stringContaining('“echo > made” is taken as an answer'),
  })
})

it('repeats a block until it shows what it waits for', async () => {
  const { wrong } = await run('```sh until=xxx\nprintf x >> n; cat n\n```\n', true)
  expect(wrong).toBe(0)
  expect(await outputs()).toContain('output: xxx')
})

it('begins from a copy of a prepared world, whose script has run once for all', async () => {
  const starts = join(root, 'own-starts')
  await mkdir(starts)
  await writeFile(
    join(starts, 'repository.sh'),
    'aws ecr create-repository --repository-name prepared\necho made >> made.txt\n',
  )
  await writeFile(join(starts, 'repository.ready.sh'), 'aws ecr describe-repositories\n')
  const worlds = new PreparedWorlds({ cloud, environment, folder: join(root, 'prepared'), starts })
  const [one, two] = await Promise.all(
    ['one', 'two'].map((id) => worlds.create('repository', { id, home: join(root, id) })),
  )
  expect(await readFile(join(one!.files!, 'made.txt'), 'utf8')).toBe('made\n')
  expect(one!.world.accountId).toBe(two!.world.accountId)
  expect(one!.world.proxyUrl).not.toBe(two!.world.proxyUrl)
  // What is done in one copy is seen in that one only.
  const shell = await LabShell.open(one!.world)
  await shell.ok('aws ecr delete-repository --repository-name prepared')
  expect(await shell.ok('aws ecr describe-repositories --query "length(repositories)"')).toBe('0')
  const other = await LabShell.open(two!.world)
  expect(await other.ok('aws ecr describe-repositories --query "length(repositories)"')).toBe('1')
  await Promise.all([shell.close(), other.close()])
  await expect(worlds.create('none', { id: 'three' })).rejects.toThrow('There is no start "none"')
})
