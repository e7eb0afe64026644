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
    const instruction = parseInstruction(joined.replace(continued, '').trim(), start + 1)
    instructions.push(instruction)
    // The parser knows here-documents, the classic builder does nothing with them: their lines are passed over.
    for (const end of hereDocuments(instruction)) {
      while (++index < lines.length && lines[index]!.replace(/^\t*/, '') !== end);
      if (index >= lines.length)
        throw badRequest(`dockerfile parse error on line ${start + 1}: unterminated heredoc`)
    }
  }
  if (instructions.length === 0) throw badRequest('file with no instructions')
  return instructions
}

const hereDocuments = ({ name, text }: Instruction): string[] =>
  ['ADD', 'COPY', 'RUN'].includes(name)
    ? [...text.matchAll(/(?:^|\s)\d*<<-?(["']?)([A-Za-z_]\w*)\1(?=\s|$)/g)].map((match) => match[2]!)
    : []

/** Flags of the instructions that take some. */
const FLAGS: Record<string, string[]> = {
  ADD: ['checksum', 'chmod', 'chown', 'exclude', 'keep-git-dir', 'link', 'unpack'],
  COPY: ['chmod', 'chown', 'exclude', 'from', 'link', 'parents'],
  FROM: ['platform'],
  HEALTHCHECK: ['interval', 'retries', 'start-interval', 'start-period', 'timeout'],
  RUN: ['device', 'mount', 'network', 'security'],
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
    if (!match || !FLAGS[name]) break
    if (!FLAGS[name].includes(match[1]!))
      throw badRequest(`dockerfile parse error on line ${line}: unknown flag: --${match[1]}`)
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

/**
 * Replaces `$name` and `${name}` with the forms that builders know: `:-`, `:+`, `:?` (and without the colon), `#`, `##`, `%`,
 * `%%`, `/`, `//`. Not in single quotes, not after a backslash. Throws EngineError for `:?`.
 */
export function substitute(text: string, get: (name: string) => string | undefined): string {
  let single = false
  return text.replace(
    /\\[\s\S]|'|\$(\w+)|\$\{(\w+)(?:(:?[-+?]|##?|%%?|\/\/?)([^}]*))?\}/g,
    (whole, plain, braced, operator, word) => {
      if (whole === "'") {
        single = !single
        return whole
      }
      if (whole[0] === '\\') return whole === '\\$' ? '$' : whole
      if (single) return whole
      const name = plain ?? braced
      return operator ? modified(name, get(name), operator, substitute(word, get)) : (get(name) ?? '')
    },
  )
}

function modified(name: string, value: string | undefined, operator: string, word: string): string {
  const set = operator.startsWith(':') ? Boolean(value) : value !== undefined
  switch (operator.replace(':', '')) {
    case '-':
      return set ? value! : word
    case '+':
      return set ? word : ''
    case '?':
      if (!set)
        throw badRequest(`failed to process "\${${name}${operator}${word}}": ${name}: ${word || 'not set'}`)
      return value!
    case '#':
    case '##':
      return trimmed(value ?? '', word, operator.length === 2, (text, length) => [
        text.slice(0, length),
        text.slice(length),
      ])
    case '%':
    case '%%':
      return trimmed(value ?? '', word, operator.length === 2, (text, length) => [
        text.slice(text.length - length),
        text.slice(0, text.length - length),
      ])
    default: {
      const [pattern = '', replacement = ''] = word.split('/')
      const source = globSource(pattern)
      return (value ?? '').replace(new RegExp(source, operator === '//' ? 'g' : ''), replacement)
    }
  }
}

/** Takes off the shortest or longest part that a pattern finds at one end. */
function trimmed(
  text: string,
  pattern: string,
  longest: boolean,
  cut: (text: string, length: number) => [part: string, rest: string],
): string {
  const whole = new RegExp(`^${globSource(pattern)}$`)
  const lengths = Array.from({ length: text.length + 1 }, (_, index) =>
    longest ? text.length - index : index,
  )
  const found = lengths.map((length) => cut(text, length)).find(([part]) => whole.test(part))
  return found ? found[1] : text
}

const globSource = (pattern: string) =>
  pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
