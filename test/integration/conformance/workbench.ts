import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll } from 'vitest'
import { type KubectlCluster, kubectlCluster } from '../kubernetes-server.ts'

/** Any object of the API, as JSON: the tests look where they please. */
// biome-ignore lint/suspicious/noExplicitAny: what an entry looks at is different in each.
export type Json = any

export interface Answer {
  status: number
  body: Json
}

export interface WatchEvent {
  type: string
  object: Json
}

const PATCHES = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
}

/** How far the clock moves between two looks, ms. */
const STEP_MS = 200

/** A cluster for many entries of Kubernetes' conformance list: plain REST calls, and a clock that is moved instead of waited for. */
export class Workbench {
  readonly cluster: KubectlCluster
  #namespaces = 0

  constructor(cluster: KubectlCluster) {
    this.cluster = cluster
  }

  /** One request; the answer whatever its status. */
  async ask(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await this.cluster.request(method, path, body, headers)
    const said = await text(answer)
    const json = answer.headers['content-type']?.startsWith('application/json')
    return { status: answer.statusCode!, body: json ? JSON.parse(said) : said }
  }

  async #done(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Json> {
    const answer = await this.ask(method, path, body, headers)
    if (answer.status < 300) return answer.body
    throw new Error(`${method} ${path}: ${answer.status} ${answer.body?.message ?? answer.body}`)
  }

  get = (path: string, headers?: Record<string, string>): Promise<Json> =>
    this.#done('GET', path, undefined, headers)
  post = (path: string, body: object): Promise<Json> => this.#done('POST', path, body)
  put = (path: string, body: object): Promise<Json> => this.#done('PUT', path, body)
  delete = (path: string, options?: object): Promise<Json> => this.#done('DELETE', path, options)
  patch = (path: string, body: object, type: keyof typeof PATCHES = 'merge'): Promise<Json> =>
    this.#done('PATCH', path, body, { 'content-type': PATCHES[type] })

  /** What a call says that must not succeed: a Status. */
  async refused(
    method: string,
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<Json> {
    const answer = await this.ask(method, path, body, headers)
    if (answer.status >= 400) return answer.body
    throw new Error(`${method} ${path} was not refused: ${answer.status}`)
  }

  /** Reads an object, changes it and writes it back. */
  async change(path: string, change: (object: Json) => void): Promise<Json> {
    const object = await this.get(path)
    change(object)
    return this.put(path, object)
  }

  async items(path: string): Promise<Json[]> {
    return (await this.get(path)).items
  }

  /** A new namespace with a default service account; gives its path, `/api/v1/namespaces/<name>`. */
  async namespace(
    labels: Record<string, string> = {},
  ): Promise<{ name: string; core: string; in(group: string): string }> {
    const name = `test-${++this.#namespaces}`
    await this.post('/api/v1/namespaces', { metadata: { name, labels } })
    await this.until(`/api/v1/namespaces/${name}/serviceaccounts`, ({ items }) => items.length > 0)
    return {
      name,
      core: `/api/v1/namespaces/${name}`,
      in: (group) => `/apis/${group}/namespaces/${name}`,
    }
  }

  /** Moves the clock until what stands at the path is as wanted, and gives it. A missing object is undefined. */
  async until(path: string, wanted: (object: Json) => unknown, limitMs = 120_000): Promise<Json> {
    const { clock } = this.cluster.world
    const end = clock.now() + limitMs
    for (;;) {
      const { status, body } = await this.ask('GET', path)
      const object = status === 404 ? undefined : body
      if (wanted(object)) return object
      if (clock.now() > end) throw new Error(`never came true at ${path}: ${wanted}\n${briefly(body)}`)
      await this.advance(STEP_MS)
    }
  }

  /** Moves the clock until something is over. */
  async meanwhile<T>(promise: Promise<T>): Promise<T> {
    let isOver = false
    const over = () => {
      isOver = true
    }
    promise.then(over, over)
    while (!isOver) await this.advance(STEP_MS)
    return promise
  }

  async advance(ms: number): Promise<void> {
    await this.cluster.world.advance(ms)
    // What containers and clients say to each other takes turns of the event loop, not the world's time.
    for (let i = 0; i < 50; i++) await new Promise(setImmediate)
  }

  gone = (path: string, limitMs?: number): Promise<Json> => this.until(path, (object) => !object, limitMs)

  /** A watch of a collection; `path` may have a query. */
  async watch(path: string): Promise<Watch> {
    const answer = await this.cluster.request('GET', `${path}${path.includes('?') ? '&' : '?'}watch=true`)
    return new Watch(answer)
  }
}

/** What a watch tells. */
export class Watch {
  readonly #answer: IncomingMessage
  /** All events so far. */
  readonly seen: WatchEvent[] = []
  #read = 0
  #more = () => {}

  constructor(answer: IncomingMessage) {
    this.#answer = answer
    let rest = ''
    answer.on('data', (chunk) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop()!
      for (const line of lines) this.seen.push(JSON.parse(line))
      this.#more()
    })
    answer.on('error', () => {})
  }

  /** The next event that is as wanted. */
  async next(wanted: (event: WatchEvent) => unknown = () => true): Promise<WatchEvent> {
    for (;;) {
      while (this.#read < this.seen.length) {
        const event = this.seen[this.#read++]!
        if (wanted(event)) return event
      }
      await new Promise<void>((resolve) => {
        this.#more = resolve
      })
    }
  }

  close(): void {
    this.#answer.destroy()
  }
}

/** What an error shows of objects: their names and statuses. */
const briefly = (body: Json): string =>
  typeof body === 'string'
    ? body.slice(-500)
    : (body.items ?? [body])
        .map(({ metadata, status }: Json) => `${metadata?.name}: ${JSON.stringify(status)}`.slice(0, 1500))
        .join('\n')

/** A workbench for the tests of a file. */
export function workbench(nodes: number): Workbench {
  const bench = new Workbench(undefined as never)
  beforeAll(async () => {
    ;(bench as { cluster: KubectlCluster }).cluster = await kubectlCluster({ nodes })
    await bench.until('/api/v1/nodes', ({ items }) =>
      items.every(({ status }: Json) =>
        status.conditions?.some(({ type, status }: Json) => type === 'Ready' && status === 'True'),
      ),
    )
  })
  afterAll(() => bench.cluster.close())
  return bench
}
