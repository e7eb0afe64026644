import type { Program } from '../processes/process.ts'
import { chunksOf } from './inputs.ts'

const range = (from: string, to: string): number[] => {
  const first = from.charCodeAt(0)
  return Array.from({ length: to.charCodeAt(0) - first + 1 }, (_, index) => first + index)
}
const LOWER = range('a', 'z')
const UPPER = range('A', 'Z')
const DIGITS = range('0', '9')
const PUNCTUATION = [...range('!', '/'), ...range(':', '@'), ...range('[', '`'), ...range('{', '~')]

const CLASSES: Readonly<Record<string, number[]>> = {
  alnum: [...DIGITS, ...UPPER, ...LOWER],
  alpha: [...UPPER, ...LOWER],
  blank: [9, 32],
  cntrl: [...range('\0', '\x1f'), 127],
  digit: DIGITS,
  graph: range('!', '~'),
  lower: LOWER,
  print: range(' ', '~'),
  punct: PUNCTUATION,
  space: [9, 10, 11, 12, 13, 32],
  upper: UPPER,
  xdigit: [...DIGITS, ...range('A', 'F'), ...range('a', 'f')],
}
const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** The bytes that a set of `tr` stands for, in order. Throws an Error with coreutils' text. */
function bytesOf(text: string): number[] {
  const source = Buffer.from(text)
  const bytes: number[] = []
  let at = 0
  const one = (): number => {
    const byte = source[at++]!
    if (byte !== 0x5c || at === source.length) return byte
    const octal = /^[0-7]{1,3}/.exec(source.subarray(at, at + 3).toString('latin1'))
    if (octal) {
      at += octal[0].length
      return Number.parseInt(octal[0], 8) & 255
    }
    const letter = source[at++]!
    return ESCAPES[String.fromCharCode(letter)] ?? letter
  }
  while (at < source.length) {
    const named = /^\[:([a-z]+):\]/.exec(source.subarray(at).toString('latin1'))
    if (named) {
      const known = CLASSES[named[1]!]
      if (!known) throw new Error(`invalid character class '${named[1]}'`)
      bytes.push(...known)
      at += named[0].length
      continue
    }
    const first = one()
    if (source[at] !== 0x2d || at + 1 >= source.length) {
      bytes.push(first)
      continue
    }
    at++
    const last = one()
    if (last < first)
      throw new Error(
        `range-endpoints of '${String.fromCharCode(first)}-${String.fromCharCode(last)}' are in reverse collating sequence order`,
      )
    for (let byte = first; byte <= last; byte++) bytes.push(byte)
  }
  return bytes
}

const complementOf = (bytes: number[]): number[] => {
  const known = new Set(bytes)
  return Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !known.has(byte))
}

/** `tr`: translates, deletes and squeezes bytes as they come. */
export const tr: Program = async (process) => {
  const words = process.argv.slice(1)
  let options = ''
  while (/^-[cCdst]+$/.test(words[0] ?? '')) options += words.shift()!.slice(1)
  const [complement, deletes, squeezes] = [/c/i.test(options), options.includes('d'), options.includes('s')]
  if (words.length === 0 || (words.length === 1 && !deletes && !squeezes)) {
    await process.complain(
      words.length === 0
        ? 'tr: missing operand\n'
        : `tr: missing operand after '${words[0]}'\nTwo strings must be given when translating.\n`,
    )
    return 1
  }
  let first: number[]
  let second: number[]
  try {
    first = bytesOf(words[0]!)
    if (complement) first = complementOf(first)
    second = words[1] === undefined ? [] : bytesOf(words[1])
  } catch (error) {
    await process.complain(`tr: ${(error as Error).message}\n`)
    return 1
  }
  const table = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  const deleted = new Set(deletes ? first : [])
  if (!deletes && words.length > 1)
    first.forEach((byte, index) => {
      table[byte] = second[Math.min(index, second.length - 1)]!
    })
  const squeezed = new Set(squeezes ? (words.length > 1 ? second : first) : [])
  let last = -1
  for await (const chunk of chunksOf(process, process.stdin)) {
    const result = new Uint8Array(chunk.length)
    let length = 0
    for (const from of chunk) {
      if (deleted.has(from)) continue
      const byte = table[from]!
      if (byte === last && squeezed.has(byte)) continue
      result[length++] = byte
      last = byte
    }
    await process.print(result.subarray(0, length))
  }
  return 0
}
