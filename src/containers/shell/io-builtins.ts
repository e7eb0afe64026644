import { readLine } from '../processes/pipe.ts'
import { type Builtin, print } from './builtin.ts'
import { evaluateTest, TestError } from './conditional.ts'
import { formatPrintf, interpretEscapes } from './printf.ts'

const echo: Builtin = async (shell, args, io) => {
  let newline = true
  let escapes = shell.dialect.kind === 'dash'
  const words = [...args]
  while (
    words.length > 0 &&
    (shell.dialect.kind === 'dash' ? words[0] === '-n' : /^-[neE]+$/.test(words[0]!))
  ) {
    const option = words.shift()!
    if (option.includes('n')) newline = false
    if (option.includes('e')) escapes = true
    if (option.includes('E')) escapes = false
  }
  let text = words.join(' ')
  if (escapes) {
    const { text: plain, stop } = interpretEscapes(text)
    text = plain
    if (stop) newline = false
  }
  await print(shell, io, text + (newline ? '\n' : ''))
  return 0
}

const test: Builtin = async (shell, args, io, name) => {
  const words = [...args]
  if (name === '[' && words.pop() !== ']') {
    await shell.complain(io, shell.dialect.bash ? "[: missing `]'" : '[: missing ]')
    return 2
  }
  try {
    return evaluateTest(shell, words) ? 0 : 1
  } catch (error) {
    if (!(error instanceof TestError)) throw error
    await shell.complain(io, `${name}: ${error.message}`)
    return 2
  }
}

const read: Builtin = async (shell, args, io) => {
  let raw = false
  const words = [...args]
  while (/^-./.test(words[0] ?? '')) {
    const option = words.shift()!
    if (option.includes('r')) raw = true
    if (option.includes('p')) await shell.writeTo(io, 2, words.shift() ?? '')
    else if (/[tnd]$/.test(option)) words.shift()
  }
  const reader = io.get(0)?.reader
  const got = reader && (await shell.process.waitFor(readLine(reader)))
  let line = got?.line ?? ''
  while (!raw && line.endsWith('\\') && reader) {
    const more = await shell.process.waitFor(readLine(reader))
    line = line.slice(0, -1) + (more?.line ?? '')
  }
  if (!raw) line = line.replace(/\\(.)/g, '$1')
  const separators = shell.state.variables.get('IFS') ?? ' \t\n'
  const names = words.length > 0 ? words : ['REPLY']
  const values = words.length > 0 ? splitFields(line, separators, names.length) : [line]
  names.forEach((name, index) => {
    shell.set(name, values[index] ?? '')
  })
  return got?.newline ? 0 : 1
}

function splitFields(line: string, separators: string, count: number): string[] {
  const space = [...separators].filter((char) => /\s/.test(char)).join('')
  const trim = (text: string) => {
    let [start, end] = [0, text.length]
    while (start < end && space.includes(text[start]!)) start++
    while (end > start && space.includes(text[end - 1]!)) end--
    return text.slice(start, end)
  }
  const fields: string[] = []
  let rest = trim(line)
  while (fields.length < count - 1 && rest !== '') {
    const end = [...rest].findIndex((char) => separators.includes(char))
    if (end === -1) break
    fields.push(rest.slice(0, end))
    const hard = !space.includes(rest[end]!)
    rest = hard ? rest.slice(end + 1) : rest.slice(end)
    const lead = rest.length - trim(`${rest}x`).length + 1
    rest = rest.slice(lead)
    if (!hard && rest !== '' && separators.includes(rest[0]!) && !space.includes(rest[0]!))
      rest = trim(rest.slice(1))
  }
  return [...fields, rest]
}

/** Builtins that write, read and test. */
export const IO_BUILTINS = {
  echo,
  printf: async (shell, args, io) => {
    await print(shell, io, formatPrintf(args[0] ?? '', args.slice(1)))
    return 0
  },
  test,
  '[': test,
  read,
} satisfies Record<string, Builtin>
