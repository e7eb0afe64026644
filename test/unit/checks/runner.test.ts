import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CheckRequest } from '#checks/protocol.ts'
import { CheckRunner } from '#checks/runner.ts'

const checker = fileURLToPath(new URL('fixtures/checker.ts', import.meta.url))

describe('CheckRunner', () => {
  let home: string
  const runner = new CheckRunner({ timeout: 2_000 })
  const request = (step: string): CheckRequest => ({
    lab: 'fixture',
    step,
    checker,
    target: { kind: 'kubeconfig' },
    home,
  })

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'drydock-check-'))
    await writeFile(join(home, 'answer.txt'), '42\n')
  })
  afterAll(async () => {
    await runner.close()
    await rm(home, { recursive: true })
  })

  it('gives the findings of a check that passes, without what would explain a failure', async () => {
    const report = await runner.run(request('passes'))
    expect(report).toMatchObject({ lab: 'fixture', step: 'passes', status: 'passed' })
    expect(report.findings).toEqual([
      { id: 'first', status: 'passed', title: 'First', observed: 'this' },
      { id: 'second', status: 'passed', title: 'Second' },
    ])
  })

  it('ends a step at the first fact that does not hold', async () => {
    const report = await runner.run(request('fails'))
    expect(report.status).toBe('failed')
    expect(report.findings.map(({ id, status }) => [id, status])).toEqual([
      ['first', 'passed'],
      ['second', 'failed'],
    ])
    expect(report.findings[1]).toMatchObject({ expected: 'a value', observed: 'none', hint: 'make one' })
  })

  it('reports an exception as an error of the check, not as a failure of the learner', async () => {
    const report = await runner.run(request('throws'))
    expect(report.status).toBe('error')
    expect(report.findings).toMatchObject([{ id: 'check-error', observed: 'Error: the client broke' }])
  })

  it('reports a step that the checker does not have', async () => {
    const report = await runner.run(request('unknown'))
    expect(report.status).toBe('error')
    expect(report.findings[0]!.observed).toContain('has no check for the step unknown')
  })

  it.each(['hangs', 'blocks'])('ends a check that %s, and the next one runs', async (step) => {
    const impatient = new CheckRunner({ timeout: 700 })
    try {
      const report = await impatient.run(request(step))
      expect(report.status).toBe('error')
      expect(report.findings.at(-1)).toMatchObject({ id: 'check-timed-out', status: 'failed' })
      if (step === 'hangs') {
        expect(report.findings[0]).toMatchObject({ id: 'first', status: 'passed' })
        expect(report.findings[1]!.observed).toContain('First')
      }
    } finally {
      await impatient.close()
    }
    expect((await runner.run(request('passes'))).status).toBe('passed')
  })

  it('survives a check that ends its thread', async () => {
    const report = await runner.run(request('exits'))
    expect(report.findings).toMatchObject([{ id: 'check-crashed' }])
    expect((await runner.run(request('passes'))).status).toBe('passed')
  })

  it('keeps the environment of the server away from checks', async () => {
    process.env.SECRET_OF_THE_SERVER = 'x'
    const fresh = new CheckRunner()
    try {
      expect((await fresh.run(request('environment'))).status).toBe('passed')
    } finally {
      delete process.env.SECRET_OF_THE_SERVER
      await fresh.close()
    }
  })

  it('gives up a run that is aborted', async () => {
    const abort = new AbortController()
    const run = runner.run(request('hangs'), abort.signal)
    abort.abort(new Error('another step'))
    await expect(run).rejects.toThrow('another step')
    expect((await runner.run(request('passes'))).status).toBe('passed')
  })

  it('checks in well under a second once it is warm', async () => {
    await runner.run(request('passes'))
    expect((await runner.run(request('passes'))).duration).toBeLessThan(200)
  })
})
