import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyLayer, changes, LayerTrees, layerTar, writeLayer } from '#containers/files/layers.ts'
import { directory, file, readContent, symlink } from '#containers/files/nodes.ts'
import { readTar } from '#containers/files/tar.ts'
import { FileTree } from '#containers/files/tree.ts'
import { type Lab, openLab } from './lab.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab.close())

const LONG = `deep/${'x'.repeat(90)}/${'y'.repeat(90)}.txt`

describe('layers', () => {
  it('brings a changed tree back from its layer: new, changed, removed, linked, long names', async () => {
    const before = new FileTree()
    before.put('/keep', file('keep'))
    before.put('/gone', file('gone'))
    before.put('/folder', directory())
    before.put('/folder/old', file('old'))
    const base = before.snapshot()
    const after = new FileTree(base)
    after.remove('/gone')
    after.put('/folder/old', file('new', { mode: 0o600, uid: 7 }))
    after.put('/link', symlink('/folder/old'))
    after.makeFolders(`/${LONG.slice(0, LONG.lastIndexOf('/'))}`)
    after.put(`/${LONG}`, file('far'))
    const layer = await writeLayer(lab.blobs, changes(base, after.snapshot()))
    const path = await lab.blobs.unpacked(layer.descriptor.digest)
    const tree = new FileTree(applyLayer(base, path, await readTar(path)))
    expect(tree.lookup('/keep')).toBe(base.children.get('keep'))
    expect(tree.lookup('/gone')).toBeUndefined()
    const node = tree.get('/link')
    expect(node).toMatchObject({ kind: 'file', mode: 0o600, uid: 7 })
    expect(Buffer.from(await readContent((node as { content: Uint8Array }).content)).toString()).toBe('new')
    expect(tree.get(`/${LONG}`).kind).toBe('file')
  })

  it('hides everything below an opaque folder', async () => {
    const below = new FileTree()
    below.makeFolders('/data')
    below.put('/data/a', file('a'))
    const marks = new FileTree()
    marks.makeFolders('/data')
    marks.put('/data/.wh..wh..opq', file(''))
    marks.put('/data/b', file('b'))
    const chunks: Uint8Array[] = []
    for await (const chunk of layerTar(changes(directory(), marks.root))) chunks.push(chunk)
    const path = join(lab.folder, 'opaque.tar')
    await writeFile(path, Buffer.concat(chunks))
    const tree = new FileTree(applyLayer(below.snapshot(), path, await readTar(path)))
    expect([...(tree.lookup('/data') as ReturnType<typeof directory>).children.keys()]).toEqual(['b'])
  })

  it('never lets a name climb out of the tree', async () => {
    const evil = new FileTree()
    evil.put('/x', file('x'))
    const chunks: Uint8Array[] = []
    for await (const chunk of layerTar(changes(directory(), evil.root))) chunks.push(chunk)
    const tar = Buffer.concat(chunks)
    tar.write('../../x\0', 0)
    tar.fill(' ', 148, 156)
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0)
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    const path = join(lab.folder, 'evil.tar')
    await writeFile(path, tar)
    expect((await readTar(path)).map(({ name }) => name)).toEqual(['x'])
  })

  it('keeps a fork from changing what it came from', async () => {
    const image = await lab.puller.pull('docker.io/library/busybox:latest', undefined)
    const root = await new LayerTrees(lab.blobs).tree(image.layers)
    const fork = new FileTree(root)
    fork.put('/etc/passwd', file('changed'))
    fork.remove('/bin/sh')
    const original = new FileTree(root)
    expect(original.get('/bin/sh')).toBeDefined()
    expect([...changes(root, fork.snapshot())].map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'deleted /bin/sh',
      'modified /etc/passwd',
    ])
  })

  it('builds the catalogue with the same digests everywhere', async () => {
    const digests = await Promise.all(
      ['nginx:latest', 'nginx:alpine', 'busybox:latest'].map(
        async (name) => (await lab.puller.pull(`docker.io/library/${name}`, undefined)).manifestDigest,
      ),
    )
    const other = await openLab()
    const again = await Promise.all(
      ['nginx:latest', 'nginx:alpine', 'busybox:latest'].map(
        async (name) => (await other.puller.pull(`docker.io/library/${name}`, undefined)).manifestDigest,
      ),
    )
    await other.close()
    expect(again).toEqual(digests)
    expect(new Set(digests).size).toBe(3)
  })
})
