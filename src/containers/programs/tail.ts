import { contentSize, streamContent } from '../files/nodes.ts'
import { FileError, resolvePath } from '../files/tree.ts'
import type { Reader } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'
import { type CountOptions, countOptions } from './count-options.ts'
import { chunksOf, countLines, openInput } from './inputs.ts'
import { libraryUtility } from './library.ts'

/** How often `tail -f` looks again, as busybox does, ms. */
const INTERVAL_MS = 1000

/** `tail`: holds in memory what may yet be the end, so that a line without end takes all there is. */
export const tail: Program = async (process) => {
  const options = countOptions(process.argv.slice(1))
  const { files, follow, count, bytes } = options
  if (files.length > 1 || files.some((name) => /^-./.test(name)) || count < 0 || Number.isNaN(bytes ?? count))
    return libraryUtility('tail')!(process)
  const name = files[0] ?? '-'
  let input: Reader
  try {
    input = openInput(process, name)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    const text = error.code === 'EISDIR' ? `error reading '${name}'` : `can't open '${name}'`
    await process.complain(`tail: ${text}: ${error.reason}\n`)
    return 1
  }
  const path = resolvePath(process.cwd, name)
  const node = process.machine.files.find(path)
  let position = node?.kind === 'file' ? contentSize(node.content) : 0
  if (options.from) await skip(process, input, options)
  else for (const chunk of await lastOf(process, input, options)) await process.print(chunk)
  if (!follow || name === '-') return 0
  if (node?.kind === 'device') return process.forever()
  for (;;) {
    await process.sleep(INTERVAL_MS)
    const now = process.machine.files.find(path)
    if (now?.kind !== 'file') continue
    const size = contentSize(now.content)
    if (size < position) position = 0
    for await (const chunk of streamContent(now.content, position, size)) await process.print(chunk)
    position = size
  }
}

/** `-n +3`: from there on. */
async function skip(process: Process, input: Reader, { bytes, count }: CountOptions): Promise<void> {
  let left = Math.max(0, (bytes ?? count) - 1)
  for await (const chunk of chunksOf(process, input)) {
    let start = 0
    if (bytes !== undefined) {
      start = Math.min(left, chunk.length)
      left -= start
    }
    for (; bytes === undefined && left > 0; left--) {
      const newline = chunk.indexOf(10, start)
      start = newline === -1 ? chunk.length : newline + 1
      if (newline === -1) break
    }
    await process.print(chunk.subarray(start))
  }
}

/** A chunk, and how many times it came in a row: zeros without end must not take memory without end. */
interface Kept {
  chunk: Uint8Array
  times: number
  /** Newlines in it, once. */
  lines: number
}

async function lastOf(
  process: Process,
  input: Reader,
  { bytes, count }: CountOptions,
): Promise<Uint8Array[]> {
  const kept: Kept[] = []
  let lines = 0
  let size = 0
  for await (const chunk of chunksOf(process, input)) {
    const last = kept.at(-1)
    const own = last?.chunk === chunk ? last.lines : countLines(chunk)
    if (last?.chunk === chunk) last.times++
    else kept.push({ chunk, times: 1, lines: own })
    lines += own
    size += chunk.length
    for (let first = kept[0]!; kept.length > 1 || first.times > 1; first = kept[0]!) {
      // One line more: the newline that ends the line before the last ones.
      const spare = bytes === undefined ? lines - first.lines > count : size - first.chunk.length >= bytes
      if (!spare) break
      if (--first.times === 0) kept.shift()
      lines -= first.lines
      size -= first.chunk.length
    }
    process.holdMemory(size)
  }
  const chunks = kept.flatMap(({ chunk, times }) => Array<Uint8Array>(times).fill(chunk))
  if (bytes !== undefined) return trimmed(chunks, Math.max(0, size - bytes))
  const complete = chunks.at(-1)?.at(-1) === 10
  return trimmed(chunks, startOfLine(chunks, lines + (complete ? 0 : 1) - count))
}

/** Where the line after the first `skip` lines begins. */
function startOfLine(chunks: readonly Uint8Array[], skip: number): number {
  let start = 0
  let left = skip
  if (left <= 0) return 0
  for (const chunk of chunks) {
    for (let newline = chunk.indexOf(10); newline !== -1; newline = chunk.indexOf(10, newline + 1))
      if (--left === 0) return start + newline + 1
    start += chunk.length
  }
  return 0
}

/** The chunks without the first `skip` bytes. */
function trimmed(chunks: readonly Uint8Array[], skip: number): Uint8Array[] {
  let left = skip
  const result: Uint8Array[] = []
  for (const chunk of chunks) {
    if (left < chunk.length) result.push(chunk.subarray(left))
    left = Math.max(0, left - chunk.length)
  }
  return result
}
