import type { TerminalRecord, TerminalRecords } from '#database/terminals.ts'
import type { ServerMessage } from '#workspace/protocol.ts'
import { sendMessage } from '#workspace/pty-host/link.ts'
import type { ShellOptions, Workspace } from '#workspace/terminals.ts'
import type { TerminalInfo } from './api.ts'
import { notFound, Problem } from './problem.ts'

/** Terminals that a learner may have in one lab. */
export const TERMINAL_LIMIT = 8

/** The terminals of labs, with whose they are. */
export class LabTerminals {
  readonly workspace: Workspace
  readonly #records: TerminalRecords
  /** Opens happen one after the other, so that the limit holds. */
  #opening: Promise<unknown> = Promise.resolve()
  readonly #followers = new Map<string, Set<() => void>>()

  constructor(workspace: Workspace, records: TerminalRecords) {
    this.workspace = workspace
    this.#records = records
  }

  /** A learner's terminals of a lab. Those whose shells went with their host (a restart of the machine) are forgotten. */
  async list(learner: string, lab: string): Promise<TerminalInfo[]> {
    const [records, present] = await Promise.all([this.#records.list(learner, lab), this.workspace.list()])
    const gone = records.filter(({ id }) => !present.has(id))
    await Promise.all(gone.map(({ id }) => this.#records.delete(id)))
    return records.flatMap(({ id, title, createdAt }) => {
      const state = present.get(id)
      return state ? [{ id, title, createdAt, running: state.running }] : []
    })
  }

  /** All terminals whose shells run. */
  async running(): Promise<TerminalRecord[]> {
    const [records, present] = await Promise.all([this.#records.all(), this.workspace.list()])
    return records.filter(({ id }) => present.get(id)?.running)
  }

  /** Starts a shell; gives the terminal's id. */
  open(learner: string, lab: string, shell: ShellOptions): Promise<string> {
    const opened = this.#opening.then(() => this.#open(learner, lab, shell))
    this.#opening = opened.catch(() => {})
    return opened
  }

  /** Calls `changed` whenever a learner's terminals of a lab were opened or closed. */
  follow(learner: string, lab: string, changed: () => void): { close(): void } {
    const key = `${learner}\0${lab}`
    const followers = this.#followers.get(key) ?? new Set()
    this.#followers.set(key, followers.add(changed))
    return {
      close: () => {
        followers.delete(changed)
        if (followers.size === 0) this.#followers.delete(key)
      },
    }
  }

  /**
   * Runs a script where the learner's shells run, with their rights and no others: what a learner has put into their
   * home (an `exec` plug-in, a `credential_process`) runs with it. Gives the exit code; undefined when it was ended after `timeout` ms.
   */
  async run(
    { recording: _, ...shell }: ShellOptions,
    script: string,
    timeout: number,
  ): Promise<number | undefined> {
    const id = await this.workspace.open({ ...shell, arguments: ['-euo', 'pipefail', '-c', script] })
    try {
      const link = await this.workspace.watch(id)
      return await new Promise<number | undefined>((resolve) => {
        const timer = setTimeout(resolve, timeout)
        let offset = 0
        link.socket.on('close', () => {
          clearTimeout(timer)
          resolve(undefined)
        })
        link.read({
          data: (piece) => {
            offset += piece.length
            sendMessage(link.socket, { op: 'ack', offset })
          },
          message: (received) => {
            const message = received as ServerMessage
            if (message.type === 'attached') offset = message.offset
            if (message.type === 'exit') resolve(message.code)
          },
        })
      })
    } finally {
      await this.workspace.end(id)
    }
  }

  /** A learner's own terminal, if there is such a one. */
  record(learner: string, id: string): Promise<TerminalRecord | undefined> {
    return this.#records.find(learner, id)
  }

  /** A learner's own terminal. Throws a Problem where there is none. */
  async find(learner: string, id: string): Promise<TerminalRecord> {
    const record = await this.record(learner, id)
    if (!record) throw notFound('There is no such terminal.', 'Open a new one.')
    return record
  }

  /** Ends a learner's own terminal. */
  async end(learner: string, id: string): Promise<void> {
    const { lab } = await this.find(learner, id)
    await this.workspace.end(id)
    await this.#records.delete(id)
    this.#changed(learner, lab)
  }

  /** Ends all of a learner's terminals in a lab. */
  async endAll(learner: string, lab: string): Promise<void> {
    await Promise.all((await this.#records.list(learner, lab)).map(({ id }) => this.end(learner, id)))
  }

  async #open(learner: string, lab: string, shell: ShellOptions): Promise<string> {
    const present = await this.list(learner, lab)
    if (present.length >= TERMINAL_LIMIT) {
      throw new Problem(409, {
        code: 'too-many-terminals',
        what: `This lab has ${TERMINAL_LIMIT} terminals already.`,
        next: 'Close one of them first.',
      })
    }
    const id = await this.workspace.open(shell)
    const numbers = present.map(({ title }) => Number(/\d+$/.exec(title)?.[0] ?? 0))
    const title = `Terminal ${Math.max(0, ...numbers) + 1}`
    await this.#records.add({ id, learner, lab, title, createdAt: Date.now() })
    this.#changed(learner, lab)
    return id
  }

  #changed(learner: string, lab: string): void {
    for (const changed of this.#followers.get(`${learner}\0${lab}`) ?? []) changed()
  }
}
