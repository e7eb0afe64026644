import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { CheckReport } from '../../src/checks/finding.ts'
import type { CheckRequest } from '../../src/checks/protocol.ts'
import type { CertificateState, Cohort, HelpResult, LabState, LabSummary } from '../../src/server/api.ts'
import { firstAdministrator, joined, startHosted } from '../support/hosted.ts'
import { TEST_LAB, TestServer } from '../support/server.ts'

const LAB = {
  ...TEST_LAB,
  names: { team: ['otter', 'heron', 'marmot'] },
  scored: { about: ['orders', '{team}'] },
}
let test: TestServer
let paths: string
beforeEach(async () => {
  paths = await mkdtemp(join(tmpdir(), 'drydock-paths-'))
  const path = { title: 'Revision', summary: 's', order: 1, audience: 'a' }
  const parts = [{ title: 'The exam', minutes: 60, items: [{ lab: LAB.id }] }]
  await writeFile(join(paths, 'revision.yaml'), JSON.stringify({ ...path, parts }))
  test = await TestServer.start({ labs: Promise.resolve([LAB]), paths })
})
afterEach(async () => {
  await test.close()
  await rm(paths, { recursive: true })
})

const start = () => test.call<LabState>('POST', '/api/labs/test-lab/start')
const state = async () => (await test.call<LabState>('GET', '/api/labs/test-lab')).body
const pass = (step: string) => {
  test.passing.add(step)
  return test.call('POST', `/api/labs/test-lab/steps/${step}/check`)
}

it('draws names for the learner, the same in the home folder and on the page', async () => {
  expect((await state()).names).toBeUndefined()
  await start()
  const home = join(test.data, 'workspaces/local/test-lab/home')
  const { names } = await state()
  expect(LAB.names.team).toContain(names!.team)
  expect(await readFile(join(home, 'names.env'), 'utf8')).toBe(`TEAM=${names!.team}\n`)
})

it('scores a step by hints, its solution, and what else was changed', async () => {
  await start()
  const { names } = await state()
  const opened = (count: number) =>
    test.call('POST', '/api/labs/test-lab/steps/one/hints', {}, { opened: count })
  expect((await opened(1)).status).toBe(204)
  expect((await opened(0)).status).toBe(400)
  test.cloud.harmed = [
    { what: 'changed', kind: 'deployments', name: 'orders', namespace: 'prod' },
    { what: 'gone', kind: 'services', name: `${names!.team}-web`, namespace: 'prod' },
    { what: 'gone', kind: 'deployments', name: 'untouched', namespace: 'prod' },
  ]
  await pass('one')
  const [one, two] = (await state()).steps
  expect(one!.score).toMatchObject({
    points: 7,
    hints: 1,
    solution: false,
    collateral: ['deployments prod/untouched: gone'],
  })
  expect(two!.score).toBeUndefined()
  // What is known already is not counted again.
  await test.call('GET', '/api/labs/test-lab/steps/two/solution')
  await pass('two')
  const after = await state()
  expect(after.steps[1]!.score).toMatchObject({ points: 0, solution: true, collateral: [] })
  expect(after.result).toMatchObject({ points: 7, of: 20, needed: 14, passed: false })
  const [summary] = (await test.call<LabSummary[]>('GET', '/api/labs')).body
  expect(summary!.result).toEqual(after.result)
})

it('begins anew with the lab', async () => {
  await start()
  await test.call('POST', '/api/labs/test-lab/steps/one/hints', {}, { opened: 1 })
  test.cloud.harmed = [{ what: 'gone', kind: 'deployments', name: 'untouched', namespace: 'prod' }]
  await pass('one')
  test.cloud.harmed = []
  await test.call('POST', '/api/labs/test-lab/reset')
  await pass('one')
  expect((await state()).steps[0]!.score).toMatchObject({ points: 10, hints: 0, collateral: [] })
})

it('gives nothing for a step that an instructor did, and takes nothing where that did not work or was not needed', async () => {
  const passing = new Set<string>()
  let at = 0
  const runner = {
    run: async ({ lab, step }: CheckRequest) => {
      const status: CheckReport['status'] = passing.has(step) ? 'passed' : 'failed'
      return { lab, step, status, findings: [], at: ++at, duration: 1 }
    },
    warm() {},
    async close() {},
  }
  const hosted = await startHosted({}, { labs: Promise.resolve([LAB]), runner })
  try {
    const admin = await firstAdministrator(hosted)
    const cohort = (await admin.call<Cohort>('POST', '/api/cohorts', { name: 'Exam' })).body
    const ana = await joined(hosted, cohort, 'Ana')
    const skip = async (step: string) => {
      const help = { act: 'skip', people: [ana.id], lab: LAB.id, step }
      return (await admin.call<HelpResult>('POST', `/api/cohorts/${cohort.id}/help`, help)).body.failed
    }
    const points = async () =>
      (await ana.call<LabState>('GET', '/api/labs/test-lab')).body.steps.map(({ score }) => score?.points)
    await ana.call('POST', '/api/labs/test-lab/start')
    expect(await skip('one')).toMatchObject([{ code: 'skip-failed' }])
    passing.add('one')
    await ana.call('POST', '/api/labs/test-lab/steps/one/check')
    expect(await skip('one')).toEqual([])
    expect(await points()).toEqual([10, undefined])
    passing.add('two')
    expect(await skip('two')).toEqual([])
    expect(await points()).toEqual([10, 0])
  } finally {
    await hosted.close()
  }
})

it('stands on the certificate of a path with the lab, as long as the try is complete', async () => {
  const results = async () => {
    const { body } = await test.call<{ code: string }>('POST', '/api/certificates', {}, { path: 'revision' })
    const verified = await test.call<CertificateState>('POST', '/api/certificates/verify', {}, body)
    return verified.body.certificate!.results
  }
  await start()
  await test.call('POST', '/api/labs/test-lab/steps/one/hints', {}, { opened: 1 })
  await pass('one')
  await pass('two')
  expect(await results()).toEqual([{ title: LAB.title, points: 18, of: 20, passed: true }])
  await test.call('POST', '/api/labs/test-lab/reset')
  expect(await results()).toEqual([])
})
