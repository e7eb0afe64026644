import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Worlds } from './worlds.ts'

/**
 * The classic emulator's form: one endpoint on loopback for `AWS_ENDPOINT_URL`, in front of one world.
 * `GET /_drydock/health` tells that it is up, `POST /_drydock/reset` gives a fresh world.
 */
export async function serveEndpoint(
  worlds: Worlds,
  worldId: string,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  let resetting: Promise<unknown> | undefined
  const control = async (req: IncomingMessage, res: ServerResponse) => {
    if (req.method === 'GET' && req.url === '/_drydock/health') return res.end('ok\n')
    if (req.method !== 'POST' || req.url !== '/_drydock/reset') {
      return res
        .writeHead(404)
        .end(`There is no ${req.method} ${req.url}: GET /_drydock/health, POST /_drydock/reset.\n`)
    }
    resetting ??= worlds.reset(worldId).finally(() => {
      resetting = undefined
    })
    await resetting
    res.writeHead(204).end()
  }
  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    if (!isLocal(req)) {
      return res
        .writeHead(403)
        .end('Only programs on this machine may use this endpoint: no web pages, no other host names.\n')
    }
    if (req.url!.startsWith('/_drydock/')) return control(req, res)
    const open = await worlds.find(worldId)
    open!.simulation.classic(req, res)
  }
  const server = createServer({ requestTimeout: 0 }, (req, res) => {
    answer(req, res).catch((error: Error) => {
      if (res.headersSent) res.destroy()
      else res.writeHead(500).end(`${error.message}\n`)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? taken(port) : error),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

const taken = (port: number) =>
  new Error(
    `Port ${port} is taken, perhaps by another Drydock. End that, or choose another with --endpoint-port (0: any free one).`,
  )

/** A web page cannot hide where it comes from (Origin), nor by which name it found us (Host, against DNS rebinding). */
function isLocal(req: IncomingMessage): boolean {
  const name = (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(name) || name.endsWith('.localhost')
  return local && req.headers.origin === undefined
}
