import { spawn } from 'node:child_process'
import type { LabSessions } from './lab-sessions.ts'

/** How often homes that are worked in are measured, ms. */
const INTERVAL_MS = 5_000

export interface HomeQuotaOptions {
  sessions: Pick<LabSessions, 'atWork'>
  /** What a home may hold, bytes. */
  quota: number
  /** ms; for tests. */
  interval?: number
  onError(error: unknown): void
}

/**
 * Holds homes to their quota. File systems count by user, and all learners' files are one user's: so homes are measured, and the
 * programs of one that grows past its quota are ended. Limits of single files hold in between (`SandboxLimits.fileSize`).
 */
export class HomeQuota {
  readonly #options: HomeQuotaOptions
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: HomeQuotaOptions) {
    this.#options = options
    this.#later()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #later(): void {
    if (this.#closed) return
    const { interval = INTERVAL_MS, onError } = this.#options
    this.#timer = setTimeout(() => {
      this.#measure()
        .catch(onError)
        .finally(() => this.#later())
    }, interval)
    this.#timer.unref()
  }

  async #measure(): Promise<void> {
    const { sessions, quota } = this.#options
    const working = new Map((await sessions.atWork()).map((session) => [session.home, session]))
    if (working.size === 0) return
    for (const [home, used] of await sizes([...working.keys()]))
      if (!this.#closed) await working.get(home)?.measured({ used, quota })
  }
}

/** What folders hold on the disk, bytes. A process of its own walks them: there may be very many files. */
async function sizes(folders: string[]): Promise<Map<string, number>> {
  const child = spawn('du', ['--summarize', '--one-file-system', '--block-size=1', '--', ...folders], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  let text = ''
  // Files that go while it reads make it end with 1: what it says is right nevertheless.
  for await (const piece of child.stdout.setEncoding('utf8')) text += piece
  await ended
  return new Map([...text.matchAll(/^(\d+)\t(.+)$/gm)].map(([, bytes, folder]) => [folder!, Number(bytes)]))
}
