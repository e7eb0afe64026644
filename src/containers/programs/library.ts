import { Bash, getCommandNames } from 'just-bash'
import { readAll } from '../processes/pipe.ts'
import type { Program } from '../processes/process.ts'
import { LibraryFs } from './library-fs.ts'

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
  'jq',
  'html-to-markdown',
])
/** Commands that read standard input when no file is named, or always. */
const READS_INPUT = new Set(
  'cat head tail wc grep egrep fgrep sed awk sort uniq comm cut paste tr rev nl fold expand unexpand strings split column join tee xargs base64 diff md5sum sha1sum sha256sum tac od gzip gunzip zcat tar file sort'.split(
    ' ',
  ),
)

/** A utility of just-bash, on the container's files: it gathers its whole input before it answers. */
export function libraryUtility(name: string): Program | undefined {
  if (!NAMES.has(name) || EXCLUDED.has(name)) return undefined
  return async (process) => {
    const input = READS_INPUT.has(name) ? await process.waitFor(readAll(process.stdin)) : Buffer.alloc(0)
    const env = Object.fromEntries(process.env)
    const bash = new Bash({
      fs: new LibraryFs(process.machine),
      cwd: process.cwd,
      env,
      defenseInDepth: false,
      sleep: (ms) => process.sleep(ms),
      processInfo: {
        pid: process.pid,
        ppid: process.parent?.pid ?? 0,
        uid: process.machine.user.uid,
        gid: process.machine.user.gid,
      },
    })
    const result = await process.waitFor(
      bash.exec(name, {
        args: process.argv.slice(1),
        stdin: input.toString('latin1'),
        stdinKind: 'bytes',
        cwd: process.cwd,
        signal: process.signal,
      }),
    )
    const bytes = result.stdoutKind === 'bytes' || result.stdoutEncoding === 'binary'
    await process.print(Buffer.from(result.stdout, bytes ? 'latin1' : 'utf8'))
    if (result.stderr) await process.complain(result.stderr.replace(/^bash: /, ''))
    return result.exitCode
  }
}
