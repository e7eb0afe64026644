import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestOf } from '#containers/blobs/digest.ts'
import { BlobStore, DigestMismatchError, UploadOffsetError } from '#containers/blobs/store.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-blobs-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('BlobStore', () => {
  it('gives back what was put, whole and by range', async () => {
    const blobs = await BlobStore.open(folder)
    const { digest, size } = await blobs.put('hello, blob')
    expect(digest).toBe(digestOf('hello, blob'))
    expect(size).toBe(11)
    expect((await blobs.read(digest)).toString()).toBe('hello, blob')
    const chunks: Buffer[] = []
    for await (const chunk of blobs.stream(digest, { start: 7, end: 10 })) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('blob')
  })

  it('stores nothing that does not have its digest', async () => {
    const blobs = await BlobStore.open(folder)
    await expect(blobs.put('other', digestOf('promised'))).rejects.toThrow(DigestMismatchError)
    expect(await blobs.stat(digestOf('promised'))).toBeUndefined()
    expect(await blobs.stat(digestOf('other'))).toBeUndefined()
    expect(await readdir(join(folder, 'temporary'))).toEqual([])
  })

  it('resumes an upload after the process has gone', async () => {
    const first = await BlobStore.open(folder)
    const id = await first.uploads.create()
    await first.uploads.append(id, [Buffer.from('one ')])
    const second = await BlobStore.open(folder)
    expect(await second.uploads.size(id)).toBe(4)
    await expect(second.uploads.append(id, [Buffer.from('x')], { offset: 9 })).rejects.toThrow(
      UploadOffsetError,
    )
    await second.uploads.append(id, [Buffer.from('two')], { offset: 4 })
    await expect(second.uploads.finish(id, digestOf('wrong'))).rejects.toThrow(DigestMismatchError)
    expect(await second.uploads.finish(id, digestOf('one two'))).toEqual({
      digest: digestOf('one two'),
      size: 7,
    })
    expect(await second.uploads.size(id)).toBeUndefined()
  })

  it('clears half-written files when it opens', async () => {
    await BlobStore.open(folder)
    await writeFile(join(folder, 'temporary', 'left'), 'half')
    await BlobStore.open(folder)
    expect(await readdir(join(folder, 'temporary'))).toEqual([])
  })

  it('refuses paths that are no digests', async () => {
    const blobs = await BlobStore.open(folder)
    expect(() => blobs.path('sha256:../../etc/passwd')).toThrow(RangeError)
    await expect(blobs.uploads.size('../../etc/passwd')).resolves.toBeUndefined()
  })

  it('holds only whole blobs after kill -9 in the middle of writing', async () => {
    const script = `
      import { BlobStore } from ${JSON.stringify(new URL('../../../src/containers/blobs/store.ts', import.meta.url).href)}
      const blobs = await BlobStore.open(${JSON.stringify(folder)})
      async function* bytes(n) { for (let i = 0; i < 40; i++) yield Buffer.alloc(65536, n % 251) }
      for (let n = 0; ; n++) { const { digest } = await blobs.put(bytes(n)); console.log(digest) }
    `
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const acknowledged: string[] = []
      child.stdout.on('data', (chunk) => {
        acknowledged.push(...String(chunk).split('\n').filter(Boolean))
        if (acknowledged.length > 3 + round) child.kill('SIGKILL')
      })
      await once(child, 'exit')
      const blobs = await BlobStore.open(folder)
      for (const digest of acknowledged) {
        expect(digestOf(await blobs.read(digest))).toBe(digest)
      }
      for (const two of await readdir(join(folder, 'sha256'))) {
        for (const rest of await readdir(join(folder, 'sha256', two))) {
          expect(digestOf(await blobs.read(`sha256:${two}${rest}`))).toBe(`sha256:${two}${rest}`)
        }
      }
      expect(await readdir(join(folder, 'temporary'))).toEqual([])
    }
  })
})
