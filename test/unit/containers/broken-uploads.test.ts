import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, symlink, unlink } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '#containers/blobs/digest.ts'
import { type Lab, openLab } from './lab.ts'
import { registryClient } from './registry-client.ts'

const CHUNK = Buffer.alloc(64 * 1024, 'drydock ')
const CHUNKS = 6
const CONTENT = Buffer.concat(Array.from({ length: CHUNKS }, () => CHUNK))
const DIGEST = digestOf(CONTENT)

describe('a client that dies', () => {
  let lab: Lab
  let server: Server
  let port: number
  beforeAll(async () => {
    lab = await openLab()
    server = createServer((req, res) => lab.registry.request(req, res))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await lab.close()
  })

  /** Sends some chunks of the content to an upload and breaks the connection when the registry has written them. */
  async function dieAfter(chunks: number, location: string): Promise<void> {
    const headers = { authorization: `Basic ${btoa('AWS:token')}`, 'content-length': CONTENT.length }
    const req = request({ port, method: 'PATCH', path: location, headers })
    req.on('error', () => {
      // Broken on purpose.
    })
    await new Promise<void>((sent) => {
      req.write(CONTENT.subarray(0, chunks * CHUNK.length + 2), () => sent())
    })
    const closed = new Promise((resolve) => req.on('close', resolve))
    req.destroy()
    await closed
  }

  it.each([0, 1, 3, 5])(
    'after %i chunks leaves no blob; resuming and pushing anew both succeed',
    async (chunks) => {
      const { ask } = registryClient(lab)
      const repository = 'team/api'
      const location = String((await ask('POST', `/v2/${repository}/blobs/uploads/`)).headers.location)
      await dieAfter(chunks, location)
      expect((await ask('HEAD', `/v2/${repository}/blobs/${DIGEST}`)).status).toBe(404)

      // As clients do: from where the registry says that it is, and from where it says so in a 416.
      let state = await ask('GET', location)
      for (let resumed = false; !resumed; resumed = state.status === 202) {
        const end = Number(String(state.headers.range).split('-')[1])
        const at = end === 0 ? 0 : end + 1
        expect(at).toBeLessThanOrEqual(chunks * CHUNK.length + 2)
        state = await ask('PATCH', location, {
          headers: { 'content-range': `${at}-${CONTENT.length - 1}` },
          body: CONTENT.subarray(at),
        })
      }
      expect((await ask('PUT', `${location}?digest=${DIGEST}`)).status).toBe(201)
      expect(digestOf(await lab.blobs.read(DIGEST))).toBe(DIGEST)

      const again = await ask('POST', `/v2/${repository}/blobs/uploads/?digest=${DIGEST}`, { body: CONTENT })
      expect(again.status).toBe(201)
      await ask('DELETE', `/v2/${repository}/blobs/${DIGEST}`)
    },
  )

  it('or sends other bytes than it said gives their space back at once; the right ones then succeed', async () => {
    const { ask } = registryClient(lab)
    const files = async () => (await readdir(join(lab.folder, 'uploads'))).length
    const before = await files()
    const other = digestOf(Buffer.from('other'))
    const location = String((await ask('POST', '/v2/web/blobs/uploads/')).headers.location)
    await ask('PATCH', location, { body: CONTENT })
    const wrong = await ask('PUT', `${location}?digest=${other}`)
    expect([wrong.status, wrong.code]).toEqual([400, 'DIGEST_INVALID'])
    expect((await ask('POST', `/v2/web/blobs/uploads/?digest=${other}`, { body: CONTENT })).status).toBe(400)
    expect(await files()).toBe(before)
    for (const digest of [other, DIGEST])
      expect((await ask('HEAD', `/v2/web/blobs/${digest}`)).status).toBe(404)
    const right = await ask('POST', `/v2/web/blobs/uploads/?digest=${DIGEST}`, { body: CONTENT })
    expect(right.status).toBe(201)
    await ask('DELETE', `/v2/web/blobs/${DIGEST}`)
  })

  it('does not mix its bytes with those of who goes on with the upload', async () => {
    const { uploads } = lab.blobs
    const id = await uploads.create()
    const reached = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    async function* slow() {
      yield Buffer.alloc(512 * 1024, 'first')
      yield Buffer.alloc(512 * 1024, 'second')
      reached.resolve()
      await released.promise
      yield Buffer.alloc(1024 * 1024, 'late')
    }
    const outcome = uploads.append(id, slow()).catch((error: Error) => error.name)
    await reached.promise
    const size = 1024 * 1024
    await uploads.append(id, [Buffer.from('the end')], { offset: size })
    released.resolve()
    expect(await outcome).toBe('UploadTakenOverError')
    const parts = [
      Buffer.alloc(512 * 1024, 'first'),
      Buffer.alloc(512 * 1024, 'second'),
      Buffer.from('the end'),
    ]
    const digest = digestOf(Buffer.concat(parts))
    expect((await uploads.finish(id, digest)).size).toBe(size + 7)
  })
})

/** Whether this machine lets a test mount a small file system. */
function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' })
    execFileSync('mount', ['--help'], { stdio: 'ignore' })
    return process.getuid?.() === 0
  } catch {
    return false
  }
}

describe('a full disk', () => {
  it('takes nothing, says so, and the same push succeeds when there is room', async () => {
    const lab = await openLab()
    const { ask } = registryClient(lab)
    const { headers } = await ask('POST', '/v2/web/blobs/uploads/')
    // Every write to this device fails as on a full disk.
    const file = join(lab.folder, 'uploads', String(headers['docker-upload-uuid']))
    await unlink(file)
    await symlink('/dev/full', file)
    const full = await ask('PATCH', String(headers.location), { body: CONTENT })
    expect([full.status, full.code]).toEqual([507, 'UNKNOWN'])
    expect(JSON.parse(full.text).errors[0].message).toBe('no space left on the registry’s disk')
    await unlink(file)
    const again = await ask('POST', `/v2/web/blobs/uploads/?digest=${DIGEST}`, { body: CONTENT })
    expect(again.status).toBe(201)
    await lab.close()
  })

  it.skipIf(!canMount())(
    'on a small file system gives the space of what it refused back',
    async (context) => {
      const folder = await mkdtemp(join(tmpdir(), 'drydock-small-'))
      const blobs = join(folder, 'blobs')
      await mkdir(blobs)
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', blobs], { stdio: 'ignore' })
      } catch {
        context.skip('mounting a tmpfs is not allowed here')
      }
      try {
        const lab = await openLab({ folder: blobs })
        const { ask } = registryClient(lab)
        const large = Buffer.alloc(3 * 1024 * 1024, 'x')
        const post = (body: Buffer) =>
          ask('POST', `/v2/web/blobs/uploads/?digest=${digestOf(body)}`, { body })
        expect((await post(large)).status).toBe(507)
        const sizes = (await readdir(join(blobs, 'uploads'))).map(
          async (name) => (await stat(join(blobs, 'uploads', name))).size,
        )
        expect(await Promise.all(sizes)).toEqual([0])
        expect((await post(CONTENT)).status).toBe(201)
        expect(digestOf(await lab.blobs.read(DIGEST))).toBe(DIGEST)
        lab.world.close()
      } finally {
        execFileSync('umount', [blobs])
        await rm(folder, { recursive: true, force: true })
      }
    },
  )
})
