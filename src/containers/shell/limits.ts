import type { ResourceLimit } from '../runtime.ts'
import { type Builtin, print } from './builtin.ts'
import type { Dialect } from './state.ts'

/** A limit of `ulimit`: its letter, its name in `--ulimit`, what a container has of it by default, and how the shells call it. */
interface Limit {
  letter: string
  name: string
  /** In the units of setrlimit(2); -1: none. */
  preset: number
  /** How many of those units the shells count as one. */
  unit: number
  /** Without one the shell does not know the limit. */
  ash?: string
  dash?: string
  /** With bash's name of the unit. */
  bash: [text: string, unit?: string]
}

/**
 * What processes of a container have that Docker or containerd started, under systemd with `LimitNOFILE=1048576`,
 * `LimitNPROC=infinity` and `LimitCORE=infinity`; the others are the kernel's own. From knowledge.
 */
const LIMITS: readonly Limit[] = [
  {
    letter: 'c',
    name: 'core',
    preset: -1,
    unit: 512,
    ash: 'core file size (blocks)',
    dash: 'coredump(blocks)',
    bash: ['core file size', 'blocks'],
  },
  {
    letter: 'd',
    name: 'data',
    preset: -1,
    unit: 1024,
    ash: 'data seg size (kb)',
    dash: 'data(kbytes)',
    bash: ['data seg size', 'kbytes'],
  },
  {
    letter: 'e',
    name: 'nice',
    preset: 0,
    unit: 1,
    ash: 'scheduling priority',
    bash: ['scheduling priority'],
  },
  {
    letter: 'f',
    name: 'fsize',
    preset: -1,
    unit: 512,
    ash: 'file size (blocks)',
    dash: 'file(blocks)',
    bash: ['file size', 'blocks'],
  },
  {
    letter: 'i',
    name: 'sigpending',
    preset: 30_446,
    unit: 1,
    ash: 'pending signals',
    bash: ['pending signals'],
  },
  {
    letter: 'l',
    name: 'memlock',
    preset: 8_388_608,
    unit: 1024,
    ash: 'max locked memory (kb)',
    dash: 'locked memory(kbytes)',
    bash: ['max locked memory', 'kbytes'],
  },
  {
    letter: 'm',
    name: 'rss',
    preset: -1,
    unit: 1024,
    ash: 'max memory size (kb)',
    dash: 'memory(kbytes)',
    bash: ['max memory size', 'kbytes'],
  },
  {
    letter: 'n',
    name: 'nofile',
    preset: 1_048_576,
    unit: 1,
    ash: 'open files',
    dash: 'nofiles',
    bash: ['open files'],
  },
  { letter: 'p', name: 'pipe', preset: 8, unit: 1, bash: ['pipe size', '512 bytes'] },
  {
    letter: 'q',
    name: 'msgqueue',
    preset: 819_200,
    unit: 1,
    ash: 'POSIX message queues (bytes)',
    bash: ['POSIX message queues', 'bytes'],
  },
  {
    letter: 'r',
    name: 'rtprio',
    preset: 0,
    unit: 1,
    ash: 'real-time priority',
    dash: 'rtprio',
    bash: ['real-time priority'],
  },
  {
    letter: 's',
    name: 'stack',
    preset: 8_388_608,
    unit: 1024,
    ash: 'stack size (kb)',
    dash: 'stack(kbytes)',
    bash: ['stack size', 'kbytes'],
  },
  {
    letter: 't',
    name: 'cpu',
    preset: -1,
    unit: 1,
    ash: 'cpu time (seconds)',
    dash: 'time(seconds)',
    bash: ['cpu time', 'seconds'],
  },
  {
    letter: 'u',
    name: 'nproc',
    preset: -1,
    unit: 1,
    ash: 'max user processes',
    bash: ['max user processes'],
  },
  {
    letter: 'v',
    name: 'as',
    preset: -1,
    unit: 1024,
    ash: 'virtual memory (kb)',
    dash: 'vmemory(kbytes)',
    bash: ['virtual memory', 'kbytes'],
  },
  {
    letter: 'x',
    name: 'locks',
    preset: -1,
    unit: 1,
    ash: 'file locks',
    dash: 'locks',
    bash: ['file locks'],
  },
]
/** dash has its limits in another order, and calls processes by a letter of its own. */
const DASH: readonly Limit[] = [...'tfdscmlnvxr']
  .map((letter) => LIMITS.find((limit) => limit.letter === letter)!)
  .toSpliced(7, 0, { ...LIMITS.find(({ letter }) => letter === 'u')!, letter: 'p', dash: 'process' })

