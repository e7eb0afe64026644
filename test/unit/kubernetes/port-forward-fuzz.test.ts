import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { servePortForward, serveWebSocketPortForward } from '#kubernetes/apiserver/streams/port-forward.ts'
import { HeaderCodec } from '#kubernetes/apiserver/streams/spdy-headers.ts'

// Frames of port-forward that no client would send. Source of the right ones: SPDY/3.1 and kubelet/pkg/cri/streaming/portforward.

const SESSIONS = Number(process.env.FUZZ ?? 300)
const seed = Number(process.env.FUZZ_SEED ?? 20261129)
/** A session that takes longer to end hangs, ms. */
const LIMIT_MS = 10_000
const MIB = 1024 * 1024

/** Numbers below 1 that are the same in each run (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
const random = randomFrom(seed)
const below = (limit: number) => Math.floor(random() * limit)
const pick = <T>(list: readonly T[]): T => list[below(list.length)]!
const chance = (probability: number) => random() < probability

const inTime = <T>(what: string, work: Promise<T>): Promise<T> => {
  const limit = AbortSignal.timeout(LIMIT_MS)
  const late = once(limit, 'abort').then(() => Promise.reject(new Error(`${what} hangs (FUZZ_SEED=${seed})`)))
  return Promise.race([work, late])
}

/** Connections to a pod that sends back what it gets. */
function echoes(): { dial(): Promise<Duplex>; open(): number } {
  const targets: Duplex[] = []
  return {
    async dial() {
      if (chance(0.1)) throw new Error('connection refused')
      const [near, far] = duplexPair()
      far.on('error', () => {}).pipe(far)
      targets.push(near)
      return near
    },
    open: () => targets.filter(({ destroyed }) => !destroyed).length,
  }
}

