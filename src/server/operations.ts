import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { Metrics } from './metrics.ts'
import type { Settings } from './settings.ts'

/** Whether each part that learners need is there: its name and what asks it. */
export type Readiness = Record<string, () => unknown>

/** What does not answer in this time (ms) is not ready. */
const PATIENCE = 3_000

/**
 * What machines ask a hosted server, on an address of its own that people never reach: `/healthz` (the process answers),
 * `/readyz` (and so does all it needs: send people here), `/metrics` (Prometheus).
 */
export class Operations {
  readonly #server: Server
  readonly #readiness: Readiness
  readonly #metrics: Metrics

  private constructor(readiness: Readiness, metrics: Metrics) {
    this.#readiness = readiness
    this.#metrics = metrics
    this.#server = createServer(async (request, response) => {
      const { status, type = 'text/plain; charset=utf-8', text } = await this.#answer(request.url ?? '')
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text)
    })
  }

  static async listen(
    { host, port }: NonNullable<Settings['operations']>,
    readiness: Readiness,
    metrics: Metrics,
  ): Promise<Operations> {
    const operations = new Operations(readiness, metrics)
    operations.#server.listen(port, host)
    await once(operations.#server, 'listening')
    return operations
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(path: string): Promise<{ status: number; type?: string; text: string }> {
    if (path === '/healthz') return { status: 200, text: 'ok\n' }
    if (path === '/metrics') {
      const { registry } = this.#metrics
      return { status: 200, type: registry.contentType, text: await registry.metrics() }
    }
    if (path !== '/readyz') return { status: 404, text: 'ask for /healthz, /readyz or /metrics\n' }
    const names = Object.keys(this.#readiness)
    const ready = await Promise.all(names.map((name) => isReady(this.#readiness[name]!)))
    const text = names.map((name, index) => `${name}: ${ready[index] ? 'ok' : 'not ready'}\n`).join('')
    return { status: ready.every(Boolean) ? 200 : 503, text }
  }
}

async function isReady(ask: () => unknown): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, PATIENCE, false)
  })
  const asked = Promise.resolve()
    .then(ask)
    .then(
      (answer) => answer !== false,
      () => false,
    )
  return Promise.race([asked, late]).finally(() => clearTimeout(timer))
}
