import { readLine } from '../processes/pipe.ts'
import { SIGNALS, signalName } from '../processes/signals.ts'
import { evaluateTest, TestError } from './conditional.ts'
import { formatPrintf, interpretEscapes } from './printf.ts'
import type { Shell } from './shell.ts'
import { type Descriptors, ExitSignal, LoopSignal, ReturnSignal, type ShellOptions } from './state.ts'

type Builtin = (shell: Shell, args: string[], io: Descriptors, name: string) => Promise<number>

/** POSIX special builtins: assignments before them stay, their errors end the shell. */
export const SPECIAL = new Set(
  ': . break continue eval exec exit export readonly return set shift trap unset'.split(' '),
)

const print = (shell: Shell, io: Descriptors, text: string) => shell.writeTo(io, 1, text)
const quote = (text: string) => `'${text.replace(/'/g, "'\\''")}'`
const NAME = /^[A-Za-z_]\w*$/

const echo: Builtin = async (shell, args, io) => {
  let newline = true
  let escapes = shell.dialect.kind === 'dash'
  const words = [...args]
  while (
    words.length > 0 &&
    (shell.dialect.kind === 'dash' ? words[0] === '-n' : /^-[neE]+$/.test(words[0]!))
  ) {
    const option = words.shift()!
    if (option.includes('n')) newline = false
    if (option.includes('e')) escapes = true
    if (option.includes('E')) escapes = false
  }
  let text = words.join(' ')
  if (escapes) {
    const { text: plain, stop } = interpretEscapes(text)
    text = plain
    if (stop) newline = false
  }
  await print(shell, io, text + (newline ? '\n' : ''))
  return 0
}

const test: Builtin = async (shell, args, io, name) => {
  const words = [...args]
  if (name === '[' && words.pop() !== ']') {
    await shell.complain(io, shell.dialect.bash ? "[: missing `]'" : '[: missing ]')
    return 2
  }
  try {
    return evaluateTest(shell, words) ? 0 : 1
  } catch (error) {
    if (!(error instanceof TestError)) throw error
    await shell.complain(io, `${name}: ${error.message}`)
    return 2
  }
}

const setVariables =
  (mark: (shell: Shell, name: string) => void, list: (shell: Shell) => string[], word: string): Builtin =>
  async (shell, args, io) => {
    const words = args.filter((arg) => arg !== '-p')
    if (words.length === 0) {
      const lines = list(shell)
        .sort()
        .map((name) => {
          const value = shell.lookup(name)
          const body =
            value === undefined
              ? name
              : `${name}=${shell.dialect.bash ? JSON.stringify(value) : quote(value)}`
          return `${shell.dialect.bash ? `declare -${word === 'export' ? 'x' : 'r'}` : word} ${body}\n`
        })
      await print(shell, io, lines.join(''))
      return 0
    }
    for (const arg of words) {
      const equals = arg.indexOf('=')
      const name = equals === -1 ? arg : arg.slice(0, equals)
      if (!NAME.test(name)) {
        await shell.complain(io, `${word}: ${name}: bad variable name`)
        return 2
      }
      if (equals !== -1) shell.set(name, arg.slice(equals + 1))
      mark(shell, name)
    }
    return 0
  }

const OPTION_LETTERS: Record<string, keyof ShellOptions> = {
  e: 'errexit',
  u: 'nounset',
  x: 'xtrace',
  f: 'noglob',
}

/** Applies `set`'s or the command line's options; gives the words after them, undefined when there were only options. */
export function applyOptions(shell: Shell, args: readonly string[]): string[] | undefined {
  const words = [...args]
  while (words.length > 0) {
    const word = words[0]!
    if (word === '--') return words.slice(1)
    if (!/^[-+]./.test(word)) return words
    words.shift()
    const on = word[0] === '-'
    for (const letter of word.slice(1)) {
      if (letter === 'o') {
        const name = words.shift()
        if (name && name in shell.state.options) shell.state.options[name as keyof ShellOptions] = on
      } else if (OPTION_LETTERS[letter]) shell.state.options[OPTION_LETTERS[letter]] = on
    }
  }
  return undefined
}

