import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { WebSocket } from 'ws'
import type { CheckReport } from '../../src/checks/finding.ts'
import type { CheckRequest } from '../../src/checks/protocol.ts'
import type { Lab } from '../../src/labs/lab.ts'
import type { SessionState } from '../../src/server/api.ts'
import { createServer, type RunningServer, type ServerOptions } from '../../src/server/server.ts'
import { compressFiles } from '../../src/site/compress.ts'
import type { ServerMessage } from '../../src/workspace/protocol.ts'
import { installTools } from '../../src/workspace/tools/install.ts'
import { StillCloud } from './still-cloud.ts'

const step = (id: string) => ({
  id,
  title: `Do ${id}`,
  minutes: 1,
  hints: ['look'],
  watch: { aws: ['eks'] },
  commands: '',
  instructions: '',
  solution: undefined,
  alternatives: [],
  mistakes: [],
})

/** A lab of two steps that exists only for these tests. */
export const TEST_LAB: Lab = {
  id: 'test-lab',
  title: 'Test lab',
  summary: 'Two steps.',
  track: 'eks',
  minutes: 2,
  objectives: ['Test'],
  lessons: [],
  folder: '',
  files: undefined,
  setup: undefined,
  checker: '',
  steps: [step('one'), step('two')],
}

/** A server of its own for a test, with a cloud in which nothing happens and checks that answer as told. */
export class TestServer {
  readonly data: string
  readonly cloud = new StillCloud()
  /** What checks answer, by step; others fail. */
  readonly passing = new Set<string>()
  server!: RunningServer
  cookie = ''
  #options: Partial<ServerOptions> = {}
  #elsewhere: string | undefined

  private constructor(data: string) {
    this.data = data
  }

  static async start(options: Partial<ServerOptions> = {}): Promise<TestServer> {
    const test = new TestServer(await mkdtemp(join(tmpdir(), 'drydock-server-')))
    const site = join(test.data, 'site')
    await mkdir(join(site, 'assets'), { recursive: true })
    await mkdir(join(site, 'labs'), { recursive: true })
    await writeFile(join(site, 'index.html'), '<!doctype html><title>Home</title><script>inline()</script>')
    await writeFile(join(site, 'labs/index.html'), '<!doctype html><title>Labs</title>')
    await writeFile(join(site, '404.html'), '<!doctype html><title>Not here</title>')
    await writeFile(join(site, 'assets/app.1234.js'), 'export {}\n'.repeat(200))
    await compressFiles(site)
    test.#options = { site: Promise.resolve(site), ...options }
    await test.listen()
    return test
  }

