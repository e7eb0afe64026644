import type { Machine } from '../processes/machine.ts'
import type { Process } from '../processes/process.ts'
import { cpuClock, cpuPercent, memoryPercent } from '../processes/process-figures.ts'
import { EngineError } from './api.ts'
import { MACHINE } from './resources.ts'

type Column = (process: Process, pid: (inside: number) => number) => string

const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16)
const parent = (process: Process, pid: (inside: number) => number) =>
  String(process.parent ? pid(process.parent.pid) : pid(0))
const command: Column = ({ argv }) => argv.join(' ')

/** The columns of `ps` that are modelled, by their titles. */
const COLUMNS: Record<string, Column> = {
  UID: ({ user }) => user.name,
  USER: ({ user }) => user.name,
  PID: ({ pid: inside }, pid) => String(pid(inside)),
  PPID: parent,
  C: (process) => String(Math.floor(cpuPercent(process))),
  '%CPU': (process) => cpuPercent(process).toFixed(1),
  '%MEM': (process) => memoryPercent(process, MACHINE.memory).toFixed(1),
  VSZ: ({ memoryBytes }) => String(Math.round(memoryBytes / 1024) * 2),
  RSS: ({ memoryBytes }) => String(Math.round(memoryBytes / 1024)),
  STIME: ({ startedAt }) => clock(startedAt),
  START: ({ startedAt }) => clock(startedAt),
  STAT: () => 'Ss',
  TTY: ({ tty }) => (tty ? 'pts/0' : '?'),
  TIME: cpuClock,
  CMD: command,
  COMMAND: command,
}

const FORMATS: Record<string, string> = {
  '-ef': 'UID PID PPID C STIME TTY TIME CMD',
  ef: 'UID PID PPID C STIME TTY TIME CMD',
  aux: 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND',
}
/** `-o` names → titles. */
const NAMES: Record<string, string> = {
  user: 'USER',
  pid: 'PID',
  ppid: 'PPID',
  '%cpu': '%CPU',
  pcpu: '%CPU',
  '%mem': '%MEM',
  pmem: '%MEM',
  vsz: 'VSZ',
  rss: 'RSS',
  stat: 'STAT',
  tty: 'TTY',
  time: 'TIME',
  cmd: 'CMD',
  command: 'COMMAND',
  args: 'COMMAND',
  comm: 'COMMAND',
}

/** What `docker top` shows: the processes of a container as the engine's machine sees them. Throws EngineError. */
export function processTable(machine: Machine, psArgs: string, pid: (inside: number) => number) {
  const Titles = titles(psArgs)
  const Processes = machine.own.map((process) => Titles.map((title) => COLUMNS[title]!(process, pid)))
  return { Titles, Processes }
}

function titles(psArgs: string): string[] {
  const format = FORMATS[psArgs]
  if (format) return format.split(' ')
  const names = [...psArgs.matchAll(/-?\w*o[= ]?\s*(\S+)/g)].flatMap((match) => match[1]!.split(','))
  const wanted = names.map((name) => NAMES[name.toLowerCase()])
  if (wanted.length === 0 || wanted.includes(undefined))
    throw new EngineError(
      500,
      `drydock: docker top with the ps options "${psArgs}" is not simulated; use -ef, aux or -o with column names`,
    )
  if (!wanted.includes('PID')) throw new EngineError(500, "Couldn't find PID field in ps output")
  return wanted as string[]
}