const known = (kind: Dialect['kind']) =>
  kind === 'dash' ? DASH : LIMITS.filter((limit) => kind === 'bash' || limit.ash !== undefined)

/** Stack and locked memory may grow without end; what else has a default is bound by it. */
const presetOf = ({ name, preset }: Limit): ResourceLimit => ({
  soft: preset,
  hard: name === 'stack' ? -1 : preset,
})

/** The label of a limit with its letter, as lists have it. */
function label({ letter, bash, ash, dash }: Limit, kind: Dialect['kind']): string {
  if (kind === 'dash') return dash!.padEnd(21)
  if (kind === 'ash') return `${ash!.padEnd(32)}(-${letter}) `
  const [text, unit] = bash
  return `${text.padEnd(20)} ${`(${unit ? `${unit}, ` : ''}-${letter}) `.padStart(20)}`
}

const shown = (value: number, { unit }: Limit) => (value < 0 ? 'unlimited' : String(Math.floor(value / unit)))

/** `ulimit`: shows and sets limits; a set one holds for the shell and its subshells. */
export const ulimit: Builtin = async (shell, args, io) => {
  const { kind } = shell.dialect
  const limits = known(kind)
  const valueFor = (limit: Limit): ResourceLimit =>
    shell.state.limits.get(limit.name) ?? shell.process.machine.ulimits[limit.name] ?? presetOf(limit)
  let hard = false
  let soft = false
  let all = false
  const asked: Limit[] = []
  const values: string[] = []
  for (const word of args) {
    if (!word.startsWith('-') || word === '-') values.push(word)
    else
      for (const letter of word.slice(1)) {
        const limit = limits.find((one) => one.letter === letter)
        if (letter === 'H') hard = true
        else if (letter === 'S') soft = true
        else if (letter === 'a') all = true
        else if (limit) asked.push(limit)
        else {
          await shell.complain(
            io,
            kind === 'bash'
              ? `ulimit: -${letter}: invalid option\nulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]`
              : kind === 'dash'
                ? `ulimit: Illegal option -${letter}`
                : `ulimit: unrecognized option: ${letter}`,
          )
          return 2
        }
      }
  }
  const text = (limit: Limit) => shown(valueFor(limit)[hard && !soft ? 'hard' : 'soft'], limit)
  if (all) {
    // Only bash knows of this one, which a process of real-time priority needs.
    if (kind === 'bash') await print(shell, io, 'real-time non-blocking time  (microseconds, -R) unlimited\n')
    for (const limit of limits) await print(shell, io, `${label(limit, kind)}${text(limit)}\n`)
    return 0
  }
  if (asked.length === 0) asked.push(limits.find(({ name }) => name === 'fsize')!)
  const [wanted] = values
  if (wanted === undefined) {
    for (const limit of asked)
      await print(shell, io, `${asked.length > 1 ? label(limit, kind) : ''}${text(limit)}\n`)
    return 0
  }
  for (const limit of asked) {
    if (wanted !== 'unlimited' && !/^\d+$/.test(wanted)) {
      await shell.complain(
        io,
        kind === 'bash'
          ? `ulimit: ${wanted}: invalid number`
          : `ulimit: ${kind === 'ash' ? `invalid number '${wanted}'` : `Illegal number: ${wanted}`}`,
      )
      return kind === 'bash' ? 1 : 2
    }
    const value = wanted === 'unlimited' ? -1 : Number(wanted) * limit.unit
    const before = valueFor(limit)
    const beyond = before.hard >= 0 && (value < 0 || value > before.hard)
    if (beyond) {
      await shell.complain(
        io,
        kind === 'bash'
          ? `ulimit: ${limit.bash[0]}: cannot modify limit: Operation not permitted`
          : `${kind === 'dash' ? 'ulimit: ' : ''}error setting limit: Operation not permitted`,
      )
      return kind === 'dash' ? 2 : 1
    }
    const both = hard === soft
    shell.state.limits.set(limit.name, {
      soft: both || soft ? value : before.soft,
      hard: both || hard ? value : before.hard,
    })
  }
  return 0
}
