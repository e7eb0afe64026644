import { spawn } from 'node:child_process'

export interface ScriptRun {
  /** The script's file. */
  file: string
  cwd: string
  env: Record<string, string>
  /** Until its processes are killed, in ms. */
  timeout: number
}

export interface ScriptResult {
  /** Exit code of bash; null when it was killed by a signal or by the time-out. */
  code: number | null
  timedOut: boolean
  /** What it printed on both streams, the last 64 KiB. */
  output: string
  duration: number
}

const OUTPUT_LIMIT = 64 * 1024

/** Runs a script in a real bash over pipes, each line printed before it runs; the first failing command ends it. */
export function runScript({ file, cwd, env, timeout }: ScriptRun): Promise<ScriptResult> {
  const start = performance.now()
  const child = spawn('bash', ['-euvo', 'pipefail', file], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  let timedOut = false
  const collect = (chunk: Buffer) => {
    output = (output + chunk).slice(-OUTPUT_LIMIT)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      timedOut = true
      endGroup(child.pid)
    }, timeout)
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      endGroup(child.pid)
      resolve({ code: timedOut ? null : code, timedOut, output, duration: performance.now() - start })
    })
  })
}

/** Ends what a script left running in the background. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid) process.kill(-pid, 'SIGKILL')
  } catch {
    // The whole group has ended by itself.
  }
}
