import type { Process, Program } from '#containers/processes/process.ts'
import { FlagError, type Flags, parseFlags } from './flags.ts'
import { klog } from './klog.ts'

/** A component that was started with flags that it knows. */
export interface Started {
  process: Process
  flags: Flags
  log: ReturnType<typeof klog>
}

/** Why a component ends before it has begun, or gives up: the text of its last line. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure'
}

/**
 * A component of the control plane as a program: reads its flags, refuses those that it does not know in pflag's words, and ends with
 * klog's line when it fails. Models component-base/cli/run.go.
 */
export const component =
  (
    known: Iterable<string>,
    booleans: Iterable<string>,
    run: (started: Started) => Promise<number>,
  ): Program =>
  async (process) => {
    const log = klog(process)
    let flags: Flags
    try {
      flags = parseFlags(process.argv.slice(1), known, booleans)
    } catch (error) {
      if (!(error instanceof FlagError)) throw error
      await process.complain(`Error: ${error.message}\n`)
      return 1
    }
    try {
      return await run({ process, flags, log })
    } catch (error) {
      if ((error as Error).name === 'KilledError') throw error
      await log('E', 'run.go:72', `"command failed" err=${JSON.stringify((error as Error).message)}`)
      return 1
    }
  }

/** Throws StartFailure when a file that a flag names is not there. */
export function requireFiles({ process, flags }: Started, names: Iterable<string>): void {
  for (const name of names) {
    const path = flags.get(name)
    if (path !== undefined && !process.machine.files.exists(path))
      throw new StartFailure(`open ${path}: no such file or directory`)
  }
}
