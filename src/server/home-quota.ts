import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { LabSessions } from './lab-sessions.ts'

export interface HomeQuotaOptions {
  sessions: Pick<LabSessions, 'atWork'>
  /** What a home may hold, bytes. */
  quota: number
}

/**
 * Holds homes to their quota. File systems count by user, and all learners' files are one user's: so homes are measured, and the
 * programs of one that grows past its quota are ended. Limits of single files hold in between (`SandboxLimits.fileSize`).
 */
export class HomeQuota {
  readonly #options: HomeQuotaOptions

  constructor(options: HomeQuotaOptions) {
    this.#options = options
  }

  /** Measures those that are worked in now. */
  async run(signal: AbortSignal): Promise<void> {
    const { sessions, quota } = this.#options
    const working = new Map((await sessions.atWork()).map((session) => [session.home, session]))
    if (working.size === 0) return
    for (const [home, used] of await sizes([...working.keys()], signal))
      if (!signal.aborted) await working.get(home)?.measured({ used, quota })
  }
}

/** What folders hold on the disk, bytes. A process of its own walks them: there may be very many files. */
async function sizes(folders: string[], signal: AbortSignal): Promise<Map<string, number>> {
  const child = spawn('du', ['--summarize', '--one-file-system', '--block-size=1', '--', ...folders], {
    stdio: ['ignore', 'pipe', 'ignore'],
    signal,
  })
  const ended = new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  // Files that go while it reads make it end with 1: what it says is right nevertheless.
  const [lines] = await Promise.all([text(child.stdout), ended])
  return new Map([...lines.matchAll(/^(\d+)\t(.+)$/gm)].map(([, bytes, folder]) => [folder!, Number(bytes)]))
}
