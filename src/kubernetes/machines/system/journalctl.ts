import type { Program } from '#containers/processes/process.ts'
import type { Machines } from '../machines.ts'
import type { JournalEntry } from './journal.ts'
import { shortDate } from './systemctl.ts'

const WITH_VALUE = [
  '-u',
  '--unit',
  '-n',
  '--lines',
  '-o',
  '--output',
  '-p',
  '--priority',
  '-S',
  '--since',
  '-U',
  '--until',
  '-g',
  '--grep',
]

/** `journalctl` for what the units of a machine wrote since it came up. */
export const journalctl =
  (machines: Machines): Program =>
  async (process) => {
    const systemd = machines.of(process.machine)?.systemd
    if (!systemd) {
      await process.complain('No journal files were found.\n-- No entries --\n')
      return 1
    }
    const { values, flags, problem } = parse(process.argv.slice(1))
    if (problem) {
      await process.complain(`journalctl: ${problem}\n`)
      return 1
    }
    const unit = values.get('u')
    const named = unit && (unit.includes('.') ? unit : `${unit}.service`)
    const pattern = values.has('g') ? new RegExp(values.get('g')!) : undefined
    const since = sinceOf(values.get('S'), process.machine.clock.now())
    const matches = (entry: JournalEntry) =>
      (named === undefined || entry.unit === named) &&
      (!pattern || pattern.test(entry.text)) &&
      entry.at >= since
    const show = ({ at, source, text }: JournalEntry) =>
      values.get('o') === 'cat'
        ? `${text}\n`
        : `${shortDate(at)} ${process.machine.hostname} ${source}: ${text}\n`
    let entries = systemd.journal.entries().filter(matches)
    const count = values.get('n') ?? (flags.has('f') ? '10' : flags.has('e') ? '1000' : 'all')
    if (count !== 'all') entries = entries.slice(-Number(count))
    if (flags.has('r')) entries.reverse()
    await process.print(
      entries.length > 0 ? entries.map(show).join('') : flags.has('f') ? '' : '-- No entries --\n',
    )
    if (!flags.has('f')) return 0
    const follower = systemd.journal.follow((entry) => {
      if (matches(entry)) void process.print(show(entry)).catch(() => {})
    })
    try {
      return await process.forever()
    } finally {
      follower.close()
    }
  }

function parse(args: string[]) {
  const values = new Map<string, string>()
  const flags = new Set<string>()
  const short: Record<string, string> = {
    unit: 'u',
    lines: 'n',
    output: 'o',
    since: 'S',
    until: 'U',
    grep: 'g',
    priority: 'p',
  }
  const long: Record<string, string> = {
    follow: 'f',
    reverse: 'r',
    'pager-end': 'e',
    'no-pager': '',
    catalog: 'x',
    boot: 'b',
  }
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    const [name, value] = word.split('=', 2) as [string, string | undefined]
    if (name.startsWith('--')) {
      const key = name.slice(2)
      if (short[key]) values.set(short[key], value ?? args[++index] ?? '')
      else if (key in long) flags.add(long[key]!)
      else return { values, flags, problem: `unrecognized option '${name}'` }
      continue
    }
    if (!word.startsWith('-'))
      return { values, flags, problem: `Failed to add match '${word}': Invalid argument` }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!
      if (WITH_VALUE.includes(`-${letter}`)) {
        values.set(letter, word.slice(at + 1) || (args[++index] ?? ''))
        break
      }
      if (!'frexbaq'.includes(letter)) return { values, flags, problem: `invalid option -- '${letter}'` }
      flags.add(letter)
    }
  }
  return { values, flags, problem: undefined }
}

const UNITS: Record<string, number> = {
  s: 1e3,
  sec: 1e3,
  second: 1e3,
  min: 60e3,
  minute: 60e3,
  hour: 3600e3,
  day: 86400e3,
}

/** `10 minutes ago`, `-5min`, `today`, or a date. */
function sinceOf(text: string | undefined, now: number): number {
  if (text === undefined) return 0
  const [, count, unit] = /^-?(\d+)\s*([a-z]+?)s?(?:\s+ago)?$/.exec(text) ?? []
  if (count && UNITS[unit!]) return now - Number(count) * UNITS[unit!]!
  if (text === 'today') return now - (now % 86_400_000)
  const date = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(' ', 'T')}Z`)
  return Number.isNaN(date) ? 0 : date
}