function control(type: number, payload: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(0x8003)
  head.writeUInt16BE(type, 2)
  head[4] = flags
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

function data(id: number, payload: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(id)
  head[4] = flags
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

const opening = (id: number, block: Buffer) => {
  const head = Buffer.alloc(10)
  head.writeUInt32BE(id)
  return control(1, Buffer.concat([head, block]))
}

/** A session as kubectl's, some of it odd: pairs of streams, their data, pings and ends. */
async function frames(codec: HeaderCodec): Promise<Buffer[]> {
  const list: Buffer[] = []
  for (let pair = 0; pair < 1 + below(3); pair++) {
    for (const [offset, streamtype] of ['error', 'data'].entries()) {
      const headers = {
        streamtype: chance(0.9) ? streamtype : pick(['', 'x', 'error', '__proto__']),
        port: chance(0.9) ? '80' : pick(['', '0', '-1', '70000', '1e9', 'x']),
        requestid: chance(0.9) ? String(pair) : pick(['', '0', 'x'.repeat(5000)]),
      }
      const id = chance(0.95) ? pair * 4 + 1 + offset * 2 : below(10)
      list.push(opening(id, await codec.encode(headers)))
    }
    for (let count = below(4); count > 0; count--)
      list.push(data(pick([1, 3, 5, 7, 9, 2 ** 31 - 1]), Buffer.alloc(below(5000), 97), pick([0, 0, 1])))
    list.push(
      pick([control(6, Buffer.from([0, 0, 0, 1])), control(3, Buffer.alloc(8)), control(7, Buffer.alloc(8))]),
    )
  }
  return list
}

/** The bytes with something in them changed, cut or put in. */
function mutate(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  for (let count = below(4); count > 0 && copy.length > 0; count--) copy[below(copy.length)] = below(256)
  if (chance(0.2)) return copy.subarray(0, below(copy.length + 1))
  if (chance(0.2))
    return Buffer.concat([copy, Buffer.from(Array.from({ length: below(40) }, () => below(256)))])
  return copy
}

/** A connection to the server, whose end resolves `closed`. */
function session(dial: () => Promise<Duplex>): { client: Duplex; server: Duplex; closed: Promise<unknown> } {
  const [client, server] = duplexPair()
  client.on('error', () => {}).resume()
  servePortForward(server, dial)
  return { client, server, closed: once(server, 'finish') }
}

/** One forwarded connection that is as it should be: gives what comes back. */
async function healthy(dial: () => Promise<Duplex>): Promise<string> {
  const [client, server] = duplexPair()
  servePortForward(server, dial)
  const codec = new HeaderCodec()
  for (const [index, streamtype] of ['error', 'data'].entries())
    client.write(opening(index * 2 + 1, await codec.encode({ streamtype, port: '80', requestid: '0' })))
  client.write(data(3, Buffer.from('are you well?')))
  let said = ''
  for await (const chunk of client) {
    said += chunk.toString('latin1')
    if (said.includes('are you well?')) break
  }
  codec.close()
  return said
}

describe(`port-forward, ${SESSIONS} sessions of wrong frames (FUZZ_SEED=${seed})`, {
  timeout: 120_000,
}, () => {
  it('ends every SPDY session with its client, and each of its connections', async () => {
    const { dial, open } = echoes()
    for (let count = 0; count < SESSIONS; count++) {
      const codec = new HeaderCodec()
      const whole = Buffer.concat((await frames(codec)).map((frame) => (chance(0.3) ? mutate(frame) : frame)))
      codec.close()
      const { client, closed } = session(dial)
      for (let at = 0; at < whole.length; ) {
        const end = at + 1 + below(chance(0.5) ? 20 : 20_000)
        client.write(whole.subarray(at, end))
        at = end
      }
      client.end()
      await inTime('a session', closed)
    }
    await inTime('a connection', expect.poll(open, { timeout: LIMIT_MS }).toBe(0))
    const [near, far] = duplexPair()
    far.pipe(far)
    expect(
      await inTime(
        'a healthy session',
        healthy(async () => near),
      ),
    ).toContain('are you well?')
  })

  it('closes a session whose header block unpacks to too much', async () => {
    const { client, closed } = session(async () => duplexPair()[0])
    client.write(opening(1, deflateSync(Buffer.alloc(64 * MIB))))
    await inTime('the session', closed)
  })

  it('closes a session that opens streams without end', async () => {
    const codec = new HeaderCodec()
    const { client, closed } = session(async () => duplexPair()[0])
    for (let index = 0; index < 1500; index++) {
      const headers = { streamtype: 'data', port: '80', requestid: String(index) }
      client.write(opening(index * 2 + 1, await codec.encode(headers)))
    }
    codec.close()
    await inTime('the session', closed)
  })

  it('takes no more of a client than a pod that does not read', async () => {
    const codec = new HeaderCodec()
    const { client } = session(async () => duplexPair()[0])
    for (const [index, streamtype] of ['error', 'data'].entries())
      client.write(opening(index * 2 + 1, await codec.encode({ streamtype, port: '80', requestid: '0' })))
    let taken = 0
    const chunk = data(3, Buffer.alloc(64 * 1024))
    const all = Array.from(
      { length: 256 },
      () =>
        new Promise<void>((resolve) =>
          client.write(chunk, () => {
            taken += chunk.length
            resolve()
          }),
        ),
    )
    await Promise.race([
      Promise.all(all),
      new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
    ])
    await expect.poll(() => taken, { timeout: LIMIT_MS }).toBeGreaterThan(MIB / 2)
    expect(taken).toBeLessThan(4 * MIB)
    codec.close()
    client.destroy()
  })

  it('lives through messages of any kind on its WebSocket channels', async () => {
    const { dial, open } = echoes()
    const sockets = new WebSocketServer({ noServer: true })
    const http = createServer().on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (webSocket) =>
        serveWebSocketPortForward(webSocket, [80, 81], dial),
      ),
    )
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`
    for (let count = 0; count < SESSIONS / 10; count++) {
      const client = new WebSocket(url, 'v4.channel.k8s.io')
      client.on('error', () => {})
      await inTime('an upgrade', once(client, 'open'))
      for (let messages = below(20); messages > 0; messages--) {
        const bytes = Buffer.from(Array.from({ length: below(300) }, () => below(256)))
        if (bytes.length > 0 && chance(0.5)) bytes[0] = below(6)
        client.send(chance(0.9) ? bytes : bytes.toString('latin1'))
      }
      const gone = once(client, 'close')
      client.close()
      await inTime('a WebSocket', gone)
    }
    await inTime('a connection', expect.poll(open, { timeout: LIMIT_MS }).toBe(0))
    http.closeAllConnections()
    http.close()
  })
})
