import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadLessons } from '../../src/labs/lesson.ts'
import { loadLabs } from '../../src/labs/load.ts'
import { contentsOf, loadPaths } from '../../src/labs/paths.ts'
import type {
  CertificateState,
  CommandVerdict,
  CourseState,
  ImportResult,
  LessonState,
  ProgressFile,
} from '../../src/server/api.ts'
import { TestServer } from '../support/server.ts'

const labs = loadLabs()
let test: TestServer
let other: TestServer

beforeAll(async () => {
  ;[test, other] = await Promise.all([TestServer.start({ labs }), TestServer.start({ labs })])
})
afterAll(async () => {
  await Promise.all([test?.close(), other?.close()])
})

const LESSON = 'orchestration/engine-and-orchestrator'
const state = async (server: TestServer) => (await server.call<CourseState>('GET', '/api/progress')).body
const read = async (server: TestServer, lesson: string, answers: Record<string, string> = {}) =>
  (await server.call<LessonState>('PUT', `/api/progress/lessons/${lesson}`, {}, { answers })).body
/** The numbers of the right answers of a lesson. */
const rights = async (id: string) =>
  Object.fromEntries(
    (await loadLessons([id]))[0]!.quiz.map(({ answers }, number) => [
      number,
      String(answers.findIndex(({ right }) => right)),
    ]),
  )

describe('progress in the course', () => {
  it('is done with a lesson when each question was answered rightly, and stays so', async () => {
    expect((await state(test)).lessons).toEqual({})
    expect(await read(test, LESSON)).toMatchObject({ done: false, answers: {} })
    const right = await rights(LESSON)
    expect(await read(test, LESSON, right)).toMatchObject({ done: true })
    expect(await read(test, LESSON, { 0: '' })).toMatchObject({ done: true, answers: { 0: { choice: '' } } })
    const { paths } = await state(test)
    expect(paths.find(({ id }) => id === 'beginner')).toMatchObject({ done: 1 })
  })

  it('refuses lessons and answers that there are not', async () => {
    expect((await test.call('PUT', '/api/progress/lessons/eks/none', {}, {})).status).toBe(404)
    expect(
      (await test.call('PUT', `/api/progress/lessons/${LESSON}`, {}, { answers: { x: '1' } })).status,
    ).toBe(400)
  })

  it('runs a command that is an answer in a place of its own, and says what came of it', async () => {
    const answer = (question: number, command: string) =>
      test.call<CommandVerdict>(
        'POST',
        '/api/lessons/registries/ecr-and-docker-hub/answers',
        {},
        { question, command },
      )
    const { status, body } = await answer(0, `echo "it's here"; touch left-behind; exit 3`)
    expect(status).toBe(200)
    expect(body).toEqual({ right: false, reason: 'failed', output: "it's here" })
    // The next one finds a new home, and the world is gone with the old one.
    expect((await answer(0, 'ls left-behind')).body.output).toContain('No such file')
    expect(await readdir(join(test.data, 'answers'))).toEqual([])
    const kept = (await state(test)).lessons['registries/ecr-and-docker-hub']!.answers
    expect(kept).toEqual({ c0: { choice: 'ls left-behind', at: expect.any(Number) } })
    expect((await answer(9, 'true')).status).toBe(404)
  })

  it('shows nothing of this machine that a command has put a link to', async () => {
    const { body } = await test.call<CommandVerdict>(
      'POST',
      '/api/lessons/registries/ecr-and-docker-hub/answers',
      {},
      { question: 0, command: 'rm -rf .answer && mkdir .answer && ln -s /etc/hostname .answer/output' },
    )
    expect(body.output).toBe('')
  })

  it('goes elsewhere as a file, and what is there already stays', async () => {
    await read(other, 'eks/contexts', { 0: '0' })
    const file = (await test.call<ProgressFile>('GET', '/api/progress/file')).body
    const { body } = await other.call<ImportResult>('POST', '/api/progress/file', {}, file)
    expect(body).toEqual({ lessons: 2, steps: 0, unknown: [], proven: false })
    const merged = await state(other)
    expect(Object.keys(merged.lessons).sort()).toEqual([
      'eks/contexts',
      LESSON,
      'registries/ecr-and-docker-hub',
    ])
    expect(merged.lessons[LESSON]).toMatchObject({ done: true })
    expect((await other.call('POST', '/api/progress/file', {}, { ...file, version: 2 })).status).toBe(400)
  })
})

describe('certificates', () => {
  it('say what is missing, and are issued when nothing is', async () => {
    const early = await test.call<{ error: { code: string; why: string } }>(
      'POST',
      '/api/certificates',
      {},
      { path: 'beginner', name: 'Ann Example' },
    )
    expect(early.status).toBe(409)
    expect(early.body.error.why).toContain('first-eks-cluster')

    const path = (await loadPaths()).find(({ id }) => id === 'beginner')!
    const contents = contentsOf(path)
    for (const id of contents.lessons) await read(test, id, await rights(id))
    const named = (await labs).filter(({ id }) => contents.labs.includes(id))
    const steps = named.reduce((sum, lab) => sum + lab.steps.length, 0)
    // Steps that another server has seen pass count, and the certificate says so.
    const file = (await test.call<ProgressFile>('GET', '/api/progress/file')).body
    for (const lab of named)
      file.labs[lab.id] = Object.fromEntries(lab.steps.map(({ id }, number) => [id, number + 1]))
    await test.call('POST', '/api/progress/file', {}, file)

    const { body } = await test.call<{ code: string }>(
      'POST',
      '/api/certificates',
      {},
      { path: 'beginner', name: 'Ann Example' },
    )
    const verify = async (server: TestServer, code: string) =>
      (await server.call<CertificateState>('POST', '/api/certificates/verify', {}, { code })).body
    expect(await verify(test, body.code)).toEqual({
      certificate: expect.objectContaining({
        name: 'Ann Example',
        title: path.title,
        lessons: contents.lessons.length,
        labs: named.length,
        steps,
        unproven: steps,
        results: [],
        issuer: test.url,
      }),
    })
    expect(await verify(other, body.code)).toEqual({})
    expect(await verify(test, `x${body.code}`)).toEqual({})
  })
})
