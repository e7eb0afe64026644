import { writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { spawn } from 'node-pty'
import type { LabShell } from './lab-shell.ts'

/** A command in a terminal of a lab, as somebody types it. */
export class TypedCommand {
  output = ''
  readonly #pty: ReturnType<typeof spawn>
  readonly exitCode: Promise<number>
  #waiters: (() => void)[] = []
  #ended = false

  constructor(shell: LabShell, command: string) {
    this.#pty = spawn('/bin/bash', ['-c', command], {
      name: 'xterm-256color',
      cols: 100,
      rows: 30,
      cwd: shell.home,
      env: shell.environment,
      encoding: null,
    })
    this.#pty.onData((data) => {
      this.output += data.toString()
      this.#changed()
    })
    this.exitCode = new Promise((resolve) =>
      this.#pty.onExit(({ exitCode }) => {
        this.#ended = true
        this.#changed()
        resolve(exitCode)
      }),
    )
  }

  type(text: string): void {
    writeSync(this.#pty.fd, text)
  }

  /** Waits for text in the output. */
  async sees(text: string | RegExp, patienceMs = 20_000): Promise<void> {
    const limit = Date.now() + patienceMs
    while (!(typeof text === 'string' ? this.output.includes(text) : text.test(this.output))) {
      if (this.#ended) throw new Error(`the command ended before it said ${text}:\n${this.output}`)
      if (Date.now() > limit) throw new Error(`the command has not said ${text}:\n${this.output}`)
      await Promise.race([new Promise<void>((resolve) => this.#waiters.push(resolve)), setTimeout(250)])
    }
  }

  #changed(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}
