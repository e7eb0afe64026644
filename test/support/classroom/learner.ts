import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { Cohort } from '../../../src/classroom/cohorts.ts'
import type { LabState, TerminalInfo } from '../../../src/server/api.ts'
import { joined, type Visitor } from '../hosted.ts'
import { TestPage } from '../server.ts'
import type { ServedClassroom } from './served.ts'

/** Between two attempts of a page to come back, ms. */
const AGAIN = 250

/** Somebody at a keyboard, with a page that comes back by itself. */
export class Learner {
  readonly visitor: Visitor
  readonly lab: string
  readonly #url: string
  readonly #events = new AbortController()
  #page: TestPage | undefined
  #commands = 0

  private constructor(visitor: Visitor, url: string, lab: string) {
    this.visitor = visitor
    this.#url = url
    this.lab = lab
  }

  /** Joins a cohort, starts a lab and opens its page. */
  static async start(
    classroom: ServedClassroom,
    cohort: Cohort,
    name: string,
    lab: string,
  ): Promise<Learner> {
    const learner = new Learner(await joined(classroom, cohort, name), classroom.url, lab)
    const { status, body } = await learner.visitor.call<LabState>('POST', `/api/labs/${lab}/start`)
    if (status !== 200) throw new Error(`${name} does not start: ${JSON.stringify(body)}`)
    await learner.#attach()
    void learner.#follow()
    return learner
  }

  async state(): Promise<LabState> {
    const { status, body } = await this.visitor.call<LabState>('GET', `/api/labs/${this.lab}`)
    if (status !== 200) throw new Error(`the lab's state: ${status}`)
    return body
  }

  /**
   * Types a command and gives what it printed and how it ended. `key` is called for each key: it types it. Rejects when the connection
   * breaks; the next command comes back first.
   */
  async run(
    command: string,
    key?: (type: (text: string) => void, seen: (text: string) => Promise<void>) => Promise<void>,
  ): Promise<{ code: number; output: string }> {
    if (!this.#page) await this.#attach()
    const page = this.#page!
    const mark = `end-${this.#commands++}`
    try {
      if (key)
        await key(
          (text) => page.type(text),
          (text) => page.expect(text),
        )
      else page.type(command)
      page.type(`; echo "exit=$?" ${mark.replace('-', '""-')}\r`)
      page.output = ''
      const output = await page.until((text) => (text.includes(` ${mark}\r\n`) ? text : undefined))
      return { code: Number(/exit=(\d+) /.exec(output.slice(output.lastIndexOf('exit=')))![1]), output }
    } catch (error) {
      page.close()
      this.#page = undefined
      throw error
    }
  }

  close(): void {
    this.#events.abort()
    this.#page?.close()
  }

  /** Opens the terminal, a new one where there is none, until that succeeds. */
  async #attach(): Promise<void> {
    for (;;) {
      const page = await this.#tryAttach().catch(() => undefined)
      this.#page = page
      if (page) return
      await pause(AGAIN)
    }
  }

  async #tryAttach(): Promise<TestPage> {
    const path = `/api/labs/${this.lab}/terminals`
    const { body: terminals } = await this.visitor.call<TerminalInfo[]>('GET', path)
    const terminal =
      terminals.find(({ running }) => running) ?? (await this.visitor.call<TerminalInfo>('POST', path)).body
    const { body } = await this.visitor.call<{ ticket: string }>(
      'POST',
      `/api/terminals/${terminal.id}/ticket`,
    )
    const page = new TestPage(
      new WebSocket(`${this.#url.replace('http', 'ws')}/api/terminals/${terminal.id}/socket`, {
        headers: { origin: this.#url, cookie: this.visitor.cookie },
      }),
    )
    await page.opened
    page.tell({ type: 'attach', ...body, columns: 100, rows: 30 })
    await page.message('attached')
    page.type('PS1=\'$ \'; echo re""ady\r')
    await page.expect('ready\r\n')
    return page
  }

  /** While a page follows, its step is checked whenever the cloud changes. */
  async #follow(): Promise<void> {
    const { signal } = this.#events
    while (!signal.aborted) {
      const headers = { cookie: this.visitor.cookie }
      await fetch(`${this.#url}/api/labs/${this.lab}/events`, { headers, signal })
        .then(async ({ body }) => {
          for await (const _ of body!) void _
        })
        .catch(() => {})
      if (!signal.aborted) await pause(AGAIN)
    }
  }
}
