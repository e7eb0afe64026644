import type { Process } from '#containers/processes/process.ts'

/** A line as klog writes it: `I1128 12:00:00.000000       1 server.go:52] "text" key="value"`. */
export function klogLine(
  now: number,
  pid: number,
  severity: 'I' | 'W' | 'E' | 'F',
  place: string,
  text: string,
): string {
  const [, month, day, time] = /^\d+-(\d\d)-(\d\d)T([\d:.]+)Z$/.exec(new Date(Math.floor(now)).toISOString())!
  return `${severity}${month}${day} ${time}000 ${String(pid).padStart(7)} ${place}] ${text}`
}

/** Writes klog lines to a process's standard error. */
export const klog =
  (process: Process) =>
  (severity: 'I' | 'W' | 'E' | 'F', place: string, text: string): Promise<void> =>
    process.complain(`${klogLine(process.machine.clock.now(), process.pid, severity, place, text)}\n`)

/** A text in quotes as klog's structured lines have it. */
export const quoted = (text: string): string => JSON.stringify(text)
