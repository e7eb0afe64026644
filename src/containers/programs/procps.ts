import type { Process } from '../processes/process.ts'
import { cpuClock, cpuMinutes, cpuPercent, memoryPercent } from '../processes/process-figures.ts'

const commandOf = ({ argv }: Process) => argv[0]?.replace(/^.*\//, '') ?? ''

/** `%CPU %MEM VSZ RSS`. */
function figures(process: Process, machineBytes: number): string {
  const kib = Math.round(process.memoryBytes / 1024)
  const percents = [cpuPercent(process), memoryPercent(process, machineBytes)]
  return `${percents.map((value) => value.toFixed(1).padStart(4)).join(' ')} ${String(kib * 2).padStart(6)} ${String(kib).padStart(5)}`
}

/** `ps` of procps: `all` are the processes that it sees by their numbers; `terminal`: the one that it runs on, `parent`: of those that none of them has started. */
export async function ps(
  process: Process,
  all: ReadonlyMap<number, Process>,
  { machineBytes, terminal, parent }: { machineBytes: number; terminal: string; parent: 0 | 1 },
): Promise<number> {
  const words = process.argv.slice(1).join('')
  const full = /[ef]|aux|ax/.test(words)
  const shown = [...all].sort(([a], [b]) => a - b)
  const start = (other: Process) => new Date(other.startedAt).toISOString().slice(11, 16)
  const place = (other: Process) => (other.tty ? terminal : '?').padEnd(8)
  if (/u/.test(words)) {
    const rows = shown.map(
      ([pid, other]) =>
        `${other.user.name.padEnd(8)} ${String(pid).padStart(7)}  ${figures(other, machineBytes)} ${place(other)} Ss   ${start(other)} ${cpuMinutes(other).padStart(6)} ${other.argv.join(' ')}\n`,
    )
    await process.print(
      `USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n${rows.join('')}`,
    )
    return 0
  }
  if (full) {
    const rows = shown.map(
      ([pid, other]) =>
        `${other.user.name.padEnd(8)} ${String(pid).padStart(7)} ${String(other.parent?.pid ?? (pid === 1 ? 0 : parent)).padStart(7)}${String(Math.min(99, Math.floor(cpuPercent(other)))).padStart(3)} ${start(other)} ${place(other)} ${cpuClock(other)} ${other.argv.join(' ')}\n`,
    )
    await process.print(`UID          PID    PPID  C STIME TTY          TIME CMD\n${rows.join('')}`)
    return 0
  }
  const own = shown.filter(([pid, other]) => other.tty && other.tty === process.tty && pid !== process.pid)
  const rows = own.map(
    ([pid, other]) =>
      `${String(pid).padStart(7)} ${terminal.padEnd(8)} ${cpuClock(other)} ${commandOf(other)}\n`,
  )
  await process.print(
    `    PID TTY          TIME CMD\n${rows.join('')}${String(process.pid).padStart(7)} ${(process.tty ? terminal : '?').padEnd(8)} 00:00:00 ps\n`,
  )
  return 0
}
