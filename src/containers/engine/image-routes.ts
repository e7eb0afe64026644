import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { canonicalName, familiarName, parseTagged } from '../images/reference.ts'
import {
  badRequest,
  type Call,
  EngineError,
  isTrue,
  MessageStream,
  notFound,
  parseFilters,
  type Route,
  sendJson,
  sendNothing,
} from './api.ts'
import { importImage } from './commit.ts'
import { isUp } from './container-record.ts'
import { registryAuth, registryConfig } from './distribution.ts'
import { readImport } from './file-routes.ts'
import { loadImages, saveImages } from './image-archive.ts'
import { listImages } from './image-filters.ts'
import { checkedReference as reference } from './image-names.ts'
import type { RemovedImages } from './image-store.ts'
import { imageDetails, imageHistory, imageSummary } from './image-views.ts'
import { pruneFilter } from './labels.ts'
import type { EngineParts } from './parts.ts'
import { parsePlatform } from './platform.ts'

const NAME = '(.+)'

/** `{"A":"1"}` of a query parameter. */
function map<T>(text: string | null): Record<string, T> {
  if (!text) return {}
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest('invalid JSON in query')
  }
}

export function imageRoutes(parts: EngineParts): Route[] {
  const { world, blobs, images, store, distribution, builder, events } = parts
  const usersOf = (id: string) =>
    store
      .all()
      .filter(({ imageId }) => imageId === id)
      .map((record) => ({ id: record.id, running: isUp(record) }))
  const told = ({ report, deleted }: RemovedImages) => {
    for (const { Untagged: name } of report) if (name) events.emit('image', 'untag', name, { name })
    for (const id of deleted) events.emit('image', 'delete', id, { name: id })
    return report
  }
  const save = async ({ res }: Pick<Call, 'res'>, names: string[]) => {
    if (names.length === 0) throw badRequest('no image name given')
    const tar = saveImages(images, blobs, names)
    for (const name of names) {
      const { id } = images.require(name)
      events.emit('image', 'save', id, { name })
    }
    res.writeHead(200, { 'content-type': 'application/x-tar' })
    await pipeline(Readable.from(tar, { objectMode: false }), res)
  }

  return [
    [
      'GET',
      /^\/images\/json$/,
      (call) => {
        const filters = parseFilters(call.query.get('filters'))
        const old = call.query.get('filter')
        if (old) filters.reference = [old]
        const list = listImages(images, filters, {
          all: isTrue(call.query.get('all')),
          now: world.clock.now(),
        }).map(({ image, names }) => ({ ...imageSummary(images, image, usersOf(image.id).length), ...names }))
        sendJson(call, 200, list)
      },
    ],
    [
      'POST',
      /^\/images\/create$/,
      async ({ req, res, query }) => {
        const name = query.get('fromImage')
        if (!name) return importFrom({ req, res, query })
        const tag = query.get('tag') ?? ''
        const parsed = reference(
          tag === '' ? name : tag.startsWith('sha256:') ? `${name}@${tag}` : `${name}:${tag}`,
        )
        const platform = query.get('platform') ?? ''
        let stream: MessageStream | undefined
        // An image that cannot be had is an error of the request, not of the stream.
        const progress = {
          send: (message: Record<string, unknown>) => {
            stream ??= new MessageStream(res)
            stream.send(message)
          },
        }
        try {
          const wanted =
            parsed.tag || parsed.digest
              ? [parsed]
              : (await distribution.tags(parsed, registryAuth(req))).map((each) => ({ ...parsed, tag: each }))
          for (const each of wanted) {
            await distribution.pull(each, registryAuth(req), progress, platform)
            const shown = each.digest
              ? `${familiarName(each)}@${each.digest}`
              : `${familiarName(each)}:${each.tag}`
            events.emit('image', 'pull', shown, { name: familiarName(each) })
          }
        } catch (error) {
          if (!stream) throw error
          ;(stream as MessageStream).fail((error as Error).message)
        }
        ;(stream as MessageStream | undefined)?.end()
      },
    ],
    [
      'POST',
      /^\/build$/,
      async ({ req, res, query }) => {
        if (query.get('version') === '2')
          throw badRequest('drydock: BuildKit is not simulated; build with DOCKER_BUILDKIT=0')
        if (query.get('remote'))
          throw badRequest('drydock: building from a remote context is not simulated; build from a folder')
        const tags = query.getAll('t')
        for (const tag of tags) reference(tag)
        const platform = query.get('platform') ?? ''
        if (platform) parsePlatform(platform)
        if (isTrue(query.get('squash'))) throw badRequest('squash is only supported with experimental mode')
        const cancel = new AbortController()
        res.on('close', () => cancel.abort())
        const stream = new MessageStream(res)
        try {
          await builder.build(
            req,
            {
              dockerfile: query.get('dockerfile') || 'Dockerfile',
              tags,
              buildArgs: map(query.get('buildargs')),
              labels: map(query.get('labels')),
              target: query.get('target') ?? '',
              platform,
              noCache: isTrue(query.get('nocache')),
              pull: isTrue(query.get('pull')),
              quiet: isTrue(query.get('q')),
              keepContainers: query.get('rm') !== null && !isTrue(query.get('rm')),
              cancelled: cancel.signal,
              credentials: registryConfig(req),
            },
            stream,
          )
        } catch (error) {
          const code = /returned a non-zero code: (\d+)$/.exec((error as Error).message)?.[1]
          stream.fail((error as Error).message, code ? Number(code) : undefined)
        }
        stream.end()
      },
    ],
    [
      'POST',
      new RegExp(`^/images/${NAME}/push$`),
      async ({ req, res, params, query }) => {
        const name = reference(params[0]!)
        const tag = query.get('tag')
        const tags = tag
          ? [tag]
          : images
              .tags()
              .map((entry) => parseTagged(entry.name))
              .filter((entry) => canonicalName(entry) === canonicalName(name))
              .map((entry) => entry.tag)
        const stream = new MessageStream(res)
        stream.send({ status: `The push refers to repository [${canonicalName(name)}]` })
        try {
          if (tags.length === 0)
            throw notFound(`An image does not exist locally with the tag: ${familiarName(name)}`)
          for (const each of tags) {
            const image = images.find(`${canonicalName(name)}:${each}`)
            if (!image)
              throw notFound(
                tag && tag !== 'latest'
                  ? `tag does not exist: ${familiarName(name)}:${tag}`
                  : `An image does not exist locally with the tag: ${familiarName(name)}`,
              )
            await distribution.push({ ...name, tag: each }, image, registryAuth(req), stream)
            events.emit('image', 'push', `${familiarName(name)}:${each}`, { name: familiarName(name) })
          }
        } catch (error) {
          stream.fail((error as Error).message)
        }
        stream.end()
      },
    ],
    [
      'POST',
      new RegExp(`^/images/${NAME}/tag$`),
      async (call) => {
        const repo = call.query.get('repo') ?? ''
        const tag = call.query.get('tag')
        const target = reference(tag ? `${repo}:${tag}` : repo)
        const image = images.require(call.params[0]!)
        images.tag({ ...target, tag: target.tag ?? 'latest' }, image.id)
        await world.store.flushed()
        events.emit('image', 'tag', image.id, { name: `${familiarName(target)}:${target.tag ?? 'latest'}` })
        sendNothing(call, 201)
      },
    ],
    [
      'GET',
      new RegExp(`^/images/${NAME}/history$`),
      (call) => sendJson(call, 200, imageHistory(images, images.require(call.params[0]!))),
    ],
    [
      'GET',
      new RegExp(`^/images/${NAME}/json$`),
      (call) => sendJson(call, 200, imageDetails(images, images.require(call.params[0]!))),
    ],
    [
      'GET',
      new RegExp(`^/distribution/${NAME}/json$`),
      () => {
        throw new EngineError(
          501,
          'drydock: asking a registry through the engine is not simulated; use docker pull',
        )
      },
    ],
    [
      'POST',
      /^\/images\/prune$/,
      async (call) => {
        const filters = parseFilters(call.query.get('filters'))
        const every = filters.dangling !== undefined && !isTrue(filters.dangling[0]!)
        const goes = pruneFilter(filters, world.clock.now(), ['dangling', 'until'])
        const gone: RemovedImages['report'] = []
        let space = 0
        for (const image of images.all()) {
          if (!images.get(image.id) || usersOf(image.id).length > 0 || images.hasChildren(image.id)) continue
          if (images.tags(image.id).length > 0 && !every) continue
          const createdAt = Date.parse(image.config.created ?? '1970-01-01')
          if (!goes({ createdAt, labels: image.config.config.Labels })) continue
          space += image.size
          gone.push(...told(images.remove(image.id, { force: true, prune: true, used: usersOf })))
        }
        await world.store.flushed()
        sendJson(call, 200, { ImagesDeleted: gone.length > 0 ? gone : null, SpaceReclaimed: space })
      },
    ],
    [
      'DELETE',
      new RegExp(`^/images/${NAME}$`),
      async (call) => {
        const options = {
          force: isTrue(call.query.get('force')),
          prune: !isTrue(call.query.get('noprune')),
          used: usersOf,
        }
        const result = told(images.remove(call.params[0]!, options))
        await world.store.flushed()
        sendJson(call, 200, result)
      },
    ],
    [
      'GET',
      /^\/images\/get$/,
      (call) =>
        save(
          call,
          call.query.getAll('names').flatMap((names) => names.split(',')),
        ),
    ],
    ['GET', new RegExp(`^/images/${NAME}/get$`), (call) => save(call, [call.params[0]!])],
    [
      'POST',
      /^\/images\/load$/,
      async ({ req, res }) => {
        const said = await loadImages({ world, images, blobs }, req)
        await world.store.flushed()
        for (const text of said)
          events.emit('image', 'load', text.replace(/^Loaded image(?: ID)?: /, '').trim(), {})
        const stream = new MessageStream(res)
        for (const text of said) stream.send({ stream: text })
        stream.end()
      },
    ],
  ]

  async function importFrom({ req, res, query }: Pick<Call, 'req' | 'res' | 'query'>): Promise<void> {
    const source = query.get('fromSrc')
    if (source !== '-') {
      throw new EngineError(
        501,
        `drydock: docker import from ${source ?? 'nowhere'} is not simulated; give a file or -`,
      )
    }
    const repo = query.get('repo') ?? ''
    const tag = query.get('tag') ?? ''
    const name = repo ? reference(tag ? `${repo}:${tag}` : repo) : undefined
    const image = await importImage(parts, await readImport(parts, req), {
      comment: query.get('message') ?? '',
      changes: query
        .getAll('changes')
        .flatMap((text) => text.split('\n'))
        .filter(Boolean),
      platform: query.get('platform') ?? '',
    })
    if (name) images.tag({ ...name, tag: name.tag ?? 'latest' }, image.id)
    await world.store.flushed()
    events.emit('image', 'import', image.id, { name: image.id })
    const stream = new MessageStream(res)
    stream.send({ status: image.id })
    stream.end()
  }
}
