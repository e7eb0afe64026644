import { HERE } from '../images/fetch.ts'
import {
  isTrue,
  parseFilters,
  containerPath as path,
  type Route,
  readJson,
  sendJson,
  sendNothing,
} from './api.ts'
import { writtenBytes } from './container-files.ts'
import { listContainers } from './container-filters.ts'
import { isUp } from './container-record.ts'
import { containerDetails, containerSummary } from './container-views.ts'
import type { ImageRecord } from './image-store.ts'
import { pruneFilter } from './labels.ts'
import type { EngineParts } from './parts.ts'
import { formatPlatform, isFor } from './platform.ts'

/** The life of containers: create, list, start, stop, remove. */
export function containerRoutes(parts: EngineParts): Route[] {
  const { world, store, containers, lifecycle, files, events } = parts
  const seconds = (text: string | null) => (text === null || text === '' ? undefined : Number(text))
  return [
    [
      'GET',
      /^\/containers\/json$/,
      async (call) => {
        const list = listContainers(parts, parseFilters(call.query.get('filters')), {
          all: isTrue(call.query.get('all')),
          limit: Number(call.query.get('limit') ?? 0),
        })
        const options = { now: world.clock.now(), size: isTrue(call.query.get('size')) }
        sendJson(call, 200, await Promise.all(list.map((record) => containerSummary(record, parts, options))))
      },
    ],
    [
      'POST',
      /^\/containers\/create$/,
      async (call) => {
        const { HostConfig, NetworkingConfig, ...config } = await readJson(call)
        const platform = call.query.get('platform') || undefined
        const { record, warnings } = containers.create({
          name: call.query.get('name') || undefined,
          config,
          hostConfig: HostConfig ?? {},
          endpoints: NetworkingConfig?.EndpointsConfig ?? {},
          platform,
        })
        await world.store.flushed()
        const discarded =
          record.endpoints.host && Object.keys(record.hostConfig.PortBindings ?? {}).length > 0
        sendJson(call, 201, {
          Id: record.id,
          Warnings: [
            ...warnings,
            ...(discarded ? ['Published ports are discarded when using host network mode'] : []),
            ...(platform ? [] : emulationWarning(parts.images.get(record.imageId))),
          ],
        })
      },
    ],
    [
      'GET',
      path('/json'),
      async (call) => {
        const record = store.require(call.params[0]!)
        sendJson(call, 200, await containerDetails(record, parts, { size: isTrue(call.query.get('size')) }))
      },
    ],
    [
      'POST',
      path('/start'),
      async (call) => {
        const record = store.require(call.params[0]!)
        if (record.status === 'running') return sendNothing(call, 304)
        await lifecycle.start(record.id)
        await world.store.flushed()
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/stop'),
      async (call) => {
        const stopped = await lifecycle.stop(call.params[0]!, {
          seconds: seconds(call.query.get('t')),
          signal: call.query.get('signal'),
        })
        sendNothing(call, stopped ? 204 : 304)
      },
    ],
    [
      'POST',
      path('/restart'),
      async (call) => {
        const record = store.require(call.params[0]!)
        await lifecycle.stop(record.id, {
          seconds: seconds(call.query.get('t')),
          signal: call.query.get('signal'),
        })
        await lifecycle.start(record.id)
        events.container('restart', record)
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/kill'),
      (call) => {
        lifecycle.kill(call.params[0]!, call.query.get('signal'))
        sendNothing(call)
      },
    ],
    ...(['pause', 'unpause'] as const).map(
      (verb): Route => [
        'POST',
        path(`/${verb}`),
        async (call) => {
          lifecycle[verb](call.params[0]!)
          await world.store.flushed()
          sendNothing(call)
        },
      ],
    ),
    [
      'POST',
      path('/rename'),
      async (call) => {
        containers.rename(call.params[0]!, call.query.get('name') ?? '')
        await world.store.flushed()
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/update'),
      async (call) => {
        const Warnings = containers.update(call.params[0]!, await readJson(call))
        await world.store.flushed()
        sendJson(call, 200, { Warnings })
      },
    ],
    [
      'POST',
      path('/wait'),
      async ({ res, params, query }) => {
        const condition = query.get('condition')
        const ended = lifecycle.wait(params[0]!, condition === 'next-exit' || condition === 'removed')
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
        await containers.remove(call.params[0]!, {
          force: isTrue(call.query.get('force')),
          volumes: isTrue(call.query.get('v')),
        })
        sendNothing(call)
      },
    ],
    [
      'POST',
      /^\/containers\/prune$/,
      async (call) => {
        const goes = pruneFilter(parseFilters(call.query.get('filters')), world.clock.now())
        const stopped = store
          .all()
          .filter((record) => !isUp(record) && record.status !== 'restarting')
          .filter(({ createdAt, config }) => goes({ createdAt, labels: config.Labels }))
        let space = 0
        for (const record of stopped) {
          space += writtenBytes(await files.changes(record))
          await containers.remove(record.id, { force: false })
        }
        events.emit('container', 'prune', '', { reclaimed: String(space) })
        sendJson(call, 200, {
          ContainersDeleted: stopped.length > 0 ? stopped.map(({ id }) => id) : null,
          SpaceReclaimed: space,
        })
      },
    ],
    [
      'POST',
      path('/resize'),
      (call) => {
        lifecycle.resize(call.params[0]!, Number(call.query.get('w')), Number(call.query.get('h')))
        sendNothing(call, 200)
      },
    ],
  ]
}

/** What the engine says of a container that runs by emulation when nobody asked for it. */
function emulationWarning(image: ImageRecord | undefined): string[] {
  if (!image || isFor(image.config, HERE)) return []
  return [
    `The requested image's platform (${formatPlatform(image.config)}) does not match the detected host platform (linux/amd64/v3) and no specific platform was requested`,
  ]
}
