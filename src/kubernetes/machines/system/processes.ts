import type { Machine } from '#containers/processes/machine.ts'
import type { Process, Program } from '#containers/processes/process.ts'
import { cpuClock, cpuMinutes, cpuPercent, memoryPercent } from '#containers/processes/process-figures.ts'
import { signalName } from '#containers/processes/signals.ts'
import type { NodeMachine } from '../machine.ts'
import type { Machines } from '../machines.ts'

/** Where a machine's numbers for the processes of its pods begin. */
const FIRST_POD_PID = 1000
/** Memory of the machine that nodes are containers of, as their kubelets report it. */
const MACHINE_BYTES = 16_393_152 * 1024
const numbers = new WeakMap<Process, number>()
let next = FIRST_POD_PID

/** The processes of a machine and of the containers of its pods, with the numbers that they have on the machine. */
function processesOf(machine: Machine, node: NodeMachine | undefined): Map<number, Process> {
  const all = new Map(machine.processes)
  for (const worker of node?.workers() ?? []) {
    for (const { instance } of worker.containers) {
      if (!instance?.running) continue
      const { machine: inner } = instance.container as unknown as { machine?: Machine }
      for (const process of inner?.processes.values() ?? []) {
        if (!numbers.has(process)) numbers.set(process, next++)
        all.set(numbers.get(process)!, process)
      }
    }
  }
  return all
}

const commandOf = ({ argv }: Process) => argv[0]?.replace(/^.*\//, '') ?? ''

/** `ps`, `pgrep`, `pkill` and `kill` of a machine: unlike those of a container they see the pods' processes too. */
export const processTools =
  (machines: Machines): Program =>
  async (process) => {
    const name = process.argv[0]!.replace(/^.*\//, '')
    const all = processesOf(process.machine, machines.of(process.machine))
    all.delete(process.pid)
    if (name === 'ps') return ps(process, all)
    if (name === 'kill') return kill(process, all)
    return match(process, all, name)
  }

/** `%CPU %MEM VSZ RSS`. */
function figures(process: Process): string {
  const kib = Math.round(process.memoryBytes / 1024)
  const percents = [cpuPercent(process), memoryPercent(process, MACHINE_BYTES)]
  return `${percents.map((value) => value.toFixed(1).padStart(4)).join(' ')} ${String(kib * 2).padStart(6)} ${String(kib).padStart(5)}`
}

async function ps(process: Process, all: Map<number, Process>): Promise<number> {
  const words = process.argv.slice(1).join('')
  const full = /[ef]|aux|ax/.test(words)
  const shown = [...all].sort(([a], [b]) => a - b)
  const start = (other: Process) => new Date(other.startedAt).toISOString().slice(11, 16)
  if (/u/.test(words)) {
    const rows = shown.map(
      ([pid, other]) =>
        `root     ${String(pid).padStart(7)}  ${figures(other)} ?        Ssl  ${start(other)} ${cpuMinutes(other).padStart(6)} ${other.argv.join(' ')}\n`,
    )
    await process.print(
      `USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n${rows.join('')}`,
    )
    return 0
  }
  if (full) {
    const rows = shown.map(
      ([pid, other]) =>
        `root     ${String(pid).padStart(7)} ${String(other.parent?.pid ?? (pid === 1 ? 0 : 1)).padStart(7)}${String(Math.floor(cpuPercent(other))).padStart(3)} ${start(other)} ?        ${cpuClock(other)} ${other.argv.join(' ')}\n`,
    )
    await process.print(`UID          PID    PPID  C STIME TTY          TIME CMD\n${rows.join('')}`)
    return 0
  }
  const own = shown.filter(([, other]) => other.tty && other.tty === process.tty)
  const rows = own.map(
    ([pid, other]) => `${String(pid).padStart(7)} pts/1    ${cpuClock(other)} ${commandOf(other)}\n`,
  )
  await process.print(
    `    PID TTY          TIME CMD\n${rows.join('')}${String(process.pid).padStart(7)} pts/1    00:00:00 ps\n`,
  )
  return 0
}

async function kill(process: Process, all: Map<number, Process>): Promise<number> {
  let signal = 'SIGTERM'
  let code = 0
  for (const word of process.argv.slice(1)) {
    if (word === '-s') continue
    if (word.startsWith('-')) signal = signalName(word.slice(1)) ?? signal
    else if (all.has(Number(word))) all.get(Number(word))!.kill(signal)
    else {
      await process.complain(`kill: (${word}) - No such process\n`)
      code = 1
    }
  }
  return code
}

async function match(process: Process, all: Map<number, Process>, name: string): Promise<number> {
  const words = process.argv.slice(1)
  const flags = words.filter((word) => word.startsWith('-'))
  const pattern = words.find((word) => !word.startsWith('-'))
  if (pattern === undefined) {
    await process.complain(`${name}: no matching criteria specified\n`)
    return 2
  }
  const whole = flags.some((flag) => flag.includes('f'))
  const found = [...all].filter(([, other]) =>
    flags.includes('-x')
      ? commandOf(other) === pattern
      : new RegExp(pattern).test(whole ? other.argv.join(' ') : commandOf(other)),
  )
  if (name === 'pgrep') {
    const long = flags.some((flag) => /[al]/.test(flag))
    await process.print(
      found.map(([pid, other]) => (long ? `${pid} ${other.argv.join(' ')}\n` : `${pid}\n`)).join(''),
    )
  } else {
    const signal = flags.map((flag) => signalName(flag.slice(1))).find(Boolean) ?? 'SIGTERM'
    for (const [, other] of found) other.kill(signal)
  }
  return found.length > 0 ? 0 : 1
}
