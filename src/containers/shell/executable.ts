import { ExecError } from '../processes/machine.ts'
import type { Process } from '../processes/process.ts'
import type { ExitStatus } from '../runtime.ts'
import type { Shell } from './shell.ts'
import { type Descriptors, ExitSignal, InterruptSignal, NO_READER, NO_WRITER } from './state.ts'

/** Runs an executable as a child, or with `replace` in the shell's own place; gives its status. */
export async function runExecutable(
  shell: Shell,
  words: string[],
  env: Map<string, string>,
  io: Descriptors,
  replace: boolean,
): Promise<number> {
  const { machine } = shell.process
  let executable: Awaited<ReturnType<typeof machine.load>>
  try {
    executable = await machine.load(words, shell.state.variables.get('PATH'), shell.state.cwd)
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    if (error.code === 'format') return scriptWithoutShebang(shell, words, env, io)
    const [text, status] = {
      'not-found': ['not found', 127],
      'no-such-file': [shell.dialect.bash ? 'No such file or directory' : 'not found', 127],
      permission: ['Permission denied', 126],
      directory: [shell.dialect.bash ? 'Is a directory' : 'Permission denied', 126],
      format: ['Exec format error', 126],
    }[error.code] as [string, number]
    const message = error.code === 'not-found' && shell.dialect.bash ? 'command not found' : text
    await shell.complain(io, `${words[0]}: ${message}`)
    return status
  }
  if (replace) {
    // The process goes on as the other program, with the same number.
    shell.process.argv = executable.argv
    shell.process.env = env
    shell.process.cwd = shell.state.cwd
    shell.process.resetHandlers()
    shell.process.stdin = io.get(0)?.reader ?? NO_READER
    shell.process.stdout = io.get(1)?.writer ?? NO_WRITER
    shell.process.stderr = io.get(2)?.writer ?? NO_WRITER
    return executable.program(shell.process)
  }
  const child = machine.process({
    parent: shell.process,
    argv: executable.argv,
    env,
    cwd: shell.state.cwd,
    stdin: io.get(0)?.reader ?? NO_READER,
    stdout: io.get(1)?.writer ?? NO_WRITER,
    stderr: io.get(2)?.writer ?? NO_WRITER,
    tty: shell.process.tty,
  })
  child.run(executable.program)
  return foreground(shell, child, io)
}

/** What shells say of a child that the kernel or somebody else has killed. */
function killedNotice(shell: Shell, child: Process): string {
  if (!shell.dialect.bash) return 'Killed\n'
  return `${shell.prefix}${String(child.pid).padStart(5)} ${'Killed'.padEnd(24)}${child.argv.join(' ')}\n`
}

/** Waits for a child that has the terminal. */
async function foreground(shell: Shell, child: Process, io: Descriptors): Promise<number> {
  const { tty } = shell.process
  tty?.foreground.add(child)
  if (tty?.interrupted) child.kill('SIGINT')
  let status: ExitStatus
  try {
    status = await shell.process.waitFor(child.exited)
  } finally {
    tty?.foreground.delete(child)
  }
  if (status.signal === 'SIGINT' && tty) throw shell.interactive ? new InterruptSignal() : new ExitSignal(130)
  if (status.signal === 'SIGKILL') await shell.writeTo(io, 2, killedNotice(shell, child))
  return status.exitCode
}

async function scriptWithoutShebang(
  shell: Shell,
  words: string[],
  env: Map<string, string>,
  io: Descriptors,
): Promise<number> {
  const file = shell.process.machine.which(words[0]!, shell.state.variables.get('PATH'), shell.state.cwd)
  const text = Buffer.from(await shell.files.read(file)).toString()
  if (/\0/.test(text.slice(0, 80))) {
    await shell.complain(io, `${words[0]}: Exec format error`)
    return 126
  }
  return shell.inSubshell(async (inner) => {
    inner.state.zero = words[0]!
    inner.state.positional = words.slice(1)
    for (const [name, value] of env) inner.state.variables.set(name, value)
    return inner.run(text, io)
  }, io)
}
