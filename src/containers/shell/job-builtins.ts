import { SIGNALS, signalName } from '../processes/signals.ts'
import { type Builtin, print, quote } from './builtin.ts'

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
    shell.traps.set(signal, action)
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

/** Builtins on signals and background jobs. */
export const JOB_BUILTINS = {
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
    return shell.traps.waitJobs(jobs)
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
} satisfies Record<string, Builtin>
