import { isInMemory, readContent } from '../files/nodes.ts'
import { FileError, resolvePath } from '../files/tree.ts'
import { deviceWriter } from '../processes/devices.ts'
import { Pace } from '../processes/pace.ts'
import type { Reader, Writer } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'
import { isBusybox } from './busybox.ts'
import { openInput, sizeOf } from './inputs.ts'

const OPERANDS = new Set([
  'if',
  'of',
  'bs',
  'ibs',
  'obs',
  'count',
  'skip',
  'seek',
  'conv',
  'status',
  'iflag',
  'oflag',
])

interface Counts {
  whole: number
  partial: number
}

/** `dd`: copies blocks, and says how many and how fast, in coreutils' or busybox's words. */
export const dd: Program = async (process) => {
  const options = new Map<string, string>()
  for (const word of process.argv.slice(1)) {
    const equals = word.indexOf('=')
    const name = equals === -1 ? word : word.slice(0, equals)
    if (equals === -1 || !OPERANDS.has(name)) {
      await process.complain(`dd: unrecognized operand '${word}'\n`)
      return 1
    }
    options.set(name, word.slice(equals + 1))
  }
  const sizes: Record<string, number> = {}
  for (const name of ['bs', 'ibs', 'obs', 'count', 'skip', 'seek']) {
    const text = options.get(name)
    const value = text === undefined ? undefined : sizeOf(text)
    if (text !== undefined && value === undefined) {
      await process.complain(`dd: invalid number: '${text}'\n`)
      return 1
    }
    if (value !== undefined) sizes[name] = value
  }
  const block = sizes.bs ?? sizes.ibs ?? 512
  const source = options.get('if') ?? '-'
  const target = options.get('of')
  let input: Reader
  try {
    input = openInput(process, source)
  } catch (error) {
    return cannotOpen(process, source, error)
  }
  let output: Writer
  try {
    const truncates = !options.get('conv')?.includes('notrunc')
    output =
      target === undefined
        ? process.stdout
        : await openOutput(process, target, truncates, (sizes.seek ?? 0) * block)
  } catch (error) {
    return cannotOpen(process, target!, error)
  }
  const read: Counts = { whole: 0, partial: 0 }
  const written: Counts = { whole: 0, partial: 0 }
  const began = process.machine.clock.now()
  let bytes = 0
  let status = 0
  // A block is held as a whole, as long as it is being filled.
  process.holdMemory(block)
  const report = () => {
    const seconds = (process.machine.clock.now() - began) / 1000
    return process.complain(
      `${read.whole}+${read.partial} records in\n${written.whole}+${written.partial} records out\n${
        options.get('status') === 'noxfer' ? '' : summary(process, bytes, seconds)
      }`,
    )
  }
  process.on('SIGUSR1', () => void report().catch(() => {}))
  let interrupted = false
  process.on('SIGINT', () => {
    interrupted = true
  })
  const pace = new Pace(process)
  const blocks = blocksOf(process, input, block)
  for (let skip = sizes.skip ?? 0; skip > 0; skip--) if ((await blocks.next()).done) break
  const count = sizes.count ?? Number.POSITIVE_INFINITY
  while (!interrupted && read.whole + read.partial < count) {
    const next = await blocks.next()
    if (next.done) break
    const { chunks, size } = next.value
    if (size === block) read.whole++
    else read.partial++
    try {
      for (const chunk of chunks) {
        await output.write(chunk)
        bytes += chunk.length
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await process.complain(`dd: error writing '${target ?? 'standard output'}': ${error.reason}\n`)
      status = 1
      break
    }
    process.check()
    if (size === block) written.whole++
    else written.partial++
    await pace.made(size)
  }
  if (options.get('status') !== 'none') await report()
  return interrupted ? 130 : status
}

async function cannotOpen(process: Process, name: string, error: unknown): Promise<number> {
  if (!(error instanceof FileError)) throw error
  await process.complain(
    isBusybox(process)
      ? `dd: can't open '${name}': ${error.reason}\n`
      : `dd: failed to open '${name}': ${error.reason}\n`,
  )
  return 1
}

/** Input in blocks; a pipe gives a part of one, as `read` does. */
async function* blocksOf(
  process: Process,
  input: Reader,
  block: number,
): AsyncGenerator<{ chunks: Uint8Array[]; size: number }> {
  const pipe = input === process.stdin
  for (;;) {
    const chunks: Uint8Array[] = []
    let size = 0
    while (size < block) {
      const chunk = await process.waitFor(input.read())
      if (!chunk) break
      const part = chunk.subarray(0, block - size)
      if (part.length < chunk.length) input.unread(chunk.subarray(part.length))
      chunks.push(part)
      size += part.length
      if (pipe) break
    }
    if (size === 0) return
    yield { chunks, size }
  }
}

async function openOutput(process: Process, name: string, truncates: boolean, at: number): Promise<Writer> {
  const { files } = process.machine
  const path = resolvePath(process.cwd, name)
  const node = files.find(path)
  if (node?.kind === 'device') return deviceWriter(node.name)
  if (truncates || !node) files.writeSync(path, new Uint8Array())
  if (at > 0) {
    const old = truncates || node?.kind !== 'file' ? new Uint8Array() : await readContent(node.content)
    files.writeSync(path, Buffer.concat([old.subarray(0, at), new Uint8Array(Math.max(0, at - old.length))]))
  } else if (!truncates && node?.kind === 'file' && isInMemory(node.content)) {
    files.writeSync(path, new Uint8Array())
  }
  return { write: (bytes) => files.append(path, bytes) }
}

function summary(process: Process, bytes: number, seconds: number): string {
  const rate = bytes / Math.max(seconds, 1e-6)
  if (isBusybox(process))
    return `${bytes} bytes (${binary(bytes)}) copied, ${seconds.toFixed(6)} seconds, ${binary(rate)}/s\n`
  const sizes =
    bytes >= 1024 ? ` (${decimal(bytes)}, ${iec(bytes)})` : bytes >= 1000 ? ` (${decimal(bytes)})` : ''
  // coreutils says so of a copy that ended in the instant in which it began.
  const speed = seconds > 0 ? decimal(rate) : 'Infinity B'
  return `${bytes} bytes${sizes} copied, ${Number(seconds.toPrecision(6))} s, ${speed}/s\n`
}

/** busybox: `200.0MB` of 1024. */
function binary(value: number): string {
  const power = value < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10))
  return `${(value / 1024 ** power).toFixed(1)}${['B', 'KB', 'MB', 'GB', 'TB'][power]}`
}

/** coreutils: `210 MB` of 1000. */
function decimal(value: number): string {
  const power = value < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(value) / 3))
  return `${rounded(value / 1000 ** power)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`
}

function iec(value: number): string {
  const power = Math.min(4, Math.floor(Math.log2(value) / 10))
  return `${rounded(value / 1024 ** power)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`
}

const rounded = (value: number): string => (value < 10 ? value.toFixed(1) : String(Math.round(value)))
