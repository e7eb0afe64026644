import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PROGRAM = '/usr/bin/etcd'

/** Debian's etcd on loopback, spoken to by its JSON gateway. */
export interface Etcd {
  /** POSTs to `/v3/<path>`; gives the answer's text. Keys and values are base64. */
  send(path: string, body: object): Promise<string>
  close(): Promise<void>
}

/** Starts etcd over a folder of its own; undefined where it is not installed. */
export async function startEtcd(inFlight: number): Promise<Etcd | undefined> {
  const installed = await access(PROGRAM).then(
    () => true,
    () => false,
  )
  if (!installed) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'drydock-etcd-'))
  const [client, peer] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${client}`
  const peerUrl = `http://127.0.0.1:${peer}`
  const child = spawn(
    PROGRAM,
    [
      ['--data-dir', folder],
      ['--listen-client-urls', url, '--advertise-client-urls', url],
      ['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ['--initial-cluster', `default=${peerUrl}`, '--logger', 'zap', '--log-level', 'error'],
    ].flat(),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const send: Etcd['send'] = (path, body) =>
    new Promise((resolve, reject) => {
      const text = JSON.stringify(body)
      const req = request(`${url}/v3/${path}`, { method: 'POST', agent }, async (res) => {
        const chunks: Buffer[] = []
        for await (const chunk of res) chunks.push(chunk as Buffer)
        const answer = Buffer.concat(chunks).toString()
        if (res.statusCode === 200) resolve(answer)
        else reject(new Error(`etcd ${path}: ${res.statusCode} ${answer}`))
      })
      req.on('error', reject)
      req.end(text)
    })
  await answers(child, send)
  return {
    send,
    async close() {
      agent.destroy()
      child.kill()
      await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answers(child: ChildProcess, send: Etcd['send']): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`etcd ended with ${child.exitCode}`)
    try {
      await send('kv/range', { key: 'AA==' })
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}
