/**
 * A classroom at work on one server: `node bench/classroom.ts [learners] [minutes] [kill]`, 10 learners and 2 minutes when left out.
 * Each has a world with an EKS cluster of two nodes and an open terminal, types `kubectl` and `aws` at a human pace, and has their
 * step checked, by the button and whenever their cloud changes. `kill` ends the cloud process with SIGKILL in the middle.
 * Prints the echo of keys, the time of checks, memory and the start of the last learner, and what went wrong. Exits with 1 if anything
 * did, or an acknowledged object is not there at the end. Its limit in the same run: the echo and the check of the first learner alone.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { CheckReport } from '../src/checks/finding.ts'
import type { Cohort, LabState, TerminalInfo } from '../src/server/api.ts'
import { UNISOLATED } from '../src/server/settings.ts'
import { assertBubblewrap } from '../src/workspace/sandbox/bubblewrap.ts'
import { ServedClassroom, type SystemProcess } from '../test/support/classroom/served.ts'
import { freePort } from '../test/support/free-port.ts'
import { firstAdministrator, joined, type Visitor } from '../test/support/hosted.ts'
import { TestPage } from '../test/support/server.ts'

const LAB = 'autoscaling'
/** Between two keys of a person, between two commands, between two presses of the check button: at least and at most, ms. */
const KEY = [80, 300] as const
const THINK = [10_000, 40_000] as const
const CHECK = [20_000, 60_000] as const
/** Until a command, or a check, counts as lost, ms. */
const PATIENCE = 60_000

/** After a kill what was under way may fail for so long, ms: it was not acknowledged. */
const CUT_OFF = 20_000

async function main(learners: number, minutes: number, kill: boolean): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'drydock-classroom-'))
  const isolated = await assertBubblewrap().then(
    () => true,
    () => false,
  )
  const server = await ServedClassroom.start({
    data,
    port: await freePort(),
    processes: 1,
    isolation: isolated ? 'bubblewrap' : UNISOLATED,
  })
  const admin = await firstAdministrator(server)
  const { body: cohort } = await admin.call<Cohort>('POST', '/api/cohorts', { name: 'Bench' })
  const empty = await memory(server)

  const alone = await Learner.start(server, cohort, 0)
  await alone.work(Date.now() + 30_000)
  const single = alone.times()
  const started = performance.now()
  const people = [alone]
  // They come as people do who sit down together: a few at once.
  for (let at = 1; at < learners; at += 4)
    people.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(4, learners - at) }, (_, n) => Learner.start(server, cohort, at + n)),
      )),
    )
  const seated = performance.now() - started
  const end = Date.now() + minutes * 60_000
  const working = Promise.all(people.map((person) => person.work(end)))
  let killed = 0
  if (kill) {
    await pause((minutes * 60_000) / 2)
    process.kill(server.cloud, 'SIGKILL')
    killed = Date.now()
  }
  await pause(Math.max(0, end - Date.now() - 5_000))
  const full = await memory(server)
  await working
  const lost = (await Promise.all(people.map((person) => person.lost()))).flat()

  const all = people.map((person) => person.times())
  const echo = all.flatMap((times) => times.echo)
  const check = all.flatMap((times) => times.check)
  const wrong = people.flatMap((person) => person.errors)
  const cutOff = wrong.filter(({ at }) => at >= killed && at < killed + CUT_OFF)
  const errors = wrong.filter((error) => !cutOff.includes(error)).map(({ text }) => text)
  const each = (what: keyof Memory) => mb((full[what] - empty[what]) / learners)
  console.log(
    [
      `${learners} learners, ${minutes} minutes${kill ? ', cloud killed in the middle' : ''}, terminals ${isolated ? 'in sandboxes' : 'NOT isolated (no bubblewrap here)'}, load ${loadavg()[0]!.toFixed(0)}`,
      `echo of a key: p50 ${ms(echo, 0.5)}, p99 ${ms(echo, 0.99)} (${echo.length} keys); one learner alone: p50 ${ms(single.echo, 0.5)}, p99 ${ms(single.echo, 0.99)}`,
      `check: p50 ${ms(check, 0.5)}, p95 ${ms(check, 0.95)} (${check.length} checks); one learner alone: p50 ${ms(single.check, 0.5)}`,
      `start of the first ${(people[0]!.startMs / 1000).toFixed(1)} s, of the last ${(people.at(-1)!.startMs / 1000).toFixed(1)} s; all seated after ${(seated / 1000).toFixed(0)} s`,
      `resident memory a learner: cloud ${each('cloud')}, server ${each('server')}, terminals' process ${each('host')}, shells and tools ${each('shells')}; in all ${mb(Object.values(full).reduce((a, b) => a + b))}`,
      `${people.reduce((sum, { commands }) => sum + commands, 0)} commands, ${errors.length} errors${kill ? ` beside ${cutOff.length} commands and checks that the kill cut off` : ''}, ${lost.length} acknowledged objects lost`,
      ...new Set(errors),
    ].join('\n'),
  )
  for (const person of people) person.close()
  await server.close()
  await rm(data, { recursive: true, force: true })
  process.exitCode = errors.length + lost.length > 0 ? 1 : 0
}