  async listen(port = 0): Promise<void> {
    this.#elsewhere = undefined
    this.server = await createServer({
      data: this.data,
      port,
      cloud: Promise.resolve(this.cloud),
      toolbox: installTools({ machinePath: '' }),
      labs: Promise.resolve([TEST_LAB]),
      runner: {
        run: async ({ lab, step }: CheckRequest): Promise<CheckReport> => ({
          lab,
          step,
          status: this.passing.has(step) ? 'passed' : 'failed',
          findings: [],
          at: 1,
          duration: 1,
        }),
        warm() {},
        async close() {},
      },
      logger: false,
      log: pino({ level: 'silent' }),
      site: this.#options.site!,
      ...this.#options,
    })
    await this.server.ready
    if (!this.#options.hosting) await this.signIn()
  }

  /** Opens the printed link, unless this browser was signed in before. */
  async signIn(): Promise<void> {
    if (this.cookie && (await this.call<SessionState>('GET', '/api/session')).body.person) return
    this.cookie = await signIn(this.#link)
  }

  /** Speaks to a server of another process from now on. */
  use(link: string): void {
    this.#elsewhere = link
    this.cookie = ''
  }

  get #link(): string {
    return this.#elsewhere ?? this.server.link
  }

  get url(): string {
    return new URL(this.#link).origin
  }

  /** The port that a hosted server listens on, whatever its public address is. */
  get listening(): number {
    return this.#options.hosting!.port
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** A request as the page sends it. */
  async call<T>(method: string, path: string, headers: Record<string, string> = {}, content?: object) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        origin: this.url,
        cookie: this.cookie,
        ...(content && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(content && { body: JSON.stringify(content) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: (text ? JSON.parse(text) : undefined) as T,
    }
  }

  /** Starts the lab and gives its first terminal. */
  async terminal(): Promise<string> {
    if (!this.cookie) await this.signIn()
    await this.call('POST', '/api/labs/test-lab/start')
    const { body } = await this.call<{ id: string }[]>('GET', '/api/labs/test-lab/terminals')
    return body[0]!.id
  }

  async ticket(terminal: string): Promise<string> {
    return (await this.call<{ ticket: string }>('POST', `/api/terminals/${terminal}/ticket`)).body.ticket
  }

  socket(terminal: string, headers: Record<string, string> = {}): WebSocket {
    return new WebSocket(`${this.url.replace('http', 'ws')}/api/terminals/${terminal}/socket`, {
      headers: { origin: this.url, cookie: this.cookie, ...headers },
    })
  }

  /** Attaches as the page does. */
  async attach(terminal: string, received?: number): Promise<TestPage> {
    const ticket = await this.ticket(terminal)
    const page = new TestPage(this.socket(terminal))
    await page.opened
    page.tell({ type: 'attach', ticket, columns: 80, rows: 24, ...(received !== undefined && { received }) })
    await page.message('attached')
    return page
  }

  async close(): Promise<void> {
    await this.server.close({ terminals: 'end' })
    await rm(this.data, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Opens a link as the pages do; gives the session's cookie. */
export async function signIn(link: string): Promise<string> {
  const { origin, hash } = new URL(link)
  const token = new URLSearchParams(hash.slice(1)).get('token')
  const { status, headers } = await fetch(`${origin}/api/session/link`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  })
  if (status !== 204) throw new Error(`the link is refused: ${status}`)
  return headers.get('set-cookie')!.split(';')[0]!
}

/** A page's end of a terminal's WebSocket. */
export class TestPage {
  output = ''
  offset = 0
  readonly messages: ServerMessage[] = []
  readonly opened: Promise<void>
  readonly closed: Promise<number>
  readonly #ws: WebSocket
  #waiters: (() => void)[] = []
  #ended = false

  constructor(ws: WebSocket, acknowledges = true) {
    this.#ws = ws
    this.opened = new Promise((resolve, reject) => {
      ws.once('open', () => resolve())
      ws.once('error', reject)
    })
    this.closed = new Promise((resolve) =>
      ws.once('close', (code) => {
        this.#ended = true
        this.#changed()
        resolve(code)
      }),
    )
    ws.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        this.output += data.toString()
        this.offset += data.length
        if (acknowledges) this.tell({ type: 'ack', offset: this.offset })
      } else {
        const message = JSON.parse(data.toString()) as ServerMessage
        if (message.type === 'attached') this.offset = message.offset
        this.messages.push(message)
      }
      this.#changed()
    })
  }

  tell(message: unknown): void {
    this.#ws.send(JSON.stringify(message))
  }

  type(text: string): void {
    this.#ws.send(Buffer.from(text))
  }

  close(): void {
    this.#ws.terminate()
  }

  async message<T extends ServerMessage['type']>(type: T): Promise<Extract<ServerMessage, { type: T }>> {
    const found = await this.#until(() => this.messages.find((message) => message.type === type))
    return found as Extract<ServerMessage, { type: T }>
  }

  /** Waits for text in the output and forgets everything up to it; with `forget`, what does not hold the text as it comes. */
  async expect(text: string, { forget = false } = {}): Promise<void> {
    await this.#until(() => {
      if (this.output.includes(text)) return true
      if (forget) this.output = this.output.slice(-text.length)
      return false
    })
    this.output = this.output.slice(this.output.indexOf(text) + text.length)
  }

  /** What `find` makes of the output, once it finds something. */
  until<T>(find: (output: string) => T | undefined): Promise<T> {
    return this.#until(() => find(this.output))
  }

  async #until<T>(seen: () => T | undefined | false): Promise<T> {
    for (;;) {
      const value = seen()
      if (value) return value
      if (this.#ended) throw new Error(`the connection ended before: ${seen}`)
      await new Promise<void>((resolve) => this.#waiters.push(resolve))
    }
  }

  #changed(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}
