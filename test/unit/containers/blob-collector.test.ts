import { mkdtemp, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { storeTexts } from '#cloud/world-texts.ts'
import { BlobCollector } from '#containers/blobs/collector.ts'
import { digestOf } from '#containers/blobs/digest.ts'
import { BlobStore } from '#containers/blobs/store.ts'
import { registryJanitor } from '#containers/registry/janitor.ts'
import { Clock } from '#world/clock.ts'
import { type Lab, openLab } from './lab.ts'
import { INDEX, MANIFEST, registryClient } from './registry-client.ts'

const DAY = 24 * 3600 * 1000

describe('the collector', () => {
  let folder: string
  let blobs: BlobStore
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-collector-'))
    blobs = await BlobStore.open(folder)
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  /** A collection that names what `texts` say; without a grace period unless told. */
  async function collect(texts: string[], graceMs = -1000) {
    async function* pieces() {
      yield* texts
    }
    return new BlobCollector({ blobs, texts: pieces, graceMs }).collect()
  }

  it('keeps what a world names, and what is named in the documents that it names', async () => {
    const layer = await blobs.put('layer')
    const manifest = await blobs.put(JSON.stringify({ layers: [{ digest: layer.digest }] }))
    const index = await blobs.put(JSON.stringify({ manifests: [{ digest: manifest.digest }] }))
    const unnamed = await blobs.put('nobody names this')
    expect(await collect([`docker/images/${index.digest} {}`])).toEqual({ blobs: 1, uploads: 0, bytes: 17 })
    for (const { digest } of [layer, manifest, index]) expect(await blobs.stat(digest)).toBeDefined()
    expect(await blobs.stat(unnamed.digest)).toBeUndefined()
  })

  it('keeps for the grace period what was written or asked for, in whichever process', async () => {
    const { digest } = await blobs.put('about to be named')
    const long = (Date.now() - 7200_000) / 1000
    const collecting = blobs
    expect((await collect([], 60_000)).blobs).toBe(0)
    await utimes(blobs.path(digest), long, long)
    await (await BlobStore.open(folder, 'other')).stat(digest)
    expect((await collect([], 60_000)).blobs).toBe(0)
    await utimes(blobs.path(digest), long, long)
    expect((await collect([], 60_000)).blobs).toBe(1)
    expect(await collecting.stat(digest)).toBeUndefined()
  })

  it('is safe beside somebody of another process who asks for a blob while it goes', async () => {
    const { digest } = await blobs.put('contested')
    const other = await BlobStore.open(folder, 'other')
    async function* asked() {
      await other.stat(digest)
      yield ''
    }
    await new BlobCollector({ blobs, texts: asked, graceMs: 0 }).collect()
    expect(await other.stat(digest)).toBeDefined()
    expect(await blobs.read(digest)).toEqual(Buffer.from('contested'))
  })

  it('tells what went, so that other processes look again', async () => {
    const other = await BlobStore.open(folder, 'other')
    const { digest } = await other.put('removed by another process')
    async function* nothing() {}
    const onRemoved = (digests: string[]) => other.removed(digests)
    await new BlobCollector({ blobs, texts: nothing, graceMs: -1000, onRemoved }).collect()
    expect(await other.stat(digest)).toBeUndefined()
    expect(other.removals).toBe(1)
  })

  it('goes on where what is pinned has not been made yet', async () => {
    const [made, unmade] = [await blobs.put('made'), digestOf('made later')]
    blobs.pin([unmade, made.digest])
    await utimes(blobs.path(made.digest), 0, 0)
    await blobs.renewPins()
    expect((await stat(blobs.path(made.digest))).mtimeMs).toBeGreaterThan(0)
  })

  it('keeps what another process has pinned and says so', async () => {
    const other = await BlobStore.open(folder, 'other')
    const { digest } = await other.put('catalogued')
    other.pin([digest])
    const long = (Date.now() - 7200_000) / 1000
    await utimes(blobs.path(digest), long, long)
    await other.renewPins()
    expect((await collect([], 60_000)).blobs).toBe(0)
  })

  it('keeps uploads that a world names and removes others when they are idle', async () => {
    const named = await blobs.uploads.create()
    const abandoned = await blobs.uploads.create()
    expect((await collect([`registry/x/_uploads/${named}`], 60_000)).uploads).toBe(0)
    expect((await collect([`registry/x/_uploads/${named}`])).uploads).toBe(1)
    expect(await blobs.uploads.size(named)).toBe(0)
    expect(await blobs.uploads.size(abandoned)).toBeUndefined()
  })

  it('keeps the images of the catalogue, removes unpacked copies, and nothing when a world cannot be read', async () => {
    blobs.pin([(await blobs.put('catalogued')).digest])
    const { digest } = await blobs.put('unnamed')
    async function* unreadable() {
      yield ''
      throw new Error('damaged')
    }
    await expect(new BlobCollector({ blobs, texts: unreadable, graceMs: -1000 }).collect()).rejects.toThrow(
      'damaged',
    )
    expect(await blobs.stat(digest)).toBeDefined()
    expect((await collect([])).blobs).toBe(1)
    expect(await blobs.stat(digestOf('catalogued'))).toBeDefined()
  })
})

describe('a registry', () => {
  let lab: Lab
  beforeEach(async () => {
    lab = await openLab({ world: { clock: new Clock({ speed: 0 }) } })
    lab.world.controllers.start(registryJanitor(lab.world))
  })
  afterEach(() => lab.close())

  const collect = () =>
    new BlobCollector({
      blobs: lab.blobs,
      texts: () => storeTexts(lab.world.store),
      graceMs: -1000,
    }).collect()

  it('gives the space of a deleted image back after a day, and keeps what another image shares', async () => {
    const { ask, pushImage, putManifest } = registryClient(lab)
    const first = await pushImage('web', 'first', 'only the first has this')
    const second = await pushImage('web', 'second', 'the second has this')
    const entry = { mediaType: MANIFEST, digest: second.digest, size: second.body.length }
    await putManifest('web', 'multi', { schemaVersion: 2, mediaType: INDEX, manifests: [entry] }, INDEX)
    await ask('DELETE', `/v2/web/manifests/${first.digest}`)
    await lab.world.advance(DAY - 7200_000)
    expect(await collect()).toMatchObject({ blobs: 1 })
    expect((await ask('HEAD', `/v2/web/blobs/${digestOf('only the first has this')}`)).status).toBe(200)
    await lab.world.advance(3 * 7200_000)
    expect((await ask('HEAD', `/v2/web/blobs/${digestOf('only the first has this')}`)).status).toBe(404)
    expect(await collect()).toMatchObject({ blobs: 1, bytes: 23 })
    for (const text of ['{}', 'the second has this'])
      expect((await ask('GET', `/v2/web/blobs/${digestOf(text)}`)).text).toBe(text)
    expect((await ask('GET', '/v2/web/manifests/multi')).status).toBe(200)
  })

  it('forgets an upload that nobody finishes within a day', async () => {
    const { ask } = registryClient(lab)
    const location = String((await ask('POST', '/v2/web/blobs/uploads/')).headers.location)
    await ask('PATCH', location, { body: 'half of it' })
    expect(await collect()).toMatchObject({ uploads: 0 })
    await lab.world.advance(2 * DAY)
    expect((await ask('GET', location)).code).toBe('BLOB_UPLOAD_UNKNOWN')
    expect(await collect()).toMatchObject({ uploads: 1 })
  })
})

describe('an engine', () => {
  let lab: Lab
  beforeEach(async () => {
    lab = await openLab()
  })
  afterEach(() => lab.close())

  it('gives back what containers and volumes have written: older states at once, all of it when they go', async () => {
    const { docker } = lab
    const collect = () =>
      new BlobCollector({
        blobs: lab.blobs,
        texts: () => storeTexts(lab.world.store),
        graceMs: -1000,
      }).collect()
    await docker('POST', '/images/create?fromImage=busybox&tag=latest')
    /** MiB of all blobs, after what nobody names has gone. */
    const stored = async () => {
      await collect()
      let bytes = 0
      for await (const digest of lab.blobs.digests()) bytes += (await lab.blobs.stat(digest))!.size
      return Math.round(bytes / 1024 / 1024)
    }
    const before = await stored()
    const random = (path: string) => `dd if=/dev/urandom of=${path} bs=1M count=4 2>/dev/null`
    const { json } = await docker('POST', '/containers/create', {
      Image: 'busybox',
      Cmd: ['sh', '-c', `${random('/own')}; ${random('/data/shared')}`],
      HostConfig: { Binds: ['kept:/data'] },
    })
    for (let times = 0; times < 3; times++) {
      await docker('POST', `/containers/${json.Id}/start`)
      await docker('POST', `/containers/${json.Id}/wait`)
      expect(await stored()).toBe(before + 8)
    }
    await docker('DELETE', `/containers/${json.Id}`)
    expect(await stored()).toBe(before + 4)
    const filters = encodeURIComponent(JSON.stringify({ all: ['true'] }))
    await docker('POST', `/volumes/prune?filters=${filters}`)
    expect(await stored()).toBe(before)
  })
})
