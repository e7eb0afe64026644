import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { layerTar, packLayer, changes as treeChanges } from '../files/layers.ts'
import { directory } from '../files/nodes.ts'
import { FileError } from '../files/tree.ts'
import { parseTagged } from '../images/reference.ts'
import {
  badRequest,
  type Call,
  conflict,
  isTrue,
  containerPath as path,
  type Route,
  readJson,
  sendJson,
  sendNothing,
} from './api.ts'
import { commitContainer } from './commit.ts'
import { archiveOf, extractInto, pathStat } from './copy-archive.ts'
import { checkedReference } from './image-names.ts'
import type { EngineParts } from './parts.ts'

const TAR = { 'content-type': 'application/x-tar' }
/** Change kinds of `GET /containers/{id}/changes`. */
const KINDS = { modified: 0, added: 1, deleted: 2 }

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'))

/** What is in containers: cp, diff, export, commit. */
export function fileRoutes(parts: EngineParts): Route[] {
  const { world, blobs, images, store, lifecycle, files, events } = parts

  const archive = async (call: Call) => {
    const { req, res, params, query } = call
    const record = store.require(params[0]!)
    const wanted = query.get('path') ?? ''
    if (wanted === '') throw badRequest('missing path')
    const { files: open } = await files.open(record)
    const stat = Buffer.from(JSON.stringify(pathStat(open, wanted, params[0]!))).toString('base64')
    res.writeHead(200, { ...(req.method === 'GET' ? TAR : {}), 'x-docker-container-path-stat': stat })
    if (req.method === 'HEAD') return void res.end()
    events.container('archive-path', record)
    await pipeline(Readable.from(archiveOf(open, wanted, params[0]!), { objectMode: false }), res)
  }

  return [
    ['HEAD', path('/archive'), archive],
    ['GET', path('/archive'), archive],
    [
      'PUT',
      path('/archive'),
      async (call) => {
        const { req, params, query } = call
        const record = store.require(params[0]!)
        const { files: open, save } = await files.open(record)
        if (record.hostConfig.ReadonlyRootfs) throw badRequest('container rootfs is marked read-only')
        await extractInto(open, req, {
          path: query.get('path') ?? '/',
          keepKinds: isTrue(query.get('noOverwriteDirNonDir')),
          keepOwners: isTrue(query.get('copyUIDGID')),
          blobs,
        }).catch((error) => {
          throw error instanceof FileError ? badRequest(error.message) : error
        })
        await save()
        await world.store.flushed()
        events.container('extract-to-dir', record)
        sendNothing(call, 200)
      },
    ],
    [
      'GET',
      path('/changes'),
      async (call) => {
        const list = await files.changes(store.require(call.params[0]!))
        const kinds = new Map<string, number>()
        for (const change of list) {
          // A folder in which something changed has changed itself.
          for (let at = parentOf(change.path); at !== ''; at = parentOf(at)) {
            if (!kinds.has(at)) kinds.set(at, KINDS.modified)
          }
          kinds.set(change.path, KINDS[change.kind])
        }
        const sorted = [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))
        sendJson(call, 200, sorted.length > 0 ? sorted.map(([Path, Kind]) => ({ Path, Kind })) : null)
      },
    ],
    [
      'GET',
      path('/export'),
      async ({ res, params }) => {
        const record = store.require(params[0]!)
        const tar = layerTar(treeChanges(directory(), await files.exported(record)))
        events.container('export', record)
        res.writeHead(200, { 'content-type': 'application/octet-stream' })
        await pipeline(Readable.from(tar, { objectMode: false }), res)
      },
    ],
    [
      'POST',
      /^\/commit$/,
      async (call) => {
        const { query } = call
        const record = store.require(query.get('container') ?? '')
        const repo = query.get('repo') ?? ''
        const tag = query.get('tag')
        const name = repo ? checkedReference(tag ? `${repo}:${tag}` : repo) : undefined
        const pause = query.get('pause') === null || isTrue(query.get('pause'))
        const freeze = pause && record.status === 'running'
        if (record.status === 'restarting')
          throw conflict(`Container ${record.id} is restarting, wait until the container is running`)
        if (freeze) lifecycle.pause(record.id)
        try {
          const image = await commitContainer({ world, blobs, images }, record, await files.changes(record), {
            author: query.get('author') ?? '',
            comment: query.get('comment') ?? '',
            changes: query
              .getAll('changes')
              .flatMap((text) => text.split('\n'))
              .filter(Boolean),
            config: await readJson(call),
          })
          if (name) images.tag(parseTagged(`${name.domain}/${name.path}:${name.tag ?? 'latest'}`), image.id)
          await world.store.flushed()
          events.container('commit', record, { comment: query.get('comment') ?? '', imageID: image.id })
          sendJson(call, 201, { Id: image.id })
        } finally {
          if (freeze) lifecycle.unpause(record.id)
        }
      },
    ],
  ]
}

/** Reads the plain or gzipped tar of an import as a layer. */
export async function readImport(parts: Pick<EngineParts, 'blobs' | 'world'>, body: Readable) {
  const iterator = body[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) throw badRequest('empty archive')
  async function* all() {
    yield first.value as Uint8Array
    for (;;) {
      const { done, value } = await iterator.next()
      if (done) return
      yield value as Uint8Array
    }
  }
  const gzip = first.value[0] === 0x1f && first.value[1] === 0x8b
  const stream = Readable.from(all(), { objectMode: false })
  return packLayer(parts.blobs, parts.world.fairUse.metered(gzip ? stream.pipe(createGunzip()) : stream))
}
