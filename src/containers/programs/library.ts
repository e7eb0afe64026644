import { Bash, getCommandNames } from 'just-bash'
import { readAll } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'
import { LibraryFs } from './library-fs.ts'
import { readsInput } from './reads-input.ts'

const NAMES = new Set(getCommandNames())
/** Names that the library has and a small image's userland has not, or that must not come from it. */
const EXCLUDED = new Set([
  'bash',
  'sh',
  'sleep',
  'timeout',
  'history',
  'help',
  'alias',
  'unalias',
  'sqlite3',
  'xan',
  'yq',
  'html-to-markdown',
])
/** What such a utility is given at once, bytes: it answers in one go, and holds everybody up meanwhile. */
const INPUT_BYTES = 4 * 1024 * 1024

/** Those that really have all of it in memory before they answer. */
const HOLDS_INPUT = new Set(['sort', 'tac', 'column'])

/** A utility of just-bash, on the container's files: it gathers its whole input before it answers. */
export function libraryUtility(name: string): Program | undefined {
  if (!NAMES.has(name) || EXCLUDED.has(name)) return undefined
  return async (process) => {
    const args = process.argv.slice(1)
    const wanted = readsInput(name, args)
    const input = wanted ? await gather(process) : Buffer.alloc(0)
    if (!input) {
      await process.complain(
        `${name}: drydock: the simulation reads at most ${INPUT_BYTES / 1024 ** 2} MiB of a command's input at once\n`,
      )
      return 1
    }
    if (HOLDS_INPUT.has(name)) process.holdMemory(input.length)
    const env = Object.fromEntries(process.env)
    const bash = new Bash({
      fs: new LibraryFs(process),
      cwd: process.cwd,
      env,
      defenseInDepth: false,
      sleep: (ms) => process.sleep(ms),
      processInfo: {
        pid: process.pid,
        ppid: process.parent?.pid ?? 0,
        uid: process.user.uid,
        gid: process.user.gid,
      },
    })
    const result = await process.waitFor(
      bash.exec(name, {
        args,
        stdin: input.toString('latin1'),
        stdinKind: 'bytes',
        cwd: process.cwd,
        signal: process.signal,
      }),
    )
    const bytes = result.stdoutKind === 'bytes' || result.stdoutEncoding === 'binary'
    await process.print(Buffer.from(result.stdout, bytes ? 'latin1' : 'utf8'))
    if (result.stderr) await process.complain(withoutCodes(result.stderr.replace(/^bash: /, '')))
    return result.exitCode
  }
}

/** Standard input as a whole; undefined: it is more than the simulation keeps. */
async function gather(process: Process): Promise<Buffer | undefined> {
  class TooMuch extends Error {}
  try {
    return await process.waitFor(
      readAll(process.stdin, (bytes) => {
        if (bytes > INPUT_BYTES) throw new TooMuch()
      }),
    )
  } catch (error) {
    if (error instanceof TooMuch) return undefined
    throw error
  }
}

/** Errors of the file system as programs write them: `EROFS: read-only file system, open '/x'` → `Read-only file system`. */
const withoutCodes = (text: string): string =>
  text.replace(
    /\bE[A-Z]{3,}: ([a-z])([^,\n]*), \w+ '[^'\n]*'/g,
    (_, first: string, rest: string) => first.toUpperCase() + rest,
  )