/** Somebody at a keyboard. */
class Learner {
  readonly errors: { at: number; text: string }[] = []
  readonly startMs: number
  commands = 0
  readonly #visitor: Visitor
  readonly #page: TestPage
  readonly #events: AbortController
  /** The step that is checked. */
  readonly #step: string
  /** Counts the commands that were begun: no two make an object of one name. */
  #turn = 0
  #echo: number[] = []
  #check: number[] = []
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

  static async start(server: ServedClassroom, cohort: Cohort, number: number): Promise<Learner> {
    const visitor = await joined(server, cohort, `Learner ${number}`)
    const begun = performance.now()
    const { status, body } = await visitor.call<LabState>('POST', `/api/labs/${LAB}/start`)
    if (status !== 200) throw new Error(`learner ${number} does not start: ${JSON.stringify(body)}`)
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

  /** Keys and checks so far, ms; forgets them. */
  times(): { echo: number[]; check: number[] } {
    const times = { echo: this.#echo, check: this.#check }
    this.#echo = []
    this.#check = []
    return times
  }

  async work(end: number): Promise<void> {
    await Promise.all([this.#typeUntil(end), this.#checkUntil(end)])
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

  async #typeUntil(end: number): Promise<void> {
    await pause(between(0, THINK[1] / 4))
    while (Date.now() < end) {
      const turn = this.#turn++
      const name = `n-${turn}`
      const command = COMMANDS[turn % COMMANDS.length]!.replace('NAME', name)
      const said = await this.#run(command, true).catch((error: Error) => {
        this.#wrong(`${command}: ${error.message}`)
        return ''
      })
      if (said.includes('exit=0')) {
        this.commands++
        if (command.includes(name)) this.#made.push(name)
      } else if (said) this.#wrong(`${command}: ${said.split('\r\n').slice(-3, -1).join(' ')}`)
      await pause(between(...THINK))
    }
  }

  async #checkUntil(end: number): Promise<void> {
    for (;;) {
      await pause(between(...CHECK) / 2)
      if (Date.now() >= end) return
      const begun = performance.now()
      const path = `/api/labs/${LAB}/steps/${this.#step}/check`
      const { status, body } = await patiently(this.#visitor.call<CheckReport>('POST', path)).catch(
        (error: Error) => ({ status: 0, body: { status: 'error', what: error.message } as never }),
      )
      if (status === 200 && body.status !== 'error') this.#check.push(performance.now() - begun)
      else this.#wrong(`check: ${status} ${JSON.stringify(body).slice(0, 300)}`)
      await pause(between(...CHECK) / 2)
    }
  }

  /** Types a command as a person does, and gives what it prints with `exit=<code>`. */
  async #run(command: string, slowly: boolean): Promise<string> {
    if (!slowly) this.#page.type(command)
    for (const key of slowly ? command : '') {
      const begun = performance.now()
      this.#page.type(key)
      await patiently(this.#page.expect(key))
      this.#echo.push(performance.now() - begun)
      await pause(between(...KEY))
    }
    this.#page.type('; echo "exit=$?" e""nd\r')
    this.#page.output = ''
    await patiently(this.#heard(' end\r\n'))
    return this.#page.output
  }

  #wrong(text: string): void {
    this.errors.push({ at: Date.now(), text })
  }

  /** As `expect`, and the output stays. */
  async #heard(text: string): Promise<void> {
    while (!this.#page.output.includes(text)) await pause(20)
  }
}

const COMMANDS = [
  'kubectl get pods -A',
  'kubectl create configmap NAME --from-literal=a=b',
  'aws eks list-clusters',
  'kubectl get nodes',
  'kubectl create configmap NAME',
  'aws sts get-caller-identity',
  'kubectl get events',
]

async function patiently<T>(work: Promise<T>): Promise<T> {
  return Promise.race([
    work,
    pause(PATIENCE, undefined, { ref: false }).then(() => Promise.reject(new Error('took too long'))),
  ])
}

type Memory = Record<SystemProcess['kind'], number>

/** Resident memory of the server's processes, bytes. */
async function memory(server: ServedClassroom): Promise<Memory> {
  const sums: Memory = { server: 0, cloud: 0, host: 0, shells: 0 }
  for (const { kind, rss } of await server.system()) sums[kind] += rss
  return sums
}

const between = (least: number, most: number) => least + Math.random() * (most - least)
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
const ms = (times: number[], share: number) => {
  const sorted = times.toSorted((a, b) => a - b)
  const at = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return at === undefined ? 'none' : `${at.toFixed(at < 10 ? 1 : 0)} ms`
}

// Last of all: what stands above must be there by then.
await main(Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 2), process.argv[4] === 'kill')
