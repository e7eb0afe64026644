import type { Settings } from '../settings.ts'

/** Until a store that does not answer is given up, ms. */
const TIMEOUT_MS = 30_000
const VERSION = '1.0.3'

/**
 * What became of statements that were sent together: all are stored; the store has another one of such an id; or it does not take one of
 * them (then it takes none).
 */
export type SendResult = 'stored' | 'conflict' | 'refused'

/** Answers that say that it is the statements that are wrong: any other may be another one later. */
const OF_STATEMENTS: Record<number, SendResult> = {
  409: 'conflict',
  400: 'refused',
  413: 'refused',
  422: 'refused',
}

/** A learning record store, by xAPI 1.0.3: https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Communication.md#stmtres */
export class RecordStore {
  readonly #url: string
  readonly #authorization: string

  constructor({ endpoint, user, password }: NonNullable<Settings['xapi']>) {
    this.#url = `${endpoint.replace(/\/+$/, '')}/statements`
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  }

  /** Sends statements (JSON) in their order. Rejects when the store cannot be asked, or does not let this server in. */
  async send(statements: readonly string[], signal: AbortSignal): Promise<SendResult> {
    const response = await fetch(this.#url, {
      method: 'POST',
      body: `[${statements.join()}]`,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      headers: {
        authorization: this.#authorization,
        'content-type': 'application/json',
        'x-experience-api-version': VERSION,
      },
    }).catch((error: Error) => {
      const { code, message } = (error.cause ?? {}) as Partial<NodeJS.ErrnoException>
      const why = code ?? message ?? error.name
      throw new Error(`The learning record store cannot be reached (${why}). ${WAITING}`)
    })
    await response.body?.cancel()
    const { ok, status } = response
    const result = ok ? 'stored' : OF_STATEMENTS[status]
    if (!result) throw new Error(`The learning record store answered ${status}. ${WAITING}`)
    return result
  }
}

const WAITING = 'Statements are kept, and sent when it takes them.'
