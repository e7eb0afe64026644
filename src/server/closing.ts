import { once } from 'node:events'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Problem } from './problem.ts'

/** The end of a server, without cutting off what is under way. */
export class Closing {
  readonly #answering = new Set<FastifyReply>()
  #begun = false

  /** Once the end has begun, new requests of the API are told to come back. */
  watch(app: FastifyInstance): void {
    app.addHook('onRequest', async (request, reply) => {
      if (this.#begun && request.routeOptions.url?.startsWith('/api/')) {
        reply.headers({ 'retry-after': '2', connection: 'close' })
        throw new Problem(503, {
          code: 'restarting',
          what: 'The server is being restarted.',
          why: 'Your work is kept.',
          next: 'The page goes on by itself.',
        })
      }
      this.#answering.add(reply)
      reply.raw.once('close', () => this.#answering.delete(reply))
    })
  }

  get begun(): boolean {
    return this.#begun
  }

  /** Begins the end; done when what was asked before is answered, after `patience` ms at the latest. Streams are not waited for. */
  async begin(patience: number): Promise<void> {
    this.#begun = true
    const waiting = [...this.#answering].filter(({ raw }) => !raw.headersSent)
    if (waiting.length === 0 || patience === 0) return
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), patience)
    const answered = waiting.map(({ raw }) => once(raw, 'close', { signal: late.signal }))
    await Promise.allSettled(answered)
    clearTimeout(timer)
  }
}
