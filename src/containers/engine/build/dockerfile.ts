import { badRequest } from '../api.ts'

/** One instruction of a Dockerfile. */
export interface Instruction {
  name: string
  /** Everything after the name and its flags, continuation lines joined. */
  text: string
  flags: Record<string, string>
  /** The arguments of the JSON form, if it is used. */
  json: string[] | undefined
  line: number
}

const INSTRUCTIONS = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  ),
)
const JSON_FORMS = new Set(['ADD', 'CMD', 'COPY', 'ENTRYPOINT', 'HEALTHCHECK', 'RUN', 'SHELL', 'VOLUME'])

/** Reads a Dockerfile as the classic builder does. Throws EngineError with its texts. */
export function parseDockerfile(text: string): Instruction[] {
  const instructions: Instruction[] = []
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const continuation = /^#\s*escape\s*=\s*(`)\s*$/im.exec(lines.slice(0, 3).join('\n'))?.[1] ?? '\\'
  const continued = new RegExp(`\\${continuation}[ \\t]*$`)
  for (let index = 0; index < lines.length; index++) {
    if (/^\s*(?:#|$)/.test(lines[index]!)) continue
    const start = index
    let joined = lines[index]!.trimStart()
    while (continued.test(joined) && index + 1 < lines.length) {
      joined = joined.replace(continued, '')
      index++
      if (/^\s*(?:#|$)/.test(lines[index]!)) joined += continuation
      else joined += lines[index]!
    }
    instructions.push(parseInstruction(joined.replace(continued, '').trim(), start + 1))
  }
  if (instructions.length === 0) throw badRequest('file with no instructions')
  return instructions
}

/** One instruction from its text, as ONBUILD needs too. */
export function parseInstruction(text: string, line: number): Instruction {
  const [, word = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(text)!
  const name = word.toUpperCase()
  if (!INSTRUCTIONS.has(name))
    throw badRequest(`dockerfile parse error on line ${line}: unknown instruction: ${word}`)
  const flags: Record<string, string> = {}
  let body = rest
  for (;;) {
    const match = /^--([a-z-]+)(?:=(\S*))?\s*/.exec(body)
    if (!match || !['ADD', 'COPY', 'FROM', 'HEALTHCHECK', 'RUN'].includes(name)) break
    flags[match[1]!] = match[2] ?? 'true'
    body = body.slice(match[0].length)
  }
  if (body === '' && !(name === 'ENTRYPOINT' || name === 'CMD')) {
    throw badRequest(
      `dockerfile parse error on line ${line}: ${name} requires ${name === 'FROM' ? 'either one or three arguments' : 'at least one argument'}`,
    )
  }
  return { name, text: body, flags, json: JSON_FORMS.has(name) ? jsonForm(body) : undefined, line }
}

function jsonForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined
  try {
    const value = JSON.parse(text)
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
  } catch {
    return undefined
  }
}

/** Splits into words; quotes group and are taken off. */
export function splitWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let index = 0; index < text.length; index++) {
    const char = text[index]!
    if (char === '\\' && quote !== "'" && index + 1 < text.length) word = (word ?? '') + text[++index]
    else if (quote) {
      if (char === quote) quote = ''
      else word = (word ?? '') + char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
  }
  if (word !== undefined) words.push(word)
  return words
}

/** `KEY=value KEY2="a b"` or the old `KEY value`. Throws EngineError. */
export function parsePairs(name: string, text: string): [string, string][] {
  if (!/^\S+=/.test(text)) {
    const [, key, value] = /^(\S+)\s+([\s\S]+)$/.exec(text) ?? []
    if (!key || value === undefined)
      throw badRequest(`Syntax error - can't find = in "${text}". Must be of the form: name=value`)
    return [[key, value]]
  }
  return splitWords(text).map((word) => {
    const equals = word.indexOf('=')
    if (equals === -1)
      throw badRequest(`Syntax error - can't find = in "${word}". Must be of the form: name=value`)
    if (equals === 0) throw badRequest(`${name} names can not be blank`)
    return [word.slice(0, equals), word.slice(equals + 1)]
  })
}

/** Replaces `$name`, `${name}`, `${name:-x}` and `${name:+x}`; not in single quotes, not after a backslash. */
export function substitute(text: string, get: (name: string) => string | undefined): string {
  let single = false
  return text.replace(
    /\\[\s\S]|'|\$(\w+)|\$\{(\w+)(?::?([-+])([^}]*))?\}/g,
    (whole, plain, braced, operator, word) => {
      if (whole === "'") {
        single = !single
        return whole
      }
      if (whole[0] === '\\') return whole === '\\$' ? '$' : whole
      if (single) return whole
      const value = get(plain ?? braced)
      if (operator === '-') return value ? value : word
      if (operator === '+') return value ? word : ''
      return value ?? ''
    },
  )
}
