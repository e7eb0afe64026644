import { createServer, Agent as HttpAgent, type Server } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpRequest } from '#checks/http.ts'

describe('httpRequest', () => {
  const agents = { http: new HttpAgent(), https: new HttpsAgent() }
  let server: Server
  let origin: string
  beforeAll(async () => {
    server = createServer((req, res) => {
      if (req.url === '/silent') return
      res.writeHead(req.url === '/missing' ? 404 : 200, { 'x-seen': req.headers['x-sent'] ?? '' })
      res.end(`${req.method} ${req.url}`)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  it('gives status, headers and body of any answer', async () => {
    const answer = await httpRequest(`${origin}/missing`, agents, { headers: { 'x-sent': 'yes' } })
    expect(answer).toMatchObject({ status: 404, body: 'GET /missing', headers: { 'x-seen': 'yes' } })
  })

  it('says in words why no answer came', async () => {
    expect(await httpRequest('http://127.0.0.1:1/', agents)).toMatchObject({ failure: 'connection refused' })
    expect(await httpRequest('http://nowhere.invalid/', agents)).toMatchObject({
      failure: 'could not resolve host',
    })
    expect(await httpRequest(`${origin}/silent`, agents, { timeout: 50 })).toMatchObject({
      failure: 'no answer within 0.05 s',
    })
  })
})
