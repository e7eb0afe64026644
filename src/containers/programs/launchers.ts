import { ExecError } from '../processes/machine.ts'
import type { Process, Program } from '../processes/process.ts'
import { findUser } from '../processes/users.ts'

const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH']

/** Runs a command with this process's streams; signals go on to it. */
async function launch(process: Process, argv: string[], user = process.user): Promise<number> {
  let child: Process
  try {
    child = await process.machine.spawn({
      parent: process,
      argv,
      env: process.env,
      cwd: process.cwd,
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      tty: process.tty,
      user,
    })
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    await process.complain(`[FATAL ${process.argv[0]}] exec ${argv[0]} failed: No such file or directory\n`)
    return 127
  }
  process.tty?.foreground.add(child)
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal))
  return (await process.waitFor(child.exited)).exitCode
}

/** `tini` and `dumb-init`: a first process that passes signals on. */
export const tini: Program = async (process) => {
  const words = process.argv.slice(1)
  while (words[0]?.startsWith('-')) if (words.shift() === '--') break
  return launch(process, words)
}

/** `gosu`, `su-exec`: a command as another user. */
export const gosu: Program = async (process) => {
  const [user = '', ...words] = process.argv.slice(1)
  try {
    return await launch(process, words, await findUser(process.machine.files, user))
  } catch (error) {
    await process.complain(`error: failed switching to "${user}": ${(error as Error).message}\n`)
    return 1
  }
}