const trap: Builtin = async (shell, args, io) => {
  const words = args[0] === '--' ? args.slice(1) : args
  if (words.length === 0) {
    for (const [signal, action] of shell.state.traps) {
      await print(
        shell,
        io,
        `trap -- ${quote(action)} ${signal.replace(/^SIG/, shell.dialect.bash ? 'SIG' : '')}\n`,
      )
    }
    return 0
  }
  const reset = words[0] === '-' || (words.length === 1 && toSignal(words[0]!) !== undefined)
  const action = reset ? undefined : words[0]!
  for (const word of words.slice(words.length === 1 ? 0 : 1)) {
    const signal = toSignal(word)
    if (!signal) {
      await shell.complain(
        io,
        `trap: ${word}: ${shell.dialect.bash ? 'invalid signal specification' : 'bad trap'}`,
      )
      return 1
    }
    shell.trap(signal, action)
  }
  return 0
}

const toSignal = (word: string) => (word === '0' || word.toUpperCase() === 'EXIT' ? 'EXIT' : signalName(word))

const kill: Builtin = async (shell, args, io) => {
  let signal = 'SIGTERM'
  const words = [...args]
  if (words[0] === '-l') {
    await print(
      shell,
      io,
      `${Object.keys(SIGNALS)
        .map((name) => name.slice(3))
        .join('\n')}\n`,
    )
    return 0
  }
  if (words[0] === '-s') {
    signal = signalName(words[1] ?? '') ?? signal
    words.splice(0, 2)
  } else if (/^-./.test(words[0] ?? '')) {
    const name = signalName(words[0]!.slice(1))
    if (!name && words[0] !== '-0') {
      await shell.complain(io, `kill: ${words[0]!.slice(1)}: invalid signal specification`)
      return 1
    }
    signal = name ?? ''
    words.shift()
  }
  let status = 0
  for (const word of words) {
    const job = word.startsWith('%') ? shell.jobs.find(({ id }) => id === Number(word.slice(1))) : undefined
    const process = job?.process ?? shell.process.machine.processes.get(Number(word))
    if (!process) {
      await shell.complain(
        io,
        `kill: ${shell.dialect.bash ? `(${word}) - ` : `can't kill pid ${word}: `}No such process`,
      )
      status = 1
    } else if (signal) process.kill(signal)
  }
  return status
}

const read: Builtin = async (shell, args, io) => {
  let raw = false
  const words = [...args]
  while (/^-./.test(words[0] ?? '')) {
    const option = words.shift()!
    if (option.includes('r')) raw = true
    if (option.includes('p')) await shell.writeTo(io, 2, words.shift() ?? '')
    else if (/[tnd]$/.test(option)) words.shift()
  }
  const reader = io.get(0)?.reader
  const got = reader && (await shell.process.waitFor(readLine(reader)))
  let line = got?.line ?? ''
  while (!raw && line.endsWith('\\') && reader) {
    const more = await shell.process.waitFor(readLine(reader))
    line = line.slice(0, -1) + (more?.line ?? '')
  }
  if (!raw) line = line.replace(/\\(.)/g, '$1')
  const separators = shell.state.variables.get('IFS') ?? ' \t\n'
  const names = words.length > 0 ? words : ['REPLY']
  const values = words.length > 0 ? splitFields(line, separators, names.length) : [line]
  names.forEach((name, index) => {
    shell.set(name, values[index] ?? '')
  })
  return got?.newline ? 0 : 1
}

function splitFields(line: string, separators: string, count: number): string[] {
  const space = [...separators].filter((char) => /\s/.test(char)).join('')
  const trim = (text: string) => {
    let [start, end] = [0, text.length]
    while (start < end && space.includes(text[start]!)) start++
    while (end > start && space.includes(text[end - 1]!)) end--
    return text.slice(start, end)
  }
  const fields: string[] = []
  let rest = trim(line)
  while (fields.length < count - 1 && rest !== '') {
    const end = [...rest].findIndex((char) => separators.includes(char))
    if (end === -1) break
    fields.push(rest.slice(0, end))
    const hard = !space.includes(rest[end]!)
    rest = hard ? rest.slice(end + 1) : rest.slice(end)
    const lead = rest.length - trim(`${rest}x`).length + 1
    rest = rest.slice(lead)
    if (!hard && rest !== '' && separators.includes(rest[0]!) && !space.includes(rest[0]!))
      rest = trim(rest.slice(1))
  }
  return [...fields, rest]
}

