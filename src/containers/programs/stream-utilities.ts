import { FileError, resolvePath } from '../files/tree.ts'
import { Pace } from '../processes/pace.ts'
import type { Reader } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'
import { countOptions } from './count-options.ts'
import { chunksOf, countLines, openInput } from './inputs.ts'
import { libraryUtility } from './library.ts'

/** Copies a reader to standard output as it comes. */
async function pump(process: Process): Promise<void> {
  for (let chunk = await process.read(); chunk; chunk = await process.read()) await process.print(chunk)
}

const cat: Program = async (process) => {
  const files = process.argv.slice(1).filter((word) => word === '-' || !word.startsWith('-'))
  if (process.argv.slice(1).some((word) => word !== '-' && word.startsWith('-') && word !== '-u')) {
    return libraryUtility('cat')!(process)
  }
  if (files.length === 0) files.push('-')
  let status = 0
  for (const name of files) {
    if (name === '-' || name === '/dev/stdin') {
      await pump(process)
      continue
    }
    try {
      for await (const chunk of chunksOf(process, openInput(process, name))) await process.print(chunk)
    } catch (error) {
      if (!(error instanceof FileError) || error.code === 'ENOSPC') throw error
      await process.complain(
        error.code === 'EISDIR'
          ? `cat: read error: Is a directory\n`
          : `cat: can't open '${name}': ${error.reason}\n`,
      )
      status = 1
    }
  }
  return status
}

/** `head`: the first lines or bytes. What it does not need it leaves unread. */
const head: Program = async (process) => {
  const { count, bytes, from, files } = countOptions(process.argv.slice(1))
  if (files.length > 1 || count < 0 || Number.isNaN(count) || from) return libraryUtility('head')!(process)
  let input: Reader
  try {
    input = openInput(process, files[0] ?? '-')
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    await process.complain(`head: ${files[0]}: ${error.reason}\n`)
    return 1
  }
  let left = bytes ?? count
  while (left > 0) {
    const chunk = await process.waitFor(input.read())
    if (!chunk) break
    const end = bytes === undefined ? endOfLine(chunk, left) : Math.min(left, chunk.length)
    const part = chunk.subarray(0, end)
    left -= bytes === undefined ? countLines(part) : part.length
    input.unread(chunk.subarray(end))
    await process.print(part)
  }
  return 0
}

/** Where the `count`th line of bytes ends; all of them when there are fewer. */
function endOfLine(bytes: Uint8Array, count: number): number {
  let end = 0
  for (let line = 0; line < count; line++) {
    const newline = bytes.indexOf(10, end)
    if (newline === -1) return bytes.length
    end = newline + 1
  }
  return end
}

/** `wc` of standard input by one measure; anything else is the library's. */
const wc: Program = async (process) => {
  const words = process.argv.slice(1)
  if (words.length !== 1 || !['-l', '-c', '-w'].includes(words[0]!)) return libraryUtility('wc')!(process)
  let total = 0
  let inWord = false
  for await (const chunk of chunksOf(process, process.stdin)) {
    if (words[0] === '-c') total += chunk.length
    else if (words[0] === '-l') total += countLines(chunk)
    else
      for (const byte of chunk) {
        const space = byte === 32 || (byte >= 9 && byte <= 13)
        if (inWord && space) total++
        inWord = !space
      }
  }
  await process.print(`${total + (inWord ? 1 : 0)}\n`)
  return 0
}

const tee: Program = async (process) => {
  const append = process.argv.includes('-a')
  const paths = process.argv
    .slice(1)
    .filter((word) => !word.startsWith('-'))
    .map((name) => resolvePath(process.cwd, name))
  if (!append) for (const path of paths) process.files.writeSync(path, new Uint8Array())
  for (let chunk = await process.read(); chunk; chunk = await process.read()) {
    await process.print(chunk)
    for (const path of paths) await process.files.append(path, chunk)
  }
  return 0
}

/** What `yes` writes at once, bytes. */
const YES_BYTES = 65536

const yes: Program = async (process) => {
  const line = `${process.argv.slice(1).join(' ') || 'y'}\n`
  const lines = Buffer.from(line.repeat(Math.ceil(YES_BYTES / line.length)))
  const pace = new Pace(process)
  for (;;) {
    await process.print(lines)
    await pace.made(lines.length)
  }
}

/** Utilities that pass bytes on as they come. */
export const STREAM_UTILITIES: Record<string, Program> = { cat, head, tee, wc, yes }
