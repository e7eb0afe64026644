import { sizeOf } from './inputs.ts'

/** The options that `head` and `tail` share. */
export interface CountOptions {
  files: string[]
  /** lines; NaN: not a number */
  count: number
  bytes?: number
  /** Counted from the beginning: `-n +3`. */
  from: boolean
  follow: boolean
}

export function countOptions(args: readonly string[]): CountOptions {
  const options: CountOptions = { files: [], count: 10, from: false, follow: false }
  const measure = (letter: string, text: string) => {
    options.from = text.startsWith('+')
    const value = text.startsWith('-')
      ? -(sizeOf(text.slice(1)) ?? Number.NaN)
      : sizeOf(text.replace(/^\+/, ''))
    if (letter === 'c') options.bytes = value ?? Number.NaN
    else options.count = value ?? Number.NaN
  }
  const words = [...args]
  while (words.length > 0) {
    const word = words.shift()!
    const option = /^-([nc])(.*)$/.exec(word)
    const long = /^--(lines|bytes)=(.*)$/.exec(word)
    if (option) measure(option[1]!, option[2] || (words.shift() ?? ''))
    else if (long) measure(long[1] === 'bytes' ? 'c' : 'n', long[2]!)
    else if (/^[-+]\d+$/.test(word)) measure('n', word.startsWith('+') ? word : word.slice(1))
    else if (word === '-f' || word === '-F' || word === '--follow' || word.startsWith('--follow='))
      options.follow = true
    else if (/^-\d+f$/.test(word)) {
      measure('n', word.slice(1, -1))
      options.follow = true
    } else options.files.push(word)
  }
  return options
}
