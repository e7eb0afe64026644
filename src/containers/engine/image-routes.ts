import {
  canonicalName,
  familiarName,
  InvalidReferenceError,
  parseReference,
  parseTagged,
} from '../images/reference.ts'
import { matches } from '../shell/pattern.ts'
import {
  badRequest,
  EngineError,
  isTrue,
  MessageStream,
  notFound,
  parseFilters,
  type Route,
  sendJson,
  sendNothing,
} from './api.ts'
import { registryAuth, registryConfig } from './distribution.ts'
import type { EngineParts } from './parts.ts'
import { imageDetails, imageHistory, imageSummary } from './views.ts'

const NAME = '(.+)'

/** A reference, or the API's error for what is none. */
function reference(text: string) {
  try {
    return parseReference(text)
  } catch (error) {
    if (!(error instanceof InvalidReferenceError)) throw error
    throw badRequest(error.message)
  }
}

/** `{"A":"1"}` of a query parameter. */
function map<T>(text: string | null): Record<string, T> {
  if (!text) return {}
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest('invalid JSON in query')
  }
}

export function imageRoutes({
  world,
  images,
  containers,
  distribution,
  builder,
  events,
}: EngineParts): Route[] {
  const usersOf = (id: string) =>
    containers
      .all()
      .filter(({ imageId }) => imageId === id)
      .map((record) => ({ id: record.id, running: record.status === 'running' }))

  return [
    [
      'GET',
      /^\/images\/json$/,
      (call) => {
        const filters = parseFilters(call.query.get('filters'))
        const all = isTrue(call.query.get('all'))
        const list = images
          .all()
          .filter((image) => {
            const tags = images.tags(image.id)
            if (tags.length === 0 && !all && images.hasChildren(image.id)) return false
            if (filters.dangling) return isTrue(filters.dangling[0]!) === (tags.length === 0)
            return true
          })
          .map((image) => imageSummary(images, image, usersOf(image.id).length))
          .flatMap((summary) => {
            const wanted =
              filters.reference ?? (call.query.get('filter') ? [call.query.get('filter')!] : undefined)
            if (!wanted) return [summary]
            const tags = summary.RepoTags.filter((tag) => wanted.some((pattern) => tagMatches(tag, pattern)))
            return tags.length > 0 ? [{ ...summary, RepoTags: tags }] : []
          })
          .filter(({ Labels }) => (filters.label ?? []).every((label) => hasLabel(Labels ?? {}, label)))
          .sort((a, b) => b.Created - a.Created)
        sendJson(call, 200, list)
      },
    ],
    [
      'POST',
      /^\/images\/create$/,
      async ({ req, res, query }) => {
        const name = query.get('fromImage')
        if (!name) throw new EngineError(501, 'drydock: docker import is not simulated')
        const tag = query.get('tag') ?? ''
        const parsed = reference(
          tag === '' ? name : tag.startsWith('sha256:') ? `${name}@${tag}` : `${name}:${tag}`,
        )
        let stream: MessageStream | undefined
        // An image that cannot be had is an error of the request, not of the stream.
        const progress = {
          send: (message: Record<string, unknown>) => {
            stream ??= new MessageStream(res)
            stream.send(message)
          },
        }
        try {
          const image = await distribution.pull(parsed, registryAuth(req), progress)
          events.emit('image', 'pull', image.id, { name: familiarName(parsed) })
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
        const platform = query.get('platform')
        if (platform && !/^linux\/amd64/.test(platform))
          throw badRequest(`drydock: only linux/amd64 images can be built, not ${platform}`)
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
              noCache: isTrue(query.get('nocache')),
              pull: isTrue(query.get('pull')),
              quiet: isTrue(query.get('q')),
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
        const deleted: { Untagged?: string; Deleted?: string }[] = []
        let space = 0
        for (const image of images.all()) {
          if (!images.get(image.id) || usersOf(image.id).length > 0 || images.hasChildren(image.id)) continue
          if (images.tags(image.id).length > 0 && !every) continue
          space += image.size
          deleted.push(...images.remove(image.id, { force: true, prune: true, used: usersOf }))
        }
        await world.store.flushed()
        sendJson(call, 200, { ImagesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: space })
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
        const result = images.remove(call.params[0]!, options)
        await world.store.flushed()
        sendJson(call, 200, result)
      },
    ],
    ...['get', 'load'].map(
      (name): Route => [
        name === 'get' ? 'GET' : 'POST',
        new RegExp(`^/images(?:/.+)?/${name}$`),
        () => {
          throw new EngineError(
            501,
            `drydock: docker ${name === 'get' ? 'save' : 'load'} is not simulated yet; push to a registry and pull from it`,
          )
        },
      ],
    ),
  ]
}

function tagMatches(tag: string, pattern: string): boolean {
  const wild = pattern.includes(':') ? pattern : `${pattern}:*`
  return matches([{ text: wild, quoted: false }], tag)
}

export function hasLabel(labels: Record<string, string>, wanted: string): boolean {
  const equals = wanted.indexOf('=')
  return equals === -1 ? wanted in labels : labels[wanted.slice(0, equals)] === wanted.slice(equals + 1)
}
