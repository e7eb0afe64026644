/**
 * The terminal beside its bare limit, in one run: `node bench/terminal/main.ts`.
 * Keystroke echo, throughput of 50 MB, memory of an idle terminal beyond its shell. Exits with 1 if an aim is missed.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { ACK_EVERY } from '../../src/workspace/limits.ts'
import { signIn } from '../../test/support/server.ts'

const KEYS = 3_000
const BYTES = 50_000_000
/** Terminals that are opened to see what one costs: as many as a lab may have, less the first. */
const IDLE = 7
const ROUNDS = 3

const folder = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
const file = join(folder, 'bytes')
const line = `${'0123456789abcdef'.repeat(5).slice(0, 78)}\r\n`
await writeFile(file, line.replace('\r', '').repeat(Math.ceil(BYTES / 79)))

/** A page's end of either server. */
class Client {
  readonly #ws: WebSocket
  #offset = 0
  #acknowledged = 0
  #heard: (data: Buffer) => void = () => {}

  constructor(ws: WebSocket) {
    this.#ws = ws
    ws.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) {
        const message = JSON.parse(data.toString())
        if (message.type === 'attached') this.#offset = message.offset
        this.#heard(Buffer.alloc(0))
        return
      }
      this.#offset += data.length
      if (this.#offset - this.#acknowledged >= ACK_EVERY / 2) {
        this.#acknowledged = this.#offset
        ws.send(JSON.stringify({ type: 'ack', offset: this.#offset }))
      }
      this.#heard(data)
    })
  }

  send(text: string): void {
    this.#ws.send(Buffer.from(text))
  }

  tell(message: unknown): void {
    this.#ws.send(JSON.stringify(message))
  }

  next(): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#heard = resolve
    })
  }

  /** Waits until the text came; gives how many bytes came. */
  until(text: string): Promise<number> {
    let tail = ''
    let bytes = 0
    return new Promise((resolve) => {
      this.#heard = (data) => {
        bytes += data.length
        tail = (tail + data.toString('latin1')).slice(-data.length - text.length)
        if (tail.includes(text)) resolve(bytes)
      }
    })
  }

  close(): void {
    this.#ws.close()
  }
}

interface Peer {
  name: string
  child: ChildProcess
  open(terminal?: string): Promise<Client>
}

async function start(
  name: string,
  script: string,
  argument: string,
): Promise<{ child: ChildProcess; said: string }> {
  const child = fork(new URL(script, import.meta.url), [argument], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const [said] = await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${name} did not start`))),
  ])
  return { child, said: String(said).trim() }
}

async function floor(mode: string): Promise<Peer> {
  const name = `floor, ${mode === 'flow' ? 'flow control' : 'naive'}`
  const { child, said: port } = await start(name, './floor.ts', mode)
  return {
    name,
    child,
    async open() {
      const ws = new WebSocket(`ws://127.0.0.1:${port}`)
      await once(ws, 'open')
      return new Client(ws)
    },
  }
}

async function drydock(): Promise<Peer & { call<T>(method: string, path: string): Promise<T> }> {
  const { child, said: link } = await start('drydock', '../../test/support/serve.ts', folder)
  const url = new URL(link).origin
  const cookie = await signIn(link)
  const headers = { origin: url, cookie }
  const call = async <T>(method: string, path: string): Promise<T> =>
    (await fetch(url + path, { method, headers })).json() as T
  await call('POST', '/api/labs/test-lab/start')
  return {
    name: 'drydock',
    child,
    call,
    async open(terminal) {
      const id = terminal ?? (await call<{ id: string }[]>('GET', '/api/labs/test-lab/terminals'))[0]!.id
      const { ticket } = await call<{ ticket: string }>('POST', `/api/terminals/${id}/ticket`)
      const ws = new WebSocket(`${url.replace('http', 'ws')}/api/terminals/${id}/socket`, { headers })
      await once(ws, 'open')
      const client = new Client(ws)
      const attached = client.next()
      client.tell({ type: 'attach', ticket, columns: 80, rows: 24 })
      await attached
      return client
    },
  }
}

