import { once } from 'node:events'
import fastify from 'fastify'
import { afterEach, expect, it } from 'vitest'
import { identify } from '../../../src/server/hooks.ts'
import { Connections } from '../../../src/server/security/connections.ts'

const app = fastify({ forceCloseConnections: true })
afterEach(() => app.close())

it('counts nothing as open of a page that went while it was asked who sends the request', async () => {
  const page = new AbortController()
  const connections = new Connections()
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  app.addHook('onRequest', async (_request, { raw }) => void once(raw, 'close').then(() => resolve()))
  const find = async () => {
    page.abort()
    await gone
    return { session: 's', learner: 'ana', name: 'Ana', role: 'learner' as const, until: Date.now() + 60_000 }
  }
  identify(app, () => ({ find }), connections)
  app.get('/api/x', { config: { access: 'signed-in' } }, async () => answer())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  await expect(fetch(`${url}/api/x`, { signal: page.signal })).rejects.toThrow('aborted')
  await answered
  expect(connections.count('s')).toBe(0)
})
