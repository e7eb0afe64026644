import { Pace } from '../processes/pace.ts'
import type { Program } from '../processes/process.ts'
import { libraryUtility } from './library.ts'

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)$/
/** Lines that are written together. */
const LINES = 1000

/** `seq`: numbers, written as they are counted. */
export const seq: Program = async (process) => {
  const words = process.argv.slice(1)
  let separator = '\n'
  let equalWidth = false
  while (/^-[a-zA-Z]/.test(words[0] ?? '')) {
    const option = words.shift()!
    if (option === '-w') equalWidth = true
    else if (option === '-s') separator = words.shift() ?? '\n'
    else if (option.startsWith('-s')) separator = option.slice(2)
    else return libraryUtility('seq')!(process)
  }
  const wrong = words.find((word) => !NUMBER.test(word))
  if (wrong !== undefined || words.length === 0 || words.length > 3) {
    await process.complain(
      wrong === undefined
        ? `seq: ${words.length === 0 ? 'missing' : `extra operand '${words[3]}'`}${words.length === 0 ? ' operand' : ''}\n`
        : `seq: invalid floating point argument: '${wrong}'\n`,
    )
    return 1
  }
  const [first, step, last] =
    words.length === 1
      ? ['1', '1', words[0]!]
      : words.length === 2
        ? [words[0]!, '1', words[1]!]
        : (words as [string, string, string])
  const digits = Math.max(...[first, step].map((word) => (word.split('.')[1] ?? '').length))
  const [from, by, to] = [Number(first), Number(step), Number(last)]
  if (by === 0) {
    await process.complain(`seq: invalid Zero increment value: '${step}'\n`)
    return 1
  }
  const count = Math.floor((to - from) / by + 1e-9) + 1
  const width = equalWidth ? Math.max(from.toFixed(digits).length, to.toFixed(digits).length) : 0
  const pace = new Pace(process)
  for (let index = 0; index < count; index += LINES) {
    const numbers: string[] = []
    for (let next = index; next < Math.min(count, index + LINES); next++) {
      const text = (from + next * by).toFixed(digits)
      numbers.push(
        text.startsWith('-') ? `-${text.slice(1).padStart(width - 1, '0')}` : text.padStart(width, '0'),
      )
    }
    const text = (index > 0 ? separator : '') + numbers.join(separator)
    await process.print(text)
    await pace.made(text.length)
  }
  if (count > 0) await process.print('\n')
  return 0
}
