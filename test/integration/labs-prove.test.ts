import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import type { Proof } from '#labs/proof.ts'
import { testLabs } from '#labs/test-labs.ts'

// A lab about one file, made good and then broken in every way that the lab tests must notice.

const LAB = `id: file
title: A file
summary: The learner writes a file.
track: test
minutes: 1
objectives: [Write a file]
steps:
  - id: write
    title: Write it
    minutes: 1
    hints: [Write it]
    watch: { files: [answer.txt] }
`

const CHECKER = `export default {
  lab: 'file',
  steps: {
    async write(t) {
      const text = t.found(await t.files.read('answer.txt'), { id: 'no-file', title: 'There is a file' })
      t.expect(text.trim() === '42', { id: 'wrong-answer', title: 'The answer is 42', observed: text })
    },
  },
}`

const GOOD: Record<string, string> = {
  'labs/file/lab.yaml': LAB,
  'labs/file/files/question.txt': 'What is the answer?',
  'labs/file/steps/write.mdx': 'Write it.\n\n```sh\necho 42 > answer.txt\n```\n',
  'labs/file/solutions/write.sh': 'test -f question.txt\necho 42 > answer.txt\n',
  'labs/file/solutions/write.printf.sh': "printf '42' > answer.txt\n",
  'labs/file/mistakes/write/nothing.sh': '# finding: no-file\ntrue\n',
  'labs/file/mistakes/write/wrong.sh': '# finding: wrong-answer\n# from: after\necho 43 > answer.txt\n',
  'checkers/file.ts': CHECKER,
}

describe('drydock labs test', () => {
  let cloud: OwnedCloud
  let data: string
  let root: string

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'drydock-prove-cloud-'))
    cloud = await startCloud({ directory: data })
  })
  afterAll(async () => {
    await cloud.stop()
    await rm(data, { recursive: true, force: true })
  })
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'drydock-prove-'))
    return () => rm(root, { recursive: true })
  })

  async function prove(changes: Record<string, string | undefined> = {}) {
    for (const [path, text] of Object.entries({ ...GOOD, ...changes })) {
      if (text === undefined) continue
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    }
    const proofs: Proof[] = []
    const summary = await testLabs({
      cloud,
      folder: join(root, 'starts'),
      folders: { labs: join(root, 'labs'), checkers: join(root, 'checkers') },
      jobs: 1,
      settleLimit: 2_000,
      environment: async (_world, home) => ({ PATH: process.env.PATH!, HOME: home }),
      reporter: { lab() {}, end() {}, proof: (proof) => proofs.push(proof) },
    })
    const failed = proofs.filter(({ proven }) => !proven)
    return { proofs, failed, summary }
  }

  it('proves a good check in every way, and leaves no world behind', async () => {
    const { proofs, summary } = await prove()
    expect(proofs.map(({ kind, name, proven }) => [kind, name ?? '', proven])).toEqual([
      ['enough-mistakes', '', true],
      ['fails-before', '', true],
      ['solution', 'write', true],
      ['passes-twice', '', true],
      ['text', 'write.text', true],
      ['alternative', 'write.printf', true],
      ['mistake', 'nothing', true],
      ['mistake', 'wrong', true],
    ])
    expect(summary).toMatchObject({ proven: 8, failed: 0 })
    expect(await cloud.worlds()).toEqual([])
  })

  it('takes the commands of the text for the solution, and runs what prepares the world', async () => {
    const { proofs, failed } = await prove({
      'labs/file/solutions/write.sh': undefined,
      'labs/file/setup.sh': 'echo prepared > start.txt\n',
      'labs/file/solutions/write.printf.sh': "cat start.txt && printf '42' > answer.txt\n",
      'labs/file/mistakes/write/wrong.sh':
        '# finding: wrong-answer\nsource "$SOLUTIONS/write.sh"\necho 43 > answer.txt\n',
    })
    expect(failed).toEqual([])
    expect(proofs.map(({ kind }) => kind)).not.toContain('text')
  })

  it('fails for a check that cannot fail', async () => {
    const { failed } = await prove({
      'checkers/file.ts': 'export default { lab: "file", steps: { async write() {} } }',
    })
    expect(failed.map(({ kind }) => kind)).toEqual(['fails-before', 'mistake', 'mistake'])
  })

  it('fails for a check that passes wrong work', async () => {
    const { failed } = await prove({ 'checkers/file.ts': CHECKER.replace("text.trim() === '42'", 'text') })
    expect(failed).toMatchObject([
      { kind: 'mistake', name: 'wrong', problem: expect.stringContaining('it passed') },
    ])
  })

  it('fails for a mistake that gives another finding', async () => {
    const { failed } = await prove({
      'labs/file/mistakes/write/wrong.sh': '# finding: no-file\necho 43 > answer.txt\n',
    })
    expect(failed).toMatchObject([{ kind: 'mistake', name: 'wrong' }])
    expect(failed[0]!.problem).toContain('it failed (wrong-answer)')
    expect(failed[0]!.findings).toHaveLength(2)
  })

  it('fails for a solution that ends with an error, and shows what it printed', async () => {
    const { failed } = await prove({ 'labs/file/solutions/write.sh': 'echo about to fail\nfalse\n' })
    expect(failed).toMatchObject([{ kind: 'solution', problem: 'the script ended with 1' }])
    expect(failed[0]!.output).toContain('about to fail')
  })

  it('fails for a check that passes only once', async () => {
    const once = CHECKER.replace(
      'const text',
      'if (globalThis.seen > 1) t.expect(false, { id: "again", title: "Again" }); globalThis.seen = (globalThis.seen ?? 0) + 1; const text',
    )
    const { failed } = await prove({ 'checkers/file.ts': once })
    expect(failed[0]).toMatchObject({ kind: 'passes-twice', problem: expect.stringContaining('passed once') })
    // A state that was put back gets half a minute each time to be as it was.
  }, 180_000)

  it('fails for a text that does not lead to the goal', async () => {
    const { failed } = await prove({ 'labs/file/steps/write.mdx': 'Write it somehow.' })
    expect(failed).toMatchObject([{ kind: 'text' }])
  })

  it('fails for a step with one mistake only', async () => {
    const { failed } = await prove({ 'labs/file/mistakes/write/nothing.sh': undefined })
    expect(failed).toMatchObject([{ kind: 'enough-mistakes' }])
  })
})
