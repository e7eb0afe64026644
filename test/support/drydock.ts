import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalWorkspace } from '#workspace/terminals.ts'
import { freePort } from './free-port.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** `drydock start` as a learner runs it, on a port and a data folder of its own. */
export class Drydock {
  readonly url: string
  readonly data: string
  readonly #port: number
  #process: ChildProcess | undefined
  #output = ''

  private constructor(port: number, data: string) {
    this.#port = port
    this.url = `http://127.0.0.1:${port}`
    this.data = data
  }

  static async start(): Promise<Drydock> {
    const drydock = new Drydock(await freePort(), await mkdtemp(join(tmpdir(), 'drydock-e2e-')))
    await drydock.run()
    return drydock
  }

  /** The address that signs a browser in, as it was printed. */
  get link(): string {
    return /Drydock is ready: (\S+)/.exec(this.#output)![1]!
  }

  /** Starts it (again) on the same data, and waits until it says that it is ready. */
  async run(): Promise<void> {
    const child = spawn(
      process.execPath,
      [main, 'start', '--port', String(this.#port), '--data', this.data],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    this.#process = child
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        this.#output = (this.#output + text).slice(-4000)
      })
    for (;;) {
      if (child.exitCode !== null)
        throw new Error(`drydock start ended with ${child.exitCode}:\n${this.#output}`)
      if (this.#output.includes('Drydock is ready')) return
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
    }
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async close(): Promise<void> {
    const child = this.#process
    if (child && child.exitCode === null && !child.signalCode) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    // Terminals outlive the server, but not the test.
    await new LocalWorkspace(join(this.data, 'pty-host')).stop()
    await rm(this.data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}
