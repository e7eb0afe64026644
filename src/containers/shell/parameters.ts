import type { Shell } from './shell.ts'

/** Value of a variable or special parameter; undefined when unset. */
export function lookupParameter(shell: Shell, name: string): string | undefined {
  const { state } = shell
  if (/^\d+$/.test(name)) return name === '0' ? state.zero : state.positional[Number(name) - 1]
  switch (name) {
    case '?':
      return String(state.status)
    case '#':
      return String(state.positional.length)
    case '$':
      return String(shell.process.pid)
    case '!':
      return state.lastBackground === undefined ? undefined : String(state.lastBackground)
    case '@':
    case '*':
      return state.positional.length > 0 ? state.positional.join(' ') : undefined
    case '-':
      return `${state.options.errexit ? 'e' : ''}${state.options.nounset ? 'u' : ''}${state.options.xtrace ? 'x' : ''}${shell.interactive ? 'i' : ''}`
    case 'PWD':
      return state.cwd
    case 'PPID':
      return String(shell.process.parent?.pid ?? 0)
    case 'RANDOM':
      return shell.dialect.kind === 'dash'
        ? state.variables.get(name)
        : String(Math.floor(Math.random() * 32768))
    case 'SECONDS':
      return shell.dialect.bash
        ? String(Math.floor((shell.process.machine.clock.now() - shell.process.startedAt) / 1000))
        : state.variables.get(name)
    case 'BASH_VERSION':
      return shell.dialect.bash ? '5.2.37(1)-release' : state.variables.get(name)
    default:
      return state.variables.get(name)
  }
}
