import { type Builtin, print } from './builtin.ts'
import { IO_BUILTINS } from './io-builtins.ts'
import { JOB_BUILTINS } from './job-builtins.ts'
import { ulimit } from './limits.ts'
import type { Shell } from './shell.ts'
import { ExitSignal, LoopSignal, ReturnSignal } from './state.ts'
import { VARIABLE_BUILTINS } from './variable-builtins.ts'

/** POSIX special builtins: assignments before them stay, their errors end the shell. */
export const SPECIAL = new Set(
  ': . break continue eval exec exit export readonly return set shift trap unset'.split(' '),
)

const type: Builtin = async (shell, args, io, name) => {
  let status = 0
  for (const word of args) {
    const kind = shell.state.functions.has(word)
      ? `${word} is a function`
      : BUILTINS[word]
        ? `${word} is a shell builtin`
        : undefined
    if (kind) await print(shell, io, name === 'command' ? `${word}\n` : `${kind}\n`)
    else {
      try {
        const path = shell.process.machine.which(word, shell.state.variables.get('PATH'), shell.state.cwd)
        await print(shell, io, name === 'command' ? `${path}\n` : `${word} is ${path}\n`)
      } catch {
        if (name !== 'command')
          await shell.complain(io, `${shell.dialect.bash ? 'type: ' : ''}${word}: not found`)
        status = 127
      }
    }
  }
  return status
}

const source: Builtin = async (shell, args, io, name) => {
  const word = args[0]
  if (word === undefined) {
    await shell.complain(io, `${name}: filename argument required`)
    return 2
  }
  const path = shell.resolve(word)
  const node = shell.files.find(path)
  if (node?.kind !== 'file') {
    await shell.complain(
      io,
      shell.dialect.bash ? `${word}: No such file or directory` : `${name}: can't open '${word}'`,
    )
    if (!shell.dialect.bash && !shell.interactive) throw new ExitSignal(2)
    return 1
  }
  try {
    return await shell.evaluate(Buffer.from(await shell.files.read(path)).toString(), io)
  } catch (error) {
    if (error instanceof ReturnSignal) return error.status
    throw error
  }
}

const cd: Builtin = async (shell, args, io) => {
  const words = args.filter((arg) => arg !== '-P' && arg !== '-L' && arg !== '--')
  const target = words[0] === '-' ? shell.get('OLDPWD') : (words[0] ?? shell.get('HOME'))
  const path = shell.resolve(target || '/')
  const node = shell.files.find(path)
  if (node?.kind !== 'directory') {
    const reason = node ? 'Not a directory' : 'No such file or directory'
    await shell.complain(
      io,
      shell.dialect.bash ? `cd: ${target}: ${reason}` : `cd: can't cd to ${target}: ${reason}`,
    )
    return shell.dialect.kind === 'dash' ? 2 : 1
  }
  shell.state.variables.set('OLDPWD', shell.state.cwd)
  shell.state.cwd = path
  if (words[0] === '-') await print(shell, io, `${path}\n`)
  return 0
}

const status = (text: string | undefined, shell: Shell) =>
  text === undefined ? shell.state.status : Number.parseInt(text, 10) & 255

/** The commands that run inside the shell. */
export const BUILTINS: Record<string, Builtin> = Object.assign(Object.create(null), {
  ...IO_BUILTINS,
  ...VARIABLE_BUILTINS,
  ...JOB_BUILTINS,
  ':': async () => 0,
  true: async () => 0,
  false: async () => 1,
  cd,
  pwd: async (shell, _args, io) => {
    await print(shell, io, `${shell.state.cwd}\n`)
    return 0
  },
  exit: async (shell, args) => {
    throw new ExitSignal(status(args[0], shell))
  },
  return: async (shell, args) => {
    throw new ReturnSignal(status(args[0], shell))
  },
  break: async (_shell, args) => {
    throw new LoopSignal('break', Number(args[0] ?? 1))
  },
  continue: async (_shell, args) => {
    throw new LoopSignal('continue', Number(args[0] ?? 1))
  },
  eval: (shell, args, io) => shell.evaluate(args.join(' '), io),
  exec: async (shell, args, io) => {
    if (args.length > 0) return shell.replace(args, io)
    shell.redirectAll(io)
    return 0
  },
  '.': source,
  source,
  let: async (shell, args, io) => shell.evaluate(args.map((arg) => `(( ${arg} ))`).join('; '), io),
  type,
  command: async (shell, args, io) => {
    if (args[0] === '-v' || args[0] === '-V')
      return type(shell, args.slice(1), io, args[0] === '-v' ? 'command' : 'type')
    return args.length > 0 ? shell.invoke(args, io, { noFunctions: true }) : 0
  },
  alias: async () => 0,
  unalias: async () => 0,
  hash: async () => 0,
  ulimit,
  umask: async (shell, args, io) => {
    if (args[0]) shell.state.umask = Number.parseInt(args[0], 8)
    else await print(shell, io, `${shell.state.umask.toString(8).padStart(4, '0')}\n`)
    return 0
  },
  times: async (shell, _args, io) => {
    await print(shell, io, '0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n')
    return 0
  },
} satisfies Record<string, Builtin>)
