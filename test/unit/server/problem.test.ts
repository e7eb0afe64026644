import fastify from 'fastify'
import { afterEach, expect, it } from 'vitest'
import { DatabaseAway } from '../../../src/database/away.ts'
import { answerProblems } from '../../../src/server/problem.ts'

const app = fastify()
afterEach(() => app.close())

it('says that the database is away and when to ask again, and nothing of where it is', async () => {
  answerProblems(app)
  app.get('/', async () => {
    throw new DatabaseAway(new Error('connect ECONNREFUSED 10.0.0.7:5432'))
  })
  const answer = await app.inject('/')
  expect(answer.statusCode).toBe(503)
  expect(answer.headers['retry-after']).toBe('5')
  expect(answer.json().error).toMatchObject({
    code: 'database-away',
    what: 'Drydock’s database does not answer.',
  })
  expect(answer.body).not.toContain('10.0.0.7')
})
