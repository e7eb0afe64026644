import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BlobStore } from '#containers/blobs/store.ts'

const bytes = randomBytes(3 * 1024 * 1024 + 17)

let folder: string
let blobs: BlobStore
let digest: string
let server: Server
/** How each answer ended. */
const ends: Promise<unknown>[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-send-'))
  blobs = await BlobStore.open(folder)
  digest = (await blobs.put(bytes)).digest
  server = createServer((req, res) => {
    const [start, end] = (req.headers.range ?? `0-${bytes.length - 1}`).split('-').map(Number)
    res.setHeader('content-length', end! - start! + 1)
    ends.push(blobs.send(digest, { start: start!, end: end! }, res, res.socket).catch((error) => error))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true })
})

const socket = () => connect((server.address() as AddressInfo).port, '127.0.0.1')
function pair() {
  const [near, far] = duplexPair()
  server.emit('connection', far)
  return near
}

/** Asks over a connection, which then gives the answer as it is on the wire. */
function ask(connection: Duplex, range = `0-${bytes.length - 1}`): Duplex {
  connection.write(`GET / HTTP/1.1\r\nhost: blobs\r\nconnection: close\r\nrange: ${range}\r\n\r\n`)
  return connection
}

/** The body of an answer, looked at only when its last byte has come. */
async function body(answer: Duplex): Promise<Buffer> {
  const all = Buffer.concat(await answer.toArray())
  return all.subarray(all.indexOf('\r\n\r\n') + 4)
}

/** The files of the store that this process has open. */
async function openFiles(): Promise<string[]> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  return (await Promise.all(links)).filter((file) => file.startsWith(folder))
}

describe('a blob that is sent', () => {
  it.each([
    ['a socket', socket],
    ['a pair of streams in memory', pair],
  ])('arrives as it is over %s, whole and in part', async (_name, open) => {
    expect((await body(ask(open()))).equals(bytes)).toBe(true)
    expect((await body(ask(open(), '300000-2999999'))).equals(bytes.subarray(300_000, 3_000_000))).toBe(true)
  })

  it('is given up, its file closed, when the other side goes in the middle', async () => {
    const connection = socket()
    await once(ask(connection), 'readable')
    connection.destroy()
    expect(await ends.at(-1)).toBeInstanceOf(Error)
    expect(await openFiles()).toEqual([])
  })
})
