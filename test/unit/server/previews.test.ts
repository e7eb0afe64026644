import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { Previews } from '../../../src/server/previews/previews.ts'
import { Connections } from '../../../src/server/security/connections.ts'

const server = createServer()
afterEach(() => server.close())

it('a browser that resets its connection while a preview is looked up ends nothing but that', async () => {
  let browser!: Socket
  let accepted!: Socket
  const previews = new Previews({
    pattern: 'http://*.localhost',
    pages: [],
    connections: new Connections(),
    async isSignedIn() {
      browser.resetAndDestroy()
      await new Promise((resolve) => accepted.once('close', resolve))
      return true
    },
  })
  const owner = { session: 's', learner: 'l', lab: 'lab', until: Date.now() + 60_000 }
  const dialled = server.listen(0, '127.0.0.1')
  await once(dialled, 'listening')
  const { port } = server.address() as AddressInfo
  const network = async () => ({ proxyUrl: `http://world:secret@127.0.0.1:${port}`, caFile: '' })
  const { id } = previews.open({ ...owner, network }, 'http://localhost')
  const tunnel = Promise.withResolvers<void>()
  server.on('connect', (_request, socket: Socket) => {
    socket.on('end', tunnel.resolve)
    socket.write('HTTP/1.1 200 Connected\r\n\r\n')
    socket.resume()
  })
  const upgraded = new Promise<void>((resolve, reject) =>
    server.on('upgrade', (request, socket, head) => {
      accepted = socket as Socket
      previews.upgrade(id, request, socket, head).then(resolve, reject)
    }),
  )
  browser = connect(port, '127.0.0.1')
  browser.on('error', () => {})
  browser.write(
    `GET / HTTP/1.1\r\nHost: ${id}.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  )
  await upgraded
  expect(accepted.destroyed).toBe(true)
  // The way into the lab is given up, too.
  await tunnel.promise
})
