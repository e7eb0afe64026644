import type { Machine } from '#containers/processes/machine.ts'
import type { Process, Program } from '#containers/processes/process.ts'
import { signalName } from '#containers/processes/signals.ts'
import { ps } from '#containers/programs/procps.ts'
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
    if (name === 'ps') return ps(process, all, { machineBytes: MACHINE_BYTES, terminal: 'pts/1', parent: 1 })
    if (name === 'kill') return kill(process, all)
    return match(process, all, name)
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
