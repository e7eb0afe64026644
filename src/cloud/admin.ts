import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { CompactedError, type StoreEvent } from '#world/store.ts'
import type { World } from '#world/world.ts'
import type { ConsolePlace, WorldEvent } from './api.ts'
import { changesBetween } from './changes.ts'
import { costReport } from './costs/report.ts'
import { doors } from './doors.ts'
import type { OpenWorld } from './open-world.ts'
import type { Picture } from './picture/picture.ts'
import { stillPicture } from './picture/still.ts'
import type { ProcessLoad } from './process-load.ts'
import { timeline } from './timeline.ts'
import { untilReady } from './until-ready.ts'
import { WORLD_ID, type Worlds } from './worlds.ts'

export const createBody = z.strictObject({
  id: z.string().regex(WORLD_ID).optional(),
  accountId: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
    .optional(),
  accounts: z
    .array(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/))
    .max(5)
    .optional(),
  seed: z.string().max(200).optional(),
  provisioning: z.union([z.literal('instant'), z.number().min(1).max(100_000)]).optional(),
  speed: z.number().min(0).max(10_000).optional(),
  home: z.string().startsWith('/').max(4096).optional(),
  from: z.strictObject({ world: z.string().min(1), save: z.string().min(1) }).optional(),
})
const clockBody = z.union([
  z.strictObject({ speed: z.number().min(0).max(10_000) }),
  z.strictObject({ advanceMs: z.number().min(0).max(1e12) }),
  z.strictObject({ untilReadyMs: z.number().min(0).max(86_400_000) }),
])
const revision = z.coerce.number().int().min(1)
const BODY_LIMIT = 64 * 1024
/** Bytes that may wait for a follower of the picture or the console. */
const BACKLOG_LIMIT = 8 * 1024 * 1024

/** A call on a world that does not exist. */
export class UnknownWorld extends Error {}

/**
 * The cloud process's own API, on a unix socket that only its user can open. JSON; a failure is `{ error }` with a fitting status.
 * `CloudClient` in client.ts is its other end.
 */
export function adminListener(
  worlds: Worlds,
  load: ProcessLoad,
): (req: IncomingMessage, res: ServerResponse) => void {
  return listener((req, res) => handle(worlds, load, req, res))
}

/** Answers with what `handle` throws. */
export function listener(
  handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>,
): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    handle(req, res).catch((error: Error) => {
      if (res.headersSent) return res.destroy()
      const status = error instanceof UnknownWorld ? 404 : error instanceof CompactedError ? 410 : 400
      const message = error instanceof z.ZodError ? z.prettifyError(error) : error.message
      reply(res, status, { error: message })
    })
  }
}

/** The parts of a request's path, decoded. */
export const partsOf = (url: URL): string[] => url.pathname.slice(1).split('/').map(decodeURIComponent)

async function handle(
  worlds: Worlds,
  load: ProcessLoad,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const url = new URL(req.url!, 'http://cloud')
  const [kind, id, part, name, act] = partsOf(url)
  const route = `${req.method} ${[kind, id && ':id', part, name && ':name', act].filter(Boolean).join('/')}`
  const world = async () => {
    const found = id && (await worlds.find(id))
    if (!found) throw new UnknownWorld(`there is no world "${id}"`)
    // Whoever asks it something, or follows it, keeps it awake.
    const release = worlds.uses.hold(id, res)
    // It may have gone while the world woke.
    if (res.closed) release()
    else res.once('close', release)
    return found
  }
  switch (route) {
    case 'GET worlds':
      return reply(res, 200, await worlds.list())
    case 'GET awake':
      return followAwake(worlds, res)
    case 'GET processes':
      return reply(res, 200, [load.read()])
    case 'POST worlds':
      return reply(res, 200, (await worlds.create(createBody.parse(await body(req)))).info())
    case 'GET worlds/:id':
      return reply(res, 200, (await world()).info())
    case 'GET worlds/:id/costs':
      return reply(res, 200, costReport((await world()).world))
    case 'DELETE worlds/:id':
      await world()
      await worlds.delete(id!)
      return reply(res, 204)
    case 'GET worlds/:id/saves':
      return reply(res, 200, await worlds.saves(id!).names())
    case 'PUT worlds/:id/saves/:name':
      await world()
      await worlds.save(id!, name!)
      return reply(res, 204)
    case 'POST worlds/:id/saves/:name/restore':
      await world()
      await worlds.restore(id!, name!)
      return reply(res, 204)
    case 'POST worlds/:id/clock': {
      const change = clockBody.parse(await body(req))
      const open = await world()
      if ('speed' in change) open.world.clock.setSpeed(change.speed)
      else if ('advanceMs' in change) await open.world.advance(change.advanceMs)
      else await untilReady(open.world, open.simulation.picture, change.untilReadyMs)
      await open.world.store.flushed()
      return reply(res, 204)
    }
    case 'GET worlds/:id/events':
      return events((await world()).world, url.searchParams, res)
    case 'GET worlds/:id/picture':
      return picture((await world()).simulation.picture, res)
    case 'GET worlds/:id/part': {
      const details = await (await world()).simulation.parts.describe(url.searchParams.get('id') ?? '')
      return details ? reply(res, 200, details) : reply(res, 404, { error: 'the picture has no such part' })
    }
    case 'GET worlds/:id/console':
      return followConsole(await world(), placeQuery.parse(Object.fromEntries(url.searchParams)), res)
    case 'GET worlds/:id/saves/:name': {
      const { config } = await world()
      const state = await worlds.saves(id!).find(name!)
      return state
        ? reply(res, 200, stillPicture(state, config.accountId))
        : reply(res, 404, { error: 'no such save point' })
    }
    case 'GET worlds/:id/saves/:name/changes': {
      const { world: now } = await world()
      const saved = await worlds.saves(id!).find(name!)
      return saved
        ? reply(
            res,
            200,
            changesBetween(saved.entries, (key) => now.store.get(key)?.value),
          )
        : reply(res, 404, { error: 'no such save point' })
    }
    case 'GET worlds/:id/moments/:name': {
      const { files, config } = await world()
      const state = await files.stateAt(revision.parse(name))
      return state
        ? reply(res, 200, stillPicture(state, config.accountId))
        : reply(res, 404, { error: 'this moment is not kept' })
    }
    case 'GET worlds/:id/timeline': {
      const open = await world()
      return reply(res, 200, timeline(open.world, open.config.accountId))
    }
    case 'GET worlds/:id/doors': {
      const open = await world()
      return reply(res, 200, doors(open.world))
    }
    case 'GET worlds/:id/schemas': {
      const found = await (await world()).simulation.schemas(url.searchParams.get('apiVersion') ?? '')
      return found ? reply(res, 200, found) : reply(res, 404, { error: 'no cluster serves this version' })
    }
    default:
      return reply(res, 404, { error: `the cloud process has no ${req.method} ${url.pathname}` })
  }
}

