import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { hostTime } from '#world/clock.ts'
import type { CloudStatus, OwnedCloud } from './api.ts'
import { connectCloud } from './client.ts'
import type { CloudSettings } from './cloud.ts'
import { cloudSocket } from './runtime-directory.ts'

/** Delay before a restart: doubles each time that the process does not even become ready. */
const RESTART_MIN_MS = 50
const RESTART_MAX_MS = 5000

export interface StartCloudOptions extends CloudSettings {
  log?(message: string): void
}

/** Starts a cloud process for a data folder and restarts it whenever it dies. Resolves when it is ready; rejects when the first start fails. */
export async function startCloud({ log = () => {}, ...settings }: StartCloudOptions): Promise<OwnedCloud> {
  const client = connectCloud(await cloudSocket(settings.directory))
  const listeners = new Set<(status: CloudStatus) => void>()
  let child: ChildProcess | undefined
  let stopping = false
  let delay = RESTART_MIN_MS

  const tell = (status: CloudStatus) => {
    for (const listener of listeners) listener(status)
  }
  /** Starts the process; resolves when it is ready, rejects when it ends before. */
  const start = () =>
    new Promise<void>((resolve, reject) => {
      const entry = fileURLToPath(new URL('./process.ts', import.meta.url))
      const errors: string[] = []
      const started = spawn(process.execPath, [entry, JSON.stringify(settings)], {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      })
      child = started
      let ready = false
      started.stderr!.setEncoding('utf8').on('data', (text: string) => {
        errors.splice(0, errors.length, `${errors.join('')}${text}`.slice(-4000))
        log(text.trimEnd())
      })
      started.on('message', () => {
        ready = true
        delay = RESTART_MIN_MS
        resolve()
        tell('up')
      })
      started.on('error', reject)
      started.on('exit', (code, signal) => {
        if (child === started) child = undefined
        if (stopping) return
        if (ready) return restart(`the cloud process ended (${signal ?? code}); starting it again`)
        reject(
          new Error(`the cloud process ended at its start (${signal ?? code}):\n${errors.join('').trim()}`),
        )
      })
    })
  const restart = (reason: string) => {
    log(reason)
    tell('restarting')
    hostTime.setTimer(delay, () => {
      if (stopping) return
      start().catch((error: Error) => restart(error.message))
    })
    delay = Math.min(delay * 2, RESTART_MAX_MS)
  }

  await start()
  return {
    ...client,
    get pid() {
      return child?.pid
    },
    onStatus(listener) {
      listeners.add(listener)
      return { close: () => listeners.delete(listener) }
    },
    async stop() {
      stopping = true
      client.close()
      const running = child
      if (!running || running.exitCode !== null) return
      const exited = new Promise((resolve) => running.once('exit', resolve))
      running.kill('SIGTERM')
      await exited
    },
  }
}
