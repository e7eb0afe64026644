import { signalName } from '../processes/signals.ts'
import {
  badRequest,
  EngineError,
  isTrue,
  parseFilters,
  containerPath as path,
  type Route,
  readJson,
  sendJson,
  sendNothing,
} from './api.ts'
import { hasLabel } from './image-routes.ts'
import type { EngineParts } from './parts.ts'
import { containerDetails, containerSummary } from './views.ts'

/** What a container gets to stop before it is killed, seconds. */
const STOP_SECONDS = 10

/** The life of containers: create, list, start, stop, remove. */
export function containerRoutes({ world, images, containers }: EngineParts): Route[] {
  const seconds = (text: string | null) =>
    text === null || text === '' ? STOP_SECONDS : Number(text) < 0 ? 1e9 : Number(text)
  const signal = (text: string | null, otherwise: string) => {
    if (!text) return otherwise
    const name = signalName(text)
    if (!name) throw badRequest(`Invalid signal: ${text}`)
    return name
  }
  return [
    [
      'GET',
      /^\/containers\/json$/,
      (call) => {
        const filters = parseFilters(call.query.get('filters'))
        const limit = Number(call.query.get('limit') ?? 0)
        const everything = isTrue(call.query.get('all')) || filters.status !== undefined || limit > 0
        const list = containers
          .all()
          .filter((record) => everything || record.status === 'running')
          .filter((record) => !filters.status || filters.status.includes(record.status))
          .filter(
            (record) =>
              !filters.name ||
              filters.name.some((name) => new RegExp(name).test(`/${record.name}`) || record.name === name),
          )
          .filter((record) => !filters.id || filters.id.some((id) => record.id.startsWith(id)))
          .filter(
            (record) =>
              !filters.ancestor || filters.ancestor.some((name) => images.find(name)?.id === record.imageId),
          )
          .filter((record) =>
            (filters.label ?? []).every((label) => hasLabel(record.config.Labels ?? {}, label)),
          )
          .slice(0, limit > 0 ? limit : undefined)
        sendJson(
          call,
          200,
          list.map((record) => containerSummary(record, images, world.clock.now())),
        )
      },
    ],
    [
      'POST',
      /^\/containers\/create$/,
      async (call) => {
        const { HostConfig, NetworkingConfig: _networking, ...config } = await readJson(call)
        const record = containers.create(call.query.get('name') || undefined, config, HostConfig ?? {})
        await world.store.flushed()
        sendJson(call, 201, { Id: record.id, Warnings: [] })
      },
    ],
    [
      'GET',
      path('/json'),
      (call) =>
        sendJson(call, 200, containerDetails(containers.require(call.params[0]!), images, containers)),
    ],
    [
      'POST',
      path('/start'),
      async (call) => {
        const record = containers.require(call.params[0]!)
        if (record.status === 'running') return sendNothing(call, 304)
        await containers.start(record.id)
        await world.store.flushed()
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/stop'),
      async (call) => {
        const stopped = await containers.stop(call.params[0]!, seconds(call.query.get('t')))
        sendNothing(call, stopped ? 204 : 304)
      },
    ],
    [
      'POST',
      path('/restart'),
      async (call) => {
        const record = containers.require(call.params[0]!)
        await containers.stop(record.id, seconds(call.query.get('t')))
        await containers.start(record.id)
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/kill'),
      (call) => {
        containers.kill(call.params[0]!, signal(call.query.get('signal'), 'SIGKILL'))
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/rename'),
      (call) => {
        containers.rename(call.params[0]!, call.query.get('name') ?? '')
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/wait'),
      async ({ res, params, query }) => {
        const condition = query.get('condition')
        const ended = containers.wait(params[0]!, condition === 'next-exit' || condition === 'removed')
        // The client starts the container only when it has these headers.
        res.writeHead(200, { 'content-type': 'application/json' })
        res.flushHeaders()
        res.end(`${JSON.stringify({ StatusCode: await ended })}\n`)
      },
    ],
    [
      'DELETE',
      path(''),
      async (call) => {
        await containers.remove(call.params[0]!, { force: isTrue(call.query.get('force')) })
        sendNothing(call)
      },
    ],
    [
      'POST',
      /^\/containers\/prune$/,
      async (call) => {
        const stopped = containers.all().filter(({ status }) => status !== 'running')
        for (const { id } of stopped) await containers.remove(id, { force: false })
        sendJson(call, 200, {
          ContainersDeleted: stopped.length > 0 ? stopped.map(({ id }) => id) : null,
          SpaceReclaimed: 0,
        })
      },
    ],
    [
      'POST',
      path('/resize'),
      (call) => {
        containers.resize(call.params[0]!, Number(call.query.get('w')), Number(call.query.get('h')))
        sendNothing(call, 200)
      },
    ],
    ['GET', path('/changes'), (call) => sendJson(call, 200, null)],
    ...['archive', 'export'].map(
      (name): Route => [
        'GET',
        path(`/${name}`),
        () => {
          throw new EngineError(
            501,
            `drydock: docker ${name === 'archive' ? 'cp' : 'export'} is not simulated yet; use docker exec with cat`,
          )
        },
      ],
    ),
    ...['pause', 'unpause', 'update'].map(
      (name): Route => [
        'POST',
        path(`/${name}`),
        () => {
          throw new EngineError(501, `drydock: docker ${name} is not simulated`)
        },
      ],
    ),
  ]
}
