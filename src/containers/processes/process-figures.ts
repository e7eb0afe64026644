import type { Process } from './process.ts'

const two = (value: number) => String(value).padStart(2, '0')

/** CPU time of a process as procps writes it in a full listing: `00:01:02`. */
export function cpuClock({ cpuMs }: Process): string {
  const seconds = Math.floor(cpuMs / 1000)
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':')
}

/** The same in minutes, as BSD's columns and busybox write it: `1:02`. */
export function cpuMinutes({ cpuMs }: Process): string {
  const seconds = Math.floor(cpuMs / 1000)
  return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`
}

/** CPU time against the life of a process, percent of one core. */
export function cpuPercent({ cpuMs, startedAt, machine }: Process): number {
  const life = machine.clock.now() - startedAt
  return life > 0 ? (cpuMs / life) * 100 : 0
}

/** Resident memory against a machine's, percent. */
export const memoryPercent = ({ memoryBytes }: Process, machineBytes: number): number =>
  (memoryBytes / machineBytes) * 100
