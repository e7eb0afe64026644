import { type IncomingMessage, request } from 'node:http'
import { hostTime } from '#world/clock.ts'
import type {
  CloudClient,
  ConsoleEvent,
  CreateWorldOptions,
  PartDetails,
  PictureChange,
  ProcessInfo,
  StillPicture,
  TimelineCall,
  WorldChange,
  WorldEvent,
  WorldInfo,
  WorldSummary,
} from './api.ts'
import type { CostReport } from './costs/report.ts'
import type { Door } from './doors.ts'

/** A call that the cloud process refused; `message` is its own. */
export class CloudError extends Error {
  override readonly name = 'CloudError'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** How long a call waits for the process to come back, and how often it looks. */
const RECONNECT_LIMIT_MS = 30_000
const RECONNECT_DELAY_MS = 50

/** Speaks to a cloud process on its unix socket. Calls wait for a process that is being restarted. */
export function connectCloud(socketPath: string): CloudClient {
  const closed = new AbortController()

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await send(socketPath, method, path, body, closed.signal)
    const text = await readAll(response)
    if (response.statusCode! >= 400) throw problem(response.statusCode!, text)
    return (text ? JSON.parse(text) : undefined) as T
  }

  const worldPath = (id: string) => `/worlds/${encodeURIComponent(id)}`
  return {
    createWorld: (options: CreateWorldOptions = {}) => call<WorldInfo>('POST', '/worlds', options),
    world: (id) => found(call<WorldInfo>('GET', worldPath(id))),
    costs: (id) => call<CostReport>('GET', `${worldPath(id)}/costs`),
    worlds: () => call<WorldSummary[]>('GET', '/worlds'),
    processes: () => call<ProcessInfo[]>('GET', '/processes'),
    followAwake(listener) {
      const ended = new AbortController()
      const signal = AbortSignal.any([ended.signal, closed.signal])
      void follow<string[]>(socketPath, () => '/awake', signal, listener)
      return { close: () => ended.abort() }
    },
    deleteWorld: (id) => call('DELETE', worldPath(id)),
    save: (id, name) => call('PUT', `${worldPath(id)}/saves/${encodeURIComponent(name)}`),
    restore: (id, name) => call('POST', `${worldPath(id)}/saves/${encodeURIComponent(name)}/restore`),
    savePoints: (id) => call<string[]>('GET', `${worldPath(id)}/saves`),
    setSpeed: (id, speed) => call('POST', `${worldPath(id)}/clock`, { speed }),
    untilReady: (id, limitMs) => call('POST', `${worldPath(id)}/clock`, { untilReadyMs: limitMs }),
    pictureAt: (id, save) =>
      found(call<StillPicture>('GET', `${worldPath(id)}/saves/${encodeURIComponent(save)}`)),
    changes: (id, save) =>
      found(call<WorldChange[]>('GET', `${worldPath(id)}/saves/${encodeURIComponent(save)}/changes`)),
    pictureThen: (id, revision) => found(call<StillPicture>('GET', `${worldPath(id)}/moments/${revision}`)),
    timeline: (id) => call<TimelineCall[]>('GET', `${worldPath(id)}/timeline`),
    doors: (id) => call<Door[]>('GET', `${worldPath(id)}/doors`),
    advance: (id, ms) => call('POST', `${worldPath(id)}/clock`, { advanceMs: ms }),
    watch(id, options, listener) {
      const ended = new AbortController()
      const signal = AbortSignal.any([ended.signal, closed.signal])
      let next = options.fromRevision
      const path = () => {
        const query = new URLSearchParams((options.prefixes ?? []).map((prefix) => ['prefix', prefix]))
        if (next !== undefined) query.set('from', String(next))
        if (options.values) query.set('values', 'true')
        return `${worldPath(id)}/events?${query}`
      }
      void follow<{ revision: number; events: WorldEvent[] }>(
        socketPath,
        path,
        signal,
        ({ revision, events }) => {
          next = revision + 1
          if (events.length > 0) listener(events)
        },
      )
      return { close: () => ended.abort() }
    },
    picture(id, listener) {
      const ended = new AbortController()
      const signal = AbortSignal.any([ended.signal, closed.signal])
      void follow<PictureChange>(socketPath, () => `${worldPath(id)}/picture`, signal, listener)
      return { close: () => ended.abort() }
    },
    part: (id, part) =>
      found(call<PartDetails>('GET', `${worldPath(id)}/part?id=${encodeURIComponent(part)}`)),
    followConsole(id, place, listener) {
      const query = new URLSearchParams({ ...place })
      const closing = new AbortController()
      const signal = AbortSignal.any([closing.signal, closed.signal])
      const ended = follow<ConsoleEvent>(
        socketPath,
        () => `${worldPath(id)}/console?${query}`,
        signal,
        listener,
      )
      return { ended, close: () => closing.abort() }
    },
    schemas: (id, apiVersion) =>
      found(
        call<Record<string, object>>(
          'GET',
          `${worldPath(id)}/schemas?apiVersion=${encodeURIComponent(apiVersion)}`,
        ),
      ),
    close: () => closed.abort(),
  }
}

/** Undefined for what does not exist. */
function found<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error) => {
    if (error instanceof CloudError && error.status === 404) return undefined
    throw error
  })
}

/** Reads a stream of lines until aborted; where it breaks off, asks for what `path` says then. */
async function follow<T>(
  socketPath: string,
  path: () => string,
  signal: AbortSignal,
  listener: (line: T) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const response = await send(socketPath, 'GET', path(), undefined, signal)
      if (response.statusCode! >= 400) throw problem(response.statusCode!, await readAll(response))
      let rest = ''
      for await (const chunk of response.setEncoding('utf8')) {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop()!
        for (const line of lines) listener(JSON.parse(line) as T)
      }
    } catch (error) {
      if (signal.aborted) return
      // The world is gone: nothing more will come.
      if (error instanceof CloudError && error.status === 404) return
    }
    await pause(signal)
  }
}

/** Sends a request, waiting for the process while it is away. A request that was sent is not sent again. */
async function send(
  socketPath: string,
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const deadline = hostTime.now() + RECONNECT_LIMIT_MS
  for (;;) {
    try {
      return await new Promise((resolve, reject) => {
        const headers = body === undefined ? {} : { 'content-type': 'application/json' }
        const req = request({ socketPath, method, path, headers, signal }, resolve)
        req.on('error', reject)
        req.end(body === undefined ? undefined : JSON.stringify(body))
      })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const away = code === 'ENOENT' || code === 'ECONNREFUSED'
      if (!away || hostTime.now() > deadline || signal.aborted) throw error
      await pause(signal)
    }
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = hostTime.setTimer(RECONNECT_DELAY_MS, resolve)
    const abort = () => {
      timer.cancel()
      resolve()
    }
    signal.addEventListener('abort', abort, { once: true })
  })
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return text
}

function problem(status: number, text: string): CloudError {
  try {
    return new CloudError(status, (JSON.parse(text) as { error: string }).error)
  } catch {
    return new CloudError(status, text || `the cloud process answered ${status}`)
  }
}
