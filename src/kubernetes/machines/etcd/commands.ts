import type { Process } from '#containers/processes/process.ts'

/** A command of etcdctl or etcdutl that failed: its text behind `Error: `, and its exit code. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError'
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** What a command line of etcdctl or etcdutl asks for. */
export interface CommandLine {
  words: string[]
  flags: Map<string, string>
}

const SHORT: Record<string, string> = { w: 'write-out', h: 'help' }

/**
 * Reads words and flags in any order; `ETCDCTL_CACERT` stands for `--cacert`. `bare` flags take no value. Throws EtcdError for flags that
 * are not `known`, in pflag's words.
 */
export function readCommandLine(
  process: Process,
  known: ReadonlySet<string>,
  bare: ReadonlySet<string>,
): CommandLine {
  const words: string[] = []
  const flags = new Map<string, string>()
  for (const [name, value] of process.env) {
    const match = /^ETCDCTL_([A-Z_]+)$/.exec(name)
    const flag = match?.[1]?.toLowerCase().replaceAll('_', '-')
    if (flag && known.has(flag)) flags.set(flag, value)
  }
  const args = process.argv.slice(1)
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    if (word === '--') {
      words.push(...args.slice(index + 1))
      break
    }
    const match = /^(--?)([^=]+)(?:=([\s\S]*))?$/.exec(word)
    if (!match || word === '-') {
      words.push(word)
      continue
    }
    const [, dashes, given, inline] = match
    const name = dashes === '-' ? (SHORT[given!] ?? given!) : given!
    if (!known.has(name) && !bare.has(name))
      throw new EtcdError(
        dashes === '-' ? `unknown shorthand flag: '${given![0]}' in -${given}` : `unknown flag: --${given}`,
      )
    const value = inline ?? (bare.has(name) ? 'true' : args[++index])
    if (value === undefined) throw new EtcdError(`flag needs an argument: --${name}`)
    flags.set(name, value)
  }
  return { words, flags }
}

/** Runs a command; what fails in it is told as cobra does. */
export async function runCommand(process: Process, run: () => Promise<void | number>): Promise<number> {
  try {
    return (await run()) ?? 0
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error
    await process.complain(`Error: ${error.message}\n`)
    return error.exitCode
  }
}

/** Gives what an act gives; what it throws becomes the command's error. */
export function answered<Value>(act: () => Value): Value {
  try {
    return act()
  } catch (error) {
    throw new EtcdError((error as Error).message)
  }
}

/** A line of zap's log, as etcd and its tools write it. */
export function logLine(
  process: Process,
  level: string,
  caller: string,
  msg: string,
  { logger, ...fields }: { logger?: string; [name: string]: unknown } = {},
) {
  const ts = new Date(process.machine.clock.now()).toISOString().replace(/(\d+)Z$/, '$1000Z')
  return process.complain(`${JSON.stringify({ level, ts, logger, caller, msg, ...fields })}\n`)
}

/** A table as olekukonko/tablewriter draws it: headers in the middle, values to the left, numbers to the right. */
export function table(headers: string[], rows: string[][]): string {
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...rows.map((row) => row[column]!.length)),
  )
  const line = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`
  const middle = (text: string, width: number) => {
    const left = Math.floor((width - text.length) / 2)
    return `${' '.repeat(left)}${text}`.padEnd(width)
  }
  const show = (cells: string[]) => `| ${cells.join(' | ')} |\n`
  const isNumber = (text: string) => /^-?\d+(\.\d+)?%?$/.test(text)
  return [
    line,
    show(headers.map((header, column) => middle(header.toUpperCase(), widths[column]!))),
    line,
    ...rows.map((row) =>
      show(
        row.map((cell, column) =>
          isNumber(cell) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        ),
      ),
    ),
    line,
  ].join('')
}

/** `5.3 MB`, as dustin/go-humanize writes bytes. */
export function humanBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  let [amount, unit] = [bytes, 0]
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000
    unit++
  }
  return `${unit > 0 && amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`
}
