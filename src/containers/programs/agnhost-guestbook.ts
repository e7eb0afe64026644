import type { ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Process, Program } from '../processes/process.ts'
import { flag, type Handler, serve } from './agnhost-server.ts'
import { RequestError, sendRequest } from './http-request.ts'

// `agnhost guestbook`: a primary that keeps words by key and passes them on to the replicas that have registered with it, and a front that
// asks both by the names of their Services. Source: test/images/agnhost/guestbook of kubernetes/kubernetes, read 2026-11.

const TIMEOUT_MS = 5_000
/** A replica tries to register for so long, ms. */
const REGISTER_MS = 15_000
const RETRY_MS = 1_000

export const guestbook: Program = async (process) => {
  const port = Number(flag(process, 'http-port') ?? 80)
  const backendPort = Number(flag(process, 'backend-port') ?? 6379)
  const primary = flag(process, 'replicaof')
  const kept: Record<string, string> = {}
  const replicas: string[] = []
  const ask = (host: string, request: string) => get(process, `http://${host}:${backendPort}/${request}`)

  const handlers: Record<string, Handler> = {
    '/register': ({ log }, query, _req, res) => {
      const host = query.get('host') ?? ''
      log(`GET /register?host=${host}`)
      res.end(JSON.stringify({ data: kept }))
      replicas.push(host)
      log(`Node '${host}' registered.`)
    },
    '/get': ({ log }, query, _req, res) => {
      const key = query.get('key') ?? ''
      log(`GET /get?key=${key}`)
      res.end(JSON.stringify({ data: key ? (kept[key] ?? '') : kept }))
    },
    '/set': async ({ log }, query, _req, res) => {
      const [key, value] = [query.get('key') ?? '', query.get('value') ?? '']
      log(`GET /set?key=${key}&value=${value}`)
      if (!key) return refuse(res, 400, 'cannot set with empty key.')
      kept[key] = value
      for (const replica of replicas) {
        const { error } = await ask(replica, `set?key=${key}&value=${value}`)
        if (error)
          return refuse(res, 417, `encountered error while propagating to replica '${replica}': ${error}`)
      }
      res.end(JSON.stringify({ message: 'Updated' }))
    },
    '/guestbook': async ({ log }, query, _req, res) => {
      const [cmd, key, value] = ['cmd', 'key', 'value'].map((name) => query.get(name) ?? '') as [
        string,
        string,
        string,
      ]
      log(`GET /guestbook?cmd=${cmd.toLowerCase()}&key=${key}&value=${value}`)
      const isSet = cmd.toLowerCase() === 'set'
      if (!isSet && cmd.toLowerCase() !== 'get')
        return refuse(res, 400, `unsupported cmd: '${cmd.toLowerCase()}'`)
      if (isSet && !key) return refuse(res, 400, 'cannot set with empty key.')
      const host = isSet ? 'agnhost-primary' : 'agnhost-replica'
      const { body, error } = await ask(host, `${cmd.toLowerCase()}?key=${key}&value=${value}`)
      if (error) return refuse(res, 417, `encountered error: ${error}`)
      res.end(body)
    },
  }

  /** Asks the primary for what it keeps, and to be told of more; false when it could not be asked in time. */
  async function register(to: string): Promise<boolean> {
    const { clock, address } = process.machine
    for (const end = clock.now() + REGISTER_MS; clock.now() < end; await process.sleep(RETRY_MS)) {
      const { body } = await ask(to, `register?host=${address}`)
      if (body === undefined) continue
      Object.assign(kept, JSON.parse(body).data)
      return true
    }
    return false
  }

  const serving = serve(process, port, handlers)
  if (!primary || (await register(primary))) return serving
  await process.complain('Timed out while registering to primary.\n')
  return 1
}

const refuse = (res: ServerResponse, code: number, why: string): void =>
  void res.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(`${why}\n`)

async function get(process: Process, url: string): Promise<{ body?: string; error?: string }> {
  try {
    const { answer } = await sendRequest(process, {
      url: new URL(url),
      method: 'GET',
      headers: { 'user-agent': 'Go-http-client/1.1' },
      timeoutMs: TIMEOUT_MS,
    })
    return { body: await text(answer) }
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    return { error: `Get "${url}": ${error.message}` }
  }
}
