import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ProcessInfo } from '../../../src/cloud/api.ts'
import type { Settings } from '../../../src/server/settings.ts'
import { holdsTerminals, runningProcesses, terminalsProcess } from '../processes.ts'

export interface ServeOptions {
  data: string
  port: number
  /** A PostgreSQL server's; SQLite when left out. */
  database?: string
  /** Processes of the cloud; the product's own choice when left out. */
  processes?: number
  isolation: Settings['isolation']
}

/** What the server's process says when it is ready. */
export interface Served {
  url: string
  link: string
  /** Process id of the cloud: its gate, where there are several processes. */
  cloud: number
}

/** A hosted server in a process of its own. */
export class ServedClassroom {
  readonly #options: ServeOptions
  #child!: ChildProcess
  #served!: Served
  /** As `firstAdministrator` takes it: the link of the first start. */
  readonly server = { link: '' }

  private constructor(options: ServeOptions) {
    this.#options = options
  }

  static async start(options: ServeOptions): Promise<ServedClassroom> {
    const classroom = new ServedClassroom(options)
    await classroom.run()
    classroom.server.link = classroom.#served.link
    return classroom
  }

  get url(): string {
    return this.#served.url
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Process id of the cloud: its gate, where there are several processes. */
  get cloud(): number {
    return this.#served.cloud
  }

  /** Starts the server (again) on the same data; resolves when it is ready. */
  async run(): Promise<void> {
    // A group of its own: Ctrl+C is for who runs it, and who ends takes it along.
    const options = { detached: true }
    const child = fork(
      fileURLToPath(new URL('./serve.ts', import.meta.url)),
      [JSON.stringify(this.#options)],
      options,
    )
    this.#child = child
    const [said] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code, signal]) => {
        throw new Error(`the server ended at its start: ${signal ?? code}`)
      }),
    ])
    this.#served = said as Served
  }

  /** The processes that worlds live in. */
  async processes(): Promise<ProcessInfo[]> {
    this.#child.send('processes')
    const [answer] = await once(this.#child, 'message')
    return answer as ProcessInfo[]
  }

  /** Ends the server's process with SIGKILL. */
  async kill(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  /** The process that holds the terminals. */
  terminals(): Promise<number> {
    return terminalsProcess(this.#options.data)
  }

  /** The processes of this server, and what each is. */
  async system(): Promise<SystemProcess[]> {
    const { data } = this.#options
    const all = await runningProcesses()
    const kindOf = (pid: number): SystemProcess['kind'] | undefined => {
      const found = all.get(pid)
      if (!found) return undefined
      if (pid === this.pid) return 'server'
      if (found.command.includes('cloud/process.ts'))
        return found.command.includes(data) ? 'cloud' : undefined
      if (found.command.startsWith('drydock-pty-host'))
        return holdsTerminals(found, data) ? 'host' : undefined
      const parent = kindOf(found.parent)
      return parent === 'host' || parent === 'shells' ? 'shells' : undefined
    }
    return [...all].flatMap(([pid, { rss, cpu }]) => {
      const kind = kindOf(pid)
      return kind ? [{ pid, kind, rss, cpu }] : []
    })
  }

  /** Ends everything, terminals too. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.disconnect()
    await exited
  }
}

export interface SystemProcess {
  pid: number
  kind: 'server' | 'cloud' | 'host' | 'shells'
  /** Resident memory, bytes. */
  rss: number
  /** CPU time so far, with that of children that have ended, ms. */
  cpu: number
}
