import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'

// The form of statements by xAPI 1.0.3: https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Data.md
const iri = z.string().regex(/^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]+$/i)
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i)
const languages = z.record(z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/), z.string().min(1))
const agent = z
  .strictObject({
    objectType: z.literal('Agent').optional(),
    name: z.string().optional(),
    mbox: z
      .string()
      .regex(/^mailto:[^@\s]+@[^@\s]+$/)
      .optional(),
    account: z.strictObject({ homePage: iri, name: z.string().min(1) }).optional(),
  })
  .refine(({ mbox, account }) => (mbox === undefined) !== (account === undefined), 'one identifier')
const activity = z.strictObject({
  objectType: z.literal('Activity').optional(),
  id: iri,
  definition: z.strictObject({ type: iri, name: languages }).optional(),
})
const score = z
  .strictObject({ scaled: z.number().min(-1).max(1), raw: z.number(), min: z.number(), max: z.number() })
  .refine(({ raw, min, max }) => min < max && raw >= min && raw <= max, 'raw between min and max')
const duration = z.string().regex(/^P(?!$)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,2})?S)?)?$/)
const statement = z.strictObject({
  id: uuid,
  actor: agent,
  verb: z.strictObject({ id: iri, display: languages }),
  object: activity,
  result: z
    .strictObject({
      score: score.optional(),
      success: z.boolean().optional(),
      completion: z.boolean().optional(),
      duration: duration.optional(),
    })
    .optional(),
  context: z
    .strictObject({
      platform: z.string().optional(),
      contextActivities: z.partialRecord(z.enum(['parent', 'grouping']), z.array(activity).min(1)).optional(),
    })
    .optional(),
  timestamp: z.iso.datetime({ offset: true }),
})

export type StoredStatement = z.infer<typeof statement>

/** A learning record store of a test: it takes what the specification allows, keeps one of each id, and can be away. */
export class TestRecordStore {
  static readonly user = 'drydock'
  static readonly password = 'a-password-of-the-tests'
  readonly stored: StoredStatement[] = []
  /** The ids of each request, also of those that were not answered. */
  readonly requests: string[][] = []
  /** Why statements were not taken. */
  readonly problems: string[] = []
  /** `silent` breaks connections, a number is the answer to everything, `deaf` stores and does not say so. */
  away: 'silent' | 'deaf' | number | undefined
  /** Statements that it does not take. */
  refuses: (statement: StoredStatement) => boolean = () => false
  #server!: Server
  #wake = () => {}

  static async start(): Promise<TestRecordStore> {
    const store = new TestRecordStore()
    store.#server = createServer(async (request, response) => {
      const { status, body } = await store.#answer(request)
      if (status === 0) response.destroy()
      else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      store.#wake()
    })
    store.#server.listen(0, '127.0.0.1')
    await once(store.#server, 'listening')
    return store
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/xapi/`
  }

  /** What was said, shortly: `completed http://…`. */
  get said(): string[] {
    return this.stored.map(
      ({ verb, object }) => `${verb.display['en-US']} ${object.definition?.name['en-US']}`,
    )
  }

  async until(is: () => boolean): Promise<void> {
    while (!is())
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body?: unknown }> {
    let text = ''
    for await (const piece of request) text += piece
    const given = JSON.parse(text) as { id: string }[]
    this.requests.push(given.map(({ id }) => id))
    if (this.away === 'silent') return { status: 0 }
    if (typeof this.away === 'number') return { status: this.away }
    const { user, password } = TestRecordStore
    const basic = Buffer.from(`${user}:${password}`).toString('base64')
    if (request.headers.authorization !== `Basic ${basic}`) return { status: 401 }
    const problem = this.#problem(request, given)
    if (problem !== undefined) {
      this.problems.push(problem)
      return { status: 400, body: problem }
    }
    const statements = given as StoredStatement[]
    const known = (one: StoredStatement) => this.stored.find(({ id }) => id === one.id)
    if (statements.some((one) => known(one) && !isDeepStrictEqual(known(one), one))) return { status: 409 }
    this.stored.push(...statements.filter((one) => !known(one)))
    return { status: this.away === 'deaf' ? 0 : 200, body: statements.map(({ id }) => id) }
  }

  #problem({ method, url, headers }: IncomingMessage, statements: unknown): string | undefined {
    if (method !== 'POST' || url !== '/xapi/statements') return `${method} ${url}`
    if (headers['x-experience-api-version'] !== '1.0.3') return 'no version'
    if (headers['content-type'] !== 'application/json') return 'no JSON'
    const { success, data, error } = z.array(statement).safeParse(statements)
    if (!success) return error.message
    if (new Set(data.map(({ id }) => id)).size < data.length) return 'an id twice'
    return data.some(this.refuses) ? 'refused' : undefined
  }
}
