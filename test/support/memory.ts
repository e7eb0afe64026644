import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Resident memory of a process, MiB. */
export function residentMiB(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / 1024
}

/** How much more memory than before a process takes at most while `act` goes on, MiB. */
export async function memoryRise(pid: number, act: () => Promise<unknown>): Promise<number> {
  const before = residentMiB(pid)
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, residentMiB(pid))
  }, 50)
  try {
    await act()
  } finally {
    clearInterval(watch)
  }
  return Math.max(peak, residentMiB(pid)) - before
}

/** What this process holds on to, MiB: garbage is collected first, so that it does not count. */
export function heldMiB(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  // The buffers that the first found are freed beside it, and are gone at the next.
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1024 / 1024
}
