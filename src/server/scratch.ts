import { randomUUID } from 'node:crypto'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { answerScript, type CommandVerdict, judgeAnswer, readAnswer } from '#labs/command-answer.ts'
import type { CommandQuestion } from '#labs/lesson-schema.ts'
import type { PreparedWorlds } from '#labs/starts.ts'
import { shellEnvironment } from '#workspace/environment.ts'
import { WorkspaceFiles } from '#workspace/files.ts'
import { writeLearnerFiles } from '#workspace/home.ts'
import type { Toolbox } from '#workspace/tools/install.ts'
import type { ServerCloud } from './cloud.ts'
import type { LabTerminals } from './lab-terminals.ts'
import { Problem } from './problem.ts'

export interface ScratchOptions {
  cloud: ServerCloud
  worlds: PreparedWorlds
  terminals: LabTerminals
  toolbox: Promise<Toolbox>
  /** Where the homes are, as long as they are needed. */
  folder: string
  onError(error: unknown): void
}

/** Until a command that is an answer is ended, ms. */
const TIMEOUT_MS = 30_000

/**
 * Tries commands that are answers: each in a copy of the world that its lesson begins in and a home of its own, where and with the rights that
 * the learner's shells have. Nothing of it stays.
 */
export class Scratch {
  readonly #options: ScratchOptions
  /** Whose command is running. */
  readonly #busy = new Set<string>()

  constructor(options: ScratchOptions) {
    this.#options = options
  }

  /** Throws a Problem while another command of the same learner runs. */
  async try(
    learner: string,
    start: string | undefined,
    question: CommandQuestion,
    command: string,
  ): Promise<CommandVerdict> {
    if (this.#busy.has(learner)) {
      throw new Problem(429, {
        code: 'answer-running',
        what: 'Your last command is still running.',
        next: 'Wait for its result.',
      })
    }
    this.#busy.add(learner)
    try {
      return await this.#try(start, question, command)
    } finally {
      this.#busy.delete(learner)
    }
  }

  async #try(start: string | undefined, question: CommandQuestion, command: string): Promise<CommandVerdict> {
    const { cloud, worlds, terminals, folder, onError } = this.#options
    const id = `answer-${randomUUID().slice(0, 8)}`
    const home = join(folder, id)
    const { world, files } = await worlds.create(start, { id, provisioning: 'instant', home })
    try {
      await mkdir(home, { recursive: true, mode: 0o700 })
      await writeLearnerFiles(home, world)
      if (files) await cp(files, home, { recursive: true })
      const toolbox = await this.#options.toolbox
      const environment = shellEnvironment({ world, toolbox, home })
      await terminals.run({ home, environment, world, toolbox }, answerScript(command, question), TIMEOUT_MS)
      const found = new WorkspaceFiles(home, [])
      const run = await readAnswer(async (path) => (await found.read(path).catch(() => undefined))?.text)
      return judgeAnswer(question, run)
    } finally {
      await (await cloud.client).deleteWorld(id).catch(onError)
      await rm(home, { recursive: true, force: true }).catch(onError)
    }
  }
}