/** Times of keys that the kernel's terminal echoes while `cat` reads, ms, sorted. */
async function echo(peer: Peer): Promise<number[]> {
  const client = await peer.open()
  client.send('cat\r')
  await client.until('cat\r\n')
  await new Promise((done) => setTimeout(done, 300))
  const times: number[] = []
  for (let key = 0; key < KEYS; key++) {
    const echoed = client.next()
    const pressed = performance.now()
    client.send('x')
    await echoed
    times.push(performance.now() - pressed)
    // As a quick typist would, so that no window of output is open.
    await new Promise((done) => setTimeout(done, 1 + Math.random() * 8))
  }
  client.send('\x03')
  await client.until('$ ')
  client.close()
  return times.sort((a, b) => a - b)
}

/** ms for 50 MB. */
async function bulk(peer: Peer): Promise<number> {
  const client = await peer.open()
  client.send('stty -echo; echo rea""dy\r')
  await client.until('ready\r\n')
  await new Promise((done) => setTimeout(done, 200))
  const started = performance.now()
  client.send(`cat ${file}; echo th""e end\r`)
  await client.until('the end')
  const time = performance.now() - started
  client.send('stty echo\r')
  await client.until('$ ')
  client.close()
  return time
}

async function memory(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Pss:\s+(\d+)/m.exec(text)![1]) / 1024
}

/** The median of a byte's way to another process and back over a unix socket, ms. */
async function hop(): Promise<number> {
  const path = join(folder, 'hop')
  const echo = `require('net').createServer((s) => s.pipe(s)).listen(process.argv[1], () => console.log('up'))`
  const child = spawn(process.execPath, ['-e', echo, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const socket = connect(path)
  const times: number[] = []
  for (let n = 0; n < 1_000; n++) {
    const sent = performance.now()
    socket.write('x')
    await once(socket, 'data')
    times.push(performance.now() - sent)
    await new Promise((done) => setTimeout(done, 1 + Math.random() * 8))
  }
  socket.destroy()
  child.kill()
  return quantile(
    times.sort((a, b) => a - b),
    0.5,
  )
}

const quantile = (sorted: number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!
const ours = await drydock()
const peers = [await floor('naive'), await floor('flow'), ours]
const results = new Map(peers.map((peer) => [peer.name, { keys: [] as number[], bulk: Infinity }]))

for (let round = 0; round < ROUNDS; round++) {
  for (const peer of peers) {
    const result = results.get(peer.name)!
    result.keys.push(...(await echo(peer)))
    result.bulk = Math.min(result.bulk, await bulk(peer))
  }
}
for (const { name } of peers) {
  const { keys, bulk } = results.get(name)!
  keys.sort((a, b) => a - b)
  console.log(
    `${name.padEnd(20)} echo p50 ${quantile(keys, 0.5).toFixed(3)} ms  p99 ${quantile(keys, 0.99).toFixed(2)} ms   50 MB ${bulk.toFixed(0)} ms (${(BYTES / bulk / 1000).toFixed(0)} MB/s)`,
  )
}
const limit = results.get('floor, flow control')!
const mine = results.get('drydock')!
const echoRatio = quantile(mine.keys, 0.5) / quantile(limit.keys, 0.5)
const bulkRatio = limit.bulk / mine.bulk
console.log(
  `echo p50 ${echoRatio.toFixed(2)} times the floor's (aim: 1.2), throughput ${bulkRatio.toFixed(2)} times (aim: 0.8)`,
)

console.log(
  `a message to another process and back, bare: ${(await hop()).toFixed(3)} ms (the pty-host is one)`,
)

const [host] = (await readFile(`/proc/${ours.child.pid}/task/${ours.child.pid}/children`, 'utf8'))
  .split(' ')
  .map(Number)
const [hostBefore, serverBefore] = [await memory(host!), await memory(ours.child.pid!)]
const clients = []
for (let n = 0; n < IDLE; n++) {
  const { id } = await ours.call<{ id: string }>('POST', '/api/labs/test-lab/terminals')
  const client = await ours.open(id)
  client.send('ls -l /usr/bin | head -200; echo do""ne\r')
  await client.until('done')
  clients.push(client)
}
const each = (await memory(host!)) - hostBefore + (await memory(ours.child.pid!)) - serverBefore
console.log(
  `pty-host ${hostBefore.toFixed(0)} MB; each terminal in use adds ${(each / IDLE).toFixed(2)} MB to server and pty-host, beyond its shell`,
)

for (const { child } of peers) child.disconnect()
await Promise.all(peers.map(({ child }) => child.exitCode ?? once(child, 'exit')))
await rm(folder, { recursive: true, force: true })
process.exitCode = echoRatio <= 1.2 && bulkRatio >= 0.8 ? 0 : 1