const local: Builtin = async (shell, args, io, name) => {
  const scope = shell.locals.at(-1)
  if (!scope && name === 'local') {
    await shell.complain(
      io,
      `local: ${shell.dialect.bash ? 'can only be used in a function' : 'not in a function'}`,
    )
    return 1
  }
  for (const arg of args) {
    if (arg.startsWith('-')) {
      if (arg.includes('x'))
        for (const word of args) if (!word.startsWith('-')) shell.state.exported.add(word.split('=')[0]!)
      continue
    }
    const equals = arg.indexOf('=')
    const variable = equals === -1 ? arg : arg.slice(0, equals)
    if (scope && !scope.has(variable)) scope.set(variable, shell.state.variables.get(variable))
    if (equals !== -1) shell.set(variable, arg.slice(equals + 1))
    else if (scope) shell.state.variables.delete(variable)
  }
  return 0
}

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
  ':': async () => 0,
  true: async () => 0,
  false: async () => 1,
  echo,
  printf: async (shell, args, io) => {
    await print(shell, io, formatPrintf(args[0] ?? '', args.slice(1)))
    return 0
  },
  test,
  '[': test,
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
  export: setVariables(
    (shell, name) => shell.state.exported.add(name),
    (shell) => [...shell.state.exported],
    'export',
  ),
  readonly: setVariables(
    (shell, name) => shell.state.readonlyNames.add(name),
    (shell) => [...shell.state.readonlyNames],
    'readonly',
  ),
  unset: async (shell, args) => {
    const functions = args[0] === '-f'
    for (const name of args.filter((arg) => !arg.startsWith('-'))) {
      if (functions) shell.state.functions.delete(name)
      else {
        shell.state.variables.delete(name)
        shell.state.exported.delete(name)
      }
    }
    return 0
  },
  set: async (shell, args, io) => {
    if (args.length === 0) {
      const lines = [...shell.state.variables].sort().map(([name, value]) => `${name}=${quote(value)}\n`)
      await print(shell, io, lines.join(''))
      return 0
    }
    const positional = applyOptions(shell, args)
    if (positional) shell.state.positional = positional
    return 0
  },
  shift: async (shell, args) => {
    shell.state.positional = shell.state.positional.slice(Number(args[0] ?? 1))
    return 0
  },
  trap,
  kill,
  wait: async (shell, args) => {
    const jobs =
      args.length > 0
        ? shell.jobs.filter(
            ({ process, id }) => args.includes(String(process.pid)) || args.includes(`%${id}`),
          )
        : [...shell.jobs]
    if (args.length > 0 && jobs.length === 0) return 127
    return shell.waitJobs(jobs)
  },
  jobs: async (shell, _args, io) => {
    for (const { id, process, text } of shell.jobs) {
      await print(
        shell,
        io,
        `[${id}]${id === shell.jobs.at(-1)?.id ? '+' : '-'}  ${process.status ? 'Done' : 'Running'}                 ${text}\n`,
      )
    }
    return 0
  },
  read,
  local,
  declare: local,
  typeset: local,
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
  ulimit: async (shell, _args, io) => {
    await print(shell, io, 'unlimited\n')
    return 0
  },
  umask: async (shell, args, io) => {
    if (args[0]) shell.state.umask = Number.parseInt(args[0], 8)
    else await print(shell, io, `${shell.state.umask.toString(8).padStart(4, '0')}\n`)
    return 0
  },
  times: async (shell, _args, io) => {
    await print(shell, io, '0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n')
    return 0
  },
  getopts: async (shell, args) => getopts(shell, args),
} satisfies Record<string, Builtin>)

function getopts(shell: Shell, [spec = '', name = '', ...rest]: string[]): number {
  const words = rest.length > 0 ? rest : shell.state.positional
  const index = Number(shell.get('OPTIND') || 1)
  const offset = Number(shell.get('_OPTOFFSET') || 1)
  const word = words[index - 1]
  if (word === undefined || !/^-./.test(word) || word === '--') {
    if (word === '--') shell.set('OPTIND', String(index + 1))
    shell.set(name, '?')
    return 1
  }
  const letter = word[offset]!
  const at = spec.indexOf(letter)
  const last = offset + 1 >= word.length
  const advance = (words: number, next: number) => {
    shell.set('OPTIND', String(index + words))
    shell.set('_OPTOFFSET', String(next))
  }
  if (at === -1 || letter === ':') {
    advance(last ? 1 : 0, last ? 1 : offset + 1)
    shell.set('OPTARG', letter)
    shell.set(name, '?')
  } else if (spec[at + 1] === ':') {
    shell.set('OPTARG', last ? (words[index] ?? '') : word.slice(offset + 1))
    advance(last ? 2 : 1, 1)
    shell.set(name, letter)
  } else {
    advance(last ? 1 : 0, last ? 1 : offset + 1)
    shell.state.variables.delete('OPTARG')
    shell.set(name, letter)
  }
  return 0
}
