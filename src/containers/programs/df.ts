import type { Process, Program } from '../processes/process.ts'
import { isBusybox } from './busybox.ts'

/** File systems of the kernel that hold no blocks. */
const WITHOUT_BLOCKS = new Set(['proc', 'sysfs', 'devpts', 'cgroup2', 'mqueue'])
/** What operating system and images use of a machine's disk, KiB. */
const SYSTEM_KIB = 4_193_452
/** Half of a machine's memory, which a tmpfs without a size of its own may use, KiB. */
const HALF_MEMORY_KIB = 2_097_152

interface Row {
  source: string
  path: string
  total: number
  used: number
}

/** The mounts of a container with their blocks of 1 KiB: disks are as full as the machine and this container make them. */
async function rowsOf({ machine }: Process): Promise<Row[]> {
  const { files } = machine
  const table = Buffer.from(await files.read('/proc/self/mounts')).toString()
  return table.split('\n').flatMap((line) => {
    const [source, mounted, type, options] = line.split(' ')
    if (!source || !mounted || !type || WITHOUT_BLOCKS.has(type)) return []
    const path = mounted.replaceAll('\\040', ' ')
    if (type === 'tmpfs') {
      const total = Number(/\bsize=(\d+)k/.exec(options ?? '')?.[1] ?? HALF_MEMORY_KIB)
      return [{ source, path, total, used: Math.ceil(files.memoryAt(path) / 1024) }]
    }
    return [{ source, path, total: machine.diskKiB, used: SYSTEM_KIB + Math.ceil(files.writtenBytes / 1024) }]
  })
}

const UNITS = ['', 'K', 'M', 'G', 'T']

/** A size as `-h` writes it, from KiB: `1.9G`, `20G`, `64M`; up as coreutils, to the nearest as busybox. */
function human(kib: number, busybox: boolean): string {
  let [value, unit] = [kib, 1]
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1]
  if (kib === 0) return '0'
  if (busybox) return `${value.toFixed(1)}${UNITS[unit]}`
  return value < 10
    ? `${(Math.ceil(value * 10) / 10).toFixed(1)}${UNITS[unit]}`
    : `${Math.ceil(value)}${UNITS[unit]}`
}

/** `df`: the file systems that a container sees, in coreutils' or busybox's columns. */
export const df: Program = async (process) => {
  const words = process.argv.slice(1)
  const flags = words.filter((word) => /^-\w/.test(word)).join('')
  const places = words.filter((word) => !word.startsWith('-'))
  if (/[^-hkPTa]/.test(flags) || words.some((word) => word.startsWith('--'))) {
    await process.complain(`drydock: df with ${words.join(' ')} is not simulated; -h, -k, -P and -T are\n`)
    return 1
  }
  const busybox = isBusybox(process)
  const rows = await rowsOf(process)
  const shown: Row[] = places.length === 0 ? dedicated(rows, busybox) : []
  let code = 0
  for (const place of places) {
    if (!process.files.exists(place)) {
      await process.complain(
        busybox ? `df: ${place}: can't find mount point\n` : `df: ${place}: No such file or directory\n`,
      )
      code = 1
      continue
    }
    const full = process.files.tree.realPath(place.startsWith('/') ? place : `${process.cwd}/${place}`)
    const inside = ({ path }: Row) => path === '/' || full === path || full.startsWith(`${path}/`)
    const best = rows.filter(inside).toSorted((a, b) => b.path.length - a.path.length)[0]
    if (best) shown.push(best)
  }
  if (shown.length === 0) return code
  const size = (kib: number) => (flags.includes('h') ? human(kib, busybox) : String(kib))
  const typed = flags.includes('T')
  const lines = shown.map(({ source, path, total, used }) => {
    const share = total === 0 ? 0 : (used / total) * 100
    const percent = `${busybox ? Math.round(share) : Math.ceil(share)}%`
    const type = source === 'overlay' ? 'overlay' : source === 'tmpfs' || source === 'shm' ? 'tmpfs' : 'xfs'
    return [
      source,
      ...(typed ? [type] : []),
      size(total),
      size(used),
      size(Math.max(0, total - used)),
      percent,
      path,
    ]
  })
  const blocks = flags.includes('h')
    ? 'Size'
    : busybox || flags.includes('P')
      ? flags.includes('P')
        ? '1024-blocks'
        : '1K-blocks'
      : '1K-blocks'
  const available = flags.includes('h') && !busybox ? 'Avail' : 'Available'
  const head = ['Filesystem', ...(typed ? ['Type'] : []), blocks, 'Used', available, 'Use%', 'Mounted on']
  await process.print(table([head, ...lines], busybox, typed))
  return code
}

/** coreutils shows each device once, where it is mounted highest; what runc lays over files of `/proc` is that of `/dev`. */
function dedicated(rows: Row[], busybox: boolean): Row[] {
  if (busybox) return rows
  const seen = new Set<string>()
  const devices = rows.find(({ path }) => path === '/dev')?.total
  return rows.filter(({ source, path, total }) => {
    if (!source.startsWith('/')) return !(path.startsWith('/proc/') && total === devices)
    if (seen.has(source)) return false
    seen.add(source)
    return true
  })
}

function table(lines: string[][], busybox: boolean, typed: boolean): string {
  const left = typed ? 2 : 1
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)))
  if (busybox) widths[0] = Math.max(20, widths[0]!)
  else widths[0] = Math.max(14, widths[0]!)
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => {
          if (column === cells.length - 1) return cell
          const least = column >= left ? (busybox ? [9, 9, 9, 4] : [5, 5, 5, 4])[column - left]! : 0
          const width = Math.max(widths[column]!, least)
          return column < left ? cell.padEnd(width) : cell.padStart(width)
        })
        .join(' '),
    )
    .map((line) => `${line}\n`)
    .join('')
}
