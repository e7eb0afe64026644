import type { TerminalRecord, TerminalRecords } from '#database/terminals.ts'
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

  /** Starts a shell; gives the terminal's id. */
  open(learner: string, lab: string, shell: ShellOptions): Promise<string> {
    const opened = this.#opening.then(() => this.#open(learner, lab, shell))
    this.#opening = opened.catch(() => {})
    return opened
  }

  /** A learner's own terminal. */
  async find(learner: string, id: string): Promise<TerminalRecord> {
    const record = await this.#records.find(learner, id)
    if (!record) throw notFound('There is no such terminal.', 'Open a new one.')
    return record
  }

  /** Ends a learner's own terminal. */
  async end(learner: string, id: string): Promise<void> {
    await this.find(learner, id)
    await this.workspace.end(id)
    await this.#records.delete(id)
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
    return id
  }
}
