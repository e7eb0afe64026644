import { once } from 'node:events'
import fastify from 'fastify'
import { afterEach, expect, it } from 'vitest'
import { sendEvents } from '../../../src/server/routes/events.ts'

const app = fastify({ forceCloseConnections: true })
afterEach(() => app.close())

it('follows nothing for a page that went while its stream was prepared', async () => {
  const page = new AbortController()
  let followed = 0
  const { promise: told, resolve } = Promise.withResolvers<void>()
  app.get('/events', async (_request, reply) => {
    page.abort()
    await once(reply.raw, 'close')
    sendEvents(reply, () => {
      followed++
      return { close() {} }
    })
    resolve()
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  await expect(fetch(`${url}/events`, { signal: page.signal })).rejects.toThrow('aborted')
  await told
  expect(followed).toBe(0)
})
