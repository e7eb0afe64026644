import { readAll } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'

/** How a line's bytes are shown after their offset; without an option two-byte words in hexadecimal. */
const FORMATS: Record<string, (line: Buffer) => string> = {
  b: (line) => [...line].map((byte) => ` ${byte.toString(8).padStart(3, '0')}`).join(''),
  c: (line) => [...line].map((byte) => character(byte).padStart(4)).join(''),
  d: (line) =>
    words(line)
      .map((word) => `   ${String(word).padStart(5, '0')}`)
      .join(''),
  o: (line) =>
    words(line)
      .map((word) => `  ${word.toString(8).padStart(6, '0')}`)
      .join(''),
  x: (line) =>
    words(line)
      .map((word) => `    ${word.toString(16).padStart(4, '0')}`)
      .join(''),
  '': (line) =>
    words(line)
      .map((word) => ` ${word.toString(16).padStart(4, '0')}`)
      .join(''),
  C: (line) => {
    const hex = [...line].map(
      (byte, index) => `${index === 8 ? '  ' : ' '}${byte.toString(16).padStart(2, '0')}`,
    )
    const text = [...line].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
    return ` ${hex.join('').padEnd(49)}  |${text.join('')}|`
  },
}

const ESCAPES: Record<number, string> = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
}

const character = (byte: number): string =>
  ESCAPES[byte] ??
  (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : byte.toString(8).padStart(3, '0'))

const words = (line: Buffer): number[] =>
  Array.from(
    { length: Math.ceil(line.length / 2) },
    (_, index) => line[index * 2]! | ((line[index * 2 + 1] ?? 0) << 8),
  )

const amount = (text: string): number => Number(text.replace(/[kK]$/, '')) * (/[kK]$/.test(text) ? 1024 : 1)

/** `hexdump`, and `hd`, which is its `-C`. Equal lines in a row are a `*`, unless `-v` says otherwise. */
export const hexdump: Program = async (process) => {
  let format = /(^|\/)hd$/.test(process.argv[0]!) ? 'C' : ''
  let length = Number.POSITIVE_INFINITY
  let skip = 0
  let verbose = false
  const files: string[] = []
  const options = process.argv.slice(1)
  for (let word = options.shift(); word !== undefined; word = options.shift()) {
    const [, letters = '', rest = ''] = /^-([bcCdoxv]*)(.*)$/.exec(word) ?? []
    if (word === '-' || !word.startsWith('-')) {
      files.push(word)
      continue
    }
    for (const letter of letters) {
      if (letter === 'v') verbose = true
      else format = letter
    }
    if (rest === '') continue
    const value = rest.slice(1) || (options.shift() ?? '')
    if (rest[0] === 'n') length = amount(value)
    else if (rest[0] === 's') skip = amount(value)
    else {
      await process.complain(`hexdump: drydock: the option -${rest[0]} is not simulated\n`)
      return 1
    }
  }
  const input = await contents(process, files)
  if (!input) return 1
  await process.print(dump(input.subarray(skip, skip + length), skip, format, verbose))
  return 0
}

async function contents(process: Process, files: string[]): Promise<Buffer | undefined> {
  if (files.length === 0) return readAll(process.stdin)
  const parts: Uint8Array[] = []
  for (const path of files) {
    try {
      parts.push(await process.files.read(path.startsWith('/') ? path : `${process.cwd}/${path}`))
    } catch {
      await process.complain(`hexdump: ${path}: No such file or directory\n`)
      return undefined
    }
  }
  return Buffer.concat(parts)
}

function dump(bytes: Buffer, start: number, format: string, verbose: boolean): string {
  const width = format === 'C' ? 8 : 7
  const offset = (at: number) => at.toString(16).padStart(width, '0')
  let text = ''
  let before: Buffer | undefined
  let starred = false
  for (let at = 0; at < bytes.length; at += 16) {
    const line = bytes.subarray(at, at + 16)
    if (!verbose && before?.equals(line)) {
      if (!starred) text += '*\n'
      starred = true
      continue
    }
    starred = false
    before = line
    text += `${offset(start + at)}${FORMATS[format]!(line)}\n`
  }
  return bytes.length === 0 ? '' : `${text}${offset(start + bytes.length)}\n`
}
