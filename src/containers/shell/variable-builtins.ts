import { type Builtin, print, quote } from './builtin.ts'
import type { Shell } from './shell.ts'
import type { ShellOptions } from './state.ts'

const NAME = /^[A-Za-z_]\w*$/

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

/** Builtins on variables, options and positional parameters. */
export const VARIABLE_BUILTINS = {
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
  local,
  declare: local,
  typeset: local,
  getopts: async (shell, args) => getopts(shell, args),
} satisfies Record<string, Builtin>
