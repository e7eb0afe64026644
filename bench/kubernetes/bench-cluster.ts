import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Questions } from './measured.ts'

/** A cluster in a process of its own, as a benchmark sees it. */
export interface BenchCluster {
  url: string
  /** PEM of the server's authority. */
  authority: string
  ask<Name extends keyof Questions>(
    name: Name,
    input: Questions[Name]['input'],
  ): Promise<Questions[Name]['answer']>
  /** One request as the administrator. Throws when the answer is no success. */
  send(method: string, path: string, body?: object): Promise<string>
  /** As `send`, with the answer still to be read. */
  open(method: string, path: string, body?: object): Promise<IncomingMessage>
  close(): Promise<void>
}

export interface BenchOptions {
  /** Requests that may be under way at once. */
  inFlight?: number
  /** Heap that the measured process may use, MB. */
  heapMb?: number
  /** Options of Node.js for the measured process, such as `--cpu-prof`. */
  nodeOptions?: string[]
}

export async function benchCluster(options: BenchOptions = {}): Promise<BenchCluster> {
  const { inFlight = 16, heapMb = 8192, nodeOptions = [] } = options
  const folder = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
  const child = fork(fileURLToPath(new URL('measured.ts', import.meta.url)), [folder], {
    execArgv: ['--expose-gc', `--max-old-space-size=${heapMb}`, ...nodeOptions],
  })
  const [{ url, authority }] = (await once(child, 'message')) as [{ url: string; authority: string }]
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight, ca: authority })
  const open: BenchCluster['open'] = (method, path, body) =>
    new Promise((resolve, reject) => {
      const text = body && JSON.stringify(body)
      const headers = {
        authorization: 'Bearer admin',
        ...(text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      }
      const req = request(`${url}${path}`, { method, agent, headers }, resolve)
      req.on('error', reject)
      req.end(text)
    })
  return {
    url,
    authority,
    open,
    async ask(name, input) {
      child.send({ name, input })
      const [{ answer }] = await once(child, 'message')
      return answer
    },
    async send(method, path, body) {
      const res = await open(method, path, body)
      const chunks: Buffer[] = []
      for await (const chunk of res) chunks.push(chunk as Buffer)
      const text = Buffer.concat(chunks).toString()
      if (res.statusCode! >= 300) throw new Error(`${method} ${path}: ${res.statusCode} ${text}`)
      return text
    },
    async close() {
      agent.destroy()
      child.disconnect()
      await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Runs `work` for 0…count-1, so many at a time. */
export async function inParallel(
  count: number,
  inFlight: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) await work(next++)
    }),
  )
}
