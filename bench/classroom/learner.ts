import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { CheckReport } from '../../src/checks/finding.ts'
import type { Cohort } from '../../src/classroom/cohorts.ts'
import type { LabState, TerminalInfo } from '../../src/server/api.ts'
import type { ServedClassroom } from '../../test/support/classroom/served.ts'
import { joined, type Visitor } from '../../test/support/hosted.ts'
import { TestPage } from '../../test/support/server.ts'

const LAB = 'autoscaling'
/** Between two keys of a person, between two commands, between two presses of the check button: at least and at most, ms. */
const KEY = [80, 300] as const
const THINK = [10_000, 40_000] as const
const CHECK = [20_000, 60_000] as const
/** Until a command, or a check, counts as lost, ms. */
const PATIENCE = 60_000
/** Until a start counts as lost, ms. */
const START_PATIENCE = 5 * 60_000

const COMMANDS = [
  'kubectl get pods -A',
  'kubectl create configmap NAME --from-literal=a=b',
  'aws eks list-clusters',
  'kubectl get nodes',
  'kubectl create configmap NAME',
  'aws sts get-caller-identity',
  'kubectl get events',
]

/** How long what people waited for took, ms. */
export interface Times {
  echo: number[]
  check: number[]
  /** From Enter to the end of a command. */
  command: number[]
}

/** Somebody at a keyboard. */
export class Learner {
  readonly errors: { at: number; text: string }[] = []
  readonly startMs: number
  readonly #visitor: Visitor
  readonly #page: TestPage
  readonly #events: AbortController
  /** The step that is checked. */
  readonly #step: string
  /** Counts the commands that were begun: no two make an object of one name. */
  #turn = 0
  #times: Times = { echo: [], check: [], command: [] }
  /** Names of objects whose making was acknowledged. */
  readonly #made: string[] = []

  private constructor(parts: {
    visitor: Visitor
    page: TestPage
    events: AbortController
    step: string
    startMs: number
  }) {
    this.#visitor = parts.visitor
    this.#page = parts.page
    this.#events = parts.events
    this.#step = parts.step
    this.startMs = parts.startMs
  }

  /** From "Start" to a shell that answers. */
  static start(server: ServedClassroom, cohort: Cohort, number: number): Promise<Learner> {
    return within(START_PATIENCE, Learner.#start(server, cohort, number))
  }

  static async #start(server: ServedClassroom, cohort: Cohort, number: number): Promise<Learner> {
    const visitor = await joined(server, cohort, `Learner ${number}`)
    const begun = performance.now()
    const { status, body } = await visitor.call<LabState>('POST', `/api/labs/${LAB}/start`)
    if (status !== 200) throw new Error(`start: ${status} ${JSON.stringify(body)}`)
    const { body: terminals } = await visitor.call<TerminalInfo[]>('GET', `/api/labs/${LAB}/terminals`)
    const { id } = terminals[0]!
    const { body: ticket } = await visitor.call<{ ticket: string }>('POST', `/api/terminals/${id}/ticket`)
    const page = new TestPage(
      new WebSocket(`${server.url.replace('http', 'ws')}/api/terminals/${id}/socket`, {
        headers: { origin: server.url, cookie: visitor.cookie },
      }),
    )
    await page.opened
    page.tell({ type: 'attach', ...ticket, columns: 100, rows: 30 })
    await page.message('attached')
    page.type('PS1=\'$ \'; echo re""ady\r')
    await page.expect('ready\r\n')
    // An open page: while it follows, the step is checked whenever the cloud changes.
    const events = new AbortController()
    fetch(`${server.url}/api/labs/${LAB}/events`, {
      headers: { cookie: visitor.cookie },
      signal: events.signal,
    })
      .then(async ({ body: stream }) => {
        for await (const _ of stream!) void _
      })
      .catch(() => {})
    const startMs = performance.now() - begun
    return new Learner({ visitor, page, events, step: body.steps[0]!.id, startMs })
  }

  /** What was waited for since it was last asked. */
  times(): Times {
    const times = this.#times
    this.#times = { echo: [], check: [], command: [] }
    return times
  }

  /** Types and checks until the signal says that it is over; then ends what is under way. */
  async work(over: AbortSignal): Promise<void> {
    await Promise.all([this.#typeUntil(over), this.#checkUntil(over)])
  }

  /** Acknowledged objects that are not there. */
  async lost(): Promise<string[]> {
    const said = await this.#run('kubectl get configmaps -o name', false).catch(() => '')
    return this.#made.filter((name) => !said.includes(`configmap/${name}\r`))
  }

  close(): void {
    this.#events.abort()
    this.#page.close()
  }

  async #typeUntil(over: AbortSignal): Promise<void> {
    await rest([0, THINK[1] / 4], over)
    while (!over.aborted) {
      const turn = this.#turn++
      const name = `n-${turn}`
      const command = COMMANDS[turn % COMMANDS.length]!.replace('NAME', name)
      const said = await this.#run(command, true).catch((error: Error) => {
        this.#wrong(`${command}: ${error.message}`)
        return ''
      })
      if (said.includes('exit=0')) {
        if (command.includes(name)) this.#made.push(name)
      } else if (said) this.#wrong(`${command}: ${said.split('\r\n').slice(-3, -1).join(' ')}`)
      await rest(THINK, over)
    }
  }

  async #checkUntil(over: AbortSignal): Promise<void> {
    const half = [CHECK[0] / 2, CHECK[1] / 2] as const
    for (;;) {
      await rest(half, over)
      if (over.aborted) return
      const begun = performance.now()
      const path = `/api/labs/${LAB}/steps/${this.#step}/check`
      const { status, body } = await within(PATIENCE, this.#visitor.call<CheckReport>('POST', path)).catch(
        (error: Error) => ({ status: 0, body: { status: 'error', what: error.message } as never }),
      )
      if (status === 200 && body.status !== 'error') this.#times.check.push(performance.now() - begun)
      else this.#wrong(`check: ${status} ${JSON.stringify(body).slice(0, 300)}`)
      await rest(half, over)
    }
  }

  /** Types a command as a person does, and gives what it prints with `exit=<code>`. */
  async #run(command: string, slowly: boolean): Promise<string> {
    if (!slowly) this.#page.type(command)
    for (const key of slowly ? command : '') {
      const begun = performance.now()
      this.#page.type(key)
      await within(PATIENCE, this.#page.expect(key))
      this.#times.echo.push(performance.now() - begun)
      await pause(between(KEY))
    }
    this.#page.type('; echo "exit=$?" e""nd\r')
    this.#page.output = ''
    const begun = performance.now()
    const said = await within(
      PATIENCE,
      this.#page.until((output) => (output.includes(' end\r\n') ? output : undefined)),
    )
    if (slowly) this.#times.command.push(performance.now() - begun)
    return said
  }

  #wrong(text: string): void {
    this.errors.push({ at: Date.now(), text })
  }
}

async function within<T>(patience: number, work: Promise<T>): Promise<T> {
  const given = new AbortController()
  const lost = pause(patience, undefined, { ref: false, signal: given.signal }).then(() => {
    throw new Error('took too long')
  })
  return Promise.race([work, lost]).finally(() => {
    lost.catch(() => {})
    given.abort()
  })
}

const between = ([least, most]: readonly [number, number]) => least + Math.random() * (most - least)

/** A pause that ends when it is all over. */
const rest = (range: readonly [number, number], over: AbortSignal) =>
  pause(between(range), undefined, { signal: over }).catch(() => {})