/** Streams which worlds are awake, a list a line. */
export function followAwake(worlds: Pick<Worlds, 'followAwake'>, res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const following = worlds.followAwake((awake) => res.write(`${JSON.stringify(awake)}\n`))
  res.on('close', () => following.close())
}

const placeQuery = z.object({ accountId: z.string().optional(), region: z.string().optional() })

/** Streams what the console shows, a `ConsoleEvent` a line. A follower that reads nothing is cut off; it begins anew when it comes back. */
function followConsole({ world, simulation }: OpenWorld, place: ConsolePlace, res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const feed = simulation.followConsole(place, (event) => {
    if (res.writableLength > BACKLOG_LIMIT) res.destroy()
    else if (!res.destroyed) res.write(`${JSON.stringify(event)}\n`)
  })
  res.on('close', () => feed.close())
  endWith(world, res)
}

/** A stream ends with its world: a world put back from a save point, or made anew, is another one. */
function endWith({ closed }: World, res: ServerResponse): void {
  const end = () => res.end()
  closed.addEventListener('abort', end)
  res.on('close', () => closed.removeEventListener('abort', end))
}

/** Streams changes as lines of `{ revision, events }`; those of one turn of the event loop go together. */
function events(world: World, query: URLSearchParams, res: ServerResponse): void {
  const { store } = world
  const prefixes = query.getAll('prefix')
  const values = query.get('values') === 'true'
  const from = query.has('from') ? Number(query.get('from')) : undefined
  let batch: WorldEvent[] = []
  const send = () => {
    if (!res.writableEnded) res.write(`${JSON.stringify({ revision: store.revision, events: batch })}\n`)
    batch = []
  }
  const add = ({ type, key, revision, entry }: StoreEvent) => {
    if (batch.length === 0) setImmediate(send)
    batch.push(values ? { type, key, revision, value: entry.value } : { type, key, revision })
  }
  const lost = from !== undefined && (from <= store.compactRevision || from > store.revision + 1)
  const options = lost ? {} : { fromRevision: from }
  const watches = (prefixes.length > 0 ? prefixes : ['']).map((prefix) => store.watch(prefix, add, options))
  res.on('close', () => {
    for (const watch of watches) watch.close()
  })
  endWith(world, res)
  res.writeHead(200, { 'content-type': 'application/x-ndjson' })
  if (lost) batch.push({ type: 'reset', key: '', revision: store.revision })
  // The first line tells the client where it stands, even when nothing happens for long.
  send()
}

/** Streams the live picture, a change a line. One who reads nothing is dropped, and asks again. */
function picture(live: Picture, res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const subscription = live.subscribe({
    change: (change) => {
      if (res.writableLength > BACKLOG_LIMIT) res.destroy()
      else res.write(`${JSON.stringify(change)}\n`)
    },
    end: () => res.end(),
  })
  res.on('close', () => subscription.close())
}

export async function body(req: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of req.setEncoding('utf8')) {
    text += chunk
    if (text.length > BODY_LIMIT) throw new Error(`the request body is larger than ${BODY_LIMIT} bytes`)
  }
  return text ? JSON.parse(text) : {}
}

export function reply(res: ServerResponse, status: number, value?: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' })
  res.end(value === undefined ? undefined : JSON.stringify(value))
}
