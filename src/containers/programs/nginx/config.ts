/** A directive of nginx's configuration with its block, if it has one. */
export interface Directive {
  name: string
  args: string[]
  block?: Directive[]
  file: string
  line: number
}

/** Backslash escapes inside quotes. */
const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', '"': '"', "'": "'", '\\': '\\' }

/** What nginx says of a wrong configuration, without its prefix. */
export class NginxConfigError extends Error {
  override readonly name = 'NginxConfigError'
}

/** Reads a configuration text into directives. Throws NginxConfigError with nginx's text. */
export function parseNginxConfig(text: string, file: string): Directive[] {
  const tokens = tokenize(text, file)
  let position = 0
  const block = (nested: boolean): Directive[] => {
    const directives: Directive[] = []
    for (;;) {
      const first = tokens[position++]
      if (!first) {
        if (!nested) return directives
        const line = tokens.at(-1)?.line ?? 1
        throw new NginxConfigError(`unexpected end of file, expecting "}" in ${file}:${line}`)
      }
      if (first.text === '}' && !first.quoted) {
        if (nested) return directives
        throw new NginxConfigError(`unexpected "}" in ${file}:${first.line}`)
      }
      const args: string[] = []
      for (;;) {
        const token = tokens[position++]
        if (!token) {
          throw new NginxConfigError(
            `unexpected end of file, expecting ";" or "}" in ${file}:${tokens.at(-1)!.line}`,
          )
        }
        const common = { name: first.text, args, file, line: first.line }
        if (token.text === ';' && !token.quoted) {
          directives.push(common)
          break
        }
        if (token.text === '{' && !token.quoted) {
          directives.push({ ...common, block: block(true) })
          break
        }
        if (token.text === '}' && !token.quoted)
          throw new NginxConfigError(`unexpected "}" in ${file}:${token.line}`)
        args.push(token.text)
      }
    }
  }
  return block(false)
}

interface Token {
  text: string
  line: number
  quoted: boolean
}

function tokenize(text: string, file: string): Token[] {
  const tokens: Token[] = []
  let line = 1
  for (let index = 0; index < text.length; ) {
    const char = text[index]!
    if (char === '\n') line++
    if (/\s/.test(char)) index++
    else if (char === '#') while (index < text.length && text[index] !== '\n') index++
    else if (char === ';' || char === '{' || char === '}') {
      tokens.push({ text: char, line, quoted: false })
      index++
    } else if (char === '"' || char === "'") {
      let value = ''
      const start = line
      for (index++; text[index] !== char; index++) {
        if (index >= text.length)
          throw new NginxConfigError(`unexpected end of file, expecting "${char}" in ${file}:${start}`)
        if (text[index] === '\n') line++
        const escaped = text[index] === '\\' ? ESCAPES[text[index + 1] ?? ''] : undefined
        if (escaped) index++
        value += escaped ?? text[index]
      }
      index++
      tokens.push({ text: value, line: start, quoted: true })
    } else {
      let value = ''
      while (
        index < text.length &&
        !/[\s;]/.test(text[index]!) &&
        !(text[index] === '{' && !value.endsWith('$'))
      ) {
        // `${name}` and quantifiers of a regular expression keep their braces.
        if (value.endsWith('$') && text[index] === '{') {
          const end = text.indexOf('}', index)
          value += text.slice(index, end + 1)
          index = end + 1
        } else value += text[index++]
      }
      tokens.push({ text: value, line, quoted: false })
    }
  }
  return tokens
}

/** The first directive of a name. */
export const find = (block: readonly Directive[] | undefined, name: string): Directive | undefined =>
  block?.find((directive) => directive.name === name)

export const findAll = (block: readonly Directive[] | undefined, name: string): Directive[] =>
  block?.filter((directive) => directive.name === name) ?? []
