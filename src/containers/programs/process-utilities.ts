import type { Process, Program } from '../processes/process.ts'
import { cpuMinutes } from '../processes/process-figures.ts'
import { SIGNALS, signalName } from '../processes/signals.ts'
import { isBusybox } from './busybox.ts'
import { ps as procps } from './procps.ts'

const kill: Program = async (process) => {
  let signal = 'SIGTERM'
  const words = process.argv.slice(1)
  if (words[0] === '-l') {
    await process.print(
      `${Object.keys(SIGNALS)
        .map((name) => name.slice(3))
        .join('\n')}\n`,
    )
    return 0
  }
  if (words[0] === '-s') signal = signalName(words.splice(0, 2)[1] ?? '') ?? signal
  else if (/^-/.test(words[0] ?? '')) signal = signalName(words.shift()!.slice(1)) ?? signal
  let status = 0
  for (const word of words) {
    const target = process.machine.processes.get(Number(word))
    if (target) target.kill(signal)
    else {
      await process.complain(`kill: can't kill pid ${word}: No such process\n`)
      status = 1
    }
  }
  return status
}

const named = (process: Process, name: string) =>
  [...process.machine.processes.values()].filter(
    (other) => other !== process && (other.argv[0]?.replace(/^.*\//, '').replace(/:.*$/, '') ?? '') === name,
  )

const killall: Program = async (process) => {
  let signal = 'SIGTERM'
  const words = process.argv.slice(1)
  if (/^-/.test(words[0] ?? '')) signal = signalName(words.shift()!.slice(1)) ?? signal
  const targets = words.flatMap((word) => named(process, word))
  if (targets.length === 0) {
    await process.complain(`${process.argv[0]}: ${words[0]}: no process killed\n`)
    return 1
  }
  for (const target of targets) target.kill(signal)
  return 0
}

const ps: Program = async (process) => {
  if (!isBusybox(process)) {
    const machineBytes = process.machine.hardware.memoryBytes
    return procps(process, process.machine.processes, { machineBytes, terminal: 'pts/0', parent: 0 })
  }
  const rows = [...process.machine.processes.values()].map(
    (each) =>
      `${String(each.pid).padStart(5)} ${each.user.name.padEnd(8)} ${cpuMinutes(each).padStart(5)} ${each.argv.join(' ')}\n`,
  )
  await process.print(`PID   USER     TIME  COMMAND\n${rows.join('')}`)
  return 0
}

/** Utilities that show and signal the container's processes. */
export const PROCESS_UTILITIES: Record<string, Program> = {
  kill,
  killall,
  pkill: killall,
  pidof: async (process) => {
    const found = process.argv.slice(1).flatMap((word) => named(process, word))
    if (found.length > 0) await process.print(`${found.map(({ pid }) => pid).join(' ')}\n`)
    return found.length > 0 ? 0 : 1
  },
  pgrep: async (process) => {
    const found = named(process, process.argv.at(-1) ?? '')
    await process.print(found.map(({ pid }) => `${pid}\n`).join(''))
    return found.length > 0 ? 0 : 1
  },
  ps,
}
