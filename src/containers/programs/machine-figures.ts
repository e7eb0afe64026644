import type { Program } from '../processes/process.ts'
import { loadAverages, memoryFigures, uptimeOf } from '../processes/system-files.ts'
import { isBusybox } from './busybox.ts'

const UNITS: Record<string, number> = { b: 1 / 1024, k: 1, m: 1024, g: 1024 ** 2 }

/** `free`: the machine's memory, whatever a container may use of it. */
export const free: Program = async (process) => {
  const letters = process.argv
    .slice(1)
    .filter((word) => word.startsWith('-'))
    .join('')
  const busybox = isBusybox(process)
  const human = letters.includes('h')
  const unit = UNITS[[...letters].reverse().find((letter) => letter in UNITS) ?? 'k']!
  const { total, cached, busy, free: left, available } = memoryFigures(process.machine)
  const shared = Math.floor(process.machine.files.memoryBytes / 1024)
  const shown = (kib: number) => (human ? readable(kib, busybox) : String(Math.floor(kib / unit)))
  const row = (name: string, sizes: number[]) =>
    `${name.padEnd(busybox ? 7 : 8)}${sizes.map((size, index) => shown(size).padStart(index ? 11 : 12)).join(' ')}\n`
  const names = ['total', 'used', 'free', 'shared', 'buff/cache', 'available']
  const head = `${' '.repeat(busybox ? 7 : 8)}${names.map((name, index) => name.padStart(index ? 11 : 12)).join(' ')}\n`
  await process.print(
    `${head}${row('Mem:', [total, busy, left, shared, cached, available])}${row('Swap:', [0, 0, 0])}`,
  )
  return 0
}

function readable(kib: number, busybox: boolean): string {
  if (kib === 0) return busybox ? '0' : '0B'
  const letters = ['K', 'M', 'G', 'T']
  let size = kib
  let power = 0
  while (size >= 1024 && power < letters.length - 1) {
    size /= 1024
    power++
  }
  return `${size < 10 || busybox ? size.toFixed(1) : Math.floor(size)}${letters[power]}${busybox ? '' : 'i'}`
}

/** `uptime`: since when the machine is up. */
export const uptime: Program = async (process) => {
  const { machine } = process
  const minutes = Math.floor(uptimeOf(machine) / 60)
  const days = Math.floor(minutes / 1440)
  const hours = Math.floor(minutes / 60) % 24
  const time = hours
    ? `${String(hours).padStart(2)}:${String(minutes % 60).padStart(2, '0')}`
    : `${minutes % 60} min`
  const since = `${days ? `${days} day${days > 1 ? 's' : ''}, ` : ''}${time}`
  const now = new Date(machine.clock.now()).toISOString().slice(11, 19)
  await process.print(` ${now} up ${since},  0 users,  load average: ${loadAverages(machine).join(', ')}\n`)
  return 0
}
